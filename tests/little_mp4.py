"""MP4 files as phones make them: turned by a tag, with frames that last differently long."""

import struct
from pathlib import Path

_QUARTER = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)  # to be shown turned clockwise
_MATRIX_AT = 44  # bytes after the name of the track's header
_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def turn(path: Path) -> None:
    """Note in a file that its image is to be turned by 90 degrees clockwise."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + _MATRIX_AT
    data[at : at + len(_QUARTER)] = _QUARTER
    path.write_bytes(data)


def vary(path: Path, runs: list[tuple[int, float]]) -> None:
    """Have frames last differently long: (how many, times as long as before), for all frames of a file."""
    data = bytearray(path.read_bytes())
    at = data.index(b"stts") - 4
    (size,) = struct.unpack_from(">I", data, at)
    (usual,) = struct.unpack_from(">I", data, at + 20)
    entries = b"".join(struct.pack(">II", count, round(usual * times)) for count, times in runs)
    box = b"stts" + struct.pack(">II", 0, len(runs)) + entries
    data[at : at + size] = struct.pack(">I", len(box) + 4) + box
    for name in _PARENTS:
        start = data.index(name) - 4
        (old,) = struct.unpack_from(">I", data, start)
        struct.pack_into(">I", data, start, old + len(box) + 4 - size)
    path.write_bytes(data)
