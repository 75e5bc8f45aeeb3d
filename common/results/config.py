"""What a user asked for: the options of one `reproduce` command, checked once, before anything is computed."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.paper.load import Decision, Paper
from common.support.errors import UserError, unknown

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT / "results" / "records"

LAUNCHERS = ("local", "ray")

# "both" are the two that every paper has: what the authors did, and what can be trusted.
PROTOCOLS = {
    "published": ("published",),
    "clip-disjoint": ("clip-disjoint",),
    "strict": ("strict",),
    "both": ("published", "strict"),
    "all": ("published", "clip-disjoint", "strict"),
}


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
        epochs: of every training instead of the profile's, to try something small; None for the profile's.
        variant: a name under which its tables are kept, beside those of the profile; "" for the profile's own.
        networks: which of the paper's networks; all of them if empty.
        left_out: experiments that have none of these protocols, or none of these networks.
        notes: what the user has to know of this request, a sentence each.
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
    epochs: int | None = None
    variant: str = ""
    networks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
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

    @property
    def plan_name(self) -> str:
        """How plan, tables and images are called: the profile, then epochs that are not the profile's, and the variant.

        >>> Request(paper=None, profile="quick", epochs=3, variant="fifth").plan_name
        'quick-3-epochs-fifth'
        """
        return "-".join(filter(None, [self.profile, f"{self.epochs}-epochs" if self.epochs else "", self.variant]))

    def wants(self, experiment: str) -> bool:
        return experiment not in self.left_out and (not self.experiments or experiment in self.experiments)

    def wants_network(self, name: str) -> bool:
        return not self.networks or name in self.networks

    def trained_for(self, epochs: int) -> int:
        """The epochs of a training for which the profile has so many."""
        return self.epochs or epochs


def check(
    paper: Paper,
    known_experiments: Iterable[str],
    known_protocols: Mapping[str, Sequence[str]] | None = None,
    known_networks: Mapping[str, Sequence[str]] | None = None,
    **options,
) -> Request:
    """A request from the words of the command line.

    Args:
        known_experiments: of the paper.
        known_protocols: the protocols of each experiment; one that is not named does not depend on them.
        known_networks: the networks of each experiment that trains any.
        options: `profile`, `protocol`, `experiment`, `network`, `seeds` and `settings` ("name=value") as typed, and
            the other attributes of `Request` as they are. Where neither experiment nor network is named, those run
            that the profile names; "all" are all of them.

    Raises:
        UserError: for a profile, protocol, experiment, network, launcher or setting that does not exist (with the
            nearest that does), for seeds that are no numbers, less than one epoch, or a variant
            whose name no file can have.
    """
    profile = options.pop("profile", "quick")
    if profile not in paper.profiles:
        raise unknown("profile", profile, paper.profiles)
    protocol = options.pop("protocol", "both")
    if protocol not in PROTOCOLS:
        raise unknown("protocol", protocol, PROTOCOLS)
    if (launcher := options.get("launcher", "local")) not in LAUNCHERS:
        raise unknown("launcher", launcher, LAUNCHERS)
    _check_plan_name(options.get("epochs"), options.get("variant", ""))
    named, network = options.pop("experiment", ""), options.pop("network", "")
    experiments, left = _experiments(paper, profile, named, bool(network), tuple(known_experiments))
    wanted = experiments or tuple(known_experiments)
    networks, untrained = _networks(paper, network, wanted, known_networks or {})
    remaining = [name for name in wanted if name not in untrained]
    protocols, undivided, notes = _protocols(paper, protocol, remaining, known_protocols or {})
    return Request(
        paper=paper,
        profile=profile,
        protocols=protocols,
        experiments=experiments,
        networks=networks,
        left_out=(*untrained, *undivided),
        notes=(*left, *notes),
        seeds=_seeds(options.pop("seeds", "") or paper.profiles[profile].get("seeds", "0")),
        settings=_settings(paper, options.pop("settings", ())),
        **options,
    )


def _check_plan_name(epochs: int | None, variant: str) -> None:
    if epochs is not None and epochs < 1:
        raise UserError(f"{epochs} epochs train nothing.", "Ask for one epoch or more: EPOCHS=1.")
    if variant and not re.fullmatch(r"\w+", variant):
        raise UserError(f"A variant cannot be called {variant!r}.", "Use letters, digits and underscores.")


def _experiments(
    paper: Paper, profile: str, typed: str, network: bool, known: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The experiments that the user named, else those of the profile (all if it names none); and what that leaves out.

    Args:
        network: whether the user named networks, which run wherever they are trained.
    """
    kind = f"experiment of {paper.name}"
    default = () if network else tuple(paper.profiles[profile].get("experiments", ()))
    if typed or not default:
        return _words("" if typed == "all" else typed, kind, known), ()
    chosen = _words(",".join(default), kind, known)
    others = ", ".join(name for name in known if name not in chosen)
    return chosen, (f"The {profile} profile leaves out {others} (EXPERIMENT=all runs everything).",) if others else ()


