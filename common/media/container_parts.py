"""The frames that a video file counts itself: walks through the parts of AVI, MP4 and Matroska files."""

import os
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

# Matroska: https://www.rfc-editor.org/rfc/rfc9559
_SEGMENT, _CLUSTER, _TRACKS, _TRACK = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE
_NUMBER, _TYPE, _SIMPLE, _GROUP, _BLOCK = 0xD7, 0x83, 0xA3, 0xA0, 0xA1

# AVI: the names of chunks behind a hole.
_CHUNK = re.compile(rb"\d\d(?:dc|db|wb)|idx1")
_BLOCK_BYTES = 1 << 20
# A day at 100 frames a second: a table that promises more is not believed, nor laid out in memory.
MOST_SAMPLES = 10_000_000


class Broken(Exception):
    """The file ends before its container does, or its parts do not follow each other."""


def size_of(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


# --- AVI -------------------------------------------------------------------------------------------


def avi(file: BinaryIO, holes: dict[int, int] | None = None) -> int:
    """Chunks of the first video stream that are not empty.

    Args:
        holes: gets how many frames are lost before which; without it, a hole is an error.
    """
    frames, taken, video, streams, at, end = 0, 0, None, 0, 0, size_of(file)
    while at + 8 <= end:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        inside = name in (b"RIFF", b"LIST")
        beyond = at + 8 + length > end and not (inside and holes is not None)
        if beyond or not name.strip().isalnum():
            if holes is None:
                raise Broken
            begin, at = at, _next_chunk(file, at)
            if lost := round((at - begin) * frames / max(taken, 1)) if at < end else 0:
                holes[frames] = lost
            continue
        if name == b"strh":
            if file.read(4) == b"vids" and video is None:
                video = b"%02d" % streams
            streams += 1
        elif name[:2] == video and name[2:] in (b"dc", b"db") and length:
            frames, taken = frames + 1, taken + 8 + length
        at += 12 if inside else 8 + length + length % 2
    return frames


def _next_chunk(file: BinaryIO, at: int) -> int:
    """Where the next chunk of images or sound begins, or the index; the end of the file where there is none."""
    end = size_of(file)
    while at < end:
        file.seek(at)
        block = file.read(_BLOCK_BYTES)
        for found in _CHUNK.finditer(block):
            if found.start() > 0 and at + found.end() + 4 <= end:
                file.seek(at + found.end())
                if at + found.end() + 4 + struct.unpack("<I", file.read(4))[0] <= end:
                    return at + found.start()
        at += max(len(block) - 7, 1)
    return end


# --- MP4, QuickTime --------------------------------------------------------------------------------


def boxes(file: BinaryIO, at: int, stop: int, strict: bool = True) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and end of the content of each box."""
    while at + 8 <= stop:
        file.seek(at)
        size, name = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,), head = struct.unpack(">Q", file.read(8)), 16
        elif size == 0:
            size = stop - at
        if size < head or (strict and at + size > stop):
            raise Broken
        yield name, at + head, min(at + size, stop)
        at += size


def _inside(file: BinaryIO, box: tuple[int, int], *names: bytes) -> tuple[int, int] | None:
    """Where the first box lies that is reached by these names, one within the other."""
    for name in names:
        box = next(((at, stop) for found, at, stop in boxes(file, *box) if found == name), None)
        if box is None:
            return None
    return box


def _table(file: BinaryIO, box: tuple[int, int] | None, row: str) -> list[tuple]:
    """The rows of a table box: four bytes of version and flags, a count, the rows."""
    if box is None:
        return []
    file.seek(box[0])
    version, count = struct.unpack(">B3xI", file.read(8))
    layout = struct.Struct((">" + row).replace("?", ("I", "Q")[version]).replace("!", ("i", "q")[version]))
    if count * layout.size > box[1] - box[0]:
        raise Broken
    return list(layout.iter_unpack(file.read(count * layout.size)))


def _at_the_fourth(file: BinaryIO, box: tuple[int, int] | None) -> int:
    """The number behind the two times of a header: the units in a second of mvhd and mdhd, the track of tkhd."""
    if box is None:
        raise Broken
    file.seek(box[0])
    version = file.read(4)[0]
    file.seek(16 if version else 8, os.SEEK_CUR)
    return struct.unpack(">I", file.read(4))[0]


def mp4(file: BinaryIO, declared: int) -> int:
    """Samples of the video track that its edit list shows; in a file of fragments those of all fragments."""
    size = size_of(file)
    # A file that was cut still has the table of its frames where that stands at the beginning.
    movie = next(((at, stop) for name, at, stop in boxes(file, 0, size, strict=False) if name == b"moov"), None)
    if movie is None:
        raise Broken
    tracks = [(at, stop) for name, at, stop in list(boxes(file, *movie)) if name == b"trak"]
    videos = [track for track in tracks if _handler(file, track) == b"vide"]
    if _inside(file, movie, b"mvex") is not None:
        return sum(_fragments(file, _at_the_fourth(file, _inside(file, videos[0], b"tkhd"))))
    counted = [(sum(count for count, _ in _times(file, track)), track) for track in videos]
    track = next((track for count, track in counted if count == declared), videos[0] if videos else None)
    if track is None:
        raise Broken
    edits = _table(file, _inside(file, track, b"edts", b"elst"), "?!I")
    moments = _moments(file, track)
    if not edits:
        return len(moments)
    whole = _at_the_fourth(file, _inside(file, movie, b"mvhd"))
    media = _at_the_fourth(file, _inside(file, track, b"mdia", b"mdhd"))
    total = 0
    for duration, begin, _ in edits:
        end = begin + duration * media / whole
        total += 0 if begin < 0 else sum(begin <= moment and (moment < end or duration == 0) for moment in moments)
    return total


def _handler(file: BinaryIO, track: tuple[int, int]) -> bytes:
    box = _inside(file, track, b"mdia", b"hdlr")
    if box is None:
        return b""
    file.seek(box[0] + 8)
    return file.read(4)


def _times(file: BinaryIO, track: tuple[int, int]) -> list[tuple]:
    return _table(file, _inside(file, track, b"mdia", b"minf", b"stbl", b"stts"), "II")


def _moments(file: BinaryIO, track: tuple[int, int]) -> list[int]:
    """When each sample is shown, in the track's units of time, in the order of decoding."""
    times = _times(file, track)
    shifts = _table(file, _inside(file, track, b"mdia", b"minf", b"stbl", b"ctts"), "Ii")
    if max(sum(count for count, _ in times), sum(count for count, _ in shifts)) > MOST_SAMPLES:
        raise Broken
    moments, now = [], 0
    for count, duration in times:
        moments += [now + number * duration for number in range(count)]
        now += count * duration
    shift = [by for count, by in shifts for _ in range(count)]
    return [moment + by for moment, by in zip(moments, shift, strict=False)] if shift else moments


def _fragments(file: BinaryIO, track: int) -> Iterator[int]:
    """Samples of a track, run by run."""
    fragments = [(at, stop) for name, at, stop in boxes(file, 0, size_of(file)) if name == b"moof"]
    for fragment in fragments:
        for name, at, stop in list(boxes(file, *fragment)):
            header = _inside(file, (at, stop), b"tfhd") if name == b"traf" else None
            if header is None:
                continue
            file.seek(header[0] + 4)
            if struct.unpack(">I", file.read(4))[0] == track:
                for run, begin, _ in list(boxes(file, at, stop)):
                    file.seek(begin + 4)
                    yield struct.unpack(">I", file.read(4))[0] if run == b"trun" else 0


# --- Matroska, WebM --------------------------------------------------------------------------------


def matroska(file: BinaryIO) -> int:
    """Blocks of the first video track."""
    size, video, frames = size_of(file), None, 0
    pending = [(0, size)]
    while pending:
        at, stop = pending.pop()
        while at < stop:
            name, begin, length = _element(file, at)
            end = stop if length is None else begin + length
            if end > stop:
                raise Broken
            if name in (_SEGMENT, _CLUSTER, _TRACKS, _GROUP):
                # The clusters of a stream have no length: the next one begins where its parent's parts do.
                pending.append((end, stop))
                at, stop = begin, end
                continue
            if name == _TRACK and video is None:
                video = _video_track(file, begin, end)
            elif name in (_SIMPLE, _BLOCK):
                file.seek(begin)
                frames += _variable(file, keep=False) == video
            at = end
    return frames


def _video_track(file: BinaryIO, at: int, stop: int) -> int | None:
    found = {}
    while at < stop:
        name, begin, length = _element(file, at)
        at = begin + (length or 0)
        if name in (_NUMBER, _TYPE):
            file.seek(begin)
            found[name] = int.from_bytes(file.read(length or 0), "big")
    return found.get(_NUMBER) if found.get(_TYPE) == 1 else None


def _element(file: BinaryIO, at: int) -> tuple[int, int, int | None]:
    """Name, beginning and length of the content of an element; None where its length is not told."""
    file.seek(at)
    name, length = _variable(file, keep=True), _variable(file, keep=False)
    return name, file.tell(), length


def _variable(file: BinaryIO, keep: bool) -> int | None:
    """A number of one to eight bytes, with or without the mark that tells how many; None if all its bits are set."""
    first = file.read(1)
    if not first or not first[0]:
        raise Broken
    more = 8 - first[0].bit_length()
    rest = file.read(more)
    if len(rest) < more:
        raise Broken
    value = int.from_bytes(first + rest, "big")
    if keep:
        return value
    value &= (1 << 7 * (more + 1)) - 1
    return None if value == (1 << 7 * (more + 1)) - 1 else value
