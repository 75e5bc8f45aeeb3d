"""What stands between a face and a file: background, light, and the noise of the sensor."""

import cv2
import numpy as np

_ONE = 128  # what stands for the factor 1 in an 8-bit map of factors: 8-bit arithmetic is four times as fast
_LIFT = 32  # noise is stored as 8-bit values around this


class Scene:
    """Background and light of one recording session."""

    def __init__(self, height: int, width: int, rng: np.random.Generator):
        self.light = _light(height, width, rng)
        self.background = _background(height, width, rng)
        grain = rng.normal(_LIFT, rng.uniform(3, 6), (height + 64, width + 64)).clip(0, 2 * _LIFT)
        self._noise = np.repeat(grain.astype(np.uint8)[..., None], 3, axis=2)
        self._lift = np.empty((height, width, 3), np.uint8)
        self._rng = rng

    def expose(self, image: np.ndarray) -> np.ndarray:
        """Light the drawn (H, W, 3) uint8 image and add this frame's noise; returns a new image."""
        lit = cv2.GaussianBlur(image, (3, 3), 0.8)
        multiply(lit, self.light)
        y, x = self._rng.integers(0, 64, size=2)
        height, width = image.shape[:2]
        cv2.add(lit, self._noise[y : y + height, x : x + width], dst=lit)
        self._lift.fill(_LIFT + round(self._rng.normal(0, 1.5)))  # the lamp flickers
        return cv2.subtract(lit, self._lift, dst=lit)


def as_map(factors: np.ndarray) -> np.ndarray:
    """(H, W) factors from 0 to 2 as a (H, W, 3) uint8 map for `multiply`."""
    return np.repeat(np.clip(np.round(factors * _ONE), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def multiply(image: np.ndarray, factors: np.ndarray) -> None:
    """Multiply a (H, W, 3) uint8 image in place by a map of the same shape made by `as_map`."""
    cv2.multiply(image, factors, dst=image, scale=1 / _ONE)


def _light(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A lamp from one side: a map of factors between about 0.7 and 1.2."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    slope_x, slope_y = rng.uniform(-0.3, 0.3), rng.uniform(-0.1, 0.15)
    level = rng.uniform(0.82, 1.05)
    light = level + slope_x * (x / width - 0.5) - slope_y * (y / height - 0.5)
    return as_map(light)


def _background(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A wall with soft stains and shoulders in a plain garment, (H, W, 3) uint8."""
    wall = rng.integers(90, 200) + rng.integers(-18, 19, size=3)
    stains = cv2.resize(rng.normal(0, 8, (6, 8)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    image = np.clip(wall + stains[..., None], 0, 255).astype(np.uint8)
    garment = rng.integers(20, 180, size=3).tolist()
    centre = (width // 2, int(height * 1.12))
    cv2.ellipse(image, centre, (int(width * 0.36), int(height * 0.36)), 0, 180, 360, garment, -1, cv2.LINE_AA)
    return image
