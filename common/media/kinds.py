"""What a file is, told by how it begins and not by its name: an image, a video or neither."""

from enum import StrEnum
from pathlib import Path

START = 64

_IMAGES = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF8",
    b"II*\0",  # TIFF
    b"MM\0*",
    b"II+\0",  # BigTIFF
    b"MM\0+",
    b"\0\0\0\x0cjP  ",  # JPEG 2000
    b"\xff\x4f\xff\x51",
    b"#?RADIANCE",
    b"\x76\x2f\x31\x01",  # OpenEXR
    b"\x59\xa6\x6a\x95",  # Sun raster
)
_VIDEOS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\x30\x26\xb2\x75",  # ASF, WMV
    b"FLV\x01",
    b"\0\0\x01\xba",  # MPEG programme stream
    b"\0\0\x01\xb3",  # MPEG video
    b"OggS",
    b"YUV4MPEG2",
    b".RMF",
    b"\x06\x0e\x2b\x34",  # MXF
)
_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # QuickTime before there was ftyp
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")

# Endings of videos, for those that cannot be told by their beginning, or are damaged there.
_VIDEO_ENDINGS = (
    ".mp4 .avi .mov .mkv .webm .m4v .mpg .mpeg .wmv .asf .flv .3gp .3g2 .mts .m2ts .ts .m2t .vob .ogv .mjpeg .mjpg "
    ".dv .mxf .rm .divx .y4m .h264 .264 .h265 .265 .hevc"
)
# And of images.
_IMAGE_ENDINGS = ".png .jpg .jpeg .jpe .jfif .bmp .dib .tif .tiff .webp .gif .heic .heif .avif .jp2 .pgm .ppm .pbm .pnm"
VIDEOS, IMAGES = frozenset(_VIDEO_ENDINGS.split()), frozenset(_IMAGE_ENDINGS.split())
# Images one behind the other, each of which begins as a JPEG does.
_MOTION_JPEG = (".mjpeg", ".mjpg")


class Kind(StrEnum):
    """What is in a file."""

    IMAGE = "image"
    ANIMATION = "animation"
    HEIF = "HEIF"
    VIDEO = "video"
    OTHER = "other"


def of(path: Path) -> Kind:
    """What a file holds by its first bytes; by its ending where they say nothing; an unreadable one by its ending.

    A file of several images one after the other (GIF, WebP, PNG, AVIF) is an animation, to be read as a video.
    """
    try:
        with path.open("rb") as file:
            start = file.read(START)
            told = _of(start)
            if told is Kind.IMAGE and start.startswith(b"GIF8") and _several(start + file.read()):
                return Kind.ANIMATION
    except OSError:
        told = None
    ending = path.suffix.lower()
    if told is Kind.IMAGE and ending in _MOTION_JPEG:
        return Kind.VIDEO
    if told is not None:
        return told
    if ending in IMAGES:
        return Kind.IMAGE
    return Kind.VIDEO if ending in VIDEOS else Kind.OTHER


def _of(start: bytes) -> Kind | None:
    if (start[8:16] == b"WEBPVP8X" and start[20:21] and start[20] & 2) or (start[1:4] == b"PNG" and b"acTL" in start):
        return Kind.ANIMATION
    if start.startswith(_IMAGES) or (start[:4] == b"RIFF" and start[8:12] == b"WEBP") or _plain(start):
        return Kind.IMAGE
    if start[4:8] == b"ftyp":
        if start[8:12] == b"avis":
            return Kind.ANIMATION
        brands = {start[at : at + 4] for at in (8, *range(16, min(int.from_bytes(start[:4], "big"), START), 4))}
        if brands & set(_AVIF):
            return Kind.IMAGE
        return Kind.HEIF if brands & set(_HEIF) else Kind.VIDEO
    if start.startswith(_VIDEOS) or start[4:8] in _ATOMS or (start[:4] == b"RIFF" and start[8:12] == b"AVI "):
        return Kind.VIDEO
    return None


def _plain(start: bytes) -> bool:
    """Whether it is a BMP or one of P1 to P6 (PGM, PPM), whose marks are so short that text may begin with them."""
    bmp = start[:2] == b"BM" and start[6:10] == bytes(4)
    return bmp or (start[:1] == b"P" and start[1:2] in b"123456" and start[2:3] in (b"\n", b"\r", b" ", b"\t"))


def _several(data: bytes) -> bool:
    """Whether a GIF holds more than one image."""

    def blocks(at: int) -> int:
        while at < len(data) and data[at]:
            at += data[at] + 1
        return at + 1

    def colours(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    if len(data) < 13:
        return False
    at, images = 13 + colours(data[10]), 0
    while at + 10 <= len(data) and images < 2:
        if data[at] == 0x2C:
            images += 1
            at = blocks(at + 11 + colours(data[at + 9]))
        elif data[at] == 0x21:
            at = blocks(at + 2)
        else:
            break
    return images > 1
