"""The pairs as rows, and as a page that shows the worst of them beside each other."""

import base64
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from commands.audit_split.overlap import Audit
from common.samples.same_image import SAME

HERE = Path(__file__).parent
SHOWN = 96
COLUMNS = ("test", "training", "copy", "likeness", "test_label", "training_label", "labels", "test_subject")
COLUMNS += ("training_subject",)


def rows(found: Audit) -> Iterator[dict[str, str]]:
    """Each pair as text, under `COLUMNS`."""
    for number in range(len(found.pairs)):
        yield _row(found, number)


def _row(found: Audit, number: int) -> dict[str, str]:
    pairs, i, j = found.pairs, found.pairs.test[number], found.pairs.train[number]
    changed = "mirrored" if pairs.mirrored[number] else "changed"
    ours, theirs = found.test.labels[i], found.train.labels[j]
    agree = "" if not (ours and theirs) else "same" if ours == theirs else "other"
    values = (found.test.names[i], found.train.names[j], "same pixels" if pairs.exact[number] else changed)
    values += (f"{pairs.likeness[number]:.4f}", ours, theirs, agree, found.test.subjects[i], found.train.subjects[j])
    return dict(zip(COLUMNS, values, strict=True))


def render(found: Audit) -> str:
    """The page as HTML, with everything inside it; whatever comes from a file is escaped."""
    folders = [HERE, HERE.parent / "report"]
    loader = FileSystemLoader(folders)
    options = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    shown = [_row(found, number) | _thumbnails(found, number) for number in worst(found)]
    content = {"table": found.table, "pairs": shown, "count": len(found.pairs), "same": SAME}
    return Environment(loader=loader, **options).get_template("page_of_split.html").render(content)


def worst(found: Audit) -> np.ndarray:
    """Positions of the pairs to show: other labels first, then the most alike, one of each test image."""
    _, first = np.unique(found.pairs.test, return_index=True)
    other = np.array([row["labels"] == "other" for row in rows(found)], bool)
    chosen = np.union1d(first, np.flatnonzero(other))
    order = np.lexsort((chosen, -found.pairs.likeness[chosen], ~other[chosen]))
    return chosen[order][:SHOWN]


def _thumbnails(found: Audit, number: int) -> dict[str, str]:
    sides = ((found.test, found.pairs.test[number]), (found.train, found.pairs.train[number]))
    images = [side.images.thumbnails[np.argmax(side.owners == position)] for side, position in sides]
    return dict(zip(("left", "right"), map(_uri, images), strict=True))


def _uri(image: np.ndarray) -> str:
    _, data = cv2.imencode(".png", image)
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")
