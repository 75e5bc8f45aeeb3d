"""From sequences of CK+ to the images of the widespread 48×48 copy: faces of the last frames, which show the peak.

The thesis describes no preprocessing, but its seven classes, 48×48 pixels and 80:20 split fit that copy: 981 images,
three of each of the 327 labelled sequences.
"""

from dataclasses import dataclass

import numpy as np

from common.media import faces, video
from common.media.clips import Clip
from common.samples.build import ClipSamples


@dataclass(frozen=True)
class Settings:
    """What decides which pixels a network sees.

    Attributes:
        frames: how many frames at the end of a sequence become images.
        size: side of the square image in pixels.
        scale_factor, min_neighbors, min_size: of OpenCV's face cascade.
    """

    frames: int = 3
    size: int = 48
    scale_factor: float = 1.3
    min_neighbors: int = 5
    min_size: int = 48

    @property
    def detector(self) -> faces.Haar:
        return faces.Haar(self.scale_factor, self.min_neighbors, self.min_size)

    @property
    def version(self) -> str:
        return f"1 {self.detector.version}"


def prepare(clip: Clip, settings: Settings) -> ClipSamples:
    """The faces of the last frames of a sequence, each a sample of its own.

    A frame in which no face is found takes the box of the nearest of these frames that has one.

    Returns:
        frames (images, size, size, 1) uint8. Its counts: frames_read (in the sequence), frames_skipped (before
        the last ones), frames_without_face, images, and as 0 or 1 without_any_face.

    Raises:
        UserError: if an image cannot be read.
    """
    total = len(video.images(clip))
    begin = max(0, total - settings.frames)
    images = [video.grey(image) for image in video.frames(clip, begin) if image is not None]
    boxes = [faces.largest(settings.detector.detect(image)) for image in images]
    seen = [number for number, box in enumerate(boxes) if box is not None]
    crops = [
        faces.crop(image, boxes[min(seen, key=lambda other: abs(other - number))], settings.size)
        for number, image in enumerate(images)
        if seen
    ]
    return ClipSamples(
        frames=np.array(crops, np.uint8).reshape(-1, settings.size, settings.size, 1),
        frame_numbers=np.arange(begin, begin + len(crops)),
        starts=np.arange(len(crops)),
        length=1,
        counts={
            "frames_read": total,
            "frames_skipped": begin,
            "frames_without_face": len(images) - len(seen),
            "pictures": len(crops),
            "without_any_face": int(not seen),
        },
    )
