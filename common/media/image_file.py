"""Single images: read whatever their name says, and refused where a part of them is missing."""

import re
from pathlib import Path

import cv2
import numpy as np

from common.media import kinds
from common.support.errors import UserError
from common.support.names import shown

TIFF = (b"II*\0", b"MM\0*")
# The entropy-coded part of a JPEG ends with the first marker that is no padding and no restart.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def read(path: Path, flags: int = cv2.IMREAD_COLOR) -> np.ndarray:
    """The image in a file as OpenCV gives it with these flags: (H, W, 3) uint8 BGR, turned as its camera noted.

    Raises:
        UserError: if it cannot be read, is cut off or no image, or has several pages.
    """
    data = read_bytes(path)
    image = decode(data, flags)
    if image is not None and data.startswith(TIFF) and (pages := cv2.imcount(str(path))) > 1:
        raise UserError(f"{shown(path)} has {pages} pages.", "Save each page as an image of its own, such as a PNG.")
    if image is None and kinds.of(path) is kinds.Kind.HEIF:
        raise UserError(
            f"{shown(path)} is a HEIC photograph, which cannot be read here.",
            "Save it as JPEG or PNG (an iPhone takes JPEGs under Settings, Camera, Formats, Most Compatible).",
        )
    if image is None:
        raise UserError(f"{shown(path)} is damaged or not an image.", "Copy it again from where it came.")
    return image


def decode(data: bytes, flags: int = cv2.IMREAD_COLOR) -> np.ndarray | None:
    """The image in the content of a file, as OpenCV gives it with these flags; None if it is damaged or none."""
    # Decoders may fill what was cut off with grey or black.
    if data.startswith(b"\xff\xd8") and not _complete(data):
        return None
    if data.startswith(b"\x89PNG") and b"IEND" not in data:
        return None
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # such as a header that promises more pixels than fit into memory
        return None


def _complete(jpeg: bytes) -> bool:
    """Whether the end of a JPEG is there, whatever stands behind it; phones append a video ("motion photo")."""
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker == 0xD9:
            return True
        if marker == 0xFF:  # padding
            at += 1
            continue
        at += 2 if 0xD0 <= marker <= 0xD8 or marker == 0x01 else 2 + length
        if marker == 0xDA:
            found = _MARKER.search(jpeg, at)
            if found is None:
                return False
            at = found.start()
    return b"\xff\xd9" in jpeg[-4096:]


def read_bytes(path: Path, most: int = -1) -> bytes:
    """The content of a file, or the beginning of it.

    Raises:
        UserError: if it cannot be read or is empty.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most)
    except OSError as error:
        raise UserError(
            f"{shown(path)} cannot be read ({error.strerror}).", "Check its permissions and the disk."
        ) from error
    if not data:
        raise UserError(f"{shown(path)} is empty (0 bytes).", "Copy it again from where it came.")
    return data
