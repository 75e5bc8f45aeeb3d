"""FER2013 and CK+ as the thesis reads them: 48×48 grey images of seven emotions each."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import datasets
from common.media.clips import Provenance, provenance
from common.media.emotions import Emotion
from common.media.images import StillImages
from common.results.config import Request
from common.samples import images
from common.samples.build import Samples
from common.support.console import console
from datasets import ckextended, ckplus, ckplus48, fer2013
from reproductions.data_root import need_classes
from reproductions.prepared import prepared, read_stills
from reproductions.thesis.preprocessing import Settings, prepare

# In the order of the label codes, which are the rows of Fig 4.4.
FER2013 = fer2013.CODES
# In the order of the folders of the widespread copy, which is that of the alphabet.
CKPLUS = ckplus48.CLASSES
LAST_FRAMES = {"last_three_frames": 3, "last_frame": 1}


@dataclass(frozen=True)
class Part:
    """One of the two data sets, ready for training.

    Attributes:
        name: "FER2013" or "CK+".
        samples: its images, each a sample of length 1.
        classes: emotions in the order of the networks' outputs.
        origin: whether they are synthetic or real.
        images: FER2013 in memory, with the votes of FER+; None for CK+, which may come from sequences.
    """

    name: str
    samples: Samples
    classes: tuple[Emotion, ...]
    origin: Provenance
    images: StillImages | None = None


def available(folder: Path) -> dict[str, bool]:
    """Which of the two data sets lies at or below a folder."""
    return {
        "FER2013": fer2013.locate(folder) is not None,
        "CK+": any(one.locate(folder) is not None for one in (ckplus, ckplus48, ckextended)),
    }


def load_fer2013(request: Request, folder: Path) -> Part:
    """All images of FER2013, in the order of its rows.

    Raises:
        UserError: if it is missing or broken, or one of the seven classes has no image.
    """
    read, samples = read_stills(fer2013, folder, request.cache)
    return Part("FER2013", samples, FER2013, provenance(fer2013.locate(folder)), read)


def load_ckplus(request: Request, folder: Path) -> Part:
    """The peak images of CK+: cut from the official tree, or a copy that is cut already.

    Raises:
        UserError: if none is there, or one is broken or lacks one of the seven classes.
    """
    frames = LAST_FRAMES[request.settings["ckplus_pictures"]]
    copy = next((one for one in (ckplus48, ckextended) if one.locate(folder) is not None), None)
    if ckplus.locate(folder) is not None or copy is None:
        place = datasets.locate_all(folder, ["ckplus"])["ckplus"]
        clips = [clip for clip in ckplus.index(place).clips if clip.emotion in CKPLUS]
        samples = prepared(request, clips, prepare, Settings(frames), "Finding faces")
        need_classes(samples.table.emotion, CKPLUS, f"No image in {place} shows")
    else:
        place = copy.locate(folder)
        read = copy.read(place, request.cache / "images")
        read = read.take(np.isin(read.emotions, CKPLUS))
        if copy is ckextended:
            console.print(f"{copy.NAME} has {copy.LACKS}: no split of it is known to be subject-independent.")
        samples = images.samples(_last(read, frames), request.cache / "samples")
    return Part("CK+", samples, CKPLUS, provenance(place))


def _last(read: StillImages, frames: int) -> StillImages:
    """The last images of every sequence."""
    import pandas as pd

    order = pd.DataFrame({"clip": read.clips, "frame": read.frames})
    from_end = order.groupby("clip").frame.rank(method="first", ascending=False)
    return read.take((from_end <= frames).to_numpy())
