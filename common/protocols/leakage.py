"""What stands on both sides of a split, and so may be remembered instead of recognised."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, NonNegativeInt

from common.protocols.splitters import SIDES, Fold

NAMELESS = "The set names no persons, so nobody knows who stands on both sides"


@dataclass(frozen=True)
class Leak:
    """What one held-out side has in common with training.

    Attributes:
        side: "test" or "validation".
        samples: samples of that side.
        subjects, clips: how many subjects and clips stand on both sides.
        of_seen_subjects, of_seen_clips: samples of that side whose subject, or clip, is also trained on.
        sharing_frames: samples of that side that have a frame in common with a training sample.
        copied: samples of that side of which another version, original or augmented, is trained on.
    """

    side: str
    samples: int
    subjects: int
    clips: int
    of_seen_subjects: int
    of_seen_clips: int
    sharing_frames: int
    copied: int

    def share(self, count: int) -> float:
        """A number of samples of this side as part of 1; 0 for an empty side."""
        return count / self.samples if self.samples else 0.0

    @property
    def clean(self) -> bool:
        return not self.subjects and not self.clips and not self.copied

    def __str__(self) -> str:
        if self.samples == 0:
            return f"There are no {self.side} samples."
        if self.clean:
            return f"No {self.side} sample has a subject, clip, frame or copy in common with training."
        told = [
            f"{count:,} ({self.share(count):.1%}) {what}"
            for count, what in (
                (self.sharing_frames, "share frames with a training sample"),
                (self.copied, "have a copy in training"),
                (self.of_seen_clips, "come from clips that are trained on"),
                (self.of_seen_subjects, "show subjects that are trained on"),
            )
            if count
        ]
        return f"Of {self.samples:,} {self.side} samples, {', '.join(told)}."


@dataclass(frozen=True)
class SplitAudit:
    """The leaks of a fold from training into test and validation; as a text, two sentences for people."""

    fold: str
    test: Leak
    validation: Leak

    @property
    def clean(self) -> bool:
        return self.test.clean and self.validation.clean

    def __str__(self) -> str:
        return f"{self.test} {self.validation}"


def nameless(table) -> bool:
    """Whether each sample is its own subject: the set names nobody, and persons may stand on both sides unseen."""
    return bool(table.subject.is_unique)


class Sizes(BaseModel):
    """Samples of each side."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    train: NonNegativeInt
    validation: NonNegativeInt
    test: NonNegativeInt


