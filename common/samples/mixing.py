"""What is done to a batch of training samples besides moving them: parts are hidden, and pairs are blended."""

from dataclasses import dataclass

import numpy as np

LEAST = 0.02  # of the area
NARROWEST = 0.3  # width by height


@dataclass(frozen=True)
class Mixing:
    """Random erasing (Zhong et al. 2020) and mixup (Zhang et al. 2018), for images whose labels are probabilities.

    Attributes:
        erased: largest share of an image that a rectangle hides, in half of the samples; 0 for none.
        alpha: of the beta distribution, its both parameters, that says how much of a blend its first image is; 0 for
            no blends.
    """

    erased: float = 0.0
    alpha: float = 0.0

    def applied(self, images: np.ndarray, targets: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Images (n, H, W, C) and targets (n, classes) float32 after both; what is given may be changed.

        Each image is blended with the one that stands as far from the batch's end as it does from its beginning.
        """
        if self.erased:
            for image in np.flatnonzero(rng.random(len(images)) < 0.5):
                top, left, height, width = self._rectangle(*images.shape[1:3], rng)
                images[image, top : top + height, left : left + width] = images[image].mean(axis=(0, 1))
        if self.alpha:
            share = rng.beta(self.alpha, self.alpha, len(images)).astype(np.float32)
            images, targets = _blended(images, share), _blended(targets, share)
        return images, targets

    def _rectangle(self, height: int, width: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
        """Where a hidden rectangle begins and how large it is: top, left, height and width in pixels."""
        area = rng.uniform(min(LEAST, self.erased), self.erased) * height * width
        ratio = np.exp(rng.uniform(np.log(NARROWEST), -np.log(NARROWEST)))
        tall, wide = min(round(np.sqrt(area / ratio)), height), min(round(np.sqrt(area * ratio)), width)
        return int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1)), tall, wide


def _blended(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Each of (n, …) by its share, with the one at the same place from the end."""
    own = share.reshape(-1, *[1] * (values.ndim - 1))
    return own * values + (1 - own) * values[::-1]
