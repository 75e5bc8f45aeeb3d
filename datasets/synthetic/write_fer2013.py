"""FER2013 as it lies on disk: one csv of 48x48 grey faces in close-up, and the file of FER+ with ten votes a row.

Kept irregularities: labels that most annotators would not give, images without a face, images that are there
twice or nearly so, also in different parts, and classes of very different sizes.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from common.media.emotions import SEVEN, Emotion
from common.media.images import BALLOT
from common.support.files import atomic
from datasets.synthetic.camera import Scene
from datasets.synthetic.expression import course
from datasets.synthetic.face import FacePainter, Pose
from datasets.synthetic.identity import draw_identity

FOLDER = "FER2013"
CORPUS_NUMBER = 4
CLASSES = SEVEN
FEWEST = 70  # so that each part has an image of every class

_SHARES = np.array([0.138, 0.015, 0.143, 0.250, 0.169, 0.112, 0.173])  # of the real set
_PARTS = {"Training": 0.8, "PublicTest": 0.1, "PrivateTest": 0.1}
_SIDE = 48
_DRAWN = 3 * _SIDE  # faces are drawn larger and then reduced, as they were when they came from the web

_VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")


@dataclass(frozen=True)
class FaceRow:
    """One row of the csv.

    Attributes:
        label: what the csv says.
        shown: what is drawn; None for an image without a face.
        strength: of the expression, 1 is a clear one.
        partition: Usage.
        image: number that decides the pixels; two rows with the same number show the same image.
        changed: the image is cut and lit a little differently than the other one of this number.
    """

    label: Emotion
    shown: Emotion | None
    strength: float
    partition: str
    image: int
    changed: bool = False


@dataclass(frozen=True)
class Table:
    """The csv to be written."""

    path: Path
    rows: tuple[FaceRow, ...]
    seed: int


def plan(root: Path, images: int, seed: int) -> list[Table]:
    """The one csv with that many rows (at least `FEWEST`), first Training, then PublicTest, then PrivateTest."""
    rng = np.random.default_rng([seed, CORPUS_NUMBER])
    rows = []
    for partition, share in _PARTS.items():
        rows += [
            _row(len(rows) + i, label, partition, rng) for i, label in enumerate(_labels(round(share * images), rng))
        ]
    return [Table(root / FOLDER / "fer2013.csv", tuple(_with_near_duplicates(rows, rng)), seed)]


def annotate(root: Path, tables: list[Table]) -> None:
    """Write the votes of FER+ beside the csv; an image without a face has no name there."""
    for table in tables:
        rng = np.random.default_rng([table.seed, CORPUS_NUMBER, 1])
        lines = [",".join(("Usage", "Image name", *_VOTES))]
        for number, row in enumerate(table.rows):
            name = f"fer{number:07d}.png" if row.shown else ""
            lines.append(",".join((row.partition, name, *map(str, _votes(row, rng)))))
        (root / FOLDER / "ferplus.csv").write_text("\n".join(lines) + "\n", encoding="ascii")


def write(table: Table) -> None:
    """Draw all images of the table and write it.

    Raises:
        StorageError: if the disk is full or the folder not writable.
    """
    with atomic(table.path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as file:
        file.write("emotion,pixels,Usage\n")
        for row in table.rows:
            pixels = " ".join(map(str, draw(row, table.seed).ravel().tolist()))
            file.write(f"{CLASSES.index(row.label)},{pixels},{row.partition}\n")


def draw(row: FaceRow, seed: int) -> np.ndarray:
    """The (48, 48) uint8 image of a row: another person in another light each time."""
    rng = np.random.default_rng([seed, CORPUS_NUMBER, 2, row.image])
    scene = Scene(_DRAWN, _DRAWN, rng)
    canvas = scene.background.copy()
    if row.shown:
        identity = draw_identity(rng)
        peak = course(
            row.shown,
            np.array([0.0, 1.0]),
            rng,
            strength=row.strength * identity.expressivity,
            ends_at_peak=True,
            speaks=False,
        ).at(-1)
        FacePainter(identity).paint(canvas, peak, _pose(rng))
    grey = cv2.cvtColor(scene.expose(canvas), cv2.COLOR_BGR2GRAY)
    if row.changed:
        grey = cv2.convertScaleAbs(np.roll(grey, 2, axis=1), alpha=0.95, beta=6)
    return cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)


def _labels(count: int, rng: np.random.Generator) -> list[Emotion]:
    """Labels of one part in random order: the real shares, but every class at least once."""
    sizes = np.maximum(np.round(_SHARES * count).astype(int), 1)
    sizes[CLASSES.index(Emotion.HAPPY)] += count - sizes.sum()
    return rng.permutation(np.repeat(CLASSES, sizes)).tolist()


def _row(number: int, label: str, partition: str, rng: np.random.Generator) -> FaceRow:
    """Nine in ten images show their label; one in a hundred shows no face."""
    label = Emotion(label)
    shown = label if rng.random() < 0.9 else Emotion(rng.choice(CLASSES))
    strength = float(rng.uniform(0.55, 1.1))
    return FaceRow(label, None if number % 100 == 40 else shown, strength, partition, number)


def _with_near_duplicates(rows: list[FaceRow], rng: np.random.Generator) -> list[FaceRow]:
    """One row in thirty shows an earlier image of the same label again, every second time a little changed."""
    repeated = list(rows)
    for number in range(30, len(rows), 30):
        row = rows[number]
        earlier = [other for other in rows[:number] if other.label is row.label and other.shown]
        if earlier:
            other = earlier[rng.integers(len(earlier))]
            repeated[number] = FaceRow(
                row.label, other.shown, other.strength, row.partition, other.image, changed=number % 60 == 0
            )
    return repeated


def _votes(row: FaceRow, rng: np.random.Generator) -> list[int]:
    """Ten votes: the clearer the expression, the more of them are for it; the rest go astray, mostly to neutral."""
    if row.shown is None:
        return [0] * (len(_VOTES) - 1) + [10]
    chances = np.full(len(_VOTES), 0.03)
    chances[0] += 0.15
    chances[_VOTES.index("NF")] = 0.0
    chances[BALLOT.index(row.shown)] += 2 * row.strength**2
    return rng.multinomial(10, chances / chances.sum()).tolist()


def _pose(rng: np.random.Generator) -> Pose:
    """A face that nearly fills the image, tilted and turned as people are on photographs."""
    x, y = _DRAWN * rng.normal((0.5, 0.46), 0.02)
    scale = _DRAWN * rng.uniform(0.36, 0.44)
    return Pose(float(x), float(y), float(scale), *map(float, rng.normal(0, (0.08, 0.15, 0.08))))
