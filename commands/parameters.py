"""How many parameters the papers' own networks have: counted once into a small committed file, read without a backend.

A count needs no data, but building all networks needs TensorFlow and seconds; the file is what `claims` reads, and a
test builds all networks again and compares. It tells of the networks with default settings, and so settles what a paper
prints of its own; what a run with other settings has trained stands in the record and the tables of that run.
"""

import json
from functools import cache
from math import prod
from pathlib import Path

from common.paper.load import Paper
from common.paper.verdicts import Measured
from common.results.config import ROOT
from common.support import files
from common.support.console import console
from common.training import devices
from reproductions import registry

PATH = ROOT / "results" / "parameters.json"
METRICS = ("parameters", "trainable parameters", "non-trainable parameters")


def count() -> dict[str, dict[str, dict[str, int]]]:
    """Build every network of every paper that has some, with default settings: paper -> network -> metric -> count."""
    devices.prepare(seed=0)
    counted: dict[str, dict[str, dict[str, int]]] = {}
    for name in registry.having("models"):
        networks = registry.reproduction(name).models.NETWORKS
        counted[name] = {key: _count(network.build()) for key, network in networks.items()}
    return counted


def _count(model) -> dict[str, int]:
    everything, trainable = model.count_params(), sum(prod(weight.shape) for weight in model.trainable_weights)
    return dict(zip(METRICS, (everything, trainable, everything - trainable), strict=True))


def write(path: Path = PATH) -> None:
    """Count and write the file anew."""
    counted = count()
    with files.atomic(path) as temporary:
        temporary.write_text(json.dumps(counted, indent=1) + "\n", encoding="utf-8")
    console.print(f"Wrote {path.relative_to(ROOT)}: {sum(map(len, counted.values()))} networks.")


@cache
def _read() -> dict:
    return json.loads(PATH.read_text(encoding="utf-8"))


def of(paper: Paper, network: str) -> int:
    """The committed count of a network with default settings."""
    return _read()[paper.name][network]["parameters"]


def measurements(paper: Paper) -> dict[str, Measured]:
    """The committed counts of a paper's default networks, or how they compare, by the id of their claim."""
    counted, found = _read().get(paper.name, {}), {}
    for claim in paper.claims:
        if claim.metric in counted.get(claim.network, {}):
            found[claim.id] = counted[claim.network][claim.metric]
        elif claim.metric.startswith("parameters") and claim.pair and counted.keys() >= set(claim.pair):
            large, small = (counted[key]["parameters"] for key in claim.pair)
            found[claim.id] = large / small
    return {id: Measured(value, "none", run="results/parameters.json") for id, value in found.items()}
