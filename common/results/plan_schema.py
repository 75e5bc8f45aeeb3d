"""What the files of plans and times hold: checked once, when they are read, and handled as these types ever after."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from common.protocols.leakage import SplitSummary
from common.runs.identity import Identity
from common.runs.record import Stored


class Frozen(Stored):
    """As `Stored`, and not to be changed; entries that only one paper has are attributes too."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)


class Summary(Frozen):
    """What became of the clips or images of a data set; counts that only one paper has are attributes too.

    Attributes:
        key: of the samples in the cache.
        ledger: what became of the frames, counts by name (where a paper joins its corpora, by corpus first).
        broken: the problem of each file that was left out, a sentence each.
        subjects: how many; or by corpus, where a paper joins its corpora.
        instead: name of the copy that was read instead of the data set; "" where that itself was.
    """

    key: str
    ledger: dict[str, Any]
    broken: list[str]
    subjects: int | dict[str, int] | None = None
    instead: str = ""


class Plan(Frozen):
    """What belongs together: what was asked for, of which data, and the runs that follow from it.

    Attributes:
        details: what is known of the data, e.g. the version of the synthetic corpora.
        settings: the decisions that differ from the paper's defaults.
        epochs: of every training, where they are not the profile's.
        networks: the planned networks of each experiment of which not all are planned.
        summary: of each data set, by its name; or of all together.
        timed: whether the tables need times.
        runs: all trainings and tests; `searched`: those among which a setting was chosen.
        splits: by group of trainings and protocol; `split` finds one.
        configurations: options of each network that a search chose.
        pretrained: the run whose weights a network begins with, by network.
        branch: whether the run behind a second branch is of synthetic images, by run.
        weights: which published weights the networks begin with.
        narrow: the sizes of the narrow network that stands for the paper's; None where that itself is trained.
        learning_rate: of every training, where the profile sets one.
        others: plans of experiments that were asked for with other answers.
    """

    paper: str
    profile: str
    data: Literal["real", "synthetic"]
    details: dict[str, Any]
    protocols: list[str]
    experiments: list[str]
    seeds: list[int]
    settings: dict[str, Any]
    epochs: PositiveInt | None = None
    networks: dict[str, list[str]] = Field(default_factory=dict)
    summary: Summary | dict[str, Summary]
    timed: bool = True
    runs: list[Identity]
    searched: list[Identity] = Field(default_factory=list)
    splits: dict[str, SplitSummary]
    configurations: dict[str, dict[str, Any]] = Field(default_factory=dict)
    pretrained: dict[str, str] = Field(default_factory=dict)
    branch: dict[str, bool] = Field(default_factory=dict)
    weights: str | None = None
    narrow: dict[str, Any] | None = None
    learning_rate: float | None = None
    others: list["Plan"] = Field(default_factory=list)

    def split(self, group: str, protocol: str) -> SplitSummary | None:
        """How a group of trainings is divided under a protocol; None where it was not asked for."""
        return self.splits.get(split_name(group, protocol))

    def split_notes(self, group: str) -> list[str]:
        """What the tested part of a group has in common with training, a note a protocol."""
        splits = {protocol: self.split(group, protocol) for protocol in self.protocols}
        return [f"{protocol}: {split.leakage}" for protocol, split in splits.items() if split]

    @property
    def broken(self) -> list[str]:
        """The problem of each file that was left out, of all data sets."""
        summaries = [self.summary] if isinstance(self.summary, Summary) else self.summary.values()
        return [problem for summary in summaries for problem in summary.broken]

    @property
    def instead(self) -> list[str]:
        """Which copies were read instead of data sets, for the titles of tables: "CK+48 instead of CK+"."""
        several = {} if isinstance(self.summary, Summary) else self.summary
        return [f"{summary.instead} instead of {name}" for name, summary in several.items() if summary.instead]


def split_name(group: str, protocol: str) -> str:
    """Under which name a plan holds a split; a paper with one group needs no name for it.

    >>> split_name("oulu-folds", "strict"), split_name("", "strict")
    ('oulu-folds, strict', 'strict')
    """
    return f"{group}, {protocol}" if group else protocol


class Milliseconds(Frozen):
    mean: float
    p50: float
    p95: float


class NetworkTimes(Milliseconds):
    """Attributes: settings: keyword arguments of the builder; files of earlier versions do not tell."""

    parameters: PositiveInt
    trainable: NonNegativeInt
    settings: dict[str, Any] | None = None


class StepTimes(Milliseconds):
    frames: NonNegativeInt


class Asked(Frozen):
    runs: PositiveInt
    warm_up: NonNegativeInt
    batch: PositiveInt = 1


class Machine(Frozen):
    name: str
    cpu: str
    cores: PositiveInt
    gpus: list[str]
    backend: str


class SpeedFile(Frozen):
    """Times of networks, and of the steps from a frame to its probabilities, in milliseconds."""

    asked: Asked
    runs: PositiveInt
    networks: dict[str, NetworkTimes]
    pipeline: dict[str, StepTimes]
    machine: Machine

    @model_validator(mode="after")
    def _whole(self) -> "SpeedFile":
        if "frame" not in self.pipeline:
            raise ValueError("pipeline.frame is missing")
        return self
