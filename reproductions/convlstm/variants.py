"""The variants of the paper's protocols: which clips, or augmented clips, train, choose the epoch, and are tested.

The paper does not say whether SAVEE was enlarged before it was split, nor whether its test part was enlarged, and names
no part besides the tested one that could choose the epoch. Each variant is run, so that what separates them can be
measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from common.protocols import splitters
from common.protocols.leakage import Leak
from common.protocols.splitters import Fold
from common.results.config import Request
from reproductions.convlstm.data import AFEW, CKPLUS, SAVEE


@dataclass(frozen=True)
class Variant:
    """One way to divide a corpus.

    Attributes:
        corpus: "CK+", "SAVEE" or "AFEW".
        experiment: the table that it belongs to.
        title: as tables call it.
        protocols: under which it can be run. `published` chooses the epoch on the tested part, the others on training
            clips that do not train; what has a person on both sides in any case is no `strict` variant.
        setting: what the setting `savee_reading` calls it.
    """

    corpus: str
    experiment: str
    title: str
    protocols: tuple[str, ...]
    setting: str = ""


class Division(NamedTuple):
    """One fold, or random split, of a variant.

    Attributes:
        name: that it has in every protocol.
        fold: positions of samples, or of augmented samples.
        lost: tested clips without a face, where the setting `lost_clips` counts them; corpus, clip, subject and emotion
            of each, once for every augmented sample where these are tested.
    """

    name: str
    fold: Fold
    lost: tuple[dict[str, str], ...] = ()


CKPLUS_FOLDS, CKPLUS_CLIPS = "ckplus-folds", "ckplus-clips"
AFEW_PARTS, AFEW_RANDOM = "afew-parts", "afew-random"
SAVEE_AUGMENTED, SAVEE_BOTH, SAVEE_CLIPS, SAVEE_SPEAKERS = "savee-copies", "savee-both", "savee-clips", "savee-speakers"
RANDOM = {AFEW_RANDOM: "afew_random", SAVEE_AUGMENTED: "savee", SAVEE_BOTH: "savee", SAVEE_CLIPS: "savee"}
# Where nobody who is tested is trained on, nobody who chooses the epoch is either.
BY_SUBJECT = (CKPLUS_FOLDS, SAVEE_SPEAKERS)
# The longest trainings first.
VARIANTS = {
    AFEW_PARTS: Variant(AFEW, "table3", "trained on Train, tested on Val", ("published", "strict")),
    AFEW_RANDOM: Variant(AFEW, "afew_random", "both parts split 80:20", ("published", "clip-disjoint")),
    CKPLUS_FOLDS: Variant(CKPLUS, "table1", "ten folds of subjects", ("published", "strict")),
    CKPLUS_CLIPS: Variant(CKPLUS, "table1", "ten folds of clips", ("clip-disjoint",)),
    SAVEE_AUGMENTED: Variant(SAVEE, "table2", "augment, then split 80:20", ("published",), "augment_then_split"),
    SAVEE_BOTH: Variant(
        SAVEE, "table2", "split 80:20, then augment both", ("published", "clip-disjoint"), "split_then_augment_both"
    ),
    SAVEE_CLIPS: Variant(
        SAVEE, "table2", "split 80:20, then augment", ("published", "clip-disjoint"), "split_then_augment"
    ),
    SAVEE_SPEAKERS: Variant(
        SAVEE, "table2", "one speaker left out, then augment", ("published", "strict"), "one_speaker_out"
    ),
}


def of_table(experiment: str) -> list[str]:
    """The names of the variants that a table shows."""
    return [name for name, variant in VARIANTS.items() if variant.experiment == experiment]


def overlap_sentence(name: str, test: Leak) -> str:
    """What the tested part of a variant has in common with training, in a sentence.

    Args:
        test: of all folds together.
    """
    seen = test.of_seen_subjects if VARIANTS[name].corpus != AFEW else 0
    counts = ((test.copied, "have a copy of their clip in training"), (seen, "show people who are trained on"))
    shared = [f"{count:,} ({test.share(count):.1%}) {what}" for count, what in counts if count]
    if shared:
        return f"Of the tested, {', '.join(shared)}."
    if name == AFEW_RANDOM:
        return "How many come from films that are trained on cannot be known: AFEW names no films."
    if VARIANTS[name].corpus == AFEW:
        return "The films of the two parts are different ones, say the makers."
    return "Nobody who is tested is trained on."


def claimed(experiment: str, settings: dict) -> str:
    """The variant whose accuracy stands for the printed one."""
    names = of_table(experiment)
    return next((name for name in names if VARIANTS[name].setting == settings["savee_reading"]), names[0])


def divides_augmented(name: str, settings: dict) -> bool:
    """Whether augmented samples are divided, so that they can be tested."""
    return name in (SAVEE_AUGMENTED, SAVEE_BOTH) or (name == AFEW_RANDOM and settings["afew_augment_before_split"])


def folds(request: Request, name: str, table, protocol: str, lost=None) -> list[Division]:
    """The folds, or random splits, that the profile computes.

    Args:
        name: of the variant.
        table: of the samples, or of augmented samples.
        lost: table of the clips without a face, with the columns that `table` needs to be divided. They are divided
            with the others where the setting `lost_clips` counts them as errors: nothing is trained on them, and each
            that is tested is an error.
    """
    counted = lost is not None and len(lost) and request.settings["lost_clips"] == "count_as_errors"
    whole = _with_lost(table, lost) if counted else table
    part = splitters.with_validation if name in BY_SUBJECT else splitters.with_validation_clips
    on_test = protocol == "published" and request.settings["validation_part"] == "test_part"
    divided = []
    for both in _DIVIDE[name](request, whole):
        there = {side: positions[positions < len(table)] for side, positions in _sides(both).items()}
        fold = replace(both, **there)
        fold = splitters.selected_on_test(fold) if on_test else part(table, fold)
        unseen = whole.iloc[both.test[both.test >= len(table)]][["corpus", "clip", "subject", "emotion"]]
        divided.append(Division(both.name, fold, tuple(unseen.to_dict("records"))))
    return divided


def seeds(request: Request, name: str, seed: int) -> list[int]:
    """Of the trainings that one seed of the request stands for: one, or each of the paper's runs on one split."""
    if name not in RANDOM or request.settings["five_runs"] == "splits":
        return [seed]
    runs = request.paper.hyperparameters[RANDOM[name]]["runs"]
    return [seed * runs + number for number in range(request.sizes.get("runs", runs))]


