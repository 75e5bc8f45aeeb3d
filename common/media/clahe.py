"""Contrast limited adaptive histogram equalisation, clip limit 2 on a grid of 8×8 (Haddad et al. 2020, section 3.3)."""

from typing import Literal

import numpy as np

CLIP_LIMIT = 2.0
TILES = (8, 8)

Channel = Literal["grey", "lab_lightness", "each_rgb_channel"]


def equalise(image: np.ndarray, channel: str) -> np.ndarray:
    """CLAHE of a (H, W[, 3]) uint8 grey or BGR image.

    Args:
        channel: of colour images; "lab_lightness" keeps a and b of CIELAB, "each_rgb_channel" treats each by itself.
    """
    import cv2

    clahe = cv2.createCLAHE(CLIP_LIMIT, TILES)
    if image.ndim == 2:
        return clahe.apply(image)
    if channel == "each_rgb_channel":
        return cv2.merge([clahe.apply(colour) for colour in cv2.split(image)])
    lightness, *colours = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2LAB))
    return cv2.cvtColor(cv2.merge([clahe.apply(lightness), *colours]), cv2.COLOR_LAB2BGR)


def equalised(frames: np.ndarray, channel: Channel) -> np.ndarray:
    """CLAHE of every one of (..., H, W, 3) uint8 RGB frames; "grey" takes three equal channels for one."""
    result = np.empty_like(frames)
    pairs = zip(frames.reshape(-1, *frames.shape[-3:]), result.reshape(-1, *frames.shape[-3:]), strict=True)
    for frame, equal in pairs:
        if channel == "grey":
            equal[...] = equalise(np.ascontiguousarray(frame[..., 0]), channel)[..., None]
        else:
            equal[...] = equalise(np.ascontiguousarray(frame[..., ::-1]), channel)[..., ::-1]
    return result
