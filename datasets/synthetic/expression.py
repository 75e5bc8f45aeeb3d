"""Which action units an emotion moves, and how they rise and fall in time.

The combinations are the prototypes of the Facial Action Coding System (Ekman & Friesen 1978; Lucey et al. 2010,
Table 1). Times are in seconds, so that a clip looks the same at every frame rate.
"""

from dataclasses import dataclass

import numpy as np

from common.media.emotions import Emotion

PROTOTYPES: dict[Emotion, dict[str, float]] = {
    Emotion.ANGRY: {"AU4": 1.0, "AU5": 0.35, "AU7": 0.8, "AU24": 0.9, "AU17": 0.3},
    Emotion.DISGUST: {"AU9": 1.0, "AU10": 0.8, "AU4": 0.45, "AU6": 0.4, "AU15": 0.35, "AU17": 0.5},
    Emotion.FEAR: {"AU1": 0.9, "AU2": 0.45, "AU4": 0.6, "AU5": 0.9, "AU20": 0.9, "AU25": 0.8, "AU26": 0.2},
    Emotion.HAPPY: {"AU6": 0.9, "AU12": 1.0, "AU25": 0.6},
    Emotion.SAD: {"AU1": 0.9, "AU4": 0.5, "AU15": 1.0, "AU17": 0.5, "AU43": 0.2},
    Emotion.SURPRISE: {"AU1": 0.9, "AU2": 1.0, "AU5": 0.8, "AU25": 0.6, "AU26": 1.0},
    Emotion.NEUTRAL: {},
    Emotion.CONTEMPT: {"AU12R": 0.9, "AU14R": 0.9},
    Emotion.BOREDOM: {"AU43": 0.5, "AU15": 0.3},
    Emotion.BOTHERED: {"AU4": 0.6, "AU10": 0.4, "AU24": 0.5},
    Emotion.CONCENTRATING: {"AU4": 0.6, "AU7": 0.6},
    Emotion.INTEREST: {"AU1": 0.5, "AU2": 0.5, "AU12": 0.3},
    Emotion.THINKING: {"AU4": 0.4, "AU24": 0.4, "AU14R": 0.4},
    Emotion.UNSURE: {"AU1": 0.5, "AU2": 0.3, "AU17": 0.7, "AU20": 0.3},
}

# What a face may do beside the emotion: distractors that keep a classifier honest.
DISTRACTORS = ("AU1", "AU2", "AU4", "AU7", "AU12", "AU14R", "AU15", "AU17", "AU24", "AU25")


STRONGEST = 1.1


@dataclass(frozen=True)
class Course:
    """Action-unit intensities of one clip.

    Attributes:
        names: the units, without those that stay at zero.
        values: (frames, units) float, 0 = relaxed, 1 = the prototype at full strength; slightly negative values
            relax the resting face.
    """

    names: tuple[str, ...]
    values: np.ndarray

    def at(self, frame: int) -> dict[str, float]:
        return dict(zip(self.names, self.values[frame].tolist(), strict=True))


def course(
    emotion: Emotion,
    seconds: np.ndarray,
    rng: np.random.Generator,
    *,
    strength: float,
    ends_at_peak: bool,
    speaks: bool,
) -> Course:
    """How the action units of one performance move.

    Args:
        emotion: what is shown.
        seconds: (frames,) time of each frame, from 0.
        strength: scale of the whole performance (a subject's expressivity).
        ends_at_peak: posed as in CK+, from neutral to the peak at the last frame; otherwise onset, apex and offset.
        speaks: the jaw and lips also move as in speech (BAUM-1, eNTERFACE'05).
    """
    units = {}
    envelope = _rise_to_peak(seconds, rng) if ends_at_peak else _onset_apex_offset(seconds, rng)
    strength = strength * rng.uniform(0.8, 1.2)
    pulse = _tremor(seconds, rng) if ends_at_peak else _bursts(seconds, rng)
    for name, weight in PROTOTYPES[emotion].items():
        if rng.random() < 0.1:
            continue  # nobody shows every unit of the prototype every time
        units[name] = weight * strength * rng.uniform(0.75, 1.1) * envelope * pulse
    for name in rng.choice(DISTRACTORS, size=2, replace=False):
        units[name] = units.get(name, 0) + rng.uniform(-0.15, 0.25) * _wander(seconds, rng)
    if speaks:
        units["AU25"] = units.get("AU25", 0) + 0.55 * _syllables(seconds, rng)
        units["AU26"] = units.get("AU26", 0) + 0.45 * _syllables(seconds, rng)
    units["AU43"] = np.maximum(units.get("AU43", 0), _blinks(seconds, rng))
    return Course(tuple(units), np.minimum(np.stack(list(units.values()), axis=1), STRONGEST))


def _smooth(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _rise_to_peak(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Neutral for a moment, then up; the last frame is the peak."""
    total = max(seconds[-1], 1e-6)
    start = rng.uniform(0.0, 0.1) * total
    return _smooth((seconds - start) / (total - start)) ** rng.uniform(0.5, 0.9)


def _onset_apex_offset(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Up within the first third, an apex that breathes, down towards the end but seldom to nothing."""
    total = max(seconds[-1], 1e-6)
    onset = rng.uniform(0.15, 0.3) * total
    offset_start = rng.uniform(0.7, 1.0) * total
    down = 1 - rng.uniform(0.3, 0.8) * _smooth((seconds - offset_start) / (0.3 * total))
    return _smooth((seconds - rng.uniform(0, 0.08) * total) / onset) * down


def _tremor(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What is posed is not held quite still: a factor around 1."""
    return 1 + 0.3 * np.sin(2 * np.pi * (rng.uniform(1.5, 3.0) * seconds + rng.random()))


def _bursts(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What is felt comes in bursts, a factor from 0 to 1.2: for two fifths of the time the face is nearly at rest.

    A single frame may catch it there; a third of a second nearly always holds a burst.
    """
    return np.clip(0.45 + np.sin(2 * np.pi * (rng.uniform(2.5, 3.5) * seconds + rng.random())), 0, 1.2)


def _wander(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return 0.5 + 0.5 * np.sin(2 * np.pi * (rng.uniform(0.3, 1.2) * seconds + rng.random()))


def _syllables(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Opening and closing at four to six syllables a second, with pauses."""
    beat = np.abs(np.sin(np.pi * (rng.uniform(4, 6) * seconds + rng.random())))
    return beat * (_wander(seconds, rng) > 0.35)


def _blinks(seconds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A blink of 0.2 s every second and a half."""
    closed = np.zeros_like(seconds)
    rounds = np.arange(1 + int(seconds[-1] / 1.5))
    for moment in 1.5 * (rounds + rng.random(len(rounds))):
        closed = np.maximum(closed, 1 - np.abs(seconds - moment) / 0.1)
    return np.clip(closed, 0, 1)
