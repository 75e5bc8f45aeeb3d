"""What a user asked for: the options of one `reproduce` command, checked once, before anything is computed."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.paper.load import Decision, Paper
from common.support.console import errors
from common.support.errors import UserError, unknown

ROOT = Path(__file__).resolve().parents[2]

LAUNCHERS = ("local", "ray")

# "both" are the two that every paper has: what the authors did, and what can be trusted.
PROTOCOLS = {
    "published": ("published",),
    "clip-disjoint": ("clip-disjoint",),
    "strict": ("strict",),
    "both": ("published", "strict"),
    "all": ("published", "clip-disjoint", "strict"),
}
# Words of earlier versions, understood for one more release.
FORMER_PROTOCOLS = {"honest": "strict"}


@dataclass(frozen=True)
class Request:
    """One reproduction.

    Attributes:
        paper: whose experiments to run.
        profile: "paper" for its own settings, "quick" for the same steps in small sizes.
        data: folder with the licensed data sets, or None for the synthetic corpora.
        protocols: how training and test parts are divided.
        experiments: which of the paper's experiments; all of them if empty.
        seeds: one training each.
        settings: the paper's open decisions, by name, defaults or what the user chose.
        fresh: train anew even where a finished run exists.
        skip_broken: go on without clips that cannot be read.
        mixed_precision: compute in 16 bits, which GPUs and recent processors do faster.
        xla: compile with XLA (a GPU; trainings are then not repeatable to the bit).
        workers: processes for preprocessing and training; None takes one for each core.
        launcher: "local" to train on this machine, "ray" on the cluster at RAY_ADDRESS.
        models: folder with trained models of others, such as face detectors; None where there is none.
        cache, results: where samples and synthetic corpora, and runs and tables, are kept.
    """

    paper: Paper
    profile: str = "quick"
    data: Path | None = None
    protocols: tuple[str, ...] = ("published", "strict")
    experiments: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    settings: dict[str, Any] = field(default_factory=dict)
    fresh: bool = False
    skip_broken: bool = False
    mixed_precision: bool = False
    xla: bool = False
    workers: int | None = None
    launcher: str = "local"
    models: Path | None = None
    cache: Path = ROOT / ".cache"
    results: Path = ROOT / "results"

    @property
    def sizes(self) -> dict[str, Any]:
        """What the chosen profile sets."""
        return self.paper.profiles[self.profile]

    @property
    def changed_settings(self) -> dict[str, Any]:
        """The decisions that differ from their defaults."""
        defaults = self.paper.settings
        return {name: value for name, value in self.settings.items() if value != defaults[name]}

    def wants(self, experiment: str) -> bool:
        return not self.experiments or experiment in self.experiments


def check(paper: Paper, known_experiments: Iterable[str], **options) -> Request:
    """A request from the words of the command line.

    Args:
        options: `profile`, `protocol`, `experiment`, `seeds` and `settings` ("name=value") as typed, and the other
            attributes of `Request` as they are.

    Raises:
        UserError: for a profile, protocol, experiment, launcher or setting that does not exist (with the nearest that
            does), or seeds that are no numbers.
    """
    profile = options.pop("profile", "quick")
    if profile not in paper.profiles:
        raise unknown("profile", profile, paper.profiles)
    protocol = options.pop("protocol", "both")
    if protocol in FORMER_PROTOCOLS:
        now = FORMER_PROTOCOLS[protocol]
        errors.print(f"The protocol {protocol!r} is called {now!r} now, and the next version will know that word only.")
        protocol = now
    if protocol not in PROTOCOLS:
        raise unknown("protocol", protocol, PROTOCOLS)
    launcher = options.get("launcher", "local")
    if launcher not in LAUNCHERS:
        raise unknown("launcher", launcher, LAUNCHERS)
    experiments = tuple(word for word in options.pop("experiment", "").split(",") if word)
    for experiment in experiments:
        if experiment not in known_experiments:
            raise unknown(f"experiment of {paper.name}", experiment, known_experiments)
    return Request(
        paper=paper,
        profile=profile,
        protocols=PROTOCOLS[protocol],
        experiments=experiments,
        seeds=_seeds(options.pop("seeds", "") or paper.profiles[profile].get("seeds", "0")),
        settings=_settings(paper, options.pop("settings", ())),
        **options,
    )


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(dict.fromkeys(int(word) for word in str(text).split(",")))
    except ValueError:
        raise UserError(f"The seeds {text!r} are not whole numbers.", "Write them as in SEEDS=0,1,2.") from None


def _settings(paper: Paper, words: Iterable[str]) -> dict[str, Any]:
    decisions = {decision.name: decision for decision in paper.decisions}
    settings = paper.settings
    for word in words:
        name, separator, value = word.partition("=")
        if not separator:
            raise UserError(f"The setting {word!r} has no value.", "Write it as name=value.")
        if name not in decisions:
            raise unknown(f"setting of {paper.name}", name, decisions)
        settings[name] = _choice(decisions[name], value)
    return settings


def _choice(decision: Decision, value: str) -> Any:
    """The one of the decision's values that is written like this; "any" among them admits every whole number.

    A list may be written without its blanks, because those separate settings in a Makefile.
    """
    choices = {_word(choice): choice for choice in (decision.default, *decision.alternatives)}
    if _word(value) in choices:
        return choices[_word(value)]
    if "any" in choices and value.isdigit():
        return int(value)
    raise unknown(f"choice for {decision.name}", value, choices)


def _word(choice: Any) -> str:
    return str(choice).lower().replace(" ", "")


def cache_from_environment() -> Path:
    """Where samples and synthetic corpora are kept: FER_CACHE, or .cache in the project."""
    return Path(os.environ.get("FER_CACHE", ROOT / ".cache"))


def models_from_environment() -> Path | None:
    """Where trained models of others lie: FER_MODELS, or models in the project if there is such a folder."""
    if "FER_MODELS" in os.environ:
        return Path(os.environ["FER_MODELS"])
    return ROOT / "models" if (ROOT / "models").is_dir() else None


def results_from_environment() -> Path:
    """Where runs, tables and pictures are kept: FER_RESULTS, or results in the project."""
    return Path(os.environ.get("FER_RESULTS", ROOT / "results"))
