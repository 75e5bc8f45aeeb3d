"""Search for settings with Optuna: resumable after a kill, each fold's errors told to a pruner.

A trial is one configuration, tested on all folds of a protocol. What makes two searches comparable is stored with
the trials, so that a database is never continued with another space. A trial that a killed process left behind is
taken up again; the folds it had finished are wherever the objective keeps them.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import optuna
from filelock import FileLock, Timeout
from optuna import Study
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial, Trial, TrialState

from common.support import files
from common.support.errors import UserError
from common.training import search_sampler
from common.training.search_store import shown, user_errors

ATTEMPTS = 3
QUESTION, SAMPLER = "question", "sampler"
COUNTS = "correct and tested"


@dataclass(frozen=True)
class Interval:
    """All real numbers from `low` to `high`."""

    low: float
    high: float


class FoldScore(NamedTuple):
    """How many of a fold's test samples were recognised."""

    correct: int
    samples: int


@dataclass(frozen=True)
class Question:
    """What is searched, and on what.

    Attributes:
        name: of the study in its database.
        space: options of each setting, as a tuple of values or an `Interval`.
        samples: test samples of all folds together.
        prune_below: accuracy (0 to 1) that a trial must be able to reach; 0 lets all go on to their end.
        details: what else decides a trial's accuracy (corpus, folds, epochs), as JSON can hold it.
    """

    name: str
    space: Mapping[str, tuple | Interval]
    samples: int
    prune_below: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)

    def stored(self) -> dict:
        """What must be the same when a search goes on."""
        space = {
            name: {"low": options.low, "high": options.high} if isinstance(options, Interval) else list(options)
            for name, options in self.space.items()
        }
        return {"space": space, "samples": self.samples, "prune_below": self.prune_below, **self.details}


# Configuration -> what came of each fold, in a fixed order, computed one after the other as they are asked for.
Objective = Callable[[dict[str, Any]], Iterable[FoldScore]]


def search(
    question: Question,
    objective: Objective,
    storage: str,
    trials: int,
    locks: Path,
    *,
    seed: int = 0,
    ended: Callable[[int, FrozenTrial], None] = lambda done, trial: None,
) -> Study:
    """The study with at least so many finished (completed or pruned) trials; runs those that lack.

    Several processes may search the same study at once, if they share `locks`.

    Args:
        storage: URL of any database that Optuna knows.
        trials: finished trials in all, those of earlier commands included.
        locks: folder whose locks tell which running trials have a living process.
        seed: of the sampler. A trial is drawn from it, the study's name and the trials before it alone, so that a
            search which was killed goes on as if it had not been.
        ended: called with the number of finished trials, and the last of them.

    Raises:
        UserError: if the database cannot be used, or holds a search with another space, on other data, or by another
            sampler or version of Optuna.
    """
    # Two that open a new database at once would both make its tables.
    with files.lock(locks / "opening"):
        study = opened(question, storage)
    locks = locks / question.name
    while len(finished(study)) < trials:
        with ExitStack() as held:
            with user_errors(storage), files.lock(locks / "asking"):
                _take_up(study, locks)
                study.sampler = _sampler(study, seed)
                trial = study.ask(_distributions(question.space))
                held.enter_context(files.lock(locks / str(trial.number)))
            state, value = _tested(trial, question, objective, storage)
            with user_errors(storage):
                last = study.tell(trial, value, state)
        ended(len(finished(study)), last)
    return study


def opened(question: Question, storage: str) -> Study:
    """The study of this name, made if it does not exist.

    Raises:
        UserError: if the database cannot be used, or holds a search with another space, on other data, or by another
            sampler or version of Optuna.
    """
    notes = {QUESTION: question.stored(), SAMPLER: search_sampler.stated()}
    with user_errors(storage):
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(
            storage=storage,
            study_name=question.name,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.ThresholdPruner(lower=question.prune_below),
        )
        before = study.user_attrs
        if not study.get_trials(deepcopy=False):
            for name in set(notes) - set(before):
                study.set_user_attr(name, notes[name])
            before = notes | before
    if before.get(QUESTION) != notes[QUESTION]:
        raise UserError(
            f"The search {question.name} in {shown(storage)} was begun with other settings "
            f"({_changed(before.get(QUESTION), notes[QUESTION])}).",
            "Name another database with STORAGE=, or go on with the settings that it was begun with.",
        )
    theirs, ours = before.get(SAMPLER, {}), notes[SAMPLER]
    if others := [f"{name} {theirs.get(name)} instead of {ours.get(name)}" for name in _differing(theirs, ours)]:
        raise UserError(
            f"The search {question.name} in {shown(storage)} was begun with another sampler ({', '.join(others)}).",
            "Name another database with STORAGE=, or go on with the Optuna that it was begun with.",
        )
    return study


