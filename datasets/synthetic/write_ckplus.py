"""CK+ as it lies on disk: numbered PNG frames, one emotion file a labelled sequence, stray system files.

Kept irregularities: unlabelled sequences (with an empty or an absent emotion folder), gaps in the sequence
numbers, some subjects in colour at 640x480, `.DS_Store` among the subjects, contempt as an eighth label.
"""

from pathlib import Path

import numpy as np

from common.media.emotions import SIX, Emotion
from datasets.synthetic.media import Recording
from datasets.synthetic.performance import Performance

FOLDER = "CK+"
CORPUS_NUMBER = 1
CODES = {
    Emotion.ANGRY: 1,
    Emotion.CONTEMPT: 2,
    Emotion.DISGUST: 3,
    Emotion.FEAR: 4,
    Emotion.HAPPY: 5,
    Emotion.SAD: 6,
    Emotion.SURPRISE: 7,
}


def plan(root: Path, subjects: int, sequences: int, seed: int) -> list[Recording]:
    """The recordings of `subjects` subjects with `sequences` labelled sequences each, and some without label."""
    recordings = []
    for subject in range(subjects):
        rng = np.random.default_rng([seed, CORPUS_NUMBER, subject, 0])
        emotions = [SIX[(subject * sequences + i) % len(SIX)] for i in range(sequences)]
        if subject % 4 == 0:
            emotions.append(Emotion.CONTEMPT)
        if subject % 3 == 0:
            emotions.append(Emotion.NEUTRAL)  # recorded, but never labelled
        colour = subject % 5 == 4
        for take, emotion in enumerate(emotions):
            number = 1 + take + (take > 1)  # real sequence numbers have gaps
            performance = Performance(
                seed=seed,
                corpus=CORPUS_NUMBER,
                subject=subject,
                take=take,
                emotion=emotion,
                frames=int(rng.integers(11, 16)),
                fps=15.0,
                size=(480, 640) if colour else (490, 640),
                posed=True,
            )
            folder = root / FOLDER / "cohn-kanade-images" / _subject(subject) / f"{number:03d}"
            recordings.append(Recording(performance, folder, colour))
    return recordings


def annotate(root: Path, recordings: list[Recording]) -> None:
    """Write the emotion files and the stray files around them."""
    for recording in recordings:
        subject, sequence = recording.path.parts[-2:]
        folder = root / FOLDER / "Emotion" / subject / sequence
        code = CODES.get(recording.performance.emotion)
        if code is None and int(sequence) % 2:
            continue  # no emotion folder at all
        folder.mkdir(parents=True, exist_ok=True)
        if code is not None:
            name = f"{subject}_{sequence}_{recording.performance.frames:08d}_emotion.txt"
            (folder / name).write_text(f"   {code:.7e}\n")
    (root / FOLDER / "cohn-kanade-images" / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")


def _subject(number: int) -> str:
    return f"S{5 + 3 * number:03d}"
