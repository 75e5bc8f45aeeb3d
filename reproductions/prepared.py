"""The samples of a request's clips, or of its still images, under a progress bar."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np

from common.media.clips import Clip
from common.media.images import StillImages
from common.results.config import Request
from common.samples import images
from common.samples.build import Samples, build
from common.support.console import bar


def prepared(request: Request, clips: Sequence[Clip], prepare: Callable, settings: Any, title: str) -> Samples:
    """The samples that `prepare` makes of the clips with these settings, from the cache or computed on all cores.

    Args:
        title: of the progress bar.

    Raises:
        UserError: if clips cannot be read, after all others were read and kept; or as `prepare` does.
    """
    with bar(title, "clips") as progress:
        return build(
            clips,
            prepare,
            settings,
            request.cache / "samples",
            workers=request.workers,
            progress=progress,
            skip_broken=request.skip_broken,
            launcher=request.launcher,
        )


def stills(request: Request, dataset: ModuleType, place: Path, size: int = 0) -> Samples:
    """The images of a data set of stills, each a sample of length 1 and shape (H, W, 1), in the set's order.

    Args:
        dataset: a module of `datasets` with `read(folder, cache)`, e.g. `datasets.fer2013`.
        place: the folder that it lies in.
        size: side to which the images are resized (bilinear, or by area where they shrink); 0 leaves them.

    Raises:
        UserError: if the set is broken or a class has no image, or the disk cannot take the samples.
    """
    return read_stills(dataset, place, request.cache, size)[1]


def read_stills(dataset: ModuleType, place: Path, cache: Path, size: int = 0) -> tuple[StillImages, Samples]:
    """As `stills`, with what was read of the set itself."""
    with bar(f"Reading {dataset.NAME}", "images") as progress:
        read = dataset.read(place, cache / "images")
        if size and read.pixels.shape[1:] != (size, size):
            method = cv2.INTER_AREA if size < min(read.pixels.shape[1:]) else cv2.INTER_LINEAR
            resized = [cv2.resize(one, (size, size), interpolation=method) for one in read.pixels]
            read = replace(read, pixels=np.array(resized, np.uint8))
        samples = images.samples(read, cache / "samples")
        progress(len(read), len(read))
    return read, samples
