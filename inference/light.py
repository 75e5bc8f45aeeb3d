"""Frames that were taken in the dark, made bright enough for the detector and the network."""

import cv2
import numpy as np

from common.media import video

# What the brightest hundredth of a frame should reach, and how far it is helped: more would be noise.
BRIGHT, MOST = 140, 8.0
EVERY = 8  # pixels of which one is looked at, in each direction


def brightened(frame: np.ndarray) -> np.ndarray:
    """The luminance (H, W) uint8 of a frame (H, W, 3) uint8 BGR, multiplied by one number where the frame is dark."""
    grey = video.grey(frame)
    gain = min(BRIGHT / max(_brightest_hundredth(grey[::EVERY, ::EVERY]), 1.0), MOST)
    return grey if gain <= 1 else cv2.convertScaleAbs(grey, alpha=gain)


def _brightest_hundredth(grey: np.ndarray) -> float:
    """The 99th percentile of a uint8 image, as `np.percentile` interpolates it, in a tenth of the time."""
    below = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    place = 0.99 * (grey.size - 1)
    low, high = np.searchsorted(below, [int(place), min(int(place) + 1, grey.size - 1)], side="right")
    return float(low + (high - low) * (place - int(place)))
