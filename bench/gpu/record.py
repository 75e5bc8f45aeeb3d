"""What was measured on one card with one backend: a typed file that grows network by network, and its table."""

import re
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveFloat, PositiveInt, ValidationError

from bench.gpu import cards
from common.results.tables import Table
from common.support import files
from common.support.errors import UserError

# The goals on one GPU: share of the peak in training, of the time in which it computes, hours of the 3D-CNN's protocol.
TRAINING_SHARE, BUSY, HOURS = 1 / 3, 0.9, 3.0


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Timing(_Strict):
    """One network in one precision. Times are those of one batch of a training, in milliseconds.

    Attributes:
        batch: clips in it.
        feeding: until it is made by all cores, with nothing else to do.
        transfer: until it lies on the card.
        compute: of a training step on a batch that lies there.
        step: of a training step as `fit` does it: all of these, some at the same time.
        answer: of a prediction for a batch that lies there.
        operations: multiplications and additions for one clip, forwards.
        same_bytes: whether two short trainings from one seed gave the same weights.
        batch_norm: by whose operation, or "none".
        protocol, clips: what time is projected for, and how many clips are trained on in it.
    """

    network: str
    precision: Literal["float32", "bfloat16"]
    batch: PositiveInt
    feeding: PositiveFloat
    transfer: NonNegativeFloat
    compute: PositiveFloat
    step: PositiveFloat
    answer: PositiveFloat
    operations: PositiveInt
    same_bytes: bool
    batch_norm: Literal["none", "Keras", "fused"]
    protocol: str
    clips: PositiveFloat
    day: date

    @property
    def trained(self) -> float:
        """Clips a second in a training."""
        return 1000 * self.batch / self.step

    @property
    def answered(self) -> float:
        """Clips a second in predictions."""
        return 1000 * self.batch / self.answer

    @property
    def busy(self) -> float:
        """Share of a training's time in which the card computes."""
        return min(1.0, self.compute / self.step)

    @property
    def hours(self) -> float:
        """Projected for the protocol."""
        return self.clips / self.trained / 3600


class Record(_Strict):
    """All of one card with one backend.

    Attributes:
        card: the GPU by its driver's name, or the processor.
        small: measured in sizes that only try the script.
    """

    format: Literal[1] = 1
    card: str
    cpu: str
    cores: PositiveInt
    backend: Literal["tensorflow", "jax", "torch"]
    versions: dict[str, str]
    revision: str
    small: bool
    timings: tuple[Timing, ...] = ()

    @property
    def name(self) -> str:
        """Of its file."""
        words = re.sub(r"[^a-z0-9]+", "-", f"{self.card} {self.backend}".lower()).strip("-")
        return f"small-{words}" if self.small else words

    def has(self, network: str, precision: str) -> bool:
        return any((one.network, one.precision) == (network, precision) for one in self.timings)

    def share(self, one: Timing) -> float | None:
        """Part of the card's peak that training reaches; None where the card is not listed. Backwards counts twice."""
        card = cards.known(self.card)
        return card and 3 * one.operations * one.trained / card.peak(one.precision)

    def save(self, folder: Path) -> Path:
        with files.atomic(folder / f"{self.name}.json") as path:
            path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        return folder / f"{self.name}.json"


def load(path: Path) -> Record:
    """The record in a file.

    Raises:
        UserError: if it is none, or another version wrote it.
    """
    try:
        return Record.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": error}
        place = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(
            f"{path} is no record of a GPU ({place}: {first['msg']}).", "Delete it: it is measured again."
        ) from error


def tables(record: Record) -> list[Table]:
    """The record for people: what the card does and whether goals are met, then where the time goes."""
    card = cards.known(record.card)
    rows = [
        {
            "network": one.network,
            "precision": "float32 (TF32)" if card and one.precision == "float32" else one.precision,
            **{name: float(f"{getattr(one, name):.4g}") for name in ("trained", "answered", "hours")},
            **{name: float(f"{getattr(one, name):.3g}") for name in ("feeding", "transfer", "compute", "step")},
            "share": None if (share := record.share(one)) is None else f"{share:.1%}",
            "busy": f"{one.busy:.0%}",
            "same_bytes": "yes" if one.same_bytes else "no",
            "batch_norm": one.batch_norm,
        }
        for one in record.timings
    ]
    which = {"network": "Network", "precision": "Precision"}
    speed = {"trained": "Trained, clips/s", "answered": "Answered, clips/s", "share": "Of peak", "busy": "Card busy"}
    speed |= {"hours": "Protocol, h"}
    times = {"feeding": "Feeding", "transfer": "Transfer", "compute": "Compute", "step": "Step"}
    times |= {"same_bytes": "Same bytes", "batch_norm": "Batch norm"}
    title = f"{record.card}, {record.cores} cores, Keras on {record.backend}{', small sizes' * record.small}"
    return [
        Table(record.name, title, which | speed, rows, notes=_notes(record, card)),
        Table(f"{record.name}-times", f"{title}: milliseconds of a batch", which | times, rows),
    ]


def _notes(record: Record, card: cards.Card | None) -> list[str]:
    protocols = {one.network: one.protocol for one in record.timings}
    notes = [f"Protocol of {network}: {protocol}." for network, protocol in protocols.items()]
    if card is None:
        return [*notes, "No share of a peak and no goals: this card is not in bench/gpu/cards.py."]
    notes.append(f"Peak of the card: {card.tf32:g} (TF32) and {card.bf16:g} (bfloat16) TFLOP/s, {card.source}.")
    for one in (one for one in record.timings if one.precision == "bfloat16" and not record.small):
        if one.network == "c3d_ckplus":
            notes.append(_goal("3D-CNN, share of the peak", record.share(one), TRAINING_SHARE, at_least=True))
            notes.append(_goal("3D-CNN, hours of the protocol", one.hours, HOURS, at_least=False))
        if one.network in ("c3d_ckplus", "spatial_cnn"):
            notes.append(_goal(f"{one.network}, card busy", one.busy, BUSY, at_least=True))
    return notes


def _goal(what: str, value: float, bound: float, at_least: bool) -> str:
    met = value >= bound if at_least else value <= bound
    return f"Goal {'met' if met else 'missed'}: {what} {value:.2f}, {'≥' if at_least else '≤'} {bound:.2f}."
