"""From clips to 15 faces and the 15 flow images between them (Gupta and Vishwamitra 2022, sections III and III.b).

The paper states 16 frames a video as the best of 2 to 20, of a longer video half of the surplus dropped and of a
shorter one half of the lack repeated, a face cut out twice as wide and three times as high as its eyes are apart,
150×110 pixels, and the flow of Horn and Schunck as three channels. The other fields of `Settings` are decisions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

import cv2
import numpy as np

from common.media import alignment, landmarks, orientation
from common.media.clips import Clip
from common.media.video import frames, grey, length
from common.results.config import Request
from common.samples.build import ClipSamples
from reproductions.emotionalvlan import eyes, flow_images, horn_schunck

FRAMES = 16
PAIRS = FRAMES - 1
SHAPE = 150, 110  # height and width of a face in pixels

# Every so many frames take part in the vote on which way up a recording is.
VOTE = 4

_HEIGHT, _WIDTH = 3, 2  # of a face, in distances of the eyes
LongVideos = Literal["drop_both_ends", "segments", "evenly_spaced"]

_LEVELS = {"eyes_at_one_third": 1 / 3, "centred_on_eyes": 1 / 2}
_SCHEMES = {"matlab": horn_schunck.MATLAB, "classic": horn_schunck.CLASSIC}

# The decisions of the paper that are fields of `Settings`, under the same names.
DECISIONS = (
    "detector",
    "crop_reading",
    "crop_offset",
    "crop_place",
    "frames",
    "long_videos",
    "still_frames",
    "flow_scheme",
    "flow_smoothness",
    "flow_iterations",
    "flow_levels",
    "flow_scaling",
)


@dataclass(frozen=True)
class Settings:
    """What decides which pixels a network sees.

    Attributes:
        detector: how the eyes are found (`eyes.find`).
        crop_reading: three eye distances high and two wide, resized to 150×110 pixels; or 150×110 pixels of the frame,
            whatever its size.
        crop_offset: height of the eye line in the face: a third from its top, or in the middle.
        crop_place: each frame is cut out where its own eyes are, or all where the clip's eyes are in the median. The
            first keeps the face in place, but lets it jump where a detector does.
        frames: L, how many frames of a video are used, from 2 to 20.
        long_videos: of a video with more than L frames the middle ones; or as many segments of L frames as fit; or L
            frames at equal steps from the first to the last.
        still_frames: which L − 1 of the L faces are the stills.
        flow_scheme: gradients and means of the flow, as in MATLAB or as in the classic paper.
        flow_smoothness, flow_iterations: of the flow (`horn_schunck.Scheme`, smoothness and sweeps).
        flow_levels: the range of grey levels that the flow is computed on. With 0 to 1 the smoothness weighs 255 times
            as much as with 0 to 255.
        flow_scaling: how flow becomes an image (`flow_images.images`).
        models: folder in which the landmark predictor may lie. It does not count when settings are compared or samples
            looked up: there is only one right predictor.
    """

    # Fields that came later, with the value that samples without them had.
    LATER: ClassVar[dict[str, Any]] = {"frames": FRAMES, "flow_levels": "0_to_255"}

    detector: eyes.Detector = "haar_face_and_eyes"
    crop_reading: Literal["three_by_two_eye_distances", "fixed_150x110"] = "three_by_two_eye_distances"
    crop_offset: Literal["eyes_at_one_third", "centred_on_eyes"] = "eyes_at_one_third"
    crop_place: Literal["each_frame", "whole_clip"] = "each_frame"
    frames: int = FRAMES
    long_videos: LongVideos = "drop_both_ends"
    still_frames: Literal["first_15", "last_15"] = "first_15"
    flow_scheme: Literal["matlab", "classic"] = "matlab"
    flow_smoothness: float = horn_schunck.MATLAB.smoothness
    flow_iterations: int = horn_schunck.MATLAB.sweeps
    flow_levels: Literal["0_to_255", "0_to_1"] = "0_to_255"
    flow_scaling: flow_images.Scaling = "clip_128_16"
    models: Path | None = field(default=None, compare=False)

    @property
    def scheme(self) -> horn_schunck.Scheme:
        named = _SCHEMES[self.flow_scheme]
        smoothness = self.flow_smoothness * (255 if self.flow_levels == "0_to_1" else 1)
        return horn_schunck.Scheme(smoothness, self.flow_iterations, named.gradient, named.mean)

    @property
    def pairs(self) -> int:
        """How many stills there are of a video, and flow images."""
        return self.frames - 1

    @property
    def version(self) -> str:
        predictor = landmarks.PREDICTOR.sha256[:12] if self.detector == "dlib_landmarks" else ""
        return f"1 {eyes.finder(self.detector).version} {predictor}".strip()


def settings(request: Request) -> Settings:
    """The preprocessing that a request asks for.

    Raises:
        UserError: if the landmark predictor is needed and missing, or the request's folder of models is.
    """
    if request.settings["detector"] == "dlib_landmarks":
        landmarks.locate(request.models)
    return Settings(**{name: request.settings[name] for name in DECISIONS}, models=request.models)


def kept(total: int, long_videos: LongVideos = "drop_both_ends", count: int = FRAMES) -> list[list[int]]:
    """The 0-based numbers of the `count` frames of each segment of a video with `total` frames.

    What there is too much of is dropped, and what lacks is repeated, half at each end; the odd one at the end. Evenly
    spaced, the first and the last of a long video are kept and the others lie at equal steps between them.

    >>> kept(19), kept(3)
    ([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]], [[0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2]])
    """
    if long_videos == "evenly_spaced" and total > count:
        # Of two equally near frames the later one.
        return [[(2 * i * (total - 1) + count - 1) // (2 * (count - 1)) for i in range(count)]]
    segments = max(1, total // count) if long_videos == "segments" else 1
    first = (total - segments * count) // 2 if total > count else -((count - total) // 2)
    numbers = np.clip(np.arange(first, first + segments * count), 0, total - 1)
    return numbers.reshape(segments, count).tolist()


def prepare(clip: Clip, settings: Settings) -> ClipSamples:
    """15 faces and the 15 flow images of each segment of a clip; none of a segment in which no frame shows a face.

    With another number L of frames than 16, L − 1 of each.

    Returns:
        frames (30 a segment, 150, 110, 3) uint8: the stills as RGB, then the flow images, each of which has the
        number of the earlier of its two frames. Its counts: frames_read (in the clip), frames_dropped,
        frames_repeated (to fill a short clip), frames_without_face and frames_without_eyes (of those used; the latter
        show a face, but not both eyes), crops_over_border (faces that reach beyond their frame), segments,
        segments_turned (by 90 degrees), segments_of_half_a_frame, segments_with_usual_eyes (placed by the box of the
        face, as no frame showed both eyes) and segments_without_face, of which nothing is kept.

    Raises:
        UserError: if the clip's source or one of its frames cannot be read, or the landmark predictor.
    """
    total = length(clip)
    segments = kept(total, settings.long_videos, settings.frames)
    used = sorted({number for segment in segments for number in segment})
    images = _images(clip, used)
    rows, numbers, told = [np.zeros((0, *SHAPE, 3), np.uint8)], [], []
    for segment in segments:
        shown = sorted(set(segment))
        faces, counts = _faces(list(islice(images, len(shown))), orientation.possible(clip), settings)
        told.append(counts)
        if faces is not None:
            rows.append(video(faces[np.searchsorted(shown, segment)], settings))
            numbers += segment[_stills(settings)] + segment[: settings.pairs]
    return ClipSamples(
        frames=np.concatenate(rows),
        frame_numbers=np.array(numbers, np.int64),
        starts=np.arange(0, len(numbers), 2 * settings.pairs),
        length=2 * settings.pairs,
        counts={
            "frames_read": total,
            "frames_dropped": total - len(used),
            "frames_repeated": settings.frames * len(segments) - len(used),
            "segments": len(segments),
            **{name: sum(counts[name] for counts in told) for name in told[0]},
        },
    )


def video(faces: np.ndarray, settings: Settings) -> np.ndarray:
    """What networks see of L faces (L, H, W, 3) uint8 RGB: (2L − 2, H, W, 3) uint8, as many stills as flow images."""
    return np.concatenate([faces[_stills(settings)], flow(faces, settings)])


def flow(faces: np.ndarray, settings: Settings) -> np.ndarray:
    """The flow images (n - 1, H, W, 3) uint8 between n faces (n, H, W, 3) uint8 RGB, one after the other."""
    greys = np.stack([cv2.cvtColor(face, cv2.COLOR_RGB2GRAY) for face in faces])
    return flow_images.images(horn_schunck.flow(greys[:-1], greys[1:], settings.scheme), settings.flow_scaling)


def _stills(settings: Settings) -> slice:
    return slice(settings.pairs) if settings.still_frames == "first_15" else slice(1, settings.frames)


def _images(clip: Clip, numbers: Sequence[int]) -> Iterator[np.ndarray]:
    """The frames of these ascending numbers."""
    wanted = set(numbers)
    for number, image in enumerate(islice(frames(clip, numbers[0]), numbers[-1] + 1)):
        if number in wanted:
            yield image


def _faces(
    images: Sequence[np.ndarray], looks: Sequence[orientation.Look], settings: Settings
) -> tuple[np.ndarray | None, dict[str, int]]:
    """The face (n, 150, 110, 3) uint8 RGB in each of n frames, None if there is none in any of them; and the counts.

    A frame in which not both eyes are found is cut out where the nearest of the others has them, of two equally near
    the earlier.
    """
    look = _look(images, looks, settings)
    images = [np.ascontiguousarray(look.at(image)) for image in images]
    found = [eyes.find(grey(image), settings.detector, settings.models) for image in images]
    places = {number: face.eyes for number, face in enumerate(found) if face and face.eyes is not None}
    boxes = {number: face.box for number, face in enumerate(found) if face}
    counts = {
        "frames_without_face": len(images) - len(boxes),
        "frames_without_eyes": len(boxes) - len(places),
        "crops_over_border": 0,
        "segments_turned": int(look.turn != "upright"),
        "segments_of_half_a_frame": int(look.half != "whole"),
        "segments_with_usual_eyes": int(bool(boxes) and not places),
        "segments_without_face": int(not boxes),
    }
    if not boxes:
        return None, counts
    places = places or {number: eyes.usual(box, settings.detector) for number, box in boxes.items()}
    if settings.crop_place == "whole_clip":
        places = {0: np.median(list(places.values()), axis=0)}
    faces = []
    for number, image in enumerate(images):
        matrix = placing(places[min(places, key=lambda other: abs(other - number))], settings)
        counts["crops_over_border"] += _over_border(matrix, image)
        faces.append(face_image(image, matrix))
    return np.stack(faces), counts


def _look(images: Sequence[np.ndarray], looks: Sequence[orientation.Look], settings: Settings) -> orientation.Look:
    """How to look at the frames of a recording; where that is open, as most of some frames show a face."""
    if len(looks) == 1:
        return looks[0]
    greys = [grey(image) for image in images[::VOTE]]
    return orientation.choose(greys, looks, eyes.finder(settings.detector)) or looks[0]


def face_image(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The face (150, 110, 3) uint8 RGB that a matrix of `placing` cuts out of a (H, W, 3) uint8 BGR frame."""
    return cv2.cvtColor(alignment.sample(image, matrix, SHAPE), cv2.COLOR_BGR2RGB)


def placing(places: np.ndarray, settings: Settings) -> np.ndarray:
    """The matrix (2, 3) that brings a frame's pixels to where they are in a face, by its eyes (2, 2)."""
    height, width = SHAPE
    x, y = places.mean(axis=0)
    across = down = 1.0
    if settings.crop_reading == "three_by_two_eye_distances":
        distance = float(np.hypot(*(places[1] - places[0])))
        across, down = width / (_WIDTH * distance), height / (_HEIGHT * distance)
    middle, level = (width - 1) / 2, _LEVELS[settings.crop_offset] * height - 0.5
    return np.array([[across, 0, middle - across * x], [0, down, level - down * y]])


def _over_border(matrix: np.ndarray, image: np.ndarray) -> bool:
    """Whether a face shows what lies beyond the frame that it is cut out of."""
    scales, shifts, size = np.diag(matrix), matrix[:, 2], np.array(SHAPE[::-1])
    first, last = (-0.5 - shifts) / scales, (size - 0.5 - shifts) / scales
    return bool((first < -0.5).any() or (last > np.array(image.shape[1::-1]) - 0.5).any())
