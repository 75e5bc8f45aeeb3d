"""Optical flow of Horn and Schunck (1981): how far every pixel moves from one image to the next.

The flow (u, v) minimises ∫ (Ix·u + Iy·v + It)² + α²·(|∇u|² + |∇v|²). Each sweep puts every pixel's flow to

    u = ū − Ix·(Ix·ū + Iy·v̄ + It) / (α² + Ix² + Iy²),    v = v̄ − Iy·(Ix·ū + Iy·v̄ + It) / (α² + Ix² + Iy²)

with the means ū and v̄ of the sweep before over its neighbours; all begin with zero.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from common.support.errors import UserError

# Weights in the mean of the four neighbours beside a pixel and of the four at its corners, each.
_MEANS = {"cross": (1 / 4, 0.0), "square": (1 / 6, 1 / 12)}
_BORDERS = {"repeat": cv2.BORDER_REPLICATE, "zero": cv2.BORDER_CONSTANT}


@dataclass(frozen=True)
class Scheme:
    """How the flow is computed.

    Attributes:
        smoothness: α for grey levels from 0 to 255: with α = 255 the flow is that which α = 1 gives for 0 to 1.
        sweeps: how often every pixel is renewed ("iterations").
        gradient: "sobel" takes Ix and Iy from the first image, by Sobel's filter in grey levels a pixel, and It from
            the pixel alone; "cube" is Horn and Schunck's mean over 2×2×2 pixels, that pixel and those right and below
            (1981, section 7).
        mean: over the four neighbours ("cross"), or over eight with Horn and Schunck's weights ("square").
        border: what lies around images and flow: their outermost pixels again, or zeros.
    """

    smoothness: float = 1.0
    sweeps: int = 10
    gradient: Literal["sobel", "cube"] = "sobel"
    mean: Literal["cross", "square"] = "cross"
    border: Literal["repeat", "zero"] = "repeat"


# What MATLAB's documentation of opticalFlowHS says, and what Horn and Schunck wrote (their α² is the square of the
# noise in the gradient; 100 sweeps and α = 15 are the usual choice of the time, e.g. in Barron et al. 1994).
MATLAB = Scheme()
CLASSIC = Scheme(smoothness=15.0, sweeps=100, gradient="cube", mean="square")


def flow(first: np.ndarray, second: np.ndarray, scheme: Scheme = MATLAB) -> np.ndarray:
    """How far each pixel of the first images moves to be where it is in the second ones.

    One pair after the other, so that all arrays of a pair stay in the processor's cache: then the time goes into the
    sweeps. Calls from several threads run side by side.

    Args:
        first, second: (n, H, W) grey images, uint8 or float with levels from 0 to 255, a pair each.

    Returns:
        (n, H, W, 2) float32, pixels to the right and down.

    Raises:
        UserError: if the images have other shapes, if a value is NaN or infinite, or if the smoothness is not
            positive or there is no sweep.
    """
    from reproductions.emotionalvlan.jacobi import LANES, sweep

    _check(first, second, scheme)
    beside, corner = map(np.float32, _MEANS[scheme.mean])
    pairs, height, width = first.shape
    wide = -(-width // LANES) * LANES
    moved = np.empty((pairs, height, width, 2), np.float32)
    terms = np.zeros((3, height, wide), np.float32)
    solved, spare = np.zeros((2, 2, height + 2, wide + LANES), np.float32)
    for pair in range(pairs):
        both = (images[pair].astype(np.float32, order="C") for images in (first, second))
        _terms(*gradients(*both, scheme), scheme.smoothness, terms[:, :, :width])
        solved[:] = 0
        sweep(solved, terms, spare, width, scheme.sweeps, beside, corner, scheme.border == "repeat")
        moved[pair, ..., 0], moved[pair, ..., 1] = solved[:, 1:-1, 1 : width + 1]
    return moved


def gradients(first: np.ndarray, second: np.ndarray, scheme: Scheme) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ix, Iy and It of a pair (H, W) float32, the same each, in grey levels a pixel or an image."""
    border = _BORDERS[scheme.border]
    if scheme.gradient == "sobel":
        how = {"ksize": 3, "scale": 1 / 8, "borderType": border}
        return cv2.Sobel(first, cv2.CV_32F, 1, 0, **how), cv2.Sobel(first, cv2.CV_32F, 0, 1, **how), second - first
    first, second = (cv2.copyMakeBorder(image, 0, 1, 0, 1, border) for image in (first, second))
    both, change = (first + second) / 4, (second - first) / 4
    across, down, summed = np.diff(both, axis=1), np.diff(both, axis=0), change[:, 1:] + change[:, :-1]
    return across[1:] + across[:-1], down[:, 1:] + down[:, :-1], summed[1:] + summed[:-1]


def _terms(ix: np.ndarray, iy: np.ndarray, it: np.ndarray, smoothness: float, terms: np.ndarray) -> None:
    """Put Ix, Iy and It (H, W) into (3, H, W), divided by √(α² + Ix² + Iy²) so that sweeps need not divide."""
    root = np.sqrt(np.float32(smoothness) ** 2 + ix**2 + iy**2)
    for part, term in zip((ix, iy, it), terms, strict=True):
        np.divide(part, root, out=term)


def _check(first: np.ndarray, second: np.ndarray, scheme: Scheme) -> None:
    if first.ndim != 3 or first.shape != second.shape:
        raise UserError(
            f"Flow needs pairs of grey images, not arrays of {first.shape} and {second.shape}.",
            "Give two arrays of the same shape (pairs, height, width).",
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise UserError(
            "The images between which flow is to be computed hold values that are no numbers (NaN or infinite).",
            "Check what made them: frames of a video are whole numbers from 0 to 255.",
        )
    if not (scheme.smoothness > 0 and scheme.sweeps > 0):
        raise UserError(
            f"Flow cannot have a smoothness of {scheme.smoothness:g} and {scheme.sweeps} iterations.",
            "Both must be above zero.",
        )
