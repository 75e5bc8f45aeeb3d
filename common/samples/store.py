"""One HDF5 file of samples: what is in it, how it is written, and how single samples are read from it.

/frames                 (rows, H, W, C) uint8, contiguous and uncompressed: a sample is one block of bytes
/clips/<column>         the ledger, one entry a clip
/samples/<column>       one entry a sample: clip (position in the ledger), first_row, first_frame, last_frame
/checksums              (clips,) CRC-32 of each clip's frames
"""

import errno
import os
import shutil
import weakref
import zlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from common.support import files
from common.support.errors import UserError

FORMAT = 1
IDENTITY = ("corpus", "clip", "subject", "emotion", "partition")
SAMPLE = ("clip", "first_row", "first_frame", "last_frame")
TEXTS = (*IDENTITY, "problem")


class Damaged(UserError):
    """A samples file that is incomplete or does not hold what was written to it."""


class Samples:
    """Samples on disk, read when asked for; can be sent to other processes.

    Attributes:
        path, key: the file, and the content key that names it.
        length: frames in a sample.
        shape: (H, W, C) of a frame.

    Raises:
        UserError: if the file is missing or of a newer format; Damaged if its content is not what was written.
    """

    def __init__(self, path: Path):
        import h5py

        self.path = path
        if not path.is_file():
            raise UserError(f"There are no samples at {path}.", "Build them first.")
        try:
            with h5py.File(path) as file:
                if file.attrs["format"] > FORMAT:
                    raise UserError(
                        f"{path} was written by a newer version of this program (format {file.attrs['format']}).",
                        "Update the program, or delete the file to build it again.",
                    )
                self.key = file.attrs["key"]
                self.length = int(file.attrs["length"])
                self.shape = file["frames"].shape[1:]
                self._offset = file["frames"].id.get_offset()
                self._clips = {name: _decoded(column[:]) for name, column in file["clips"].items()}
                self._samples = {name: file["samples"][name][:] for name in SAMPLE}
                checksums = file["checksums"][:]
        except (OSError, KeyError, ValueError, RuntimeError, TypeError) as error:
            raise self._damaged() from error
        self._row_bytes = int(np.prod(self.shape))
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)
        self._check(checksums)

    def __len__(self) -> int:
        return len(self._samples["clip"])

    def __reduce__(self):
        return Samples, (self.path,)

    def read(self, positions: Sequence[int]) -> np.ndarray:
        """The samples at these positions of the table, in this order: (n, length, H, W, C) uint8."""
        first_rows = self._samples["first_row"][np.asarray(positions, np.int64)]
        out = np.empty((len(first_rows), self.length, *self.shape), np.uint8)
        for sample, row in zip(out, first_rows.tolist(), strict=True):
            self._read_into(sample, row)
        return out

    def read_frames(self, positions: Sequence[int], numbers: Sequence[int]) -> np.ndarray:
        """Of each of these samples the frame with this number, from 0: (n, H, W, C) uint8."""
        rows = self._samples["first_row"][np.asarray(positions, np.int64)] + np.asarray(numbers, np.int64)
        out = np.empty((len(rows), *self.shape), np.uint8)
        for frame, row in zip(out, rows.tolist(), strict=True):
            self._read_into(frame, row)
        return out

    @cached_property
    def table(self):
        """One row a sample: sample, corpus, clip, subject (unique over corpora), emotion, partition, first_row,
        first_frame, last_frame (0-based numbers in the clip's source).
        """
        import pandas as pd

        clip = self._samples["clip"]
        identity = {name: self._clips[name][clip] for name in IDENTITY}
        rows = {name: self._samples[name] for name in SAMPLE if name != "clip"}
        return pd.DataFrame({"sample": np.arange(len(clip))} | identity | rows)

    @cached_property
    def ledger(self):
        """One row a clip, in the order of the clips: who and what it is, rows (frames stored), the counts of the
        preprocessing, and problem: why it could not be read, "" for nearly all.
        """
        import pandas as pd

        return pd.DataFrame(self._clips)

    def _read_into(self, frames: np.ndarray, row: int) -> None:
        # Reading at a position instead of seeking lets threads and forked processes share the file.
        if os.preadv(self._descriptor, [frames], self._offset + row * self._row_bytes) != frames.nbytes:
            raise self._damaged()

    def _check(self, checksums: np.ndarray) -> None:
        row = 0
        for rows, checksum in zip(self._clips["rows"].tolist(), checksums.tolist(), strict=True):
            frames = np.empty((rows, *self.shape), np.uint8)
            self._read_into(frames, row)
            if zlib.crc32(frames) != checksum:
                raise self._damaged()
            row += rows

    def _damaged(self) -> Damaged:
        return Damaged(f"{self.path} is damaged.", "Delete it to build it again.")


def write(
    path: Path,
    key: str,
    settings: str,
    length: int,
    shape: tuple[int, int, int],
    ledger: list[dict],
    samples: dict[str, np.ndarray],
    checksums: list[int],
    frames: Iterable[np.ndarray],
) -> None:
    """Write a samples file in one step, with the frames of one clip after the other in memory.

    Args:
        ledger: one entry a clip: the texts of IDENTITY, problem, rows, and any counts (0 where left out).
        samples: the columns of SAMPLE, (samples,) int64.
        checksums: CRC-32 of the frames of each clip of the ledger.
        frames: (rows, *shape) uint8 of each clip of the ledger that has rows.

    Raises:
        StorageError: if the disk is full or the folder cannot be written to.
    """
    rows = sum(entry["rows"] for entry in ledger)
    attributes = {"format": FORMAT, "key": key, "length": length, "settings": settings}
    with files.atomic(path) as temporary:
        # HDF5 can bring down the whole process when the disk fills up under it. So it writes the small tables
        # only, with a hole for the frames, after a look at the free space; plain writes fill the hole.
        needed = rows * int(np.prod(shape)) + 2 * sum(column.nbytes for column in samples.values()) + 2_000_000
        if shutil.disk_usage(path.parent).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        hole = _write_tables(temporary, attributes, (rows, *shape), ledger, samples, checksums)
        with temporary.open("r+b") as file:
            file.seek(hole)
            for block in frames:
                file.write(block)


def _write_tables(path, attributes, shape, ledger, samples, checksums) -> int:
    """Everything but the frames; returns the position at which they have their place."""
    import h5py

    reserved = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    reserved.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    reserved.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    # Columns are chunked because HDF5 keeps checksums (Fletcher-32) only of chunks.
    guarded = {"chunks": True, "fletcher32": True}
    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
        for name in dict.fromkeys(name for entry in ledger for name in entry):
            column = [entry.get(name, "" if name in TEXTS else 0) for entry in ledger]
            file.create_dataset(f"clips/{name}", data=_encoded(column), **guarded)
        for name in SAMPLE:
            file.create_dataset(f"samples/{name}", data=samples[name], **guarded)
        file.create_dataset("checksums", data=np.array(checksums, np.uint32), **guarded)
        frames = file.create_dataset("frames", shape, "u1", dcpl=reserved)
        return frames.id.get_offset()


def _encoded(column: Iterable) -> np.ndarray:
    column = np.array(column)
    return np.char.encode(column, "utf-8") if column.dtype.kind == "U" else column


def _decoded(column: np.ndarray) -> np.ndarray:
    return np.char.decode(column, "utf-8").astype(object) if column.dtype.kind == "S" else column
