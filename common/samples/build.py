"""The samples of all clips, computed once on all cores and kept in one file (`common.samples.store`).

Each finished clip is stored at once in a file of its own (a shard), so that a run that was killed continues
where it was; at the end the shards become one file, named after a key of everything that decides its content.
"""

import hashlib
import json
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from common.media.clips import Clip
from common.samples.store import SAMPLE, TEXTS, Damaged, Samples, write
from common.support import arrays, cluster, files
from common.support import workers as pool
from common.support.errors import UserError

__all__ = ["ClipSamples", "Samples", "build"]


@dataclass
class ClipSamples:
    """What a paper's preprocessing makes of one clip.

    Attributes:
        frames: (rows, H, W, C) uint8, one row for each frame that networks see.
        frame_numbers: (rows,) int, 0-based number of that frame in the clip's source.
        starts: (m,) int, rows at which a sample begins; it is `length` consecutive rows.
        length: rows in a sample, the same for all clips.
        counts: what happened to the clip's frames and windows, for the ledger.
    """

    frames: np.ndarray
    frame_numbers: np.ndarray
    starts: np.ndarray
    length: int
    counts: dict[str, int]


class Settings(Protocol):
    """A frozen dataclass of all choices of a preprocessing.

    `version` tells apart what equal fields do not: the version of the steps, and that of the detector. A field with
    `compare=False` makes no samples of their own, e.g. the folder of a model that may be moved. Fields that came later
    may stand in a class attribute `LATER` with the value that samples without them had: these then keep their key.
    """

    @property
    def version(self) -> str: ...


def build(
    clips: Sequence[Clip],
    prepare: Callable[[Clip, Settings], ClipSamples],
    settings: Settings,
    folder: Path,
    workers: int | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, clip: None,
    skip_broken: bool = False,
    launcher: str = "local",
) -> Samples:
    """The samples of all clips, from `folder` if they were built before, else computed and stored there.

    Args:
        prepare: a function that can be imported by its name, because it is sent to worker processes.
        workers: processes; all cores by default.
        progress: called with the clips done, all clips, and the clip that was finished last.
        skip_broken: go on without clips that cannot be read; the ledger's `problem` says which.
        launcher: "local" for this machine, "ray" for the cluster at RAY_ADDRESS.

    Raises:
        UserError: if clips cannot be read (all others are processed and kept first), if there is no clip or no
            sample, if the disk is full or the folder not writable, or if a newer program wrote the file.
    """
    if not clips:
        raise UserError("There are no clips to make samples of.", "Check the data sets with verify-data.")
    shards = dict(zip(_keys(clips, prepare, settings), clips, strict=True))
    key = _hash("\n".join(shards))
    path = folder / f"{key}.h5"

    samples = _load(path)
    if samples is None:
        with files.lock(folder, lambda: progress(0, len(clips), "waiting for another run")):
            samples = _load(path)  # another run may have built them in the meantime
            if samples is None:
                if path.exists():
                    warnings.warn(f"{path} is damaged and built again.", RuntimeWarning, stacklevel=2)
                _build(shards, key, prepare, settings, path, workers, progress, skip_broken, launcher)
                samples = Samples(path)
    if not skip_broken:
        _refuse_broken(broken(samples.ledger), len(clips))
    return samples


def broken(ledger) -> list[str]:
    """Why clips of a ledger could not be read, a sentence each."""
    return ledger.problem[ledger.problem != ""].tolist()


def counted(ledger) -> dict[str, dict[str, int]]:
    """How many clips a ledger has, and the sums of what their preprocessing counted, by corpus."""
    sums = ledger.drop(columns=["clip", "subject", "emotion", "partition", "problem", "rows"]).groupby("corpus").sum()
    sums.insert(0, "clips", ledger.groupby("corpus").size())
    return {corpus: {name: int(n) for name, n in row.items()} for corpus, row in sums.iterrows()}


def _keys(clips: Sequence[Clip], prepare: Callable, settings: Settings) -> list[str]:
    """One key a clip, of all that decides its samples: content, labels, settings, versions of the steps."""
    recipe = [prepare.__module__, prepare.__qualname__, settings.version, _choices(settings)]
    with ThreadPoolExecutor() as threads:
        contents = list(threads.map(lambda clip: files.fingerprint(clip.source, clip.frames), clips))
    return [
        _hash(json.dumps([recipe, content, _identity(clip)], sort_keys=True))
        for clip, content in zip(clips, contents, strict=True)
    ]


