"""`predict`: videos and images with all that a trained network says of the faces in them."""

import csv
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import cv2
import numpy as np

from common.results.config import results_from_environment
from common.support import files
from common.support.console import bar, console
from common.support.errors import UserError
from common.support.names import fitting, shown
from inference import draw, film, pace, stream, timelines
from inference.available import find
from inference.chosen import ABOUT, TABLE, Chosen, choose, places
from inference.finder import Whole
from inference.stream import Seen
from inference.trained import Trained

CROPPED = "If images are already cropped to a face, use --cropped (CROPPED=1): they are then not searched."


@dataclass(frozen=True)
class Options:
    """How files are looked at, other than the training was.

    Attributes:
        cropped: each image is a face that was cut out already; none is searched.
        bridge: for how many frames in a row a face may be out of sight within a window.
        face: number of the face whose bars are drawn; 0 for the largest.
    """

    cropped: bool = False
    bridge: int = 0
    face: int = 0


@dataclass
class Outcome:
    """What was seen.

    Attributes:
        frames: frames or images.
        with_face: those of them with a face.
        faces: different faces.
        answers: faces in frames of which the network said something.
        seconds: that it took.
        stopped: by ctrl-C.
        unreadable: why files were left out.
        remarks: what people should know of a video besides.
        partial: names of the files of which a part only could be read.
    """

    frames: int = 0
    with_face: int = 0
    faces: int = 0
    answers: int = 0
    seconds: float = 0.0
    stopped: bool = False
    unreadable: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)


def show(source: Path, model: str, out: Path | None, options: Options | None = None) -> None:
    """Predict and say where the results lie; ctrl-C ends early with files that are complete so far."""
    results = results_from_environment()
    chosen = choose(source)
    trained = find(model, results)
    folder = out or results / "seen" / fitting(source.resolve().stem)
    console.print(trained.description, markup=False, soft_wrap=True)
    outcome = predict(chosen, trained, folder, options)
    for sentence in outcome.unreadable:
        _say(f"Left out: {sentence}")
    for remark in outcome.remarks:
        _say(remark)
    if outcome.with_face == 0:
        _say(f"No face was found, in {outcome.frames} frames. {CROPPED}")
    else:
        _say(
            f"{outcome.frames} frames, {outcome.with_face} of them with a face, "
            f"{outcome.faces} face{'s' if outcome.faces > 1 else ''} followed, {outcome.answers} answers, "
            f"{outcome.frames / max(outcome.seconds, 1e-9):.1f} frames a second."
        )
    _say(f"Results: {shown(folder)}")
    if outcome.partial:
        _say(f"Partial: {', '.join(outcome.partial)}.")
    if outcome.stopped:
        _say("Stopped: what was seen until here is complete and can be opened.")
        raise SystemExit(130)


def _say(sentence: str) -> None:
    console.print(sentence, markup=False, soft_wrap=True)