def _words(typed: str, kind: str, known: Iterable[str]) -> tuple[str, ...]:
    """The words between commas, each of which must be known."""
    words = tuple(word for word in typed.split(",") if word)
    for word in words:
        if word not in known:
            raise unknown(kind, word, known)
    return words


def _networks(
    paper: Paper, typed: str, wanted: Sequence[str], known: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The networks that the user named, and the wanted experiments that train none of them."""
    if not typed:
        return (), ()
    trained = {name: known.get(name, ()) for name in wanted}
    trained_anywhere = list(dict.fromkeys(network for some in trained.values() for network in some))
    if not trained_anywhere:
        raise UserError(f"{', '.join(wanted)} of {paper.name} trains no network.", "Leave NETWORK out.")
    networks = _words(typed, f"network in {', '.join(wanted)} of {paper.name}", trained_anywhere)
    return networks, tuple(name for name, some in trained.items() if not set(some) & set(networks))


def _protocols(
    paper: Paper, typed: str, wanted: Sequence[str], known: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The protocols asked for that the paper has, the wanted experiments without any of them, and what is to be said.

    Raises:
        UserError: if there is none.
    """
    asked, having = PROTOCOLS[typed], {name: known[name] for name in wanted if name in known}
    available = [name for name in PROTOCOLS["all"] if any(name in some for some in having.values())]
    undivided = tuple(name for name, some in having.items() if not set(some) & set(asked))
    without = f"no protocol {' or '.join(asked)}"
    if len(undivided) == len(wanted) > 0:
        whose = paper.name if len(wanted) == len(known) else f"{', '.join(wanted)} of {paper.name}"
        raise UserError(f"There is {without} in {whose}.", f"Choose {' or '.join(available)}: PROTOCOL={available[0]}.")
    notes = [f"Left out, because there is {without}: {', '.join(undivided)}."] if undivided else []
    for protocol in asked if typed == "all" else ():
        lacking = [name for name, some in having.items() if protocol not in some]
        if lacking:
            whose = paper.name if len(lacking) == len(having) else ", ".join(lacking)
            notes.append(f"The protocol {protocol} is skipped where it does not exist: {whose}.")
    existing = {protocol for some in known.values() for protocol in some}
    return tuple(protocol for protocol in asked if protocol in existing or not known), undivided, tuple(notes)


def _seeds(text: str) -> tuple[int, ...]:
    try:
        seeds = tuple(dict.fromkeys(int(word) for word in str(text).split(",")))
    except ValueError:
        raise UserError(f"The seeds {text!r} are not whole numbers.", "Write them as in SEEDS=0,1,2.") from None
    if not all(0 <= seed < 2**32 for seed in seeds):
        raise UserError(f"The seeds {text!r} are not between 0 and 2^32 - 1.", "Write them as in SEEDS=0,1,2.")
    return seeds


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
    """Where runs, tables and images are kept: FER_RESULTS, or results in the project."""
    return Path(os.environ.get("FER_RESULTS", ROOT / "results"))
