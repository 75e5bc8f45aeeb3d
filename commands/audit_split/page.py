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


def rows(audit: Audit) -> Iterator[dict[str, str]]:
    """Each pair as text, under `COLUMNS`."""
    for number in range(len(audit.pairs)):
        yield _row(audit, number)


def _row(audit: Audit, number: int) -> dict[str, str]:
    pairs, i, j = audit.pairs, audit.pairs.test[number], audit.pairs.train[number]
    changed = "mirrored" if pairs.mirrored[number] else "changed"
    ours, theirs = audit.test.labels[i], audit.train.labels[j]
    agree = "" if not (ours and theirs) else "same" if ours == theirs else "other"
    values = (audit.test.names[i], audit.train.names[j], "same pixels" if pairs.exact[number] else changed)
    values += (f"{pairs.likeness[number]:.4f}", ours, theirs, agree, audit.test.subjects[i], audit.train.subjects[j])
    return dict(zip(COLUMNS, values, strict=True))


def render(audit: Audit) -> str:
    """The page as HTML, with everything inside it; whatever comes from a file is escaped."""
    folders = [HERE, HERE.parent / "report"]
    loader = FileSystemLoader(folders)
    options = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    shown = [_row(audit, number) | _thumbnails(audit, number) for number in worst(audit)]
    content = {"table": audit.table, "pairs": shown, "count": len(audit.pairs), "same": SAME}
    return Environment(loader=loader, **options).get_template("page_of_split.html").render(content)


def worst(audit: Audit) -> np.ndarray:
    """Positions of the pairs to show: other labels first, then the most alike, one of each test image."""
    _, first = np.unique(audit.pairs.test, return_index=True)
    other = np.array([row["labels"] == "other" for row in rows(audit)], bool)
    chosen = np.union1d(first, np.flatnonzero(other))
    order = np.lexsort((chosen, -audit.pairs.likeness[chosen], ~other[chosen]))
    return chosen[order][:SHOWN]


def _thumbnails(audit: Audit, number: int) -> dict[str, str]:
    sides = ((audit.test, audit.pairs.test[number]), (audit.train, audit.pairs.train[number]))
    images = [side.images.thumbnails[np.argmax(side.owners == position)] for side, position in sides]
    return dict(zip(("left", "right"), map(_uri, images), strict=True))


def _uri(image: np.ndarray) -> str:
    _, data = cv2.imencode(".png", image)
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")
