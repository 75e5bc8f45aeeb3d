"""What the files of plans and times hold, as far as every paper's are alike: checked once, when they are read."""

from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from common.runs.identity import Identity
from common.runs.record import Stored


class Plan(Stored):
    """One plan, as `common.results.plans.asked` begins it; a paper adds what its own tables need."""

    paper: str
    profile: str
    data: Literal["real", "synthetic"]
    details: dict[str, Any]
    protocols: list[str]
    experiments: list[str]
    seeds: list[int]
    settings: dict[str, Any]
    runs: list[Identity]
    splits: dict[str, dict[str, Any]]
    summary: dict[str, Any]
    epochs: PositiveInt = 1
    networks: dict[str, list[str]] = Field(default_factory=dict)
    timed: bool = True


class PlanFile(Plan):
    """The plan of the last command, and those of experiments that were asked for with other answers."""

    others: list[Plan] = Field(default_factory=list)


class Milliseconds(Stored):
    mean: float
    p50: float
    p95: float


class NetworkTimes(Milliseconds):
    parameters: PositiveInt
    trainable: NonNegativeInt
    ratio: float


class StepTimes(Milliseconds):
    frames: NonNegativeInt


class Asked(Stored):
    runs: PositiveInt
    warm_up: NonNegativeInt


class Machine(Stored):
    name: str
    cpu: str
    cores: PositiveInt
    gpus: list[str]
    backend: str


class SpeedFile(Stored):
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
