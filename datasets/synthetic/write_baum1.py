"""BAUM-1 as it lies on disk: spontaneous and acted clips as MP4, two annotation spreadsheets, subtitles.

Kept irregularities: the two folder names differ in style, S005 does not exist, S015_007 has the word of one
emotion and the code of another, an acted clip has no row, a row has no clip, and there are emotions that
no other set has.
"""

from pathlib import Path

import numpy as np
from openpyxl import Workbook

from common.media.emotions import SEVEN, SIX, Emotion
from datasets.synthetic.media import Recording
from datasets.synthetic.performance import Performance

FOLDER = "BAUM-1"
CORPUS_NUMBER = 2
PARTS = {"1s": "BAUM1s_MP4 - All", "1a": "BAUM1a_MP4_all"}
WORDS = {
    Emotion.ANGRY: "Anger",
    Emotion.BOREDOM: "Boredom",
    Emotion.BOTHERED: "Bothered",
    Emotion.CONCENTRATING: "Concentrating",
    Emotion.CONTEMPT: "Contempt",
    Emotion.DISGUST: "Disgust",
    Emotion.FEAR: "Fear",
    Emotion.HAPPY: "Happiness",
    Emotion.INTEREST: "Interest",
    Emotion.NEUTRAL: "Neutral",
    Emotion.SAD: "Sadness",
    Emotion.SURPRISE: "Surprise",
    Emotion.THINKING: "Thinking",
    Emotion.UNSURE: "Unsure",
}
CODES = {
    "1s": [word for word in WORDS.values() if word != "Interest"],
    "1a": ["Anger", "Boredom", "Disgust", "Fear", "Happiness", "Interest", "Sadness", "Surprise", "Unsure"],
}
_NUMBERS = [1, 2, 3, 4, 6, 7, 15, *range(8, 15), *range(16, 32)]  # S005 occurs in no list of the real set
_OTHERS = [Emotion.UNSURE, Emotion.BOREDOM, Emotion.CONCENTRATING, Emotion.THINKING]
_ACTED = 2  # the first clips of a subject are acted


def plan(root: Path, subjects: int, clips: int, seed: int) -> list[Recording]:
    """The recordings of `subjects` subjects: `clips` rounds over the seven classes, and one other emotion."""
    recordings = []
    for subject in range(subjects):
        rng = np.random.default_rng([seed, CORPUS_NUMBER, subject, 0])
        acted = [SIX[(subject + i) % 6] for i in range(_ACTED)]  # neutral is never acted
        spontaneous = [*(SEVEN * clips), _OTHERS[subject % len(_OTHERS)]]
        for emotion in acted:
            spontaneous.remove(emotion)
        rng.shuffle(spontaneous)
        for take, emotion in enumerate([*acted, *spontaneous]):
            part = "1a" if take < _ACTED else "1s"
            number = _NUMBERS[subject]
            performance = Performance(
                seed=seed,
                corpus=CORPUS_NUMBER,
                subject=subject,
                take=take,
                emotion=Emotion(emotion),
                frames=int(rng.integers(25, 32)),
                fps=30.0,
                size=(576, 720),
                posed=False,
            )
            path = root / FOLDER / PARTS[part] / f"s{number:03d}" / f"S{number:03d}_{take + 1:03d}.mp4"
            recordings.append(Recording(performance, path))
    return recordings


def annotate(root: Path, recordings: list[Recording]) -> None:
    """Write the two spreadsheets and a subtitle beside each clip."""
    for part, folder in PARTS.items():
        rows = []
        for recording in recordings:
            if recording.path.parts[-3] != folder:
                continue
            recording.path.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:01,000\n...\n")
            word = WORDS[recording.performance.emotion]
            rows.append(_row(part, recording.path.stem, word))
        if part == "1a":
            rows = [*rows[:-1], _row("1a", "S031_023", "Anger")]  # one clip without row, one row without clip
        _write_sheet(root / FOLDER / f"Annotations_BAUM{part}.xlsx", rows)


def _row(part: str, clip: str, word: str) -> list:
    code = CODES[part].index(word) + 1
    if clip == "S015_007":  # the real table disagrees with itself here
        word, code = "Happiness", CODES["1s"].index("Neutral") + 1
    return [int(clip[1:4]), clip, word, code]


def _write_sheet(path: Path, rows: list[list]) -> None:
    book = Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    sheet.append(["No", "Subject No", "Gender", "Clip Name", "Emotion", "Emotion Code"])
    for number, (subject, clip, word, code) in enumerate(rows, start=1):
        sheet.append([number, subject, "F" if subject % 2 else "M", clip, word, code])
    book.save(path)
