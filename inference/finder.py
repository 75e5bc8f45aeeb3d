"""The faces of a video, several at a time and faster than a search of every frame.

A face hardly moves from one frame to the next. So a frame is searched only around the boxes of the last one and at
about their sizes (`inference.nearby`). The whole frame is searched in turn for faces that are new, and at once
where one is not seen again or none is in sight, so that no face is lost that a search of every frame would find.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import cv2
import numpy as np

from common.media import video
from common.media.faces import Haar
from inference import nearby

# Every how many frames the whole frame is searched although all faces are in sight.
SEARCH_EVERY = 25
# Windows that must agree on a new face before it is looked at closely.
ROUGHLY = 2
# A face that is out of sight for longer comes back as another one.
FORGET_AFTER = 25
# Boxes that overlap more (area in common / area of both) show the same face.
SAME = 0.3


@dataclass(frozen=True)
class Face:
    """One face in a frame: the number that it keeps as long as it is followed, and its box (x, y, width, height)."""

    track: int
    box: tuple[int, int, int, int]


@dataclass
class _Track:
    number: int
    box: np.ndarray
    missed: int = 0


@dataclass
class Finder:
    """Finds the faces of one video, whose frames it is given one after the other.

    Attributes:
        detector: the cascade, as the training had it.
        lost: how often a face went out of sight.
        searches: frames that were searched as a whole.
    """

    detector: Haar = field(default_factory=Haar)
    lost: int = 0
    searches: int = 0

    def __post_init__(self):
        self._tracks: list[_Track] = []
        self._numbers = count(1)
        self._until_search = SEARCH_EVERY - 1
        # In a smaller image OpenCV tries every second place for small faces, so fewer of them agree on one.
        self._rough = replace(self.detector, min_size=self.detector.min_size // 2, min_neighbors=ROUGHLY)

    def boxes(self, frame: np.ndarray) -> list[Face]:
        """The faces in the next frame, (H, W, 3) uint8 BGR or (H, W), the largest first; there may be none."""
        grey = video.grey(frame)
        seen = [track for track in self._tracks if track.missed == 0]
        near = {track.number: nearby.search(self.detector, grey, track.box) for track in seen}
        if not seen or any(box is None for box in near.values()):
            self._take_all(self.detector.detect(grey))
        else:
            for track in seen:
                track.box = near[track.number]
            if self._until_search == 0:
                self._take_new(grey)
            self._age()
        self._until_search = self._until_search - 1 if self._until_search else SEARCH_EVERY - 1
        self._merge()
        visible = [track for track in self._tracks if track.missed == 0]
        visible.sort(key=lambda track: -int(track.box[2] * track.box[3]))
        return [Face(track.number, tuple(int(value) for value in track.box)) for track in visible]

    def _take_all(self, boxes: np.ndarray) -> None:
        """Give the boxes (n, 4) of a whole frame to the faces that are followed; the others are new faces."""
        self.searches += 1
        # OpenCV's threads give them in any order; a face should have the same number the next time.
        free = sorted(boxes, key=lambda box: (-int(box[2]) * int(box[3]), *map(int, box)))
        for track in self._tracks:
            place = _most_alike(track.box, free)
            if place is None:
                self.lost += track.missed == 0
                track.missed = max(track.missed, 1)
            else:
                track.box, track.missed = free.pop(place), 0
        self._tracks += [_Track(next(self._numbers), box) for box in free]
        self._age()

    def _take_new(self, grey: np.ndarray) -> None:
        """Look for further faces in an image of half the size, a third of the work, and then at their places."""
        self.searches += 1
        half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) if min(grey.shape) > 1 else grey
        for box in 2 * self._rough.detect(half):
            if all(track.missed or overlap(track.box, box) <= SAME for track in self._tracks):
                exact = nearby.search(self.detector, grey, box)
                if exact is not None:
                    away = [track for track in self._tracks if track.missed]
                    place = _most_alike(exact, [track.box for track in away])
                    track = _Track(next(self._numbers), exact) if place is None else away[place]
                    track.box, track.missed = exact, 0
                    self._tracks += [track] if place is None else []

    def _age(self) -> None:
        """Faces that are out of sight are forgotten after a while."""
        for track in self._tracks:
            track.missed += track.missed > 0
        self._tracks = [track for track in self._tracks if track.missed <= FORGET_AFTER]

    def _merge(self) -> None:
        """Of two faces whose boxes have become the same, the older one stays."""
        kept: list[_Track] = []
        for track in self._tracks:
            if track.missed or all(other.missed or overlap(track.box, other.box) <= SAME for other in kept):
                kept.append(track)
        self._tracks = kept


class Whole:
    """Takes every frame for a face that was cut out already."""

    def boxes(self, frame: np.ndarray) -> list[Face]:
        """One face, as large as the frame (H, W[, 3])."""
        return [Face(1, (0, 0, frame.shape[1], frame.shape[0]))]


def _most_alike(box: np.ndarray, others: Sequence[np.ndarray]) -> int | None:
    """The position of the box that overlaps most with another; None where none overlaps enough."""
    shares = [overlap(box, other) for other in others]
    return int(np.argmax(shares)) if shares and max(shares) > SAME else None


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """The area that two boxes (4,) have in common, as a share of the area that they cover together.

    >>> overlap(np.array([0, 0, 10, 10]), np.array([5, 0, 10, 10]))
    0.3333333333333333
    """
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    common = float(max(width, 0) * max(height, 0))
    return common / float(first[2] * first[3] + second[2] * second[3] - common)