class SplitSummary(BaseModel):
    """What the record of a run holds of its fold, and a plan of all folds of a group of trainings and protocol.

    Attributes:
        fold: its name, where there is one only.
        clean: whether the held-out parts share nothing with training, never where samples name no persons; None where
            nobody says.
        leakage: what the tested part has in common with training, in a sentence.
        test: the same in numbers.
        validation: what the validation part has in common with training.
        sizes: samples of each side, summed over the folds.
        subjects: how many are on a side, by its name.
        selected_on_test: whether the tested part also chooses the epoch.
        folds: how many; or the tested samples of each, by its name.
        kind: which kind of parts, where a protocol means different ones.
        augmented: whether augmented samples are divided instead of the samples themselves.
        lost: samples that are tested without a face, and count as errors.
        left_out: samples without a face that are not tested.
        majority: accuracy of the most frequent class of training, 0 to 1.
        corpus_only: accuracy of the most frequent class of the sample's corpus in training, 0 to 1.
    """

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    fold: str = ""
    clean: bool | None = None
    # The second names are those that files of earlier versions have.
    leakage: str = Field(validation_alias=AliasChoices("leakage", "said"))
    test: Leak
    validation: Leak | None = None
    sizes: Sizes
    subjects: dict[str, int] | None = None
    selected_on_test: bool
    folds: int | dict[str, int] = 1
    kind: str = ""
    augmented: bool = Field(False, validation_alias=AliasChoices("augmented", "copies"))
    lost: int = 0
    left_out: int = 0
    majority: float | None = None
    corpus_only: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values, without those that are defaults."""
        return self.model_dump(exclude_unset=True)


def summarise(table, fold: Fold, **more: Any) -> SplitSummary:
    """Audit a split and summarise what was found.

    Args:
        table: as for `audit_split`.
        more: attributes that the audit does not give.
    """
    audit, unknown = audit_split(table, fold), nameless(table)
    return SplitSummary(
        fold=fold.name,
        clean=audit.clean and not unknown,
        leakage=f"{NAMELESS}." if unknown else str(audit.test),
        test=audit.test,
        sizes=Sizes(**{side: len(getattr(fold, side)) for side in SIDES}),
        selected_on_test=bool(np.array_equal(fold.validation, fold.test)),
        **more,
    )


def summarise_folds(parts: Sequence[SplitSummary]) -> SplitSummary:
    """Several folds that are tested together as one: counts are summed, and `clean` is left open."""
    first = parts[0]
    counts = [field.name for field in fields(Leak) if field.name != "side"]
    leak = Leak("test", **{name: sum(getattr(part.test, name) for part in parts) for name in counts})
    return SplitSummary(
        leakage=first.leakage if first.leakage.startswith(NAMELESS) else str(leak),
        test=leak,
        sizes=Sizes(**{side: sum(getattr(part.sizes, side) for part in parts) for side in SIDES}),
        selected_on_test=any(part.selected_on_test for part in parts),
        folds=len(parts),
        kind=first.kind,
        augmented=first.augmented,
        lost=sum(part.lost for part in parts),
    )


def audit_split(table, fold: Fold) -> SplitAudit:
    """Compare training with test and with validation.

    Args:
        table: samples with the columns corpus, clip, subject, first_frame, last_frame and, where augmented
            samples are divided, sample and original (the original's `sample`, negative for originals).
    """
    return SplitAudit(
        fold.name,
        test=_leak(table, "test", fold.train, fold.test),
        validation=_leak(table, "validation", fold.train, fold.validation),
    )


def _leak(table, side: str, train: np.ndarray, held_out: np.ndarray) -> Leak:
    subject = table.subject.to_numpy(str)
    clip = table.groupby(["corpus", "clip"]).ngroup().to_numpy()
    seen_subject = np.isin(subject[held_out], subject[train])
    seen_clip = np.isin(clip[held_out], clip[train])
    return Leak(
        side=side,
        samples=len(held_out),
        subjects=len(np.unique(subject[held_out][seen_subject])),
        clips=len(np.unique(clip[held_out][seen_clip])),
        of_seen_subjects=int(seen_subject.sum()),
        of_seen_clips=int(seen_clip.sum()),
        sharing_frames=int(_sharing_frames(table, clip, train, held_out).sum()),
        copied=int(_copied(table, train, held_out).sum()),
    )


def _sharing_frames(table, clip: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Whether each held-out sample spans a frame that a training sample of the same clip spans.

    All clips are laid one after the other on one axis. There, of the training samples that begin before a held-out
    sample ends, the one that ends last decides. Windows that are dilated alike and interleaved count as sharing.
    """
    last = table.last_frame.to_numpy()
    begin = table.first_frame.to_numpy() + clip * (int(last.max(initial=0)) + 1)
    end = last + clip * (int(last.max(initial=0)) + 1)
    if len(train) == 0:
        return np.zeros(len(held_out), bool)
    by_begin = train[np.argsort(begin[train], kind="stable")]
    ends_last = np.maximum.accumulate(end[by_begin])
    earlier = np.searchsorted(begin[by_begin], end[held_out], side="right")
    return (earlier > 0) & (ends_last[np.maximum(earlier, 1) - 1] >= begin[held_out])


def _copied(table, train: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    if "original" not in table:
        return np.zeros(len(held_out), bool)
    original = np.where(table.original >= 0, table.original, table["sample"])
    return np.isin(original[held_out], original[train])
