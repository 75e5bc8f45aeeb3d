"""Augmented samples that are divided like any others, so that a split deals those of one original to several sides.

That is what happens where a data set is augmented first and split afterwards: a sample that is tested was trained on
turned by a few degrees. Nothing is stored here either; an augmented sample is made when it is read.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from common.samples.build import Samples
from common.samples.offline_augmentation import OfflineAugmentation

# Of random angles: an augmented sample looks the same whoever is trained on it.
SEED = 0


@dataclass(frozen=True, eq=False)
class AugmentedSamples:
    """All augmented samples of some originals, in the order of these; what trains and tests takes them for `Samples`.

    Attributes:
        originals: the samples that are augmented.
        labels: (originals,) int, position of each one's class, which decides how many samples it gives.
        augmentation: what each gives; the original is among it if `augmentation.originals`.
    """

    originals: Samples
    labels: np.ndarray
    augmentation: OfflineAugmentation

    @property
    def key(self) -> str:
        """Names what is read: the key of the samples, and a hash of what is done to them."""
        text = json.dumps([asdict(self.augmentation), self.labels.tolist()])
        return f"{self.originals.key}-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"

    def __len__(self) -> int:
        return len(self._members[0])

    @cached_property
    def _members(self) -> tuple[np.ndarray, np.ndarray]:
        return self.augmentation.enlarged(np.arange(len(self.originals)), self.labels)

    @cached_property
    def table(self):
        """As `Samples.table`; `original` is the `sample` of the first one that is made of the same, -1 for this."""
        rows, numbers = self._members
        table = self.originals.table.iloc[rows].reset_index(drop=True)
        first = np.flatnonzero(numbers == 0)
        position = np.searchsorted(rows[first], rows)
        original = np.where(numbers == 0, -1, first[position])
        return table.assign(sample=np.arange(len(table)), original=original)

    def read(self, positions) -> np.ndarray:
        """The samples at these positions of the table, in this order: (n, length, H, W, C) uint8."""
        rows, numbers = (members[np.asarray(positions, np.int64)] for members in self._members)
        return self.augmentation.augmented(self.originals.read(rows), rows, numbers, self.labels, SEED)
