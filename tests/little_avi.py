"""Small AVI files, whole and damaged: what loaders list and decoders then meet."""

import struct
from pathlib import Path

import numpy as np

from datasets.synthetic import media

FRAMES = 12
_ENTRY = 16  # bytes of an index entry: chunk name, flags, offset, length


def film(path: Path) -> Path:
    """Twelve frames (48, 64, 3) of noise, so that most of the file is images."""
    path.parent.mkdir(parents=True, exist_ok=True)
    media.film(path, np.random.default_rng(0).integers(0, 256, (FRAMES, 48, 64, 3), np.uint8), (48, 64), 25.0)
    return path


def _split(data: bytes) -> tuple[bytes, list[bytes]]:
    """A file up to its index, and the entries of the index, which ends the file."""
    start = data.rindex(b"idx1")
    body = data[start + 8 :]
    return data[:start], [body[k : k + _ENTRY] for k in range(0, len(body), _ENTRY)]


def _join(before: bytes, entries: list[bytes]) -> bytes:
    body = b"".join(entries)
    return before + b"idx1" + struct.pack("<I", len(body)) + body


def _without(data: bytes) -> bytes:
    return _split(data)[0]


def _cut(data: bytes) -> bytes:
    return data[: -_ENTRY * (FRAMES // 2)]


def _blank(data: bytes) -> bytes:
    before, entries = _split(data)
    return _join(before, [bytes(_ENTRY)] * len(entries))


def _short(data: bytes) -> bytes:
    before, entries = _split(data)
    return _join(before, entries[:3])


def _shifted(data: bytes) -> bytes:
    before, entries = _split(data)
    return _join(before, [e[:8] + struct.pack("<I", struct.unpack("<I", e[8:12])[0] + 50) + e[12:] for e in entries])


def _one_place(data: bytes) -> bytes:
    before, entries = _split(data)
    return _join(before, [e[:8] + entries[0][8:12] + e[12:] for e in entries])


def _backwards(data: bytes) -> bytes:
    before, entries = _split(data)
    return _join(before, entries[::-1])


# Damage to the index after which every frame can still be found, and damage which hides frames.
MENDABLE = {"no index": _without, "cut": _cut, "blank": _blank, "few entries": _short, "shifted": _shifted}
HIDING = {"all at one place": _one_place, "backwards": _backwards}


def sound_only() -> bytes:
    """An AVI file of a second of silence, without images."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body

    header = chunk(b"avih", struct.pack("<14I", 0, 8000, 0, 16, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0))
    stream = chunk(b"strh", b"auds" + bytes(16) + struct.pack("<7I", 1, 8000, 0, 8000, 8000, 0, 1) + bytes(8))
    stream += chunk(b"strf", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))
    streams = chunk(b"LIST", b"hdrl" + header + chunk(b"LIST", b"strl" + stream))
    return chunk(b"RIFF", b"AVI " + streams + chunk(b"LIST", b"movi" + chunk(b"00wb", b"\x80" * 8000)))
