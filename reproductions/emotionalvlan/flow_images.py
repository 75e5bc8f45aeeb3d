"""Flow as images: the three channels that networks see, and colours that people can read."""

from typing import Literal

import cv2
import numpy as np

Scaling = Literal["clip_128_16", "min_max"]

# Grey levels a pixel of movement, and the level of no movement (the paper states only that there are three channels).
GAIN, MIDDLE = 16.0, 128.0


def images(flow: np.ndarray, scaling: Scaling = "clip_128_16") -> np.ndarray:
    """The flow image of section III.b: movement to the right, movement down, and distance √(dx² + dy²).

    Args:
        flow: (n, H, W, 2) float32, pixels to the right and down.
        scaling: "clip_128_16" gives 128 + 16·dx, 128 + 16·dy and 16·distance, cut off at 0 and 255, so ±8 pixels fit;
            "min_max" stretches each channel of each image over 0 to 255. Where nothing moves at all, both give
            (128, 128, 0).

    Returns:
        (n, H, W, 3) uint8.
    """
    moved = np.concatenate([flow, np.linalg.norm(flow, axis=3, keepdims=True)], axis=3)
    rest = np.array([MIDDLE, MIDDLE, 0], np.float32)
    if scaling == "clip_128_16":
        levels = rest + GAIN * moved
    else:
        low, high = moved.min(axis=(1, 2), keepdims=True), moved.max(axis=(1, 2), keepdims=True)
        span = high - low
        levels = np.where(span > 0, 255 * (moved - low) / np.where(span > 0, span, 1), rest)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def colours(flow: np.ndarray, longest: float | None = None) -> np.ndarray:
    """Flow as an image for people: the direction is the hue, the distance the saturation, white is at rest.

    Args:
        flow: (H, W, 2) float32, pixels to the right and down.
        longest: distance in pixels that has the full colour; that of the fastest pixel by default.

    Returns:
        (H, W, 3) uint8 RGB. `wheel` is its legend.
    """
    distance, angle = cv2.cartToPolar(flow[..., 0], flow[..., 1], angleInDegrees=True)
    full = float(distance.max()) if longest is None else longest
    hsv = np.stack([angle, np.minimum(distance / (full or 1.0), 1), np.ones_like(distance)], axis=2)
    return np.rint(255 * cv2.cvtColor(hsv.astype(np.float32), cv2.COLOR_HSV2RGB)).astype(np.uint8)


def wheel(side: int = 101) -> np.ndarray:
    """All colours of `colours` in a disc: (side, side, 3) uint8 RGB; movement to the right is on the right."""
    place = np.linspace(-1, 1, side, dtype=np.float32)
    flow = np.stack(np.meshgrid(place, place), axis=2)
    disc = colours(flow, longest=1.0)
    disc[np.linalg.norm(flow, axis=2) > 1] = 255
    return disc