def left_out(request: Request, name: str, lost) -> int:
    """How many clips without a face are missing from what is tested; of AFEW's parts, those of Val."""
    if request.settings["lost_clips"] == "count_as_errors":
        return 0
    return int((lost.partition == "Val").sum()) if name == AFEW_PARTS else len(lost)


def _sides(fold: Fold) -> dict[str, np.ndarray]:
    return {side: getattr(fold, side) for side in splitters.SIDES}


def _with_lost(table, lost):
    """The table with the clips without a face below, each as often as a clip is there."""
    import pandas as pd

    if "original" not in table:
        return pd.concat([table, lost], ignore_index=True)
    each = len(table) // int((table.original < 0).sum())
    repeated = lost.loc[lost.index.repeat(each)].reset_index(drop=True)
    numbers = np.arange(len(repeated))
    first = len(table) + numbers - numbers % each
    repeated = repeated.assign(sample=len(table) + numbers, original=np.where(numbers % each == 0, -1, first))
    return pd.concat([table, repeated], ignore_index=True)


def _ckplus(request: Request, table) -> Sequence[Fold]:
    count = request.paper.hyperparameters["ckplus"]["folds"]
    random = request.settings["ckplus_folds"] == "subjects_random"
    divided = splitters.shuffled_folds(table, count) if random else splitters.step_folds(table, count)
    return divided[: request.sizes.get("folds")]


def _ckplus_clips(request: Request, table) -> Sequence[Fold]:
    divided = splitters.clip_folds(table, request.paper.hyperparameters["ckplus"]["folds"])
    return divided[: request.sizes.get("folds")]


def _random(stated: str) -> Callable[[Request, object], Sequence[Fold]]:
    """Random splits as often as the paper made them, each with a seed of its own."""

    def divide(request: Request, table) -> Sequence[Fold]:
        of, first = request.paper.hyperparameters[stated], request.settings["first_split_seed"]
        share = of["test"]
        if stated == "afew_random" and request.settings["afew_random_fifth"] == "down":
            share = (int(share * len(table)) - 0.5) / len(table)  # which scikit-learn rounds up
        fractions = (1 - share, 0, share)
        several = request.sizes.get("runs", of["runs"]) if request.settings["five_runs"] == "splits" else 1
        seeds = range(first, first + several)
        drawn = [splitters.random_windows(table, one, fractions, request.settings["stratified"]) for one in seeds]
        return [replace(fold, name=f"split-{one}") for one, fold in zip(seeds, drawn, strict=True)]

    return divide


def _random_clips_augmented(request: Request, table) -> Sequence[Fold]:
    """The random splits of clips; each augmented sample goes where its clip goes."""
    original = np.where(table.original >= 0, table.original, table["sample"])
    clips = np.flatnonzero(table.original < 0)
    divided = _random("savee")(request, table.iloc[clips].reset_index(drop=True))
    return [
        replace(fold, **{side: np.flatnonzero(np.isin(original, clips[some])) for side, some in _sides(fold).items()})
        for fold in divided
    ]


def _speakers(request: Request, table) -> Sequence[Fold]:
    return splitters.leave_one_subject_out(table)


def _parts(request: Request, table) -> Sequence[Fold]:
    return [splitters.official(table, ("Train", "Val", "Val"))]


_DIVIDE: dict[str, Callable[[Request, object], Sequence[Fold]]] = {
    AFEW_PARTS: _parts,
    AFEW_RANDOM: _random(RANDOM[AFEW_RANDOM]),
    CKPLUS_FOLDS: _ckplus,
    CKPLUS_CLIPS: _ckplus_clips,
    SAVEE_AUGMENTED: _random(RANDOM[SAVEE_AUGMENTED]),
    SAVEE_BOTH: _random_clips_augmented,
    SAVEE_CLIPS: _random(RANDOM[SAVEE_CLIPS]),
    SAVEE_SPEAKERS: _speakers,
}
