"""What the papers' own networks answer from a seed, and how a step of training changes their loss.

Most of them are too large to learn anything in a quick run, so that no accuracy would show if one had changed: another
activation, initialiser, padding or order of layers, with the same number of parameters. A small committed file keeps
what each gives for fixed inputs; `make fingerprints` builds all of them again and compares.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from common.results.config import ROOT
from common.results.tables import Table
from common.support import files
from common.support.console import console
from common.support.errors import UserError, unknown
from common.training import devices
from reproductions import registry

PATH = ROOT / "results" / "fingerprints.json"
SEED = 0
STEP = 0.01  # length of the step, along the gradient of all weights together
# Processors round otherwise, and batch normalisation over two samples amplifies that.
OF_OUTPUTS, OF_LOSS = 1e-3, 1e-2


@dataclass(frozen=True)
class Fingerprint:
    """What one network gives, built with default settings from `SEED`.

    Attributes:
        outputs: probabilities of the first of two random samples, without dropout.
        losses: of both samples before and after a step of gradient descent.
    """

    outputs: list[float]
    losses: list[float]

    def differs(self, other: "Fingerprint") -> bool:
        return not (
            np.allclose(self.outputs, other.outputs, rtol=0, atol=OF_OUTPUTS)
            and np.allclose(self.losses, other.losses, rtol=OF_LOSS, atol=0)
        )


def take(network) -> Fingerprint:
    """Build a network, ask it and train it for a step.

    Args:
        network: as `common.training.network.Network`.
    """
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(SEED)
    model = network.build()
    rng = np.random.default_rng(SEED)
    inputs = [rng.random((2, *entry.shape[1:]), np.float32) for entry in model.inputs]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    outputs = np.asarray(model(inputs, training=False))[0]
    labels = np.arange(2) % outputs.shape[-1]
    model.compile(keras.optimizers.SGD(1.0, global_clipnorm=STEP), "sparse_categorical_crossentropy")
    losses = [float(model.train_on_batch(inputs, labels)) for _ in range(2)]
    return Fingerprint([round(float(value), 6) for value in outputs], [round(value, 6) for value in losses])


def take_all(name: str = "") -> dict[str, dict[str, Fingerprint]]:
    """The fingerprints of a paper, or of all that have networks: paper -> network -> fingerprint."""
    devices.choose_backend()
    having = registry.having("models")
    if name and name not in having:
        raise unknown("paper with networks", name, having)
    return {
        paper: {key: take(network) for key, network in registry.reproduction(paper).models.NETWORKS.items()}
        for paper in ([name] if name else having)
    }


def write(path: Path = PATH) -> None:
    """Take all of them anew."""
    taken = {paper: {key: asdict(one) for key, one in networks.items()} for paper, networks in take_all().items()}
    with files.atomic(path) as temporary:
        temporary.write_text(json.dumps(taken, indent=1) + "\n", encoding="utf-8")
    console.print(f"Wrote {path.name}: {sum(map(len, taken.values()))} networks.")


def read(path: Path = PATH) -> dict[str, dict[str, Fingerprint]]:
    """Raises UserError if the file is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            paper: {key: Fingerprint(**one) for key, one in networks.items()} for paper, networks in content.items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} holds no fingerprints: {error!r}.", "Take it from the repository: git checkout."
        ) from error


def check(name: str = "") -> None:
    """Compare the networks of a paper, or of all, with the file; exit status 1 if any of them is another one."""
    table = compare(read(), take_all(name))
    table.show(console)
    if any(row["verdict"] != "ok" for row in table.rows):
        raise SystemExit(1)


def compare(known: dict[str, dict[str, Fingerprint]], taken: dict[str, dict[str, Fingerprint]]) -> Table:
    rows = []
    for paper, networks in taken.items():
        for key, now in networks.items():
            before = known.get(paper, {}).get(key)
            verdict = "missing" if before is None else "changed" if now.differs(before) else "ok"
            losses = [" → ".join(f"{loss:.4f}" for loss in one.losses) if one else None for one in (before, now)]
            rows.append({"network": f"{paper}/{key}", "before": losses[0], "now": losses[1], "verdict": verdict})
    columns = {"network": "Network", "before": "Loss before and after a step", "now": "Now", "verdict": "Verdict"}
    notes = [
        f"Outputs may differ by {OF_OUTPUTS:g}, losses by {OF_LOSS:.1%}.",
        "If a network was meant to change: make fingerprints WRITE=1.",
    ]
    return Table("fingerprints", "The papers' own networks, from a seed", columns, rows, notes=notes)
