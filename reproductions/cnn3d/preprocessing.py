"""From clips to ten colour faces of 112×112 pixels (Haddad, Lézoray and Hamel 2020, sections 3 and 4.1).

The paper states the last 10 frames, the last one repeated where a clip has fewer, OpenCV's deep learning face
detector, 112×112 pixels, grey CK+ images stored with three equal channels, and CLAHE with a clip limit of 2 on a
grid of 8×8. The other fields of `Settings` are decisions, with their alternatives.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from common.media import faces, model_files, ssd, video
from common.media.clahe import equalise
from common.media.clips import Clip
from common.results.config import Request
from common.samples.build import ClipSamples

HAAR, SSD, NONE = "haar", "ssd", "none"

# Which decision of the paper gives which of the settings.
DECISIONS = {
    "threshold": "detector_threshold",
    "box_margin": "box_margin",
    "missed_face": "missed_face",
    "clahe_channel": "clahe_channel",
    "order": "preprocessing_order",
}


@dataclass(frozen=True)
class Settings:
    """What decides which pixels a network sees.

    Attributes:
        frames: how many frames at the end of a clip are used.
        size: side of the square face image in pixels.
        detector: a form of the SSD (a key of `model_files.FORMS`), "haar" for the cascade embedded in OpenCV, or "none"
            for frames that are nothing but a face.
        threshold: least confidence of a face that the SSD finds.
        box_margin: share of the box's size added on each side.
        missed_face: what a frame without a face shows: the box of the nearest frame that has one, or all of it.
        grey: whether the colours are taken away; there are three channels either way.
        clahe: whether contrasts are equalised, a choice of Table 1.
        clahe_channel: on the lightness of CIELAB, or on each of the three colours; a grey image has one channel.
        order: whether CLAHE sees the resized face, or the whole frame before the face is cut out. Detection sees the
            frame as it was recorded, and scaling comes last, when a network is trained.
        models: folder of the SSD's files. It does not count when settings are compared or samples looked up, because
            the same files elsewhere give the same pixels.
    """

    frames: int = 10
    size: int = 112
    detector: str = HAAR
    threshold: float = 0.5
    box_margin: float = 0.0
    missed_face: Literal["nearest_box", "whole_frame"] = "nearest_box"
    grey: bool = False
    clahe: bool = True
    clahe_channel: Literal["lab_lightness", "each_rgb_channel"] = "lab_lightness"
    order: Literal["crop_resize_clahe_scale", "clahe_crop_resize_scale"] = "crop_resize_clahe_scale"
    models: Path | None = field(default=None, compare=False)

    @property
    def finder(self) -> faces.Haar | ssd.Ssd | None:
        if self.detector in (HAAR, NONE):
            return faces.Haar() if self.detector == HAAR else None
        return ssd.Ssd(self.detector, self.models, self.threshold)

    @property
    def version(self) -> str:
        return f"1 {self.finder.version if self.finder else NONE}"


def settings(request: Request, corpus: str, clahe: bool, cropped: bool = False) -> Settings:
    """The preprocessing of a corpus ("CK+" or "Oulu-CASIA") that a request asks for.

    Where the request has no SSD, the cascade embedded in OpenCV takes its place; `detector_title` says so.

    Args:
        cropped: its frames are faces already, and none is searched.

    Raises:
        UserError: if the request's folder of models is missing, or holds half an SSD or files of another content.
    """
    form = None if cropped else _form(request.settings["detector"], request.models)
    return Settings(
        size=request.sizes.get("narrow", {}).get("size", Settings.size),
        detector=NONE if cropped else form.key if form else HAAR,
        grey=is_grey(corpus, request.settings["oulu_colour"]),
        clahe=clahe,
        models=request.models if form else None,
        **{name: request.settings[decision] for name, decision in DECISIONS.items()},
    )


def is_grey(corpus: str, oulu_colour: str) -> bool:
    """Whether the colours of a corpus ("CK+" or "Oulu-CASIA") are taken away."""
    return corpus == "CK+" or oulu_colour == "grey"


def _form(detector: str, models: Path | None) -> model_files.Form | None:
    """The paper's SSD, in the form whose files are there; None for the cascade."""
    return None if detector == HAAR else model_files.find(models)


