"""How many frames an intact copy of a video file shows, as exactly as its container tells.

The count that OpenCV gives is that of the header, or a guess from duration and rate. It is right for most files, and
wrong for intact ones too: an edit list hides frames, an AVI counts empty chunks, a guess knows no varying rate.
"""

import struct
from contextlib import suppress
from pathlib import Path

from common.media.container_parts import Broken, avi, boxes, matroska, mp4, size_of

# ASF, WMV: its header, and the object in it that tells size and duration.
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")

# Larger files are not walked through before they are played: on a slow disk it would take minutes.
_WALKED_BYTES = 1 << 30

_UNREADABLE = (Broken, struct.error, IndexError, OSError)


def frames_shown(path: Path, declared: int, rate: float, decoded: int, last_s: float) -> int:
    """How many frames an intact copy of a video file shows; no more than `decoded` where nothing tells of damage.

    Args:
        declared: frames as OpenCV has them.
        rate: frames a second as OpenCV has them.
        decoded: frames that could be read.
        last_s: when the last of them is shown.
    """
    try:
        counted = _counted(path, declared) or promised(path, rate)
    except _UNREADABLE:
        return declared
    if counted:
        return counted
    # No count but a duration, to be compared with when the last frame is shown: the rate may vary.
    due_s = declared / rate if rate > 0 else 0.0
    if last_s <= 0 or due_s - last_s <= max(0.05 * due_s, 4 / rate):
        return decoded
    return max(round(decoded * due_s / last_s), decoded)


def broken(path: Path) -> bool:
    """Whether a file ends before its container does, or has a hole in which its parts do not follow each other."""
    try:
        _counted(path, 0)
    except _UNREADABLE:
        return True
    return False


def gaps(path: Path) -> dict[int, int]:
    """How many frames are lost before which, in an AVI with holes; its frames have no times that would tell."""
    holes: dict[int, int] = {}
    with suppress(*_UNREADABLE), path.open("rb") as file:
        if file.read(12)[8:] == b"AVI " and size_of(file) <= _WALKED_BYTES:
            avi(file, holes)
    return holes


def _counted(path: Path, declared: int) -> int:
    """Frames that a container counts; 0 where it counts none."""
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] == b"RIFF":
            return avi(file)
        if start[:4] == b"\x1a\x45\xdf\xa3":
            return matroska(file)
        if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
            return mp4(file, declared)
    return 0


def promised(path: Path, rate: float) -> int:
    """Frames that a WMV file says it has where it is shorter than it says: OpenCV then guesses from its length."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            at = head.find(_FILE_PROPERTIES)
            if not head.startswith(_ASF) or at < 0:
                return 0
            (size,) = struct.unpack_from("<Q", head, at + 40)
            duration, _, preroll_ms = struct.unpack_from("<3Q", head, at + 64)
            return round((duration / 1e7 - preroll_ms / 1e3) * rate) if size > size_of(file) else 0
    except (struct.error, OSError):
        return 0


def why_not(path: Path) -> str:
    """Why a video file cannot be opened, as far as it tells, to follow its name in a sentence."""
    try:
        with path.open("rb") as file:
            known = file.read(12)[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"skip")
            if known and all(name != b"moov" for name, _, _ in boxes(file, 0, size_of(file), strict=False)):
                return "was cut off: the part that says where its frames are (moov) is missing, mostly at its end"
    except (Broken, struct.error, OSError):
        pass
    return ""
