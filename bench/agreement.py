"""Does the fast search of a video see what the training saw? The same boxes, crops and answers as frame by frame."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.figures import Figure
from common.media import faces, video
from common.media.clips import Clip
from inference.finder import Face, Finder
from inference.stream import Windows
from inference.trained import Trained

SIZE = (576, 720)
SAME_BOX_MEDIAN, SAME_BOX_MOST, SAME_ANSWERS = 0.03, 0.08, 0.98


@dataclass
class Agreement:
    """What came of some frames.

    Attributes:
        frames: in which frame-by-frame detection finds a face.
        lost: those of them in which the fast search does not find that face.
        off: of the others, the largest difference of any side of the box, in widths of the face.
        windows: that both have.
        same: those of them with the same emotion.
    """

    frames: int = 0
    lost: int = 0
    off: list[float] = field(default_factory=list)
    windows: int = 0
    same: int = 0

    @property
    def same_answers(self) -> float:
        return self.same / self.windows


def filmed(clips: Sequence[Clip]) -> list[Clip]:
    """The clips that are videos of 720×576, none of a subject twice in a row."""
    found = [clip for clip in clips if clip.source.is_file() and next(iter(video.frames(clip))).shape[:2] == SIZE]
    order = np.random.default_rng(0).permutation(len(found))
    return [found[number] for number in order]


def figures(clips: Sequence[Clip], trained: Trained) -> list[Figure]:
    found = Agreement()
    for clip in clips:
        compare(video.frames(clip), trained, found)
    off = np.array(found.off)
    return [
        Figure("faces lost that frame-by-frame detection finds", found.lost, f"of {found.frames}", at_most=0),
        Figure("boxes, median difference", np.median(off), "face widths", at_most=SAME_BOX_MEDIAN),
        Figure("boxes, 95 % of the differences", np.percentile(off, 95), "face widths", at_most=SAME_BOX_MOST),
        Figure("windows with the same answer", found.same_answers, f"share of {found.windows}", at_least=SAME_ANSWERS),
    ]


def compare(frames: Iterable[np.ndarray], trained: Trained, agreement: Agreement) -> None:
    """Add one video, (H, W, 3) uint8 BGR frames, to what was found."""
    preparation = trained.preparation
    finder, detector = Finder(preparation.detector), preparation.detector
    fast, slow = Windows(preparation), Windows(preparation)
    pairs = []
    for frame in frames:
        boxes = finder.boxes(frame)
        wanted = faces.largest(detector.detect(video.grey(frame)))
        largest = boxes[:1]
        ours = fast.add(frame, [Face(1, face.box) for face in largest])
        theirs = slow.add(frame, [] if wanted is None else [Face(1, tuple(wanted.tolist()))])
        if wanted is not None:
            agreement.frames += 1
            off = [float(np.abs(np.subtract(face.box, wanted)).max() / wanted[2]) for face in boxes]
            if off and min(off) < 1:
                agreement.off.append(min(off))
            else:
                agreement.lost += 1
        if ours and theirs:
            pairs.append((ours[1], theirs[1]))
    if not pairs:
        return
    one, other = (np.stack(side) for side in zip(*pairs, strict=True))
    answers = [trained.probabilities(preparation.inputs(side)).argmax(axis=1) for side in (one, other)]
    agreement.windows += len(pairs)
    agreement.same += int((answers[0] == answers[1]).sum())
