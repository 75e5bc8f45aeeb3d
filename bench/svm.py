"""The search over support vector machines on all cores against one."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.figures import Figure
from common.media.clips import Provenance
from common.media.images import StillImages
from common.protocols.splitters import random_windows
from common.samples import images
from common.samples.build import Samples
from common.support import workers
from reproductions.thesis import svm
from reproductions.thesis.configuration import Configuration
from reproductions.thesis.svm import Fit

TITLE = "Search over support vector machines on images of 48×48"
CLASSES = ("Angry", "Happy", "Sad")


def measure(small: bool) -> list[Figure]:
    """Eight fits of one size: in one process, then in one a core; each time includes starting the processes."""
    with TemporaryDirectory() as folder:
        samples = _noise(600 if small else 6000, Path(folder))
        alone = _seconds(samples, Path(folder) / "alone", 1)
        together = _seconds(samples, Path(folder) / "together", workers.cores())
    return [
        Figure("one process", alone, "s", at_most=300),
        Figure(f"times faster on {workers.cores()} cores", alone / together, "×", at_least=1.7),
    ]


def _noise(count: int, folder: Path) -> Samples:
    """Images without any rule, which cost a support vector machine the most."""
    rng = np.random.default_rng(0)
    names = np.array([f"image{number}" for number in range(count)])
    drawn = StillImages(
        corpus="Noise",
        pixels=rng.integers(0, 256, (count, 48, 48), np.uint8),
        emotions=np.array(CLASSES)[np.arange(count) % len(CLASSES)],
        partitions=np.full(count, ""),
        subjects=names,
        clips=names,
        frames=np.zeros(count, int),
    )
    return images.samples(drawn, folder)


def _seconds(samples: Samples, root: Path, processes: int) -> float:
    labels = np.arange(len(samples)) % len(CLASSES)
    fold = random_windows(samples.table, 0, (0.75, 0.0, 0.25))
    tried = [Configuration(components=100, kernel="rbf", c=1.0 + number) for number in range(8)]
    fits = [Fit("bench", "svm", "published", "bench", one, samples, labels, CLASSES, fold) for one in tried]
    began = time.perf_counter()
    svm.launch(fits, root, Provenance(True), processes=processes)
    return time.perf_counter() - began
