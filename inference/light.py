"""Frames that were taken in the dark, made bright enough for the detector and the network."""

import cv2
import numpy as np

from common.media import video

# What the brightest hundredth of a frame should reach, and how far it is helped: more would be noise.
BRIGHT, MOST = 140, 8.0
EVERY = 8  # pixels of which one is looked at, in each direction


def brightened(frame: np.ndarray) -> np.ndarray:
    """The frame (H, W, 3) uint8 BGR, as it is where it is bright, else with all pixels multiplied by one number."""
    sample = video.grey(np.ascontiguousarray(frame[::EVERY, ::EVERY]))
    gain = min(BRIGHT / max(float(np.percentile(sample, 99)), 1.0), MOST)
    return frame if gain <= 1 else cv2.convertScaleAbs(frame, alpha=gain)