def predict(chosen: Chosen, trained: Trained, folder: Path, options: Options | None = None) -> Outcome:
    """Write, into a new folder, faces.csv, about.json, and an annotated copy and a timeline of each file.

    Args:
        chosen: videos and images; of several, those that cannot be read are left out and named.

    Raises:
        UserError: if there is something in the folder, the only file cannot be read, or the disk cannot take it.
    """
    options = options or Options()
    with files.storage_errors(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(f"{shown(folder)} exists already.", "Delete it, or name another folder with OUT=.")
    if len(chosen.files) == 1:
        _try(*chosen.files.values())
    trained.prepare()
    outcome = Outcome(unreadable=list(chosen.left_out))
    began = time.perf_counter()
    with files.storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _table(folder / TABLE, trained) as (write, known):
            try:
                for name, place in places(list(chosen.files)).items():
                    path = chosen.files[name]
                    try:
                        one = _image if film.is_image(path) else _video
                        one(name, path, folder / place, trained, write, outcome, options)
                    except UserError as error:
                        if len(chosen.files) == 1:
                            raise
                        outcome.unreadable.append(str(error))
            except KeyboardInterrupt:
                outcome.stopped = True
            outcome.remarks += _absent(options.face, known)
        outcome.seconds = time.perf_counter() - began
        _about(folder / ABOUT, trained, chosen, outcome, options)
    return outcome


def _try(path: Path) -> None:
    """Refuse a file before a folder is made for it."""
    if film.is_image(path):
        film.image(path)
    else:
        next(iter(film.film(path)))


def _image(name: str, path: Path, place: Path, trained: Trained, write, outcome: Outcome, options: Options) -> None:
    seen = stream.still(film.image(path), trained, Whole() if options.cropped else None, options.face)
    write(name, seen, outcome)
    target = place.with_name(f"{place.name}-seen.png")
    target.write_bytes(cv2.imencode(".png", draw.annotate(seen, trained))[1].tobytes())


def _video(name: str, path: Path, place: Path, trained: Trained, write, outcome: Outcome, options: Options) -> None:
    source = film.film(path)
    line, before, seen = timelines.Line(), outcome.answers, None
    if remark := pace.remark(source.rate, trained.preparation.frames):
        outcome.remarks.append(f"{name}: {remark}")
    finder = Whole() if options.cropped else None
    target = place.with_name(f"{place.name}-seen.mp4")
    try:
        with film.Writer(target, source.rate) as writer, bar(shown(path.name)[:24], "frames") as progress:
            began = time.perf_counter()
            for seen in stream.watch(source, trained, finder, source.holes, options.bridge, options.face):
                writer.write(seen.time_s, draw.annotate(seen, trained))
                write(name, seen, outcome)
                line.add(seen)
                rate = (seen.number + 1) / (time.perf_counter() - began)
                progress(seen.number + 1, max(source.frames, seen.number + 1), f"{rate:.1f} frames a second")
    finally:
        if source.partial:
            outcome.partial.append(name)
            outcome.remarks.append(f"{name}: {source.partial}")
        if seen is not None and seen.longest and outcome.answers == before:
            outcome.remarks.append(f"{name}: {_unanswered(seen, trained)}")
        # Also where it was stopped: a timeline of what was seen until then.
        if line.tracks:
            line.draw(place.with_name(f"{place.name}-timeline.png"), trained)


def _unanswered(seen: Seen, trained: Trained) -> str:
    """Why a video in which faces were found got no answer."""
    reach = trained.preparation.reach(pace.each(seen.rate))
    return (
        f"no answer: the network needs {reach} unbroken frames with a face, of {seen.rate:.0f} a second; the longest "
        f"sequence here has {seen.longest}. Take a longer video; where a face is lost for up to N frames only, bridge "
        "them with --bridge N (BRIDGE=N), which the training did not do."
    )


def _about(path: Path, trained: Trained, chosen: Chosen, outcome: Outcome, options: Options) -> None:
    """Say beside the table what was used, and what came of it."""
    content = {
        "trained on": trained.description,
        "synthetic": trained.synthetic,
        "network": trained.network,
        "run": trained.origin,
        "options": asdict(options),
        "files": list(chosen.files),
        **asdict(outcome),
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _absent(face: int, known: Mapping[str, set[int]]) -> list[str]:
    """That the face whose bars were asked for is not there, in one sentence."""
    absent = [name for name, tracks in known.items() if face and face not in tracks]
    if not absent:
        return []
    if len(known) == 1:
        (name, tracks), *_ = known.items()
        return [f"{name}: no bars are shown, for there is no face {face}, only {', '.join(map(str, sorted(tracks)))}."]
    return [f"No bars are shown in {len(absent)} of {len(known)} files, for there is no face {face} ({absent[0]})."]


@contextmanager
def _table(path: Path, trained: Trained) -> Iterator:
    """Open faces.csv and give what adds a row for every face and counts, and the faces known by file.

    The former is `write(file, seen, outcome)`.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        columns = ("file", "frame", "time_s", "track", "x", "y", "width", "height", "emotion", "answer")
        rows.writerow([*columns, *(f"p_{name}" for name in trained.classes)])
        known: dict[str, set[int]] = {}

        def write(name: str, seen: Seen, outcome: Outcome) -> None:
            # Spreadsheets take what begins with one of these for a formula.
            cell = f"./{name}" if name[0] in "=+-@" else name
            for face in seen.faces:
                row = seen.probabilities.get(face.track)
                told = [""] * (len(trained.classes) + 2)
                if row is not None:
                    answer = trained.answer(seen.smooth[face.track])
                    told = [trained.classes[int(np.argmax(row))], answer, *(f"{value:.6f}" for value in row)]
                outcome.answers += row is not None
                rows.writerow([cell, seen.number, f"{seen.time_s:.4f}", face.track, *face.box, *told])
                known.setdefault(name, set()).add(face.track)
            outcome.frames += 1
            outcome.with_face += bool(seen.faces)
            outcome.faces = sum(map(len, known.values()))

        yield write, known
