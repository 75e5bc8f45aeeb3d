"""Trained networks: found among the finished runs, and asked for probabilities."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from common.paper import load as papers
from common.results.config import cache_from_environment
from common.runs import scores, store
from common.runs.record import WEIGHTS
from common.runs.store import Run
from common.support.errors import UserError, unknown
from common.support.names import shown
from common.training import model_file
from datasets import fer2013
from inference import quick
from inference.quick import Predictor
from reproductions import registry
from reproductions.inference import Preparation

UNSURE = "unsure"
SYNTHETIC = "trained on synthetic faces: says nothing about people"


@dataclass(frozen=True)
class Trained:
    """A network that a finished run has trained.

    Attributes:
        record: the run; None for a network whose training is not kept on this machine.
        paper: its paper's name.
        network: its title, as the paper's tables have it.
        classes: emotions in the order of the outputs.
        preparation: how it has to be shown faces.
        description: in one line, what it was trained on.
        unsure_below: the probability that an answer needs to be named.
    """

    record: Run | None
    paper: str
    network: str
    classes: tuple[str, ...]
    preparation: Preparation
    description: str
    unsure_below: float = 0.0

    def answer(self, probabilities: np.ndarray) -> str:
        """The emotion that probabilities (classes,) stand for, or "unsure" where none is likely enough."""
        best = int(np.argmax(probabilities))
        return str(self.classes[best]) if probabilities[best] >= self.unsure_below else UNSURE

    def light(self, frame: np.ndarray) -> np.ndarray:
        """What faces are looked for in and cut out of: a frame (H, W, 3) uint8 BGR itself, or (H, W) its luminance."""
        return frame

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return shown(self.record.folder)

    @property
    def name(self) -> str:
        """What its files are called elsewhere."""
        one = self.record.identity
        return "-".join([one.paper, one.network, one.protocol, self.record.folder.name])

    @property
    def synthetic(self) -> bool:
        """Whether it has learnt from synthetic faces alone."""
        return _synthetic(self.record)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """All that the network is made of: the run's own file, and those of the networks that stand before it.

        Raises:
            UserError: if one was changed since its run.
        """
        return tuple(run.weights for run in (self.record, *self.preparation.before))

    @cached_property
    def model(self):
        """The Keras model, which takes what `preparation.inputs` gives.

        Raises:
            UserError: if one of its files is damaged, of a newer version, no Keras file at all, or not its run's.
        """
        own, *before = map(model_file.of, (self.record, *self.preparation.before))
        return self.preparation.join(own, *before) if before else own

    @cached_property
    def _network(self) -> Predictor:
        return quick.network(self.files, lambda: self.model, cache_from_environment() / "litert")

    def prepare(self) -> None:
        """Load the network now rather than at the first window, which takes seconds.

        Raises:
            UserError: as `model` does.
        """
        self.probabilities(self.preparation.inputs(self.preparation.blank()))

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:
        """The probability of every class, (n, classes) float32, for windows as `preparation.inputs` lays them out."""
        return np.asarray(self._network(inputs), np.float32)


def find(which: str, results: Path) -> Trained:
    """A trained network.

    Args:
        which: a run's folder, or the name of a paper, whose best finished run is taken; "" for the best of all.
            Networks trained on real faces come first; of them those that are better than a constant answer, then
            the strict protocol, then the accuracy, relative to that of a constant answer.
        results: the folder below which runs lie.

    Raises:
        UserError: if there is no such run or paper, or no finished run of it; says what makes one.
    """
    if "/" in which or (which and (Path(which) / store.RECORD).exists()):
        return of(store.read(Path(which)))
    if which and which not in papers.names():
        raise unknown("run or paper", which, papers.names())
    if which and not _watches(which):
        raise UserError(f"Networks of {which} cannot watch a video yet.", f"Papers that can: {_watching_papers()}.")
    wanted = {"paper": which} if which else {}
    found = [run for run in store.find(results / "runs", **wanted)[0] if usable(run)]
    if not found:
        raise UserError(f"No network{f' of {which}' if which else ''} is trained yet.", _how(which))
    return of(_best(found))


def of(run: Run) -> Trained:
    """The network of a run.

    Raises:
        UserError: if the run has kept none, or its network cannot be shown a video.
    """
    paper, identity = papers.load(run.identity.paper), run.identity
    if not (run.folder / WEIGHTS).is_file():
        raise UserError(f"{run.folder} holds no {WEIGHTS}.", f"Choose another run, or: {_command(paper.name)}.")
    if not _watches(paper.name):
        raise UserError(
            f"Networks of {paper.name} cannot watch a video yet.", f"Papers that can: {_watching_papers()}."
        )
    gives = registry.reproduction(paper.name)
    watch = gives.inference.preparation(run)
    known = gives.models.NETWORKS.get(identity.network)
    title = known.title if known else identity.network
    return Trained(run, paper.name, title, tuple(run.record["classes"]), watch, describe(run))


def describe(run: Run) -> str:
    """What a network was trained on, in one line."""
    name, accuracy = f"{run.identity.paper} {run.identity.network}", f"accuracy {_accuracy(run):.2f}"
    protocol = f"{run.identity.protocol} protocol"
    if run.given:
        where = "synthetic faces" if run.synthetic else run.record["tested_on"]
        return f"{name}: weights of others, trained on {run.given}; tested on {where}, {protocol}, {accuracy}"
    if run.synthetic:
        return f"{name}: {SYNTHETIC}; {protocol}, {accuracy} on such faces"
    sets = ", ".join(sorted(run.predictions().corpus.unique()))
    return f"{name}: trained on real faces ({sets}); {protocol}, {accuracy}"


def usable(run: Run) -> bool:
    """Whether a run has a network that is meant for use and can be shown a video."""
    paper, experiment = run.identity.paper, run.identity.experiment
    there = (run.folder / WEIGHTS).is_file() and _watches(paper)
    return there and experiment not in registry.reproduction(paper).experiments.CONTROLS


def _synthetic(run: Run) -> bool:
    return run.synthetic and not run.given


def _best(runs: list[Run]) -> Run:
    """The run that is worth most.

    Predictions are read only of those that they decide between: there may be a thousand runs.
    """
    nearest = [run for run in runs if _synthetic(run) == min(map(_synthetic, runs))]
    groups = [sorted(some, key=_worth, reverse=True) for some in _by_protocol(nearest)]
    learnt = (run for some in groups for run in some if scores.score([run]).learnt)
    return next(learnt, groups[0][0])


def _by_protocol(runs: list[Run]) -> list[list[Run]]:
    groups = [[run for run in runs if run.identity.protocol == one] for one in ("strict", "published")]
    groups.append([run for run in runs if run.identity.protocol not in ("strict", "published")])
    return [some for some in groups if some]


def _worth(run: Run) -> tuple[float, str]:
    """The accuracy as part of what a constant answer leaves to be gained, so that sets of other classes compare."""
    table = run.predictions()
    chance = float(table.emotion.value_counts(normalize=True).max())
    gain = float((table.emotion == table.predicted).mean()) - chance
    return gain / max(1 - chance, 1e-9), run.identity.key


def _accuracy(run: Run) -> float:
    return scores.score([run]).accuracy


def _watches(paper: str) -> bool:
    return paper in registry.having("inference")


def _watching_papers() -> str:
    return ", ".join(name for name in registry.runnable() if _watches(name))


def _how(which: str) -> str:
    real = os.environ.get("FER_DATA")
    if which in ("", "thesis") and real and fer2013.locate(Path(real)):
        # The one set that many have: a small network learns from its photographs within minutes.
        quick = f"{_command('thesis')} DATA={real} PROFILE=quick EXPERIMENT=cnn_fer2013"
        return f"Train one on the FER2013 of your disk: {quick}."
    return f"Train one: {_command(which or 'timeconvnet')}."


def _command(paper: str) -> str:
    return f"make reproduce PAPER={paper}"
