"""MMI: sessions in which a face goes from neutral to an expression and back, some of them with a basic emotion.

`Sessions/1841/S035-004.avi`, with the emotion in `S035-004.xml` (`<Metatag Name="Emotion" Value="4"/>`), the view in
`session.xml`, and for some sessions action units in `S035-004-oao_aucs.xml`. Frontal recordings mostly lie on their
side, dual ones show front and profile in one frame: which way and in which half is left to the image
(`common.media.orientation`), because programs that read the set follow different rules.
Layout: four public programs agree on it; the order of the six values has one source.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from common.media.clips import DUAL, FRONTAL, WITHOUT_LABEL, Clip, Expectation, Finding, Index
from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets import tree

NAME = "MMI"
KEY = "mmi"
OBTAIN = (
    "Sign the licence and make an account at mmifacedb.eu, download all sessions with a basic emotion, and unpack them "
    "into one folder Sessions."
)
CITATION = (
    "M. Pantic, M. Valstar, R. Rademaker, L. Maat: Web-Based Database for Facial Expression Analysis. "
    "IEEE International Conference on Multimedia and Expo (ICME) 2005, pp. 317-321."
)

VALUES = {
    "1": Emotion.ANGRY,
    "2": Emotion.DISGUST,
    "3": Emotion.FEAR,
    "4": Emotion.HAPPY,
    "5": Emotion.SAD,
    "6": Emotion.SURPRISE,
}
CLASSES = tuple(VALUES.values())
SIDE = "side"
UNKNOWN = ""
VIEWS = {"0": FRONTAL, "1": SIDE, "2": DUAL}

EXPECTED = tuple(
    Expectation("labelled clips", sessions, "number of sessions with a basic emotion in one of several papers")
    for sessions in (205, 208, 213, 236)
)

_RECORDING = re.compile(r"(S\d{3})-\d{3}", re.IGNORECASE)
_STILLS = (".jpg", ".jpeg", ".png")


def locate(root: Path) -> Path | None:
    """The folder of sessions, each of which has a file such as `S035-004.avi`."""
    return tree.search(root, lambda home: any(_is_session(folder) for folder in tree.folders(home)))


def index(root: Path) -> Index:
    """One clip a video, named `1841/S035-004.avi`; its partition is its view, "frontal" or "dual".

    A video whose files tell no emotion, or two, has none. Videos with other values than 1 to 6, from the side, or
    without a known view are `dropped`: the data set's summary counts them.

    Args:
        root: a folder at or above the set's own.

    Raises:
        UserError: if the set is missing, or no video shows a basic emotion from the front.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    clips, dropped, findings = [], [], []
    for session in tree.folders(home):
        videos = [file for file in tree.files(session, ".avi") if _RECORDING.fullmatch(file.stem)]
        if not videos:
            findings.append(_without_video(session))
            continue
        sheets = {file.stem.lower(): file for file in tree.files(session, ".xml")}
        view = _view(session, sheets, findings)
        for video in videos:
            values = _values(video, sheets, findings)
            subject = _RECORDING.fullmatch(video.stem)[1].upper()
            emotion = VALUES.get(values[0]) if len(values) == 1 else None
            other = len(values) == 1 and emotion is None
            clip = Clip(NAME, f"{session.name}/{video.name}", subject, emotion, video, view)
            (dropped if other or view in (SIDE, UNKNOWN) else clips).append(clip)
            if other:
                findings.append(Finding("other emotion than 1 to 6", clip.name, f"{values[0]}, left out"))
            if view == SIDE:
                findings.append(Finding("side view", clip.name, "left out"))
    if not any(clip.emotion for clip in clips):
        raise UserError(
            f"{NAME} at {home} has no video that shows a basic emotion from the front.",
            "Download the sessions with a basic emotion from mmifacedb.eu again, with all their .avi and .xml files.",
        )
    return Index(NAME, home, tuple(clips), (*findings, *_repeated((*clips, *dropped))), tuple(dropped))


def _is_session(folder: Path) -> bool:
    return any(_RECORDING.fullmatch(file.stem) for suffix in (".avi", ".xml") for file in tree.files(folder, suffix))


def _without_video(session: Path) -> Finding:
    stills = sum(len(tree.files(session, suffix)) for suffix in _STILLS)
    return Finding("session without video", session.name, f"{stills} images, left out" if stills else "left out")


def _view(session: Path, sheets: dict[str, Path], findings: list[Finding]) -> str:
    """The word for the view of the session's first track."""
    if "session" not in sheets:
        findings.append(Finding("session without session.xml", session.name, "view not known, left out"))
        return UNKNOWN
    tracks = _elements(sheets["session"], "track", findings)
    value = tracks[0].get("view", "").strip() if tracks else ""
    if value not in VIEWS:
        findings.append(Finding("view not known", session.name, f"{value!r} in session.xml, left out"))
    return VIEWS.get(value, UNKNOWN)


def _values(video: Path, sheets: dict[str, Path], findings: list[Finding]) -> list[str]:
    """The different values that a video has for its emotion, in the order of its XML file."""
    name = f"{video.parent.name}/{video.name}"
    sheet = sheets.get(video.stem.lower())
    if sheet is None:
        findings.append(Finding(WITHOUT_LABEL, name, f"no {video.stem}.xml beside it"))
        return []
    tags = _elements(sheet, "Metatag", findings)
    given = [tag.get("Value", "").strip() for tag in tags if tag.get("Name", "").strip().lower() == "emotion"]
    values = list(dict.fromkeys(filter(None, given)))
    if len(values) != 1:
        told = f"two emotions, {' and '.join(values)}," if values else "no emotion"
        findings.append(Finding(WITHOUT_LABEL, name, f"{told} in {sheet.name}"))
    return values


def _elements(file: Path, name: str, findings: list[Finding]) -> list[ElementTree.Element]:
    """The elements of that name in an XML file, whatever their namespace; none where the file cannot be read."""
    try:
        elements = ElementTree.parse(file).iter()
    except (ElementTree.ParseError, LookupError, ValueError, OSError) as error:
        findings.append(Finding("file that is no XML", f"{file.parent.name}/{file.name}", str(error)))
        return []
    return [one for one in elements if one.tag.rpartition("}")[2].lower() == name.lower()]


def _repeated(clips: tuple[Clip, ...]) -> Iterator[Finding]:
    places: dict[str, list[str]] = {}
    for clip in clips:
        places.setdefault(clip.source.stem.upper(), []).append(clip.name)
    for first, *others in places.values():
        if others:
            yield Finding("recording in several sessions", first, f"also {', '.join(others)}")
