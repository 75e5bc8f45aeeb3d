"""What the search on CK+ says about section 4.1 and Table 2: which options help, and which the best trial has."""

from collections.abc import Callable
from typing import Any

from common.media.clips import Provenance
from common.paper.load import Claim, Paper
from common.paper.verdicts import Measured
from common.results.config import Request
from common.results.differences import Stated, Statement, network_name
from common.results.evidence import Evidence
from common.runs.identity import Identity
from common.runs.store import Run
from common.training import search_effects
from reproductions.cnn3d import data, search_record, trainings
from reproductions.cnn3d.data import CKPLUS, KEYS

EXPERIMENT = "search"
# Options that section 4.1 says to raise or to lower the accuracy, by the network of the claim.
EFFECTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "clahe": lambda options: options["clahe"],
    "xavier_uniform": lambda options: options["initializer"] == "xavier_uniform",
    "temporal_3": lambda options: options["temporal_size"] == 3,
    "normalization": lambda options: options["normalization"],
    "temporal_1_7_9": lambda options: options["temporal_size"] in (1, 7, 9),
    "dropout_from_half": lambda options: options["dropout"] >= 0.5,
    "second_convolution": lambda options: options["second_convolution"],
}
BEST_HAS = "the best trial has this option"
DEPENDENT = "trials are drawn by those before them: the interval is rather too narrow"


def stated(request: Request, run: Run) -> Stated | None:
    """What the paper states of its search on CK+; `run` is that of `_as_run`."""
    if run.identity.experiment != EXPERIMENT:
        return None
    options = request.paper.hyperparameters["best"]
    corpus = data.Corpus(CKPLUS, [], Provenance(False))
    return Stated(
        EXPERIMENT,
        trainings.network_settings(request, options),
        trainings.recipe(request, options, corpus, "best_validation_accuracy"),
        corpus.classes,
    )


def measurements(evidence: Evidence, statement: Statement) -> dict[str, list[Measured]]:
    """What the published search on CK+ gives, by the id of the claim; nothing where there was none.

    Raises:
        UserError: if the record of the search is damaged.
    """
    paper = evidence.paper
    path = search_record.place(paper, evidence.profile, evidence.data, evidence.results, KEYS[CKPLUS])
    record = search_record.read(path)
    study = record.content["studies"].get("published", {}).get(KEYS[CKPLUS]) if record else None
    if not study or "question" not in study or not study["trials"]:
        return {}
    run = _as_run(paper, evidence.profile, record, study)
    measurements = {}
    for claim in paper.claims:
        if claim.experiment != EXPERIMENT:
            continue
        value, interval = _answer(claim, study["trials"], paper.hyperparameters["best"])
        if value is not None:
            note = [DEPENDENT] if interval else []
            differs = _differs(paper.hyperparameters["search"], study)
            measurements[claim.id] = [
                evidence.measurement(claim, [run], value, interval, statement, differs=differs, note=note)
            ]
    return measurements


def _answer(claim: Claim, trials: list[dict], best: dict[str, Any]) -> tuple[float | None, tuple[float, float] | None]:
    """The value of a claim about the search, with its interval; None where the trials do not say."""
    if claim.metric == BEST_HAS:
        return float(trials[0]["options"][claim.network] == best[claim.network]), None
    having, lacking = sides(claim.network, trials)
    return search_effects.dominance(having, lacking) if having and lacking else (None, None)


def sides(effect: str, trials: list[dict]) -> tuple[list[tuple], list[tuple]]:
    """How the trials with an option of `EFFECTS` stand, and those without."""
    standings: dict[bool, list[tuple]] = {True: [], False: []}
    for trial in trials:
        standings[bool(EFFECTS[effect](trial["options"]))].append(search_effects.standing(trial))
    return standings[True], standings[False]


def _differs(stated: dict[str, Any], study: dict) -> list[str]:
    """What is not the paper's about the search itself; `stated` is what paper.yaml says of it."""
    wanted, done = stated["trials"], len(study["trials"])
    differing = [f"{done} of {wanted} trials"] if done < wanted else []
    if study["prune_below"] != stated["pruned_below_accuracy"] / 100:
        differing.append(f"pruned below {study['prune_below']:.1%} instead of {stated['pruned_below_accuracy']} %")
    if study["sampler"]["multivariate"]:
        differing.append("one mixture for all parameters instead of one for each")
    return differing


def _as_run(paper: Paper, profile: str, record: search_record.Record, study: dict) -> Run:
    """The search as one run, so that it is held against what the paper states as every other is."""
    question = study["question"]
    asked = study.get("asked", record.content)  # not in studies of earlier versions
    identity = Identity(
        paper=paper.name,
        experiment=EXPERIMENT,
        protocol="published",
        profile=profile,
        network=network_name(EXPERIMENT, asked["narrow"]),
        settings=question["network settings"],
        recipe=question["recipe"],
        seed=question["seed"],
        data=question["data"],
        split=question["folds"],
    )
    settings = paper.settings | asked["settings"] | {"detector": asked["detector"]}
    about = {"decisions": settings, "classes": [str(name) for name in data.CLASSES[CKPLUS]]}
    return Run(record.path, identity, about | {"samples": {"test": study["samples"]}})
