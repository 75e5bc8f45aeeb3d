"""SAVEE as it lies on disk: `AudioVisualClip/DC/a1.avi`, and the sound alone in `AudioData/DC/a01.wav`.

The videos have no sound and the sound files no samples: nothing here listens to them. They are there because they
carry the speakers' folder names and padded numbers. `Thumbs.db` lies between the clips.
"""

import wave
from pathlib import Path

import numpy as np

from common.media.emotions import Emotion
from datasets.synthetic.media import Recording
from datasets.synthetic.performance import Performance

FOLDER = "SAVEE"
ROOT = "AudioVisualClip"
SOUND = "AudioData"
CORPUS_NUMBER = 6
SPEAKERS = ("DC", "JE", "JK", "KL")
CODES = {
    Emotion.ANGRY: "a",
    Emotion.DISGUST: "d",
    Emotion.FEAR: "f",
    Emotion.HAPPY: "h",
    Emotion.NEUTRAL: "n",
    Emotion.SAD: "sa",
    Emotion.SURPRISE: "su",
}


def plan(root: Path, speakers: int, clips: int, seed: int) -> list[Recording]:
    """The recordings of up to four speakers: `clips` sentences in each emotion, and twice as many neutral ones."""
    return [
        Recording(
            _performance(speaker, 100 * kind + number, emotion, seed),
            root / FOLDER / ROOT / SPEAKERS[speaker] / f"{code}{number}.avi",
        )
        for speaker in range(speakers)
        for kind, (emotion, code) in enumerate(CODES.items())
        for number in range(1, 1 + clips * (2 if emotion is Emotion.NEUTRAL else 1))
    ]


def annotate(root: Path, recordings: list[Recording]) -> None:
    """Write the sound files, and what Windows left behind."""
    for recording in recordings:
        speaker, stem = recording.path.parent.name, recording.path.stem
        code = stem.rstrip("0123456789")
        sound = root / FOLDER / SOUND / speaker / f"{code}{int(stem.removeprefix(code)):02d}.wav"
        sound.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(sound), "wb") as file:
            file.setparams((1, 2, 44100, 0, "NONE", ""))
        (recording.path.parent / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")


def _performance(speaker: int, take: int, emotion: Emotion, seed: int) -> Performance:
    frames = np.random.default_rng([seed, CORPUS_NUMBER, speaker, take, 0]).integers(24, 45)
    return Performance(seed, CORPUS_NUMBER, speaker, take, emotion, int(frames), 60.0, (256, 320), posed=False)
