"""A subject performs an emotion in front of a camera: the frames of one clip, drawn one by one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from common.media.emotions import Emotion
from datasets.synthetic.camera import Scene
from datasets.synthetic.expression import course
from datasets.synthetic.face import FacePainter, Pose
from datasets.synthetic.identity import draw_identity


@dataclass(frozen=True)
class Performance:
    """Everything that decides the pixels of one clip.

    Attributes:
        seed: of the corpus; with `corpus` and `subject` it decides who is seen, with `take` how it is played.
        corpus: number of the corpus, so that no two corpora share a face.
        subject: number of the subject within its corpus.
        take: number of the clip of this subject.
        emotion: what is shown.
        frames: number of frames.
        fps: frames a second.
        size: (height, width) in pixels.
        posed: from neutral to a peak at the last frame, silently (CK+); otherwise a spoken sentence with
            onset, apex and offset (BAUM-1, eNTERFACE'05).
    """

    seed: int
    corpus: int
    subject: int
    take: int
    emotion: Emotion
    frames: int
    fps: float
    size: tuple[int, int]
    posed: bool


def draw(performance: Performance) -> Iterator[np.ndarray]:
    """Yield the clip's frames, each (height, width, 3) uint8 BGR; the same performance gives the same pixels."""
    p = performance
    subject = np.random.default_rng([p.seed, p.corpus, p.subject])
    identity = draw_identity(subject)
    painter = FacePainter(identity)
    height, width = p.size
    scene = Scene(height, width, subject)  # one recording session a subject, as in the real sets

    rng = np.random.default_rng([p.seed, p.corpus, p.subject, p.take])
    seconds = np.arange(p.frames) / p.fps
    units = course(p.emotion, seconds, rng, strength=identity.expressivity, ends_at_peak=p.posed, speaks=not p.posed)
    poses = _head_motion(p, seconds, rng)
    for frame in range(p.frames):
        canvas = scene.background.copy()
        painter.paint(canvas, units.at(frame), poses[frame])
        yield scene.expose(canvas)


def _head_motion(p: Performance, seconds: np.ndarray, rng: np.random.Generator) -> list[Pose]:
    """A head that sways, nods and turns a little; people who speak move more than people who pose."""
    height, width = p.size
    amount = 0.25 if p.posed else 0.4
    # Sizes that lie amid the steps at which the cascade searches: there its boxes change least from frame to frame.
    scale = height * (rng.uniform(0.187, 0.197) if p.posed else rng.uniform(0.199, 0.209))

    def sway(reach: float) -> np.ndarray:
        slow, fast = rng.uniform(0.2, 0.6), rng.uniform(0.8, 1.6)
        wave = np.sin(2 * np.pi * (slow * seconds + rng.random()))
        ripple = np.sin(2 * np.pi * (fast * seconds + rng.random()))
        return amount * reach * (wave + 0.35 * ripple)

    x = width * rng.uniform(0.46, 0.54) + sway(0.06 * scale)
    y = height * rng.uniform(0.44, 0.48) + sway(0.05 * scale)
    roll, yaw, pitch = sway(0.05), sway(0.16), sway(0.1)
    return [Pose(*row) for row in np.column_stack([x, y, np.full_like(x, scale), roll, yaw, pitch]).tolist()]
