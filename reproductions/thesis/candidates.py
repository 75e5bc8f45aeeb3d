"""What could the printed accuracies of the networks be? The variants that the text allows, as what can be measured.

Some need trainings of their own, each an experiment; all other variants come from the runs of the network on all
images (`reproductions.thesis.candidate_tables`).

- 87.78 % on FER2013 (section 5): section 2.1 says that 7,074 images of five classes were picked by hand. Had the
  picking kept the clearest images (`CLEAREST`), a high accuracy would follow from it; a random pick of the same sizes
  (`ANY`) tells how much of it comes from fewer classes and images.
- 0.94 to 0.99 on CK+ (sections 4.1 and 5): with the stated learning rate the accuracy varies strongly from epoch to
  epoch. `SLOWER` has the rate of the public notebook with this network.
"""

from typing import TYPE_CHECKING

import numpy as np

from common.media.images import StillImages
from common.paper.load import Paper
from common.runs.store import Run
from common.training import model_file
from common.training.loop import predict
from reproductions.thesis import votes

if TYPE_CHECKING:
    from common.training.spec import Training

CLEAREST, ANY = "five_clearest", "five_any"
SLOWER = "ckplus_slower"
SETTINGS_OF_SLOWER = {"learning_rate": 0.001}


def sizes(paper: Paper, emotions: np.ndarray) -> dict[str, int]:
    """The printed number of images of each of the five classes, all reduced alike where the data have too few.

    A reduced pick takes at most half of the images of a class, so that there is something to choose from.
    """
    printed = {claim.emotion: int(claim.number) for claim in paper.select("text2_1-images-*")}
    there = {name: int((emotions == name).sum()) for name in printed}
    enough = all(there[name] >= size for name, size in printed.items())
    part = 1.0 if enough else min(there[name] / size for name, size in printed.items()) / 2
    return {name: max(2, round(part * size)) for name, size in printed.items()}


def selections(images: StillImages, paper: Paper, seed: int = 0) -> dict[str, np.ndarray]:
    """Ascending positions of the images of each selection; `CLEAREST` only where there are FER+ votes.

    Args:
        seed: of the draws among equals.
    """
    wanted = sizes(paper, images.emotions)
    found = {ANY: votes.any_of(images.emotions, wanted, seed)}
    if images.votes is not None:
        found[CLEAREST] = votes.clearest(images.votes, images.emotions, wanted, seed)
    return found


def on_training_images(run: Run, training: "Training") -> float:
    """Accuracy of a finished run on the images it was trained on, as if they were its test part."""
    rows = training.fold.train
    probabilities = predict(model_file.of(run), training.batches(rows, train=False))
    return float((probabilities.argmax(axis=1) == training.labels[rows]).mean())
