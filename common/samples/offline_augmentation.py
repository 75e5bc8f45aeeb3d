"""Offline augmentation by class, as in papers that enlarge the training part before they train.

Nothing is stored: an augmented sample is made when its turn comes, from its original, its number and the seed alone.
So it is the same in every epoch, as a stored one would be, and an epoch is as long as the enlarged training part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from common.support.errors import UserError, unknown

# The random stream of augmented samples, beside those of `common.training.batches`.
AUGMENTED = 2
MIDDLE = 127


@dataclass(frozen=True)
class Moves:
    """How many augmented samples one of a class gives: mirrored ones, and ones with a random angle or contrast."""

    flips: int = 0
    rotations: int = 0
    contrasts: int = 0


@dataclass(frozen=True)
class Change:
    """What turns an original into an augmented sample.

    Attributes:
        mirror: left and right are exchanged first.
        angles: degrees, counter-clockwise about the centre: one for all frames, or one a frame; None for none.
        gains: a of 127 + a·(v - 127), rounded and cut off at 0 and 255: as `angles`.
    """

    mirror: bool = False
    angles: tuple[float, ...] | None = None
    gains: tuple[float, ...] | None = None


@dataclass(frozen=True)
class OfflineAugmentation:
    """Which augmented samples are trained on besides a training sample.

    Haddad et al. 2020 (section 3.2) give each class its own numbers; Saurav et al. 2020 turn every sample by six fixed
    angles and mirror the seven: `OfflineAugmentation((Moves(),), angles=(-15, -10, -5, 5, 10, 15), mirrored=True)`
    makes 14 of one.

    Attributes:
        moves: of each class, in the order of the classes; or one for all classes.
        angles: degrees; each gives one augmented sample of every original besides those of `moves`.
        mirrored: whatever the other settings make of a sample, the sample among it, comes mirrored as well.
        rotation: lowest and highest random angle in degrees.
        contrast: lowest and highest random gain.
        originals: the samples themselves are trained on too.
        fill: grey level of the corners that a rotation leaves empty, or "edge" to repeat the border.
        per: one random angle or gain for all frames of an augmented sequence, or one for each frame.
    """

    moves: tuple[Moves, ...]
    angles: tuple[float, ...] = ()
    mirrored: bool = False
    rotation: tuple[float, float] = (-30.0, 30.0)
    contrast: tuple[float, float] = (0.22, 2.2)
    originals: bool = True
    fill: int | Literal["edge"] = 0
    per: Literal["sequence", "frame"] = "sequence"

    def __post_init__(self):
        if self.per not in ("sequence", "frame"):
            raise unknown("setting of per", str(self.per), ("sequence", "frame"))
        if self.fill != "edge" and not (isinstance(self.fill, int) and 0 <= self.fill <= 255):
            raise unknown("fill of empty corners", str(self.fill), ("edge", "0", "127", "255"))

    @classmethod
    def by_class(cls, counts: Mapping[str, Sequence[int]], classes: Sequence[str], **more) -> "OfflineAugmentation":
        """From a table (class -> flips, rotations, contrasts), in the order of `classes`.

        Raises:
            UserError: if a class is not in the table.
        """
        absent = [name for name in classes if name not in counts]
        if absent:
            raise UserError(
                f"The table of the augmentation has no row for {', '.join(map(str, absent))}.",
                "Give flips, rotations and contrasts of every class.",
            )
        return cls(tuple(Moves(*counts[name]) for name in classes), **more)

    def per_sample(self, label: int) -> int:
        """How many training samples one sample of a class becomes."""
        return len(self._kinds(label))

    def enlarged(self, rows: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The enlarged training part: positions (m,) of originals, and (m,) which of its samples each is.

        Args:
            rows: (n,) positions of the training samples.
            labels: (all samples,) int.
        """
        each = np.array([self.per_sample(int(label)) for label in labels[rows]], int)
        return np.repeat(rows, each), np.concatenate([np.arange(0), *map(np.arange, each)])

    def change(self, label: int, number: int, frames: int, seed: Sequence[int]) -> Change:
        """What turns an original into its augmented sample `number`.

        Args:
            seed: the training's, and the position of the original.
        """
        kind, angle, mirror = self._kinds(label)[number]
        count = frames if self.per == "frame" else 1
        rng = np.random.default_rng([*seed, AUGMENTED, number])
        if kind == "rotation":
            return Change(mirror, angles=tuple(rng.uniform(*self.rotation, count)))
        if kind == "contrast":
            return Change(mirror, gains=tuple(rng.uniform(*self.contrast, count)))
        return Change(mirror, angles=None if angle is None else (angle,))

    def apply(self, frames: np.ndarray, change: Change, result: np.ndarray | None = None) -> np.ndarray:
        """The frames (T, H, W, C) uint8 of an augmented sample.

        Args:
            result: an array for them, in C order; a new one if None.
        """
        result = np.empty(frames.shape, np.uint8) if result is None else result
        steps = [_mirror] * change.mirror
        if change.angles is not None:
            steps.append(partial(_rotate, angles=change.angles, fill=self.fill))
        if change.gains is not None:
            steps.append(partial(_change_contrast, gains=change.gains))
        *first, last = steps or [np.copyto]
        for step in first:
            changed = np.empty_like(result)
            step(changed, frames)
            frames = changed
        last(result, frames)
        return result

    def augmented(self, frames: np.ndarray, positions: np.ndarray, numbers: np.ndarray, labels: np.ndarray, seed: int):
        """The augmented samples of these numbers: (n, T, H, W, C) uint8, as their originals are.

        Args:
            frames: of each original.
            positions: (n,) int, of the originals.
            labels: (all samples,) int.
            seed: of the training.
        """
        changed = np.empty(frames.shape, np.uint8)
        for sample, position, number, result in zip(frames, positions.tolist(), numbers.tolist(), changed, strict=True):
            change = self.change(int(labels[position]), number, len(sample), (seed, position))
            self.apply(sample, change, result)
        return changed

    def _kinds(self, label: int) -> list[tuple[str, float | None, bool]]:
        """(what is drawn, fixed angle, mirrored) of each augmented sample, the original first."""
        moves = self.moves[label if len(self.moves) > 1 else 0]
        kinds: list[tuple[str, float | None, bool]] = [("", None, False)] * self.originals
        kinds += [("", None, True)] * moves.flips
        kinds += [("rotation", None, False)] * moves.rotations
        kinds += [("contrast", None, False)] * moves.contrasts
        kinds += [("", float(angle), False) for angle in self.angles]
        return kinds + [(kind, angle, not mirror) for kind, angle, mirror in kinds] * self.mirrored


