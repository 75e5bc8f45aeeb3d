"""Small videos as people have them: trimmed without being encoded again, cut off, with a hole, of a varying rate."""

import struct
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

CODECS = {
    ".mp4": "mp4v",
    ".avi": "MJPG",
    ".mkv": "VP80",
    ".webm": "VP90",
    ".flv": "FLV1",
    ".wmv": "WMV2",
    ".ts": "mpg1",
    ".mts": "mpg1",
    ".m2ts": "mp4v",
    ".mpg": "PIM1",
}
RATE = 25


def noise(path: Path, frames: int) -> Path:
    """A video of noise (64, 96, 3), so that every frame takes its share of the file."""
    random = np.random.default_rng(0)
    return write(path, [random.integers(0, 255, (64, 96, 3), np.uint8) for _ in range(frames)])


def write(path: Path, frames: Iterable[np.ndarray]) -> Path:
    frames = list(frames)
    height, width = frames[0].shape[:2]
    code = cv2.VideoWriter_fourcc(*CODECS[path.suffix])
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, RATE, (width, height))
    assert writer.isOpened(), path
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def trim(path: Path, first: int, last: int = 0) -> None:
    """Have the edit list of an MP4 hide so many frames at the beginning and at the end."""
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12
    duration, start = struct.unpack_from(">Ii", data, at)
    scale = data.index(b"mdhd") + 16
    (units,) = struct.unpack_from(">I", data, scale)
    hidden = (first + last) * 1000 // RATE
    struct.pack_into(">Ii", data, at, duration - hidden, start + first * units // RATE)
    path.write_bytes(data)


def front(path: Path) -> None:
    """Put the table of an MP4 before its frames, as for the web."""
    data = bytearray(path.read_bytes())
    at = data.index(b"moov") - 4
    (size,) = struct.unpack_from(">I", data, at)
    table = data[at : at + size]
    places = table.index(b"stco")
    (count,) = struct.unpack_from(">I", table, places + 8)
    for number in range(count):
        (place,) = struct.unpack_from(">I", table, places + 12 + 4 * number)
        struct.pack_into(">I", table, places + 12 + 4 * number, place + size)
    head = struct.unpack_from(">I", data, 0)[0]
    path.write_bytes(data[:head] + table + data[head:at] + data[at + size :])


def hole(path: Path) -> None:
    """Overwrite a fifth of a file in its middle with zeros, as a bad disk or an unfinished download leaves it."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 5] = bytes(len(data) // 5)
    path.write_bytes(data)


def empty_chunks(path: Path, numbers: Iterable[int]) -> None:
    """Turn frames of an AVI into empty chunks, which say that the frame before is shown for longer."""
    data, chunks, at = path.read_bytes(), [], 0
    start = data.index(b"movi") + 4
    stop = start - 8 + struct.unpack_from("<I", data, start - 8)[0] + 4
    at = start
    while at + 8 <= min(stop, len(data)):
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"idx1":
            break
        chunks.append((name, data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    videos = [k for k, (name, _) in enumerate(chunks) if name == b"00dc"]
    for number in numbers:
        chunks[videos[number]] = b"00dc", b""
    body = b"".join(name + struct.pack("<I", len(part)) + part + bytes(len(part) % 2) for name, part in chunks)
    whole = data[: start - 8] + struct.pack("<I", len(body) + 4) + b"movi" + body
    path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:])


def slow_down(path: Path) -> None:
    """Say of a Matroska file that its frames came at ten times the rate at which they did, as recorders do."""
    data = bytearray(path.read_bytes())
    # DefaultDuration, four bytes of nanoseconds, and the same length without it: the element becomes a void.
    at = data.find(b"\x23\xe3\x83\x84")
    assert at > 0
    struct.pack_into(">I", data, at + 4, 1_000_000_000 // RATE // 10)
    path.write_bytes(data)
