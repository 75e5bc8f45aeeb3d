"""One face through the frames of a clip: found by dlib's detector, followed by its correlation tracker.

The detector (King 2015, on the gradients of Dalal and Triggs 2005) slides over a frame at all sizes; the tracker
(Danelljan et al. 2014) only looks around the place where the face was, so it takes a fraction of the time and also
follows a face that turns away. Boxes are those of `common.media.faces`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from common.media import faces


@dataclass(frozen=True)
class Tracking:
    """How a face is followed.

    Attributes:
        confidence: the tracker has lost the face where its answer's highest peak stands out from the rest by less
            (peak to side-lobe ratio). Bolme et al. 2010 (section 3.5) give 20 to 60 for a face that is followed and 7
            for one that is hidden; measured here: 12 and more on faces, 4 to 6 in the frames after a cut.
        upsample: how often a frame is doubled before the search: faces of 80 pixels are found with 0, of 40 pixels
            with 1, in four times the time.
    """

    confidence: float = 7.0
    upsample: int = 0

    @property
    def version(self) -> str:
        import dlib

        return f"dlib {dlib.__version__}"

    def detect(self, grey: np.ndarray) -> np.ndarray:
        """The boxes (n, 4) int32 of all faces in a (H, W) uint8 image, the most confident first; n may be 0."""
        return np.array([_box(rectangle) for rectangle in _detector()(grey, self.upsample)], np.int32).reshape(-1, 4)


class Follower:
    """Follows one face of one clip, whose frames it is given one after the other.

    Of several faces the largest one is taken first; when the face was lost, the one that is nearest to where it was
    seen last. While it is lost, each frame is searched.

    Attributes:
        box: where the face was seen last, (4,) int32, or None as long as there was none.
        followed: frames in which there was a face.
        searches: frames in which the detector ran.
        losses: how often the tracker lost the face.
        most_faces: as many faces as the detector ever found at once.
    """

    def __init__(self, tracking: Tracking):
        import dlib

        self.tracking = tracking
        self.box: np.ndarray | None = None
        self.followed = self.searches = self.losses = self.most_faces = 0
        self._tracker = dlib.correlation_tracker()
        self._tracks = False

    def step(self, grey: np.ndarray) -> np.ndarray | None:
        """The box (4,) int32 of the face in the next frame, (H, W) uint8; None where it is not seen."""
        if self._tracks:
            self._tracks = self._tracker.update(grey) >= self.tracking.confidence
            self.losses += not self._tracks
        if self._tracks:
            self.box = np.array(_box(self._tracker.get_position()), np.int32)
        elif self.search(grey) is None:
            return None
        self.followed += 1
        return self.box

    def search(self, grey: np.ndarray) -> np.ndarray | None:
        """The box (4,) int32 that the detector finds in this frame, to be followed from here on; None for no face."""
        import dlib

        self.searches += 1
        boxes = self.tracking.detect(grey)
        self.most_faces = max(self.most_faces, len(boxes))
        self._tracks = len(boxes) > 0
        if not self._tracks:
            return None
        self.box = faces.largest(boxes) if self.box is None else _nearest(boxes, self.box)
        left, top, width, height = self.box.tolist()
        self._tracker.start_track(grey, dlib.rectangle(left, top, left + width - 1, top + height - 1))
        return self.box


def _nearest(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The box (4,) of (n, 4) whose centre is nearest to that of another."""
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    return boxes[np.argmin(np.linalg.norm(centres - (box[:2] + box[2:] / 2), axis=1))]


def _box(rectangle) -> tuple[int, int, int, int]:
    """A rectangle of dlib, whose right and bottom belong to it, as (x, y, width, height)."""
    return tuple(round(value) for value in (rectangle.left(), rectangle.top(), rectangle.width(), rectangle.height()))


@cache
def _detector():
    import dlib

    return dlib.get_frontal_face_detector()
