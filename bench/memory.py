"""Peak memory of preprocessing and training, and how little it grows when the corpus is four times as large."""

import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import material
from bench.figures import Figure
from common.results.config import ROOT

TITLE = "Memory: the peak on a corpus four times as large"
STAGES = ("preprocessing", "training")


def measure(small: bool) -> list[Figure]:
    figures = []
    material.clips(small)  # drawn beforehand, so that no stage is charged for it
    with TemporaryDirectory() as folder:
        for stage in STAGES:
            single, fourfold = (_peak(stage, copies, folder, small) for copies in (1, 4))
            figures.append(Figure(f"peak of {stage}, {single:.0f} MB", fourfold / single, "times", at_most=1.1))
    return figures


def _peak(stage: str, copies: int, folder: str, small: bool) -> float:
    """Megabytes of the largest of the processes that do this stage in a process of their own."""
    return printed("bench.memory", stage, str(copies), folder, "small" if small else "")


def printed(*words: str) -> float:
    """The number in the last line that a module prints in a process of its own."""
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def _run(stage: str, copies: int, folder: Path, small: bool) -> None:
    """Do one stage and print its peak; training finds the samples that preprocessing left in `folder`."""
    samples = material.samples(material.clips(small, copies), folder / "samples")
    if stage == "training":
        _train(samples, folder / "runs")
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, children) / 1024)


def _train(samples, root: Path) -> None:
    from common.media.clips import Provenance
    from common.protocols import splitters
    from common.samples.augmentation import Augmentation
    from common.training.batches import class_labels
    from common.training.recipe import Recipe
    from common.training.spec import Training
    from common.training.train import train
    from reproductions.timeconvnet.data import CLASSES
    from reproductions.timeconvnet.models import NETWORKS

    recipe = Recipe(epochs=1, batch_size=32, learning_rate=1e-3, augmentation=Augmentation())
    labels, fold = class_labels(samples.table.emotion, CLASSES), splitters.random_windows(samples.table, 0)
    network = NETWORKS["tcn_mini_xception"]
    names = ("timeconvnet", "memory", "published", "bench")
    train(Training(*names, network, recipe, 0, samples, labels, CLASSES, fold), root, provenance=Provenance(True))


if __name__ == "__main__":
    _run(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "small")
