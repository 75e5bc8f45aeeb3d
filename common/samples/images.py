"""How training gets the images of a still-image data set.

An image is a sample of length 1, so networks, splits and audits treat images and clips alike.
"""

import zlib
from itertools import groupby
from pathlib import Path

import numpy as np

from common.media.images import StillImages
from common.samples.store import SAMPLE, Damaged, Samples, write
from common.support import files
from common.support.errors import UserError


def samples(images: StillImages, folder: Path) -> Samples:
    """The images as samples of length 1 and shape (H, W, 1), in the same order; from `folder` if stored before.

    Raises:
        UserError: if there is no image, if the disk is full or the folder not writable.
    """
    if not len(images):
        raise UserError(f"{images.corpus} has no images.", "Check the data set with verify-data.")
    key = images.key()
    path = folder / f"{key}.h5"
    if path.exists():
        try:
            return Samples(path)
        except Damaged:
            path.unlink(missing_ok=True)
    with files.lock(folder):
        if not path.exists():  # another run may have written it in the meantime
            _write(images, key, path)
    return Samples(path)


def _write(images: StillImages, key: str, path: Path) -> None:
    clips = _runs(images)
    rows = np.arange(len(images))
    columns = (np.repeat(np.arange(len(clips)), [len(clip) for clip in clips]), rows, images.frames, images.frames)
    blocks = [np.ascontiguousarray(images.pixels[clip.start : clip.stop]) for clip in clips]
    write(
        path,
        key,
        settings="{}",
        length=1,
        shape=(*images.pixels.shape[1:], 1),
        ledger=[_identity(images, clip) for clip in clips],
        samples={name: column.astype(np.int64) for name, column in zip(SAMPLE, columns, strict=True)},
        checksums=[zlib.crc32(block) for block in blocks],
        frames=blocks,
    )


def _runs(images: StillImages) -> list[range]:
    """Positions of the neighbouring images that share clip, label and partition."""
    identities = zip(images.clips, images.subjects, images.emotions, images.partitions, strict=True)
    lengths = [len(list(run)) for _, run in groupby(identities)]
    ends = np.cumsum(lengths).tolist()
    return [range(end - length, end) for end, length in zip(ends, lengths, strict=True)]


def _identity(images: StillImages, clip: range) -> dict[str, str | int]:
    first = clip.start
    return {
        "corpus": images.corpus,
        "clip": str(images.clips[first]),
        "subject": f"{images.corpus}/{images.subjects[first]}",
        "emotion": str(images.emotions[first]),
        "partition": str(images.partitions[first]),
        "problem": "",
        "rows": len(clip),
    }
