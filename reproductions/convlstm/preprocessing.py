"""From clips to eight aligned grey faces of 64×64 pixels (Saurav et al. 2020, sections III.A and IV.B).

The paper states dlib's frontal detector, its correlation tracker and 68 landmarks, alignment, 64×64 pixels, grey,
eight frames (the first, the last and six at equal steps between), and for AFEW a gamma correction with γ = 1.5 of dark
images. The other fields of `Settings` are decisions.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from common.media import alignment, landmarks, video
from common.media.clips import Clip
from common.media.tracking import Follower, Tracking
from common.results.config import Request
from common.samples.build import ClipSamples

# Which decision of the paper gives which of the settings.
DECISIONS = {
    "confidence": "tracker_confidence",
    "upsample": "detector_upsample",
    "eye_level": "eye_level",
    "eye_distance": "eye_distance",
    "gamma_direction": "gamma_direction",
    "gamma_when_mean_below": "gamma_when_mean_below",
    "gamma_of": "gamma_of",
}


@dataclass(frozen=True)
class Settings:
    """What decides which pixels a network sees.

    Attributes:
        frames: how many frames of a clip are used.
        size: side of the square face image in pixels.
        aligned: the frames are faces already, as AFEW has them aligned and CK+48 cropped; they are made grey and
            resized only.
        confidence, upsample: how the face is found and followed (`common.media.tracking.Tracking`).
        eye_level, eye_distance: where the eyes come to lie, in sides of the image.
        gamma: how strongly dark clips are corrected; 1 leaves all as they are.
        gamma_direction: whether that makes them brighter (exponent 1/γ) or darker (γ).
        gamma_when_mean_below: a clip is dark where the mean of its faces is less; from 0 to 256.
        gamma_of: whether the clip is judged, and corrected, as a whole, or each of its faces by itself.
        models: folder in which the landmark predictor may lie. It does not count when settings are compared or samples
            looked up: there is only one right predictor.
    """

    frames: int = 8
    size: int = 64
    aligned: bool = False
    confidence: float = Tracking.confidence
    upsample: int = Tracking.upsample
    eye_level: float = alignment.EYE_LEVEL
    eye_distance: float = alignment.EYE_DISTANCE
    gamma: float = 1.0
    gamma_direction: Literal["brighten", "darken"] = "brighten"
    gamma_when_mean_below: int = 80
    gamma_of: Literal["clip", "frame"] = field(default="clip", compare=False)  # samples of before had the default
    models: Path | None = field(default=None, compare=False)

    @property
    def tracking(self) -> Tracking:
        return Tracking(self.confidence, self.upsample)

    @property
    def version(self) -> str:
        by_frame = "" if self.gamma_of == "clip" else f" gamma of each {self.gamma_of}"
        return f"1 {self.tracking.version} {landmarks.PREDICTOR.sha256[:12]}{by_frame}"


def settings(request: Request, corpus: str, aligned: bool = False) -> Settings:
    """The preprocessing of a corpus ("CK+", "SAVEE" or "AFEW") that a request asks for.

    Args:
        aligned: its frames are the faces that come with AFEW, or those of CK+48.

    Raises:
        UserError: if the landmark predictor is needed and missing, or the request's folder of models is.
    """
    if not aligned:
        landmarks.locate(request.models)
    return Settings(
        aligned=aligned,
        gamma=request.paper.hyperparameters["gamma_afew"] if corpus == "AFEW" else 1.0,
        models=request.models,
        **{name: request.settings[decision] for name, decision in DECISIONS.items()},
    )


def kept(total: int, frames: int = 8) -> list[int]:
    """The 0-based numbers of the frames that are used of `total`: both ends and equal steps; a short clip repeats.

    >>> kept(20), kept(3)
    ([0, 3, 5, 8, 11, 14, 16, 19], [0, 0, 1, 1, 1, 1, 2, 2])
    """
    return [round(i * (total - 1) / (frames - 1)) for i in range(frames)]


def prepare(clip: Clip, settings: Settings) -> ClipSamples:
    """The aligned faces of a clip as its only sample; none where no used frame shows a face.

    The face is followed through all frames, because the tracker must not miss how it moved; landmarks are searched in
    those that are used. Where one of them shows no face, it is cut out where the nearest of the others has its eyes, of
    two equally near the earlier.

    Returns:
        frames (settings.frames, size, size, 1) uint8, or (0, size, size, 1). Its counts: frames_read (in the clip),
        frames_repeated (to fill a short clip), frames_without_face (of those used), frames_followed, searches (frames
        in which the detector ran), losses (of the tracker), sequences, and as 0 or 1 without_any_face, several_faces
        and gamma_corrected.

    Raises:
        UserError: if the clip's source or one of its frames cannot be read, or the landmark predictor.
    """
    total = video.length(clip)
    numbers = kept(total, settings.frames)
    images, counts = _resized(clip, numbers, settings) if settings.aligned else _followed(clip, numbers, settings)
    rows = np.array([images[number] for number in numbers if images], np.uint8)
    dark = np.zeros(len(rows), bool)
    if images and settings.gamma != 1:
        dark = is_dark(rows[None], settings)[0]
        rows[dark] = correct(rows[dark], settings.gamma, settings.gamma_direction)
    return ClipSamples(
        frames=rows.reshape(-1, settings.size, settings.size, 1),
        frame_numbers=np.array(numbers[: len(rows)], np.int64),
        starts=np.arange(int(bool(images))),
        length=settings.frames,
        counts={
            "frames_read": total,
            "frames_repeated": settings.frames - len(set(numbers)) if images else 0,
            **counts,
            "sequences": int(bool(images)),
            "without_any_face": int(not images),
            "gamma_corrected": int(dark.any()),
        },
    )


def is_dark(faces: np.ndarray, settings: Settings) -> np.ndarray:
    """Which faces (n, T, H, W, ...) of n clips are corrected, bool (n, T); unless by frame, of a clip all or none."""
    count, length = faces.shape[:2]
    judged = faces.reshape(count, 1 if settings.gamma_of == "clip" else length, -1)
    return np.broadcast_to(judged.mean(axis=2) < settings.gamma_when_mean_below, (count, length))


def correct(faces: np.ndarray, gamma: float, direction: str) -> np.ndarray:
    """uint8 images with v = 255·(v/255)^(1/γ), or ^γ for "darken", rounded."""
    exponent = 1 / gamma if direction == "brighten" else gamma
    table = np.rint(255 * (np.arange(256) / 255) ** exponent).astype(np.uint8)
    return table[faces]


def _resized(clip: Clip, numbers: list[int], settings: Settings) -> tuple[dict[int, np.ndarray], dict[str, int]]:
    """Images by frame number of what are faces already, and no more than that to count."""
    size = settings.size
    images = {
        number: cv2.resize(
            video.grey(image), (size, size), interpolation=cv2.INTER_AREA if len(image) > size else cv2.INTER_LINEAR
        )
        for number, image in enumerate(video.frames(clip))
        if number in numbers
    }
    names = ("frames_without_face", "frames_followed", "searches", "losses", "several_faces")
    return images, dict.fromkeys(names, 0)


def _followed(clip: Clip, numbers: list[int], settings: Settings) -> tuple[dict[int, np.ndarray], dict[str, int]]:
    """Aligned images by frame number, all or none of those asked for, and what happened on the way."""
    predictor = landmarks.locate(settings.models)
    follower = Follower(settings.tracking)
    images, seen = {}, {}
    for number, image in enumerate(video.frames(clip)):
        grey = video.grey(image)
        box = follower.step(grey)
        if number in numbers:
            images[number] = grey
            found = _eyes(grey, box, follower, predictor)
            if found is not None:
                seen[number] = found
    aligned = {}
    for number, grey in images.items() if seen else ():
        nearest = min(seen, key=lambda other: abs(other - number))
        aligned[number] = alignment.align(grey, seen[nearest], settings.size, settings.eye_level, settings.eye_distance)
    return aligned, {
        "frames_without_face": len(images) - len(seen),
        "frames_followed": follower.followed,
        "searches": follower.searches,
        "losses": follower.losses,
        "several_faces": int(follower.most_faces > 1),
    }


def _eyes(grey: np.ndarray, box: np.ndarray | None, follower: Follower, predictor: Path) -> np.ndarray | None:
    """The eyes (2, 2) of the face in a box; where its landmarks are none of a face, of one that is searched anew."""
    if box is None:
        return None
    points = landmarks.find(grey, box, predictor)
    if not landmarks.plausible(points, box):
        box = follower.search(grey)
        if box is None:
            return None
        points = landmarks.find(grey, box, predictor)
        if not landmarks.plausible(points, box):
            return None
    return landmarks.eyes(points)