def _changed(before: dict | None, now: dict) -> str:
    if before is None:
        return "by another program, which did not note its space"
    spaces = [f"space of {name}" for name in _differing(before.get("space", {}), now["space"])]
    return ", ".join(spaces + [name for name in _differing(before, now) if name != "space"])


def _differing(a: Mapping, b: Mapping) -> list[str]:
    return [name for name in sorted({*a, *b}) if a.get(name) != b.get(name)]


def finished(study: Study) -> list[FrozenTrial]:
    """The trials that were completed or pruned, in the order in which they began."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def ranked(study: Study) -> list[FrozenTrial]:
    """The finished trials, best first: by accuracy, and pruned ones behind by how far they came."""
    return sorted(finished(study), key=lambda trial: (pruned(trial), -len(trial.intermediate_values), -trial.value))


def pruned(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.PRUNED


def given_up(study: Study) -> int:
    """How many configurations were left after they killed their process time and again."""
    trials = study.get_trials(deepcopy=False)
    continued = {trial.user_attrs.get("continues") for trial in trials}
    return sum(trial.state == TrialState.FAIL and trial.number not in continued for trial in trials)


def _take_up(study: Study, locks: Path) -> None:
    """Put the configurations of trials whose process died back into the queue; the third time is the last."""
    trials = study.get_trials(deepcopy=False)
    continued = {trial.user_attrs.get("continues") for trial in trials}
    for dead in trials:
        if dead.state != TrialState.RUNNING or _held(locks / str(dead.number)):
            continue
        # It may have ended since the list was read: who holds no lock says so at once.
        if study.get_trials(deepcopy=False)[dead.number].state != TrialState.RUNNING:
            continue
        done, before = len(dead.intermediate_values), dead.user_attrs
        attempts = 1 if done > before.get("folds_before", 0) else before.get("attempts", 0) + 1
        # Queued first, ended then: a kill between the two loses nothing.
        if dead.number not in continued and attempts < ATTEMPTS:
            notes = {"continues": dead.number, "folds_before": done, "attempts": attempts}
            study.enqueue_trial(dead.params, user_attrs=notes)
        study.tell(dead.number, state=TrialState.FAIL)


def _held(folder: Path) -> bool:
    """Whether a living process holds this lock."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            return False
    except Timeout:
        return True


def _sampler(study: Study, seed: int):
    begun = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
    before = len(study.get_trials(deepcopy=False, states=begun)) + given_up(study)
    drawn = np.random.SeedSequence([seed, crc32(study.study_name.encode()), before])
    return search_sampler.sampler(int(drawn.generate_state(1)[0]))


def _distributions(space: Mapping[str, tuple | Interval]) -> dict:
    return {
        name: FloatDistribution(options.low, options.high)
        if isinstance(options, Interval)
        else CategoricalDistribution(options)
        for name, options in space.items()
    }


def _tested(trial: Trial, question: Question, objective: Objective, storage: str) -> tuple[TrialState, float | None]:
    """What comes of one configuration: its accuracy, or none where the accuracy that is wanted got out of reach."""
    correct = tested = 0
    for step, fold in enumerate(objective(trial.params)):
        correct, tested = correct + fold.correct, tested + fold.samples
        with user_errors(storage):
            trial.set_user_attr(COUNTS, [correct, tested])
            trial.report(reachable(tested - correct, question.samples), step)
            if trial.should_prune():
                return TrialState.PRUNED, None
    return TrialState.COMPLETE, correct / question.samples


def reachable(errors: int, samples: int) -> float:
    """The accuracy of a trial that makes no further error.

    >>> [errors for errors in range(20) if reachable(errors, 327) < 0.965][0]
    12
    """
    return (samples - errors) / samples
