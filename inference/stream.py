"""A video frame by frame: where the faces are, and what the network says of each."""

import time
from collections import deque
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from inference import pace
from inference.finder import FORGET_AFTER, Face, Finder, Whole
from inference.pace import Pace
from inference.trained import Trained
from reproductions.inference import Preparation

# Frames that the timeline shows, and which share of a new value counts at once.
REMEMBERED, SMOOTHING = 150, 0.2


@dataclass(frozen=True)
class Seen:
    """One frame and what was seen in it.

    Attributes:
        number: of the frame, from 0.
        time_s: when it is shown or was taken, in seconds.
        frame: (H, W, 3) uint8 BGR, as it came.
        faces: the largest first.
        probabilities: (classes,) float32 by track; absent for a face that was not in sight for a whole window yet.
        smooth: the same, smoothed over the last frames, because single windows flicker.
        shown: track of the face whose bars and timeline are shown; 0 for none.
        milliseconds: of the steps "detect", "crop" and "network".
        rate: frames a second, as the times of the last frames have it.
        longest: most frames in a row, up to this one, in which a face was in sight, or bridged.
        timeline: smoothed probabilities (classes,) of the shown face in the last frames, None where it had none.
    """

    number: int
    time_s: float
    frame: np.ndarray
    faces: list[Face]
    probabilities: dict[int, np.ndarray]
    smooth: dict[int, np.ndarray]
    shown: int
    milliseconds: dict[str, float] = field(default_factory=dict)
    timeline: tuple[np.ndarray | None, ...] = ()
    rate: float = pace.USUAL_RATE
    longest: int = 0


def watch(
    frames: Iterable[tuple[float, np.ndarray]],
    trained: Trained,
    finder: Finder | Whole | None = None,
    holes: Container[int] = (),
    bridge: int = 0,
    shown: int = 0,
) -> Iterator[Seen]:
    """What is seen in each frame, one after the other.

    Args:
        frames: seconds and (H, W, 3) uint8 BGR frames of one video.
        finder: a fresh one; without it one with the detector of the network's training.
        holes: numbers of frames before which others are missing; no window reaches over them.
        bridge: how many frames in a row a face may be out of sight, see `Windows`.
        shown: track of the face whose bars and timeline are shown; 0 for that of the largest.
    """
    finder = finder or Finder(trained.preparation.detector)
    windows, smoothing, beat = Windows(trained.preparation, bridge), Smoothing(), Pace()
    timeline: deque[np.ndarray | None] = deque(maxlen=REMEMBERED)
    for number, (time_s, frame) in enumerate(frames):
        if number in holes:
            windows.forget()
        clock = [time.perf_counter()]
        lit = trained.light(frame)
        faces = finder.boxes(lit)
        clock.append(time.perf_counter())
        beat.add(time_s)
        rate = beat.rate
        complete = windows.add(lit, faces, pace.each(rate))
        clock.append(time.perf_counter())
        probabilities = {}
        if complete:
            # All faces at once.
            rows = trained.probabilities(trained.preparation.inputs(np.stack(list(complete.values()))))
            probabilities = dict(zip(complete, rows, strict=True))
        clock.append(time.perf_counter())
        took = (1000 * np.diff(clock)).tolist()
        steps = dict(zip(("detect", "crop", "network"), took, strict=True))
        smooth, face = smoothing.add(probabilities), shown or _largest(faces)
        timeline.append(smooth.get(face))
        yield Seen(
            number, time_s, frame, faces, probabilities, smooth, face, steps, tuple(timeline), rate, windows.longest
        )


class Windows:
    """The last crops of every face, as windows for the network.

    Attributes:
        longest: of all faces, the most frames in a row that could have gone into a window.
    """

    def __init__(self, preparation: Preparation, bridge: int = 0):
        """Begin without crops.

        Args:
            bridge: for how many frames in a row a face that is out of sight keeps its last crop; the training has no
                such gaps.
        """
        self.preparation, self.bridge, self.longest = preparation, bridge, 0
        self._crops: dict[int, deque[np.ndarray]] = {}
        self._missed: dict[int, int] = {}
        self._lengths: dict[int, int] = {}

    def forget(self) -> None:
        """Let all windows begin anew."""
        self._crops, self._missed, self._lengths = {}, {}, {}

    def add(self, frame: np.ndarray, faces: list[Face], each: int = 1) -> dict[int, np.ndarray]:
        """Crop the faces of the next frame; gives the windows (frames, H, W, C) uint8 that end with it, by track.

        As in the training, a window has no gaps: a face that was out of sight for longer than `bridge` begins anew.

        Args:
            each: every how many frames stand for one of the training.
        """
        preparation = self.preparation
        reach = preparation.reach(each)
        self._hold({face.track for face in faces})
        complete = {}
        for face in faces:
            crops = self._crops.setdefault(face.track, deque(maxlen=preparation.reach(pace.MOST)))
            crops.append(preparation.crop(frame, np.array(face.box, np.int32)))
            self._missed[face.track] = 0
            self._lengths[face.track] = self._lengths.get(face.track, 0) + 1
            self.longest = max(self.longest, self._lengths[face.track])
            if len(crops) >= reach:
                complete[face.track] = np.stack(list(crops)[-reach :: each * preparation.step])
        return complete

    def _hold(self, seen: set[int]) -> None:
        """Repeat the last crop of faces that are briefly out of sight; drop the others."""
        for track in [track for track in self._crops if track not in seen]:
            self._missed[track] += 1
            if self._missed[track] > self.bridge:
                del self._crops[track], self._missed[track], self._lengths[track]
            else:
                self._crops[track].append(self._crops[track][-1])
                self._lengths[track] += 1


class Smoothing:
    """The probabilities of every face over the last frames; a new value counts as `SMOOTHING`."""

    def __init__(self):
        self._number = 0
        self._kept: dict[int, tuple[int, np.ndarray]] = {}

    def add(self, probabilities: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        """The smoothed probabilities (classes,) of the faces that have some in this frame, by track."""
        self._number += 1
        for track, now in probabilities.items():
            _, before = self._kept.get(track, (0, now))
            self._kept[track] = self._number, before + SMOOTHING * (now - before)
        forgotten = self._number - FORGET_AFTER
        self._kept = {track: one for track, one in self._kept.items() if one[0] > forgotten}
        return {track: self._kept[track][1] for track in probabilities}


def _largest(faces: list[Face]) -> int:
    return faces[0].track if faces else 0


def still(frame: np.ndarray, trained: Trained, finder: Finder | Whole | None = None, shown: int = 0) -> Seen:
    """What is seen in a single image, which the network is shown as if it had stood still for a whole window."""
    began = time.perf_counter()
    preparation = trained.preparation
    lit = trained.light(frame)
    faces = (finder or Finder(preparation.detector)).boxes(lit)
    crops = [preparation.crop(lit, np.array(face.box, np.int32)) for face in faces]
    probabilities = {}
    if crops:
        windows = np.stack([np.stack([crop] * preparation.frames) for crop in crops])
        rows = trained.probabilities(preparation.inputs(windows))
        probabilities = {face.track: row for face, row in zip(faces, rows, strict=True)}
    face = shown or _largest(faces)
    return Seen(0, 0.0, frame, faces, probabilities, probabilities, face, {"all": (time.perf_counter() - began) * 1000})
