"""RML as it lies on disk: `rml-1/s1/an1.avi`, and `rml-1/s2/English/an1.avi` where a speaker has several languages.

In each language the names begin anew, so one name is two clips. Among the languages lies what Windows left behind.
"""

from pathlib import Path

import numpy as np

from common.media.emotions import Emotion
from datasets.synthetic.media import Recording
from datasets.synthetic.performance import Performance

FOLDER = "RML"
CORPUS_NUMBER = 8
# In this order: the first few already lie in both parts, with and without languages.
SPEAKERS = {"s1": "rml-1", "s6": "rml-2", "s2": "rml-1", "s3": "rml-1", "s7": "rml-2"}
SPEAKERS |= {"s4": "rml-1", "s8": "rml-2", "s5": "rml-1"}
LANGUAGES = {"s2": ("English", "Mandarin"), "s6": ("English", "Italian")}
CODES = {
    Emotion.ANGRY: "an",
    Emotion.DISGUST: "di",
    Emotion.FEAR: "fe",
    Emotion.HAPPY: "ha",
    Emotion.SAD: "sa",
    Emotion.SURPRISE: "su",
}


def plan(root: Path, speakers: int, clips: int, seed: int) -> list[Recording]:
    """The recordings of up to eight speakers: `clips` in each emotion, and in each language where there are several."""
    return [
        Recording(
            _performance(subject, 1000 * (1 + kind) + 100 * dialect + number, emotion, seed),
            root / FOLDER / part / speaker / language / f"{code}{number}.avi",
        )
        for subject, (speaker, part) in enumerate(list(SPEAKERS.items())[:speakers])
        for dialect, language in enumerate(LANGUAGES.get(speaker, ("",)))
        for kind, (emotion, code) in enumerate(CODES.items())
        for number in range(1, 1 + clips)
    ]


def annotate(root: Path, recordings: list[Recording]) -> None:
    """The set has no label files; only Windows left its thumbnails behind."""
    for folder in {one.path.parent for one in recordings}:
        for place in (folder, folder.parent):
            (place / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")


def _performance(subject: int, take: int, emotion: Emotion, seed: int) -> Performance:
    frames = np.random.default_rng([seed, CORPUS_NUMBER, subject, take, 0]).integers(12, 27)
    return Performance(seed, CORPUS_NUMBER, subject, take, emotion, int(frames), 30.0, (360, 480), posed=False)
