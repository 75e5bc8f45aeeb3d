"""eNTERFACE'05 as it lies on disk: `enterface database/subject 1/anger/sentence 1/s1_an_1.avi`.

Kept irregularities: subject 6 has uncut recordings directly below the emotion, subject 11's files carry subject
12's name, sixteen files of subject 3 are `s_3_*`, subject 2 swaps two sentences, subject 16 has a stray "avi" in
a name, subject 23 lacks three sentences of happiness, `Thumbs.db` lies between the files.
"""

from pathlib import Path

import numpy as np

from common.media.emotions import Emotion
from datasets.synthetic.media import Recording
from datasets.synthetic.performance import Performance

FOLDER = "eNTERFACE05"
ROOT = "enterface database"
CORPUS_NUMBER = 3
WORDS = {
    Emotion.ANGRY: "anger",
    Emotion.DISGUST: "disgust",
    Emotion.FEAR: "fear",
    Emotion.HAPPY: "happiness",
    Emotion.SAD: "sadness",
    Emotion.SURPRISE: "surprise",
}
_NUMBERS = [1, 2, 3, 11, 12, 16, 6, 4, 5, 7, 8, 9, 10, 13, 14, 15, *range(17, 45)]


def plan(root: Path, subjects: int, sentences: int, seed: int) -> list[Recording]:
    """The recordings of `subjects` subjects, each saying `sentences` sentences in each of the six emotions."""
    recordings = []
    for subject in range(subjects):
        rng = np.random.default_rng([seed, CORPUS_NUMBER, subject, 0])
        number = _NUMBERS[subject]
        for kind, emotion in enumerate(WORDS):
            for sentence in range(1, (1 if number == 6 else sentences) + 1):
                if number == 23 and emotion is Emotion.HAPPY and sentence <= 3:
                    continue
                performance = Performance(
                    seed=seed,
                    corpus=CORPUS_NUMBER,
                    subject=subject,
                    take=10 * kind + sentence,
                    emotion=emotion,
                    frames=int(rng.integers(25, 32)),
                    fps=25.0,
                    size=(576, 720),
                    posed=False,
                )
                path = root / FOLDER / ROOT / _path(number, emotion, sentence)
                recordings.append(Recording(performance, path))
    return recordings


def annotate(root: Path, recordings: list[Recording]) -> None:
    """The set has no label files; only Windows left its thumbnails behind."""
    for recording in recordings[:: max(1, len(recordings) // 5)]:
        (recording.path.parent / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")


def _path(subject: int, emotion: Emotion, sentence: int) -> Path:
    word = WORDS[emotion]
    folder = Path(f"subject {subject}") / word
    if subject == 6:
        return folder / f"s6_{word[:2]}.avi"
    named_after = {11: "s12"}.get(subject, f"s{subject}")
    if subject == 3 and (emotion in (Emotion.HAPPY, Emotion.SAD, Emotion.SURPRISE) or (word, sentence) == ("fear", 5)):
        named_after = "s_3"
    number = sentence
    if subject == 2 and emotion is Emotion.ANGRY and sentence <= 2:
        number = 3 - sentence
    stem = f"{named_after}_{word[:2]}_{number}"
    if stem == "s16_su_3":
        stem += "avi"
    return folder / f"sentence {sentence}" / f"{stem}.avi"
