"""From a clip to its samples: the face in the middle frame, grey, 48×48 pixels."""

from dataclasses import dataclass

import numpy as np

from common.media import faces, video
from common.media.clips import Clip
from common.samples.build import ClipSamples


@dataclass(frozen=True)
class Settings:
    """What decides which pixels the network sees: `margin` is the share of the box added on each side."""

    margin: float = 0.1
    size: int = 48

    @property
    def detector(self) -> faces.Haar:
        return faces.Haar()

    @property
    def version(self) -> str:
        return f"1 {self.detector.version}"  # raise the 1 whenever the same clip would give other samples


def prepare(clip: Clip, settings: Settings) -> ClipSamples:
    """One sample of length 1, frames (1, size, size, 1) uint8; none where the middle frame shows no face.

    Raises:
        UserError: if the clip's source cannot be read.
    """
    read = video.length(clip.source)
    crops = []
    for image in video.frames(clip.source, start=read // 2, step=read):
        if image is None:
            continue
        grey = video.grey(image)
        box = faces.largest(settings.detector.detect(grey))
        if box is not None:
            crops.append(cut(grey, box, settings))
    return ClipSamples(
        frames=np.array(crops, np.uint8).reshape(-1, settings.size, settings.size, 1),
        frame_numbers=np.full(len(crops), read // 2),
        starts=np.arange(len(crops)),
        length=1,
        counts={"frames_read": read, "frames_skipped": read - 1, "frames_without_face": 1 - len(crops)},
    )


def cut(grey: np.ndarray, box: np.ndarray, settings: Settings) -> np.ndarray:
    """The face (size, size) uint8 in a box (4,) of a grey frame (H, W) uint8."""
    return faces.crop(grey, faces.widen(box, settings.margin, grey.shape), settings.size)
