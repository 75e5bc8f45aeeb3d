"""The protocols: which clips, or images of FER2013, train and which are tested.

Stated is a cross-validation in which nobody is trained and tested on, and that the data sets "carry five subjects". RML
has eight, so by default five groups of subjects are meant; five people, or everybody, can be tested one by one. Of
FER2013 nobody knows who is seen: there, five random parts take the place of groups. Which of the thousand epochs is
tested is not said.
"""

from dataclasses import replace

import numpy as np

from common.protocols import splitters
from common.protocols.splitters import Fold
from common.results.config import Request
from common.support.errors import UserError
from datasets.fer2013 import PARTITIONS
from reproductions.emotionalvlan.data import FER2013

GROUPS = 5
# What trains the networks of single images; two protocols with the same parts share those networks.
SUBJECTS, RANDOM, OFFICIAL = "subject-groups", "random-parts", "official-parts"


def kind(corpus: str, protocol: str) -> str:
    """How a protocol divides a corpus."""
    if corpus != FER2013:
        return SUBJECTS
    return RANDOM if protocol == "published" else OFFICIAL


def folds(request: Request, corpus: str, table, protocol: str) -> list[tuple[str, Fold]]:
    """The folds that the profile computes, with the name that each has in every protocol.

    `published` tests the epoch that does best on the tested part, unless the setting `tested_epoch` says otherwise.
    `strict` tests the last epoch on the same groups, and on FER2013 trains, chooses and tests on the official parts.

    Raises:
        UserError: if there are fewer subjects than groups, or an official part of FER2013 is missing.
    """
    how = kind(corpus, protocol)
    if how == OFFICIAL:
        return [("", splitters.official(table, PARTITIONS))]
    if how == RANDOM:
        divided = splitters.random_folds(table, GROUPS)
    else:
        divided = _by_subject(table, request.settings["subject_groups"])
    divided = divided[: request.sizes.get("groups")]
    on_test = protocol == "published" and request.settings["tested_epoch"] == "best_on_tested_part"
    return [(fold.name, splitters.selected_on_test(fold) if on_test else fold) for fold in divided]


def _by_subject(table, grouping: str) -> list[Fold]:
    if grouping == "random_groups":
        return splitters.shuffled_folds(table, GROUPS)
    if grouping == "sorted_step_5":
        return splitters.step_folds(table, GROUPS)
    alone = splitters.leave_one_subject_out(table)
    if grouping == "leave_one_out":
        return alone
    if len(alone) < GROUPS:
        raise UserError(
            f"Only {len(alone)} people show the emotions, and {GROUPS} are to be tested one by one.",
            "Use a complete copy of the data set, or subject_groups=leave_one_out.",
        )
    return [alone[i * len(alone) // GROUPS] for i in range(GROUPS)]


def of_images(fold: Fold, each: int) -> Fold:
    """The fold of the single images, `each` of a sample, that come one sample after the other; none validates."""

    def images(samples: np.ndarray) -> np.ndarray:
        return (samples[:, None] * each + np.arange(each)).ravel()

    return replace(fold, train=images(fold.train), validation=fold.validation[:0], test=images(fold.test))