def _choices(settings: Settings) -> dict[str, Any]:
    compared = {field.name for field in fields(settings) if field.compare}
    later = getattr(settings, "LATER", {})
    chosen = {name: value for name, value in asdict(settings).items() if name in compared}
    return {name: value for name, value in chosen.items() if name not in later or value != later[name]}


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _identity(clip: Clip) -> dict[str, str]:
    return {
        "corpus": clip.corpus,
        "clip": clip.name,
        "subject": clip.person,
        "emotion": clip.emotion.value if clip.emotion else "",
        "partition": clip.partition,
    }


def _load(path: Path) -> Samples | None:
    try:
        return Samples(path) if path.exists() else None
    except Damaged:
        return None


def _build(
    shards: dict[str, Clip],
    key: str,
    prepare: Callable,
    settings: Settings,
    path: Path,
    workers: int | None,
    progress: Callable,
    skip_broken: bool,
    launcher: str,
) -> None:
    folder = path.parent / "shards"
    paths = {clip: folder / f"{shard}.npz" for shard, clip in shards.items()}
    for left_over in folder.glob("*.tmp"):
        left_over.unlink()
    missing = [(clip, prepare, settings, shard) for clip, shard in paths.items() if arrays.load(shard) is None]
    done, problems = len(paths) - len(missing), {}
    progress(done, len(paths), "")
    for (clip, *_), future in _stored(missing, folder, workers, launcher):
        error = future.exception()
        if isinstance(error, UserError) and not isinstance(error, files.StorageError):
            problems[clip] = str(error)
        elif error:
            raise error
        done += 1
        progress(done, len(paths), clip.name)
    if not skip_broken:
        _refuse_broken([problems[clip] for clip in paths if clip in problems], len(paths))
    _merge(paths, problems, key, settings, path)
    for shard in paths.values():
        shard.unlink(missing_ok=True)


def _stored(missing: list[tuple], folder: Path, workers: int | None, launcher: str) -> Iterator[tuple[tuple, Future]]:
    """Every task of `_store` with its finished future."""
    if launcher == "local" or not missing:
        yield from pool.run(_store, missing, workers)
        return
    with cluster.cluster():
        yield from cluster.run(_store, missing, folder)


def _refuse_broken(problems: list[str], total: int) -> None:
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise UserError(
            f"{len(problems)} of {total} clips cannot be read:\n{listed}\n",
            "Mend them and run again (all others are kept), or go on without them with skip_broken.",
        )


def _store(task: tuple[Clip, Callable, Settings, Path]) -> None:
    clip, prepare, settings, shard = task
    prepared = prepare(clip, settings)
    about = {
        "length": prepared.length,
        "shape": prepared.frames.shape,
        "counts": json.dumps(prepared.counts),
        "checksum": zlib.crc32(np.ascontiguousarray(prepared.frames)),
    }
    parts = {name: getattr(prepared, name) for name in ("frames", "frame_numbers", "starts")}
    arrays.save(shard, parts | {name: np.array(value) for name, value in about.items()})


def _merge(paths: dict[Clip, Path], problems: dict[Clip, str], key: str, settings: Settings, path: Path) -> None:
    ledger, checksums, columns, rows = [], [], [], 0
    lengths, shapes = set(), set()
    for position, (clip, shard) in enumerate(paths.items()):
        ledger.append(_identity(clip) | {"problem": problems.get(clip, ""), "rows": 0})
        checksums.append(0)
        if clip in problems:
            continue
        with np.load(shard) as prepared:
            starts, numbers, length = prepared["starts"], prepared["frame_numbers"], int(prepared["length"])
            shape, checksums[-1] = prepared["shape"].tolist(), int(prepared["checksum"])
            ledger[-1] |= {"rows": len(numbers)} | json.loads(str(prepared["counts"]))
        lengths.add(length)
        shapes.add(tuple(shape[1:]))
        columns.append([np.full(len(starts), position), starts + rows, numbers[starts], numbers[starts + length - 1]])
        rows += len(numbers)
    _refuse_empty(ledger, sum(len(first_row) for _, first_row, *_ in columns))
    (length,), (shape,) = lengths, shapes
    merged = [np.concatenate(parts).astype(np.int64) for parts in zip(*columns, strict=True)]
    samples = dict(zip(SAMPLE, merged, strict=True))
    frames = (np.load(shard)["frames"] for clip, shard in paths.items() if clip not in problems)
    write(path, key, json.dumps(_choices(settings)), length, shape, ledger, samples, checksums, frames)


def _refuse_empty(ledger: list[dict], samples: int) -> None:
    if samples == 0:
        names = dict.fromkeys(name for entry in ledger for name in entry if name not in TEXTS)
        totals = ", ".join(f"{name} {sum(entry.get(name, 0) for entry in ledger)}" for name in names)
        raise UserError(
            f"None of the {len(ledger)} clips gave a sample ({totals}).",
            "Check that the clips show faces and are long enough, or change the preprocessing's settings.",
        )
