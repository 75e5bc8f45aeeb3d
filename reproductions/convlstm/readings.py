"""The readings of the paper's protocols: which clips, or copies of clips, train, choose the epoch, and are tested.

The paper does not say whether SAVEE was enlarged before it was split, and chooses the epoch on the tested part. Each
reading is run, so that what separates them can be measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from common import splits
from common.request import Request
from common.splits import Fold
from reproductions.convlstm.data import AFEW, CKPLUS, SAVEE


@dataclass(frozen=True)
class Reading:
    """One way to divide a corpus.

    Attributes:
        corpus: "CK+", "SAVEE" or "AFEW".
        experiment: the table that it belongs to.
        title: as tables call it.
        protocols: under which it can be run. `published` chooses the epoch on the tested part, the others on training
            clips that do not train; what has a person on both sides in any case is no `honest` reading.
        setting: what the setting `savee_reading` calls it.
    """

    corpus: str
    experiment: str
    title: str
    protocols: tuple[str, ...]
    setting: str = ""


CKPLUS_FOLDS, AFEW_PARTS, AFEW_RANDOM = "ckplus-folds", "afew-parts", "afew-random"
SAVEE_COPIES, SAVEE_CLIPS, SAVEE_SPEAKERS = "savee-copies", "savee-clips", "savee-speakers"
# The longest trainings first.
READINGS = {
    AFEW_PARTS: Reading(AFEW, "table3", "trained on Train, tested on Val", ("published", "honest")),
    AFEW_RANDOM: Reading(AFEW, "afew_random", "both parts split 80:20", ("published", "clip-disjoint")),
    CKPLUS_FOLDS: Reading(CKPLUS, "table1", "ten folds of subjects", ("published", "honest")),
    SAVEE_COPIES: Reading(SAVEE, "table2", "augment, then split 80:20", ("published",), "augment_then_split"),
    SAVEE_CLIPS: Reading(
        SAVEE, "table2", "split 80:20, then augment", ("published", "clip-disjoint"), "split_then_augment"
    ),
    SAVEE_SPEAKERS: Reading(
        SAVEE, "table2", "one speaker left out, then augment", ("published", "honest"), "one_speaker_out"
    ),
}


def of_table(experiment: str) -> list[str]:
    """The names of the readings that a table shows."""
    return [name for name, reading in READINGS.items() if reading.experiment == experiment]


def said(name: str, test: dict) -> str:
    """What the tested part of a reading has in common with training, in a sentence.

    Args:
        test: what `common.split_audit` counted of all folds together.
    """
    seen = test["of_seen_subjects"] if READINGS[name].corpus != AFEW else 0
    told = ((test["copied"], "have a copy of their clip in training"), (seen, "show people who are trained on"))
    shared = [f"{count:,} ({count / test['samples']:.1%}) {what}" for count, what in told if count]
    if shared:
        return f"Of the tested, {', '.join(shared)}."
    if name == AFEW_RANDOM:
        return "How many come from films that are trained on cannot be known: AFEW names no films."
    if READINGS[name].corpus == AFEW:
        return "The films of the two parts are different ones, say the makers."
    return "Nobody who is tested is trained on."


def claimed(experiment: str, settings: dict) -> str:
    """The reading whose accuracy stands for the printed one."""
    names = of_table(experiment)
    if len(names) == 1:
        return names[0]
    return next(name for name in names if READINGS[name].setting == settings["savee_reading"])


def copied(name: str, settings: dict) -> bool:
    """Whether copies are divided instead of clips."""
    return name == SAVEE_COPIES or (name == AFEW_RANDOM and settings["afew_augment_before_split"])


def folds(request: Request, name: str, table, protocol: str) -> list[tuple[str, Fold]]:
    """The folds, or random splits, that the profile computes, with the name that each has in every protocol.

    Args:
        name: of the reading.
        table: of the samples, or of their copies.
    """
    divided = _DIVIDE[name](request, table)
    part = splits.with_validation if name == CKPLUS_FOLDS else splits.with_validation_clips
    on_test = protocol == "published" and request.settings["validation_part"] == "test_part"
    return [(fold.name, splits.selected_on_test(fold) if on_test else part(table, fold)) for fold in divided]


def _ckplus(request: Request, table) -> Sequence[Fold]:
    count = request.paper.hyperparameters["ckplus"]["folds"]
    random = request.settings["ckplus_folds"] == "subjects_random"
    divided = splits.shuffled_folds(table, count) if random else splits.step_folds(table, count)
    return divided[: request.sizes.get("folds")]


def _random(stated: str) -> Callable[[Request, object], Sequence[Fold]]:
    """Random splits as often as the paper made them, each with a seed of its own."""

    def divide(request: Request, table) -> Sequence[Fold]:
        of, first = request.paper.hyperparameters[stated], request.settings["first_split_seed"]
        fractions = (1 - of["test"], 0, of["test"])
        seeds = range(first, first + request.sizes.get("runs", of["runs"]))
        drawn = [splits.random_windows(table, one, fractions, request.settings["stratified"]) for one in seeds]
        return [replace(fold, name=f"split-{one}") for one, fold in zip(seeds, drawn, strict=True)]

    return divide


def _speakers(request: Request, table) -> Sequence[Fold]:
    return splits.leave_one_subject_out(table)


def _parts(request: Request, table) -> Sequence[Fold]:
    return [splits.official(table, ("Train", "Val", "Val"))]


_DIVIDE: dict[str, Callable[[Request, object], Sequence[Fold]]] = {
    AFEW_PARTS: _parts,
    AFEW_RANDOM: _random("afew_random"),
    CKPLUS_FOLDS: _ckplus,
    SAVEE_COPIES: _random("savee"),
    SAVEE_CLIPS: _random("savee"),
    SAVEE_SPEAKERS: _speakers,
}
