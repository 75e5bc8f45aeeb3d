"""What decides the outcome of a training, and the key and the folder that follow from it."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class Identity:
    """Everything that decides the outcome of one training.

    Attributes:
        paper, experiment, protocol, profile, network: names as on the command line.
        settings: keyword arguments of the network's builder.
        recipe: the `common.training.recipe.Recipe` as a dictionary.
        seed: of initial weights, order of samples and augmentation.
        data: key of the samples.
        split: digest of the fold's three sides and of the labels.
        fold: name of the fold where a protocol has several, else "".
    """

    paper: str
    experiment: str
    protocol: str
    profile: str
    network: str
    settings: dict
    recipe: dict
    seed: int
    data: str
    split: str
    fold: str = ""
    __pydantic_config__: ClassVar[dict] = {"extra": "forbid"}  # where a plan holds it

    def __post_init__(self):
        # What comes back from JSON (lists for tuples) must equal what was written.
        for name in ("settings", "recipe"):
            object.__setattr__(self, name, json.loads(json.dumps(getattr(self, name))))

    @cached_property
    def key(self) -> str:
        text = json.dumps({field.name: getattr(self, field.name) for field in fields(self)}, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        fold = f", {self.fold}" if self.fold else ""
        return f"{self.paper} {self.experiment}, {self.protocol}, {self.network}{fold}, seed {self.seed}"

    def folder(self, root: Path) -> Path:
        name = f"seed{self.seed}-{self.key[:8]}"
        if self.fold:
            name = f"{self.fold}-{name}"
        return root / self.paper / self.experiment / self.protocol / self.network / name


def labels(identities: Iterable[Identity], controls: Collection[str] = ()) -> dict[tuple[str, str], str]:
    """How runs that are shown together are called: by their network, with the experiment where several trained it.

    Args:
        controls: experiments that are always named, and make no other one be named.

    Returns:
        (experiment, network) -> name.
    """
    pairs = list(dict.fromkeys((one.experiment, one.network) for one in identities))
    times = Counter(network for experiment, network in pairs if experiment not in controls)
    return {
        (experiment, network): network
        if experiment == network or (experiment not in controls and times[network] == 1)
        else f"{network} ({experiment})"
        for experiment, network in pairs
    }


def split_digest(classes: Sequence[str], *positions: np.ndarray) -> str:
    """What tells one division of labelled samples from another: of the class names, and of arrays of integers.

    Args:
        positions: those of the training, validation and test samples, and all labels.
    """
    digest = hashlib.blake2b(json.dumps([str(name) for name in classes]).encode(), digest_size=16)
    for array in positions:
        digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes() + b"|")
    return digest.hexdigest()
