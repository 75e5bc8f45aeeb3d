"""Samples whose copies are samples of their own, so that a split deals them out to several sides.

That is what happens where a data set is enlarged first and divided afterwards: a sample that is tested was trained on
turned by a few degrees. Nothing is stored here either; a copy is made when it is read.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from common.samples.build import Samples
from common.samples.offline_augmentation import Copies

# Of random angles: a copy looks the same whoever is trained on it.
SEED = 0


@dataclass(frozen=True, eq=False)
class CopiedSamples:
    """All copies of some samples, in the order of the samples; what trains and tests takes them for `Samples`.

    Attributes:
        originals: the samples.
        labels: (originals,) int, position of each one's class, which decides how many copies it has.
        copies: which copies there are of each; the sample itself is one of them if `copies.originals`.
    """

    originals: Samples
    labels: np.ndarray
    copies: Copies

    @property
    def key(self) -> str:
        """Names what is read: the key of the samples, and a hash of what is done to them."""
        made = json.dumps([asdict(self.copies), self.labels.tolist()])
        return f"{self.originals.key}-{hashlib.blake2b(made.encode(), digest_size=6).hexdigest()}"

    def __len__(self) -> int:
        return len(self._members[0])

    @cached_property
    def _members(self) -> tuple[np.ndarray, np.ndarray]:
        return self.copies.enlarged(np.arange(len(self.originals)), self.labels)

    @cached_property
    def table(self):
        """As `Samples.table`, with a row for each copy: `copy_of` is the `sample` of the first copy, -1 for this."""
        rows, numbers = self._members
        table = self.originals.table.iloc[rows].reset_index(drop=True)
        first = np.flatnonzero(numbers == 0)
        position = np.searchsorted(rows[first], rows)
        copy_of = np.where(numbers == 0, -1, first[position])
        return table.assign(sample=np.arange(len(table)), copy_of=copy_of)

    def read(self, positions) -> np.ndarray:
        """The copies at these positions of the table, in this order: (n, length, H, W, C) uint8."""
        rows, numbers = (members[np.asarray(positions, np.int64)] for members in self._members)
        return self.copies.made(self.originals.read(rows), rows, numbers, self.labels, SEED)
