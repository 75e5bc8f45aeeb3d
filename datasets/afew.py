"""AFEW: clips of feature films with one of seven expressions, in the official parts Train and Val of EmotiW.

`Train_AFEW/Angry/000046280.avi`; the nine digits seem to be the time within the film (hours, minutes, seconds,
milliseconds), so one name in both parts is two clips. Neither file nor folder tells the film or the actor. The same
part holds the faces that the organisers aligned, without the class, `AlignedFaces_LBPTOP_Points/Faces/000046280/*.jpg`.
Layout and counts: albanie/mcnDatasets and Open-Debin/Emotion-FAN agree, but for four clips without a detected face.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

from common.media.clips import WITHOUT_LABEL, Clip, Expectation, Finding, Index
from common.media.emotions import Emotion
from common.support.errors import UserError, unknown
from datasets import numbering, tree

NAME = "AFEW"
KEY = "afew"
OBTAIN = (
    "Request it from the organisers of the EmotiW challenge, then unpack Train_AFEW.zip and Val_AFEW.zip side by side, "
    "each in a folder of its name."
)
CITATION = (
    "A. Dhall, R. Goecke, S. Lucey, T. Gedeon: Collecting Large, Richly Annotated Facial-Expression Databases from "
    "Movies. IEEE MultiMedia 19(3), 2012, pp. 34-41."
)

Part = Literal["Train", "Val"]
Form = Literal["videos", "aligned_faces"]
PARTS: tuple[Part, ...] = get_args(Part)

FOLDERS = {
    "angry": Emotion.ANGRY,
    "disgust": Emotion.DISGUST,
    "fear": Emotion.FEAR,
    "happy": Emotion.HAPPY,
    "neutral": Emotion.NEUTRAL,
    "sad": Emotion.SAD,
    "surprise": Emotion.SURPRISE,
}
CLASSES = tuple(FOLDERS.values())
IN_BOTH_PARTS = "clip name in both parts"

_COUNTS = {"Train": (133, 74, 81, 150, 144, 117, 74), "Val": (64, 40, 46, 63, 63, 61, 46)}
_FILES = "albanie/mcnDatasets, for EmotiW 2016; 2017 and 2018 have the same parts"
EXPECTED = (
    Expectation("clips", 1156, _FILES),
    *(Expectation(f"clips {part}", sum(counts), _FILES) for part, counts in _COUNTS.items()),
    *(
        Expectation(f"clips {part} {emotion}", count, _FILES)
        for part, counts in _COUNTS.items()
        for emotion, count in zip(CLASSES, counts, strict=True)
    ),
    Expectation(f"findings {IN_BOTH_PARTS}", 2, "lists of Open-Debin/Emotion-FAN: 001703120 and 005153760"),
)

_PART = re.compile(r"(train|val)([-_ ]?afew)?", re.IGNORECASE)
_ALIGNED = re.compile(r"AlignedFaces.*", re.IGNORECASE)
_CLIP = re.compile(r"\d{9}")
_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


def locate(root: Path) -> Path | None:
    """The folder that holds `Train_AFEW` or `Val_AFEW`, or the class folders themselves."""
    return tree.search(root, _parts)


def index(root: Path, form: Form = "videos") -> Index:
    """One clip a video, named `Train_AFEW/Angry/000046280.avi`; its partition is its part.

    Every clip is a subject of its own, `Train 000046280`, for nothing on disk says who is seen: of subjects, films and
    actors, only the two parts are known to be disjoint.

    Args:
        root: a folder at or above the set's own.
        form: "videos", or "aligned_faces" to read the organisers' folders of face images instead, named
            `Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000046280`, whose label is that of the video of this name in
            the same part. Videos without such a folder, or with an empty one, are `dropped`.

    Raises:
        UserError: if the set or one of its parts is missing, a part has no aligned faces where they are asked for, or
            the form is unknown.
    """
    if form not in get_args(Form):
        raise unknown(f"form of {NAME}", form, get_args(Form))
    home = tree.require(root, locate(root), NAME, OBTAIN)
    findings = []
    parts = _one_folder_each(home, findings)
    videos = {part: list(_videos(home, part, folder, findings)) for part, folder in parts.items()}
    findings += _repeated_names(videos)
    if form == "videos":
        return Index(NAME, home, tuple(clip for part in PARTS for clip in videos[part]), tuple(findings))
    clips, dropped = [], []
    for part, folder in parts.items():
        faces = list(_aligned(home, part, folder, videos[part], findings))
        with_faces = {clip.subject for clip in faces}
        clips += faces
        dropped += [clip for clip in videos[part] if clip.subject not in with_faces]
    findings += [Finding("clip without aligned faces", clip.name, f"{clip.emotion}, left out") for clip in dropped]
    return Index(NAME, home, tuple(clips), tuple(findings), tuple(dropped))


def _parts(home: Path) -> list[tuple[Part, Path]]:
    """("Train", its folder of classes) and so on, for the folders directly inside `home` and for `home` itself.

    Archives may unpack to the classes without a folder around them: beside one part, these are the other one.
    """
    named = [
        (match[1].capitalize(), inner)
        for folder in tree.folders(home)
        if (match := _PART.fullmatch(folder.name)) and _has_clips(inner := _unnest(folder))
    ]
    if not _has_clips(home):
        return named
    own = _PART.fullmatch(home.name)
    absent = [part for part in PARTS if part not in dict(named)]
    return [*named, (own[1].capitalize() if own else next(iter(absent), PARTS[0]), home)]


def _unnest(folder: Path) -> Path:
    """The folder, or the one of the same part inside it: `Train/Train_AFEW`, `Train_AFEW/Train_AFEW`."""
    part = _PART.fullmatch(folder.name)[1].lower()
    inner = (
        child for child in tree.folders(folder) if (match := _PART.fullmatch(child.name)) and match[1].lower() == part
    )
    return next(inner, folder)


def _has_clips(folder: Path) -> bool:
    # Other sets also have folders Train, Val, Disgust and Fear: the nine digits tell.
    return any(
        _CLIP.fullmatch(path.stem)
        for child in tree.folders(folder)
        if child.name.lower() in FOLDERS
        for path in tree.below(child, ".avi")
    )


def _one_folder_each(home: Path, findings: list[Finding]) -> dict[Part, Path]:
    found = {}
    for part, folder in _parts(home):
        name = folder.relative_to(home).as_posix()
        if part in found:
            findings.append(Finding("second folder of a part", name, f"left out of {part}"))
            continue
        found[part] = folder
        if folder == home:
            findings.append(Finding("classes without the folder of their part", name, f"read as {part}"))
    for part in PARTS:
        if part not in found:
            raise UserError(
                f"{NAME} at {home} has no part {part}.",
                f"Unpack {part}_AFEW.zip there in a folder {part}_AFEW, or name the folder that holds both parts.",
            )
    return {part: found[part] for part in PARTS}


def _videos(home: Path, part: Part, folder: Path, findings: list[Finding]) -> Iterator[Clip]:
    for child in tree.folders(folder):
        emotion = FOLDERS.get(child.name.lower())
        known = emotion is not None
        for path in [child / path for path in tree.below(child, ".avi")] if known else tree.files(child, ".avi"):
            name = path.relative_to(home).as_posix()
            if not _CLIP.fullmatch(path.stem):
                findings.append(Finding("irregular file name", name, "left out"))
                continue
            if not known:
                findings.append(Finding(WITHOUT_LABEL, name, f"{child.name} is none of the seven classes"))
            yield Clip(NAME, name, f"{part} {path.stem}", emotion, path, part)


def _repeated_names(videos: dict[Part, list[Clip]]) -> Iterator[Finding]:
    by_name: dict[str, list[Clip]] = {}
    for clip in (*videos["Train"], *videos["Val"]):
        by_name.setdefault(clip.source.stem, []).append(clip)
    for clips in by_name.values():
        places = [clip.name for clip in clips]
        if len({clip.partition for clip in clips}) > 1:
            yield Finding(IN_BOTH_PARTS, places[0], f"also {', '.join(places[1:])}; read as different clips")
        elif len(clips) > 1:
            yield Finding("clip name twice in a part", places[0], f"also {', '.join(places[1:])}")


def _aligned(home: Path, part: Part, folder: Path, videos: list[Clip], findings: list[Finding]) -> Iterator[Clip]:
    emotions: dict[str, set[Emotion | None]] = {}
    for clip in videos:
        emotions.setdefault(clip.source.stem, set()).add(clip.emotion)
    for faces in tree.folders(_faces(home, part, folder)):
        name, labels = faces.relative_to(home).as_posix(), emotions.get(faces.name, set())
        # Frames in which no face was found have no image: where they begin and what they lack says nothing.
        frames, odd = numbering.frames(faces, name, rf"({faces.name}[-_])?\d{{1,6}}", _ENDINGS, first=None)
        if not frames:
            continue
        findings += odd
        emotion = next(iter(labels)) if len(labels) == 1 else None
        if emotion is None:
            videos_say = f"in {len(labels)} classes" if labels else "not there"
            findings.append(Finding(WITHOUT_LABEL, name, f"the video of this name is {videos_say}"))
        yield Clip(NAME, name, f"{part} {faces.name}", emotion, faces, part, frames)


def _faces(home: Path, part: Part, folder: Path) -> Path:
    """The folder `AlignedFaces_LBPTOP_Points/Faces` of a part."""
    tops = [child for child in tree.folders(folder) if _ALIGNED.fullmatch(child.name)]
    found = [tree.search(top, lambda place: place.name.lower() == "faces", depth=2) for top in tops]
    place = next(filter(None, found), None)
    if place is None:
        raise UserError(
            f"{NAME} at {home} has no aligned faces of {part}.",
            f"Unpack AlignedFaces_LBPTOP_Points{'_Val' if part == 'Val' else ''}.zip in {folder.name}, or read the "
            "videos.",
        )
    return place
