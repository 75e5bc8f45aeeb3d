"""What a network needs to see of a video, as its paper prepares it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from common.media.faces import Haar
from common.runs.store import Run


@dataclass(frozen=True)
class Preparation:
    """How a network watches.

    Attributes:
        frames: crops in a window.
        crop: `crop(frame, box)` gives the crop (H, W, C) uint8 of a face in a box (4,) of a (H, W, 3) uint8 BGR frame.
        inputs: `inputs(crops)` lays out windows (n, frames, H, W, C) uint8 as the network takes them, float32.
        description: for people, one step a line.
        step: every how many frames of a video one enters the window, at about 25 frames a second
            (`inference.pace`).
        detector: the face detector of the training.
        before: runs of the networks that describe images for the run's own; none where it takes images itself.
        join: `join(own, *before)` makes one Keras model of the run's own network and those.
    """

    frames: int
    crop: Callable[[np.ndarray, np.ndarray], np.ndarray]
    inputs: Callable[[np.ndarray], np.ndarray]
    description: list[str]
    step: int = 1
    detector: Haar = field(default_factory=Haar)
    before: tuple[Run, ...] = ()
    join: Callable | None = None

    def blank(self) -> np.ndarray:
        """A window (1, frames, H, W, C) uint8 of nothing."""
        crop = self.crop(np.zeros((64, 64, 3), np.uint8), np.array([8, 8, 48, 48], np.int32))
        return np.zeros((1, self.frames, *crop.shape), np.uint8)

    def reach(self, each: int = 1) -> int:
        """Consecutive frames that a window spans where one of every `each` stands for one of the training."""
        return (self.frames - 1) * self.step * each + 1


def decided(run: Run, names: Mapping[str, str]) -> dict[str, Any]:
    """Settings of the preprocessing as a run's training had them, those of which its record tells.

    Args:
        names: settings -> the paper's decisions that give them.
    """
    decisions = run.record["decisions"]
    return {name: decisions[decision] for name, decision in names.items() if decision in decisions}
