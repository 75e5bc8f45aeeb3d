"""What the search of a corpus has found so far, in a file of its own, so that tables need no database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.paper.load import Paper
from common.results import plans
from common.results.config import Request
from common.support.errors import UserError
from reproductions.cnn3d import preprocessing

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

    from common.runs.scores import Score
    from common.runs.store import Run
    from common.training.search import Question

# What a command asks for, kept with each study that it went on with.
ASKED = ("narrow", "settings", "seed", "epochs", "detector")
# fANOVA of fewer completed trials is noise.
ENOUGH = 4


@dataclass
class Record:
    """The trials of all searches on one corpus, as JSON can hold them.

    Attributes:
        content: what was asked for; "studies" by protocol and name of the study, and "nested" where the winners of
            the outer folds were tested.
    """

    path: Path
    content: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begun(cls, request: Request, data: str, corpus: str) -> "Record":
        """That of an earlier command, to go on with, or a new one.

        Args:
            data: "real" or "synthetic".
            corpus: its key.
        """
        asked = {"corpus": corpus, "data": data, "narrow": request.sizes.get("narrow")}
        asked |= {"settings": request.changed_settings, "seed": request.seeds[0], "epochs": request.sizes["epochs"]}
        asked |= {"detector": preprocessing.detector(request)}
        path = place(request.paper, request.profile, data, request.results, corpus)
        before = read(path)
        kept = {"studies": before.content["studies"], "nested": before.content["nested"]} if before else {}
        return cls(path, asked | {"studies": {}, "nested": None} | kept)

    def put(self, protocol: str, name: str, study: "Study", question: "Question") -> None:
        """Write what a study holds."""
        asked = {key: self.content[key] for key in ASKED}
        self.content["studies"].setdefault(protocol, {})[name] = _study(study, question) | {"asked": asked}
        plans.write(self.path, self.content)

    def put_nested(self, names: Sequence[str], tested: Sequence["Run"], score: "Score") -> None:
        """Write what the winners of the outer folds scored on the subjects that their searches did not see."""
        folds = []
        for name, run in zip(names, tested, strict=True):
            table = run.predictions()
            right = int((table.emotion == table.predicted).sum())
            folds.append({"study": name, "fold": run.identity.fold, "correct": right, "tested": len(table)})
        keys = ("accuracy", "interval", "samples", "subjects")
        self.content["nested"] = {"folds": folds} | {key: getattr(score, key) for key in keys}
        plans.write(self.path, self.content)

    def best(self, protocol: str, name: str) -> dict[str, Any]:
        """The configuration of the best trial of a study that has one."""
        return self.content["studies"][protocol][name]["trials"][0]["options"]


def place(paper: Paper, profile: str, data: str, results: Path, corpus: str) -> Path:
    return results / "search" / paper.name / f"{profile}-{data}-{corpus}.json"


def read(path: Path) -> Record | None:
    """What was found, or None where nothing was searched.

    Raises:
        UserError: if the file is damaged.
    """
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if {"studies", "nested", "corpus", "data"} <= set(content):
            return Record(path, content)
    except (ValueError, TypeError):
        pass
    raise UserError(f"{path} is no record of a search.", "Delete it and run make search again: the trials are kept.")


def winner(paper: Paper, profile: str, data: str, results: Path, corpus: str, outer: str = "") -> dict[str, Any]:
    """The best configuration of the search on a corpus, as the authors searched, or of a nested one.

    Args:
        outer: name of the fold whose tested subjects the search must not have seen; "" for the search on all folds.

    Raises:
        UserError: if nothing was searched there yet.
    """
    record = read(place(paper, profile, data, results, corpus))
    studies = record.content["studies"].get("strict" if outer else "published", {}) if record else {}
    wanted = [study for name, study in studies.items() if not outer or name == nested_name(corpus, outer)]
    trials = [trial for study in wanted for trial in study["trials"]]
    if not trials:
        kind = f"nested search on {corpus} without {outer}" if outer else f"search on {corpus}"
        raise UserError(
            f"There is no {kind} yet ({profile} profile, {data} data).",
            f"Run: make search PAPER={paper.name} CORPUS={corpus}, with the same DATA and PROFILE.",
        )
    return trials[0]["options"]


def nested_name(corpus: str, outer: str) -> str:
    """The study on the training part of an outer fold; `corpus` is a key."""
    return f"{corpus}-{outer}"


def _study(study: "Study", question: "Question") -> dict[str, Any]:
    """Its finished trials, the best first, and how much each option mattered."""
    from common.training import search

    ranked = search.ranked(study)
    return {
        "name": study.study_name,
        "samples": question.samples,
        "prune_below": question.prune_below,
        "question": question.stored(),
        "sampler": study.user_attrs[search.SAMPLER],
        "given_up": search.given_up(study),
        "importances": _importances(study) if _tell_apart(ranked) else {},
        "trials": [
            {
                "number": trial.number,
                "pruned": search.pruned(trial),
                "correct": trial.user_attrs[search.COUNTS][0],
                "tested": trial.user_attrs[search.COUNTS][1],
                "folds": len(trial.intermediate_values),
                "options": trial.params,
            }
            for trial in ranked
        ],
    }


def _tell_apart(ranked: Sequence["FrozenTrial"]) -> bool:
    """Whether there are completed trials enough, and of different accuracy, for an option to explain anything."""
    from common.training import search

    values = [trial.value for trial in ranked if not search.pruned(trial)]
    return len(values) >= ENOUGH and len(set(values)) > 1


def _importances(study: "Study") -> dict[str, float]:
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {name: round(share, 4) for name, share in found.items()}
