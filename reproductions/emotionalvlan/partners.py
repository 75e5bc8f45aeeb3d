"""Which runs of stage one a run of stage two was trained with: its key of the samples stands for them."""

from itertools import product
from pathlib import Path

from common.paper import load as papers
from common.runs import store
from common.runs.store import Run
from common.support.errors import UserError
from reproductions.emotionalvlan.features import key_of
from reproductions.emotionalvlan.models import STREAMS


def find(run: Run, layer: str) -> list[Run]:
    """The finished runs whose AlexNets described the images that a run of stage two was trained on, by stream.

    Args:
        layer: whose answers it takes, "fc6" or "fc7".

    Raises:
        UserError: if they do not lie beside the run any more.
    """
    folder = (run.folder / "../../..").resolve().parent / f"{run.identity.experiment}-pictures"
    finished = _finished(folder)
    pairs = product(*([run for run in finished if run.identity.network.startswith(f"{name}_cnn")] for name in STREAMS))
    for pair in pairs:
        described = [(partner.identity.data, layer, partner.identity.key) for partner in pair]
        if key_of(_videos(pair[0]), described) == run.identity.data:
            return list(pair)
    raise UserError(
        f"{run.folder} was trained on what two AlexNets say of images, and their finished runs are not in {folder}.",
        f"Put them back, or train them again: make reproduce PAPER=emotionalvlan PROFILE={run.identity.profile}.",
    )


def size(run: Run) -> int:
    """Side of the square that the network of a run takes images in."""
    return run.identity.settings.get("size", papers.load("emotionalvlan").hyperparameters["size"])


def _finished(folder: Path) -> list[Run]:
    runs = []
    for path in sorted(folder.glob("*/*/*")):
        try:
            runs.append(store.read(path))
        except UserError:
            continue
    return runs


def _videos(run: Run) -> str:
    """The key of the videos whose images a run of stage one of the first stream was trained on."""
    return run.identity.data.removesuffix(f"-{STREAMS[0]}-{size(run)}")
