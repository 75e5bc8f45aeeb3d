"""From clips to windows of five grey faces (Lee and Wong 2020, section IV.D: Creating BigFaceX).

The paper states the window of 5 frames, the Haar cascade, the box widened by 10 % a side, 48×48 pixels,
and for BAUM-1 and eNTERFACE'05 the first 5 frames left out and a stride of 2. The other fields of
`Settings` are decisions, with their alternatives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from common.media import faces, video
from common.media.clips import Clip
from common.samples.build import ClipSamples

CHOICES = {"largest": faces.largest, "first": faces.first}


# The decisions of the paper that are fields of `Settings`, under the same names.
DECISIONS = ("missed", "several", "cascade", "scale_factor", "min_neighbors", "min_size", "interpolation")

# The decision `stride`: what a "stride of 2" does. It thins the frames, or the windows on consecutive frames.
STRIDES = {"thinning": {"step": 2, "hop": 1}, "hop": {"step": 1, "hop": 2}}


@dataclass(frozen=True)
class Settings:
    """What decides which pixels a network sees.

    Attributes:
        window: consecutive kept frames in a sample.
        hop: kept frames from one window to the next.
        skip_first: frames left out at the beginning of a clip, which is still neutral.
        step: every how many frames one is kept.
        whole_corpora: corpora whose clips are used from their first frame on, every frame and every window.
        size: side of the square face image in pixels.
        margin: share of the box's size added on each side.
        scale_factor, min_neighbors, min_size: of the cascade; 1.1 finds more faces, and more that are none, in
            more than twice the time. Faces smaller than `min_size` pixels would have to be enlarged.
        missed: what a frame without a face does: every window with it is dropped, or the last box is used again.
        interpolation: of the resizing.
        cascade: file of the face detector, without its ending.
        several: which face is taken where the detector finds more than one.
    """

    window: int = 5
    hop: int = 1
    skip_first: int = 5
    step: int = 2
    whole_corpora: tuple[str, ...] = ("CK+",)
    size: int = 48
    margin: float = 0.10
    scale_factor: float = 1.3
    min_neighbors: int = 5
    min_size: int = 48
    missed: Literal["drop_window", "reuse_previous_box"] = "drop_window"
    interpolation: Literal["bilinear", "area"] = "bilinear"
    cascade: str = "haarcascade_frontalface_default"
    several: Literal["largest", "first"] = "largest"

    @property
    def detector(self) -> faces.Haar:
        return faces.Haar(self.scale_factor, self.min_neighbors, self.min_size, self.cascade)

    @property
    def version(self) -> str:
        return f"1 {self.detector.version}"


def chosen(decisions: Mapping[str, Any]) -> Settings:
    """The settings that the paper's decisions give; a decision that is absent has its default.

    >>> asked = chosen({"stride": "hop", "min_size": 24, "nin": "channels"})
    >>> asked.step, asked.hop, asked.min_size, asked.min_neighbors
    (1, 2, 24, 5)
    """
    fields = {name: decisions[name] for name in DECISIONS if name in decisions}
    return Settings(**fields, **STRIDES[decisions.get("stride", "thinning")])


def prepare(clip: Clip, settings: Settings) -> ClipSamples:
    """The faces of a clip, one row for each kept frame with a face, and the windows on them.

    Returns:
        frames (rows, size, size, 1) uint8. Its counts: frames_read (in the clip), frames_skipped (not kept),
        frames_without_face (kept, not found), windows, windows_without_face (dropped for such a frame), and
        as 0 or 1 too_short (fewer kept frames than a window) and without_any_face.

    Raises:
        UserError: if the clip's source cannot be read.
    """
    start, step, hop = settings.skip_first, settings.step, settings.hop
    if clip.corpus in settings.whole_corpora:
        start, step, hop = 0, 1, 1
    detector, box = settings.detector, None
    read = missed = 0
    numbers, crops, kept = [], [], []
    for number, image in enumerate(video.frames(clip, start, step)):
        read += 1
        if image is None:
            continue
        grey = video.grey(image)
        found = CHOICES[settings.several](detector.detect(grey))
        missed += found is None
        if found is not None or settings.missed == "drop_window":
            box = found
        kept.append(box is not None)
        if box is not None:
            numbers.append(number)
            crops.append(face_image(grey, box, settings))

    starts, dropped = windows(np.array(kept, bool), settings.window, hop)
    return ClipSamples(
        frames=np.array(crops, np.uint8).reshape(-1, settings.size, settings.size, 1),
        frame_numbers=np.array(numbers, np.int64),
        starts=starts,
        length=settings.window,
        counts={
            "frames_read": read,
            "frames_skipped": read - len(kept),
            "frames_without_face": missed,
            "windows": len(starts),
            "windows_without_face": dropped,
            "too_short": int(len(kept) < settings.window),
            "without_any_face": int(not crops),
        },
    )


def face_image(frame: np.ndarray, box: np.ndarray, settings: Settings) -> np.ndarray:
    """The face (size, size) uint8 in a box (4,) of a (H, W) grey or (H, W, 3) BGR uint8 frame, as a network sees it."""
    wide = faces.widen(box, settings.margin, frame.shape[:2])
    return faces.crop(frame, wide, settings.size, settings.interpolation, grey=True)


def windows(seen: np.ndarray, length: int, hop: int) -> tuple[np.ndarray, int]:
    """Windows over the kept frames of a clip, of which only those with a face are stored as rows.

    Args:
        seen: (kept frames,) bool, whether the frame has a face.

    Returns:
        The rows (m,) int64 at which the windows with a face in every frame begin, and how many were dropped.

    >>> windows(np.array([True, False, True, True, True]), 2, 1)
    (array([1, 2]), 2)
    """
    first = np.arange(0, len(seen) - length + 1, hop)
    faces_before = np.concatenate([[0], np.cumsum(seen)])
    complete = faces_before[first + length] - faces_before[first] == length
    return faces_before[first[complete]], int((~complete).sum())
