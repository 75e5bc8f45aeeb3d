"""Who a synthetic subject is: everything about a face that does not change during a clip."""

from dataclasses import dataclass

import numpy as np

# Blue, green, red of light to dark skin.
SKIN = np.array([[185, 208, 238], [160, 190, 228], [135, 172, 218], [105, 145, 198], [75, 108, 162], [66, 94, 144]])
HAIR = np.array([[25, 28, 35], [30, 45, 68], [45, 75, 115], [85, 140, 185], [120, 125, 130], [35, 50, 110]])
IRIS = np.array([[50, 60, 80], [90, 80, 60], [60, 95, 75], [35, 45, 60]])
# The action units of a relaxed face, in the order in which they are drawn, and the limits of each.
REST = {
    "AU1": (-0.4, 0.6),
    "AU2": (-0.4, 0.6),
    "AU4": (-0.15, 0.7),
    "AU5": (-0.4, 0.55),
    "AU7": (0.0, 0.7),
    "AU12": (-0.2, 0.6),
    "AU15": (-0.05, 0.7),
    "AU17": (0.0, 0.45),
    "AU24": (0.0, 0.55),
    "AU25": (0.0, 0.4),
}


@dataclass(frozen=True)
class Identity:
    """Shape and colours of one face.

    Lengths are in face units: the half-width of the face at the cheekbones is 1, y points down, the origin lies
    between the eyes' height and the nose tip. `rest` holds the action-unit-like offsets of the relaxed face:
    somebody with naturally high brows looks surprised in a still, not in motion.
    """

    width: float
    jaw: float
    chin: float
    eye_distance: float
    eye_size: float
    brow_height: float
    brow_thickness: float
    nose_length: float
    nose_width: float
    mouth_width: float
    lip_thickness: float
    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    iris: tuple[int, int, int]
    lips: tuple[int, int, int]
    hair_volume: float
    fringe: float
    long_hair: bool
    beard: float
    moustache: float
    glasses: bool
    expressivity: float
    rest: dict[str, float]


def draw_identity(rng: np.random.Generator) -> Identity:
    """Draw a subject; the same generator state gives the same person."""
    skin = _tint(SKIN, rng)
    hair = _tint(HAIR, rng) if skin[2] > 170 else _tint(HAIR[:2], rng)
    # A forehead that hair as light as the skin continues is what detectors fail on first.
    hair = _no_lighter(hair, 0.45 * skin[2])
    male = rng.random() < 0.5
    bearded = male and rng.random() < 0.35
    return Identity(
        width=rng.uniform(0.9, 1.06),
        jaw=rng.uniform(0.62, 0.86),
        chin=rng.uniform(1.18, 1.4),
        eye_distance=rng.uniform(0.38, 0.46),
        eye_size=rng.uniform(0.88, 1.18),
        brow_height=rng.uniform(0.2, 0.3),
        brow_thickness=rng.uniform(0.035, 0.085),
        nose_length=rng.uniform(0.3, 0.44),
        nose_width=rng.uniform(0.12, 0.2),
        mouth_width=rng.uniform(0.3, 0.4),
        lip_thickness=rng.uniform(0.05, 0.1),
        skin=skin,
        hair=hair,
        iris=_tint(IRIS, rng),
        lips=(int(skin[0] * 0.68), int(skin[1] * 0.62), int(skin[2] * rng.uniform(0.76, 0.9))),
        hair_volume=rng.uniform(0.05, 0.3),
        fringe=rng.uniform(0.0, 0.12),
        long_hair=bool(not male and rng.random() < 0.7),
        beard=float(bearded) * rng.uniform(0.15, 0.38),
        moustache=float(male and rng.random() < 0.3) * rng.uniform(0.3, 0.6),
        glasses=bool(not bearded and rng.random() < 0.25),
        expressivity=rng.uniform(0.85, 1.15),
        rest={unit: rng.uniform(*limits) for unit, limits in REST.items()},
    )


def _no_lighter(colour: tuple[int, int, int], red: float) -> tuple[int, int, int]:
    share = min(1.0, red / colour[2])
    return int(colour[0] * share), int(colour[1] * share), int(colour[2] * share)


def _tint(palette: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int]:
    """A colour of the palette, mixed a little with its neighbour, as (blue, green, red)."""
    first, second = rng.integers(len(palette), size=2)
    share = rng.uniform(0, 0.4)
    blue, green, red = palette[first] * (1 - share) + palette[second] * share
    return int(blue), int(green), int(red)
