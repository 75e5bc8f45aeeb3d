"""What is measured on: the clips of the synthetic corpora, and their samples."""

import dataclasses
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from common.media.clips import Clip
from common.paper import load as papers
from common.results.config import Request, cache_from_environment
from common.samples import store
from common.samples.build import Samples, build
from reproductions.data_root import data_root
from reproductions.timeconvnet import data
from reproductions.timeconvnet.preprocessing import Settings, prepare


def clips(small: bool, copies: int = 1) -> list[Clip]:
    """The clips of TimeConvNets in the quick (or tiny) corpora, which are drawn if need be, `repeated`."""
    paper = papers.load("timeconvnet")
    if small:
        paper = paper.model_copy(update={"profiles": {"quick": paper.profiles["quick"] | {"synthetic": "tiny"}}})
    request = Request(paper, settings=paper.settings, cache=cache_from_environment())
    chosen, _ = data.clips(request, data_root(request, data.CORPORA))
    return repeated(chosen, copies)


def repeated(clips: Sequence[Clip], copies: int) -> list[Clip]:
    """Each clip so many times, every time as that of another subject: a corpus nearer to the size of a real one."""
    return [
        dataclasses.replace(clip, name=f"{copy}/{clip.name}", subject=f"{copy}/{clip.subject}")
        for copy in range(copies)
        for clip in clips
    ]


def samples(chosen: list[Clip], folder: Path, workers: int | None = None) -> Samples:
    """Their windows, computed into `folder` or loaded from there."""
    return build(chosen, prepare, Settings(), folder, workers)


def noise(folder: Path, count: int, length: int, shape: tuple[int, int, int]) -> Samples:
    """As many samples of random frames (length, *shape), a clip each, of nobody's face and without a name."""
    rng = np.random.default_rng(0)
    clips = [rng.integers(0, 256, (length, *shape), np.uint8) for _ in range(count)]
    number = np.arange(count)
    columns = {"clip": number, "first_row": number * length, "first_frame": 0 * number, "last_frame": 0 * number}
    texts = dict.fromkeys(store.TEXTS, "")
    ledger = [texts | {"clip": str(one), "rows": length} for one in range(count)]
    path = folder / f"noise-{count}-{length}-{shape[0]}.h5"
    store.write(path, path.stem, "", length, shape, ledger, columns, [zlib.crc32(clip) for clip in clips], clips)
    return Samples(path)