def _mirror(mirrored: np.ndarray, frames: np.ndarray) -> None:
    import cv2

    for frame, result in zip(frames, mirrored, strict=True):
        cv2.flip(frame, 1, dst=result)


def _rotate(rotated: np.ndarray, frames: np.ndarray, angles: Sequence[float], fill: int | Literal["edge"]) -> None:
    import cv2

    height, width = frames.shape[1:3]
    centre = (width - 1) / 2, (height - 1) / 2
    border = {"borderMode": cv2.BORDER_REPLICATE} if fill == "edge" else {"borderValue": (fill,) * 4}
    for frame, angle, result in zip(frames, _for_each(angles, len(frames)), rotated, strict=True):
        matrix = cv2.getRotationMatrix2D(centre, angle, 1.0)
        cv2.warpAffine(np.ascontiguousarray(frame), matrix, (width, height), dst=result, **border)


def _change_contrast(changed: np.ndarray, frames: np.ndarray, gains: Sequence[float]) -> None:
    import cv2

    levels = MIDDLE + np.outer(gains, np.arange(256) - MIDDLE)
    table = np.rint(levels).clip(0, 255).astype(np.uint8)
    for frame, row, result in zip(frames, _for_each(table, len(frames)), changed, strict=True):
        cv2.LUT(frame, row, dst=result)


def _for_each(values: Sequence, count: int) -> Sequence:
    return values if len(values) == count else [values[0]] * count