def detector(request: Request) -> str:
    """Which detector finds the faces, as the setting `detector` calls it: "haar" also where the SSD is not there."""
    return SSD if _form(request.settings["detector"], request.models) else HAAR


def detector_title(detector: str) -> str:
    """How tables call a detector, by `Settings.detector`."""
    if detector == NONE:
        return "none: the images are faces"
    return "embedded Haar cascade, not the paper's SSD" if detector == HAAR else model_files.FORMS[detector].title


def prepare(clip: Clip, settings: Settings) -> ClipSamples:
    """The faces of the last frames of a clip as its only sample; none where no frame shows a face.

    Frames before the last ones are neither decoded nor, in a folder, read.

    Returns:
        frames (settings.frames, size, size, 3) uint8 RGB, or (0, size, size, 3). Its counts: frames_read (in the
        clip), frames_skipped (before the last ones), frames_without_face (of those used), frames_repeated (to fill
        a short clip), sequences, and as 0 or 1 without_any_face.

    Raises:
        UserError: if the clip's source or one of the used frames cannot be read, or the model cannot be loaded.
    """
    total = video.length(clip)
    begin = max(0, total - settings.frames)
    images = [image for image in video.frames(clip, begin) if image is not None]
    found = [_face(image, settings.finder) for image in images]
    seen = [number for number, box in enumerate(found) if box is not None]
    rows = [
        face_image(image, _box(number, image, found, seen, settings), settings)
        for number, image in enumerate(images)
        if seen
    ]
    numbers = list(range(begin, begin + len(rows)))
    repeated = settings.frames - len(rows) if seen else 0
    rows += rows[-1:] * repeated
    numbers += numbers[-1:] * repeated
    return ClipSamples(
        frames=np.array(rows, np.uint8).reshape(-1, settings.size, settings.size, 3),
        frame_numbers=np.array(numbers, np.int64),
        starts=np.arange(int(bool(seen))),
        length=settings.frames,
        counts={
            "frames_read": total,
            "frames_skipped": begin,
            "frames_without_face": len(images) - len(seen),
            "frames_repeated": repeated,
            "sequences": int(bool(seen)),
            "without_any_face": int(not seen),
        },
    )


def _face(image: np.ndarray, finder: faces.Haar | ssd.Ssd | None) -> np.ndarray | None:
    """The box (4,) of the face that the SSD is surest of, or of the largest that the cascade finds; else of all."""
    if finder is None:
        return np.array([0, 0, image.shape[1], image.shape[0]], np.int32)
    if isinstance(finder, ssd.Ssd):
        return faces.first(finder.detect(image))
    return faces.largest(finder.detect(video.grey(image)))


def _box(number: int, image: np.ndarray, found: list, seen: list[int], settings: Settings) -> np.ndarray:
    """The box (4,) that is cut out of the frame of this number; of two equally near, the earlier gives it."""
    height, width = image.shape[:2]
    if found[number] is None and settings.missed_face == "whole_frame":
        return np.array([0, 0, width, height], np.int32)
    nearest = min(seen, key=lambda other: abs(other - number))
    return faces.widen(found[nearest], settings.box_margin, (height, width))


def face_image(image: np.ndarray, box: np.ndarray, settings: Settings) -> np.ndarray:
    """The face (size, size, 3) uint8 RGB in a box (4,) of a (H, W, 3) uint8 BGR frame, as a network sees it."""
    if settings.grey:
        image = video.grey(image)
    if settings.clahe and settings.order == "clahe_crop_resize_scale":
        image = equalise(image, settings.clahe_channel)
    face = faces.crop(image, box, settings.size)
    if settings.clahe and settings.order == "crop_resize_clahe_scale":
        face = equalise(face, settings.clahe_channel)
    return cv2.cvtColor(face, cv2.COLOR_GRAY2RGB if settings.grey else cv2.COLOR_BGR2RGB)
