"""`predict`: videos and pictures with all that a trained network says of the faces in them."""

import csv
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from common.results.config import results_from_environment
from common.support import files
from common.support.console import bar, console
from common.support.errors import UserError
from inference import draw, film, pace, stream, timelines
from inference.film import REMEDY
from inference.stream import Seen
from inference.trained import Trained, find

VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp"}
TABLE = "faces.csv"


@dataclass
class Outcome:
    """What was seen: frames or pictures, those with a face, and different faces; seconds that it took.

    Attributes:
        stopped: by ctrl-C.
        unreadable: why files were left out.
        remarks: what people should know of a video besides.
    """

    frames: int = 0
    with_face: int = 0
    faces: int = 0
    seconds: float = 0.0
    stopped: bool = False
    unreadable: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def show(source: Path, model: str, out: Path | None) -> None:
    """Predict and say where the results lie; ctrl-C ends early with files that are complete so far."""
    results = results_from_environment()
    chosen = sources(source)
    trained = find(model, results)
    folder = out or results / "seen" / source.resolve().stem
    console.print(trained.said, markup=False, soft_wrap=True)
    outcome = predict(chosen, trained, folder)
    for sentence in outcome.unreadable:
        console.print(f"Left out: {sentence}", markup=False, soft_wrap=True)
    for remark in outcome.remarks:
        console.print(remark, markup=False, soft_wrap=True)
    if outcome.with_face == 0:
        console.print(f"No face was found, in {outcome.frames} frames.")
    else:
        console.print(
            f"{outcome.frames} frames, {outcome.with_face} of them with a face, "
            f"{outcome.faces} face{'s' if outcome.faces > 1 else ''} followed, "
            f"{outcome.frames / max(outcome.seconds, 1e-9):.1f} frames a second."
        )
    console.print(f"Results: {folder}", markup=False, soft_wrap=True)
    if outcome.stopped:
        console.print("Stopped: what was seen until here is complete and can be opened.")
        raise SystemExit(130)


def sources(given: Path) -> list[Path]:
    """The files to look at: the one that is named, or the videos and pictures of a folder.

    Raises:
        UserError: if there is none.
    """
    if given.is_dir():
        found = [p for p in sorted(given.iterdir()) if p.is_file() and not p.name.startswith(".")]
        chosen = [p for p in found if film.is_picture(p) or p.suffix.lower() in VIDEOS]
        if not chosen:
            raise UserError(f"{given} holds neither videos nor pictures.", REMEDY)
        return chosen
    if not given.exists():
        raise UserError(f"There is no file {given}.", REMEDY)
    return [given]


def predict(chosen: list[Path], trained: Trained, folder: Path) -> Outcome:
    """Write, into a new folder, faces.csv, and an annotated copy and a timeline of each file.

    Args:
        chosen: videos and pictures; of several, those that cannot be read are left out and named.

    Raises:
        UserError: if there is something in the folder, the only file cannot be read, or the disk cannot take it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists already.", "Delete it, or name another folder with OUT=.")
    if len(chosen) == 1:
        _try(chosen[0])
    trained.prepare()
    outcome = Outcome()
    began = time.perf_counter()
    with files.storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _table(folder / TABLE, trained) as write:
            try:
                for path in chosen:
                    try:
                        one = _picture if film.is_picture(path) else _video
                        one(path, folder / _name(path, chosen), trained, write, outcome)
                    except UserError as error:
                        if len(chosen) == 1:
                            raise
                        outcome.unreadable.append(str(error))
            except KeyboardInterrupt:
                outcome.stopped = True
    outcome.seconds = time.perf_counter() - began
    return outcome


def _try(path: Path) -> None:
    """Refuse a file before a folder is made for it."""
    if film.is_picture(path):
        film.picture(path)
    else:
        next(iter(film.film(path)))


def _name(path: Path, chosen: Iterable[Path]) -> str:
    alone = sum(other.stem == path.stem for other in chosen) == 1
    return path.stem if alone else path.name.replace(".", "-")


def _picture(path: Path, place: Path, trained: Trained, write, outcome: Outcome) -> None:
    seen = stream.still(film.picture(path), trained)
    write(path.name, seen, outcome)
    if not cv2.imwrite(f"{place}-seen.png", draw.annotate(seen, trained)):
        raise UserError(f"Could not write {place}-seen.png.", "Is the disk full or the folder read-only?")


def _video(path: Path, place: Path, trained: Trained, write, outcome: Outcome) -> None:
    source = film.film(path)
    line = timelines.Line()
    if remark := pace.said(source.rate, trained.watching.frames):
        outcome.remarks.append(f"{path.name}: {remark}")
    try:
        with film.Writer(Path(f"{place}-seen.mp4"), source.rate) as writer, bar(path.name[:24], "frames") as progress:
            began = time.perf_counter()
            for seen in stream.watch(source, trained):
                writer.write(seen.time_s, draw.annotate(seen, trained))
                write(path.name, seen, outcome)
                line.add(seen)
                rate = (seen.number + 1) / (time.perf_counter() - began)
                progress(seen.number + 1, max(source.frames, seen.number + 1), f"{rate:.1f} frames a second")
    finally:
        # Also where it was stopped: a timeline of what was seen until then.
        if line.tracks:
            line.draw(Path(f"{place}-timeline.png"), trained)


@contextmanager
def _table(path: Path, trained: Trained) -> Iterator:
    """Open faces.csv and give `write(file, seen, outcome)`, which adds a row for every face and counts."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(f"# {trained.said}\n")
        rows = csv.writer(file)
        columns = ("file", "frame", "time_s", "track", "x", "y", "width", "height", "emotion")
        rows.writerow([*columns, *(f"p_{name}" for name in trained.classes)])
        known: set[tuple[str, int]] = set()

        def write(name: str, seen: Seen, outcome: Outcome) -> None:
            for face in seen.faces:
                row = seen.probabilities.get(face.track)
                told = [""] * (len(trained.classes) + 1)
                if row is not None:
                    told = [trained.classes[int(np.argmax(row))], *(f"{value:.6f}" for value in row)]
                rows.writerow([name, seen.number, f"{seen.time_s:.4f}", face.track, *face.box, *told])
                known.add((name, face.track))
            outcome.frames += 1
            outcome.with_face += bool(seen.faces)
            outcome.faces = len(known)

        yield write
