"""How much of the class frequencies of FER2013 the answers keep: logit adjustment after training (Menon et al. 2021).

A network learns how frequent each emotion is in what it is trained on. One image of FER2013 in sixty shows Disgust and
one in four Happy: elsewhere faces are not divided like that, and the rare emotion is hardly ever named. Dividing each
probability by a power of its class's share takes that back: by power 0 nothing, by power 1 all of it.
"""

from collections.abc import Sequence

import numpy as np

from inference.shipped.measured import Figures

# Powers that are tried.
STEPS = np.arange(0, 21) / 20


class Adjustment(Figures):
    """What is taken back.

    Attributes:
        power: how much of the frequencies, 0 to 1.
        shares: of each class in what was trained on; their sum is 1.
    """

    power: float
    shares: list[float]

    def applied(self, probabilities: np.ndarray) -> np.ndarray:
        """The probabilities (n, classes) float64 of a network, adjusted."""
        weighed = probabilities.astype(float) * np.array(self.shares) ** -self.power
        return weighed / weighed.sum(axis=1, keepdims=True)


def best_power(probabilities: np.ndarray, labellings: Sequence[np.ndarray], shares: np.ndarray) -> float:
    """The power under which accuracy and mean recall are highest, on average over several labellings of the images.

    Accuracy alone asks for the frequencies of the very images that it is counted on; mean recall counts each emotion
    alike. The least of equal powers is taken.

    Args:
        probabilities: (n, classes) of the network, unadjusted.
        labellings: each (n,) int, positions of the classes; -1 where an image is none of them.
        shares: (classes,) float, as those of `Adjustment`.
    """

    def worth(power: float) -> float:
        answers = (probabilities * shares**-power).argmax(axis=1)
        return float(np.mean([_worth(answers, labels) for labels in labellings]))

    return float(STEPS[int(np.argmax([worth(power) for power in STEPS]))])


def _worth(answers: np.ndarray, labels: np.ndarray) -> float:
    """The mean of accuracy and mean recall."""
    right = answers == labels
    recalls = [right[labels == number].mean() for number in np.unique(labels[labels >= 0])]
    return float((right[labels >= 0].mean() + np.mean(recalls)) / 2)
