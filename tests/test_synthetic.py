"""Synthetic corpora: the same from the same seed, laid out as the real sets, and faces that show what they should."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import datasets
from common.media import faces, video
from common.media.clips import MARKER, provenance
from common.media.emotions import Emotion
from datasets import baum1, ckplus, enterface
from datasets.synthetic import corpora, media, write_baum1, write_ckplus, write_enterface
from datasets.synthetic.corpora import Size
from datasets.synthetic.expression import DISTRACTORS, PROTOTYPES, course
from datasets.synthetic.face import FacePainter, Pose
from datasets.synthetic.identity import draw_identity
from datasets.synthetic.performance import Performance, draw
from reproductions.timeconvnet.preprocessing import Settings

ROOT = Path(__file__).parents[1]
ONE_OF_EACH = Size(1, 1, 1, 1, 1, 1)
TINY = corpora.SIZES["tiny"]
_SIX_AND_NEUTRAL = [e for e in Emotion if e in write_enterface.WORDS or e is Emotion.NEUTRAL]


def performance(seed=0, corpus=1, subject=0, emotion=Emotion.HAPPY, frames=3, posed=True, size=(490, 640)):
    return Performance(seed, corpus, subject, 0, emotion, frames, 25.0, size, posed)


# --- from a seed -----------------------------------------------------------------------------------


def pixels(performance) -> bytes:
    return b"".join(frame.tobytes() for frame in draw(performance))


def test_the_seed_decides_every_pixel():
    assert pixels(performance()) == pixels(performance())
    others = [performance(seed=1), performance(corpus=2), performance(subject=1), performance(emotion=Emotion.SAD)]
    assert len({pixels(one) for one in (performance(), *others)}) == 5


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def one_of_each(tmp_path_factory):
    return corpora.ensure(tmp_path_factory.mktemp("first"), ONE_OF_EACH)


def test_a_second_drawing_has_the_same_files(one_of_each, tmp_path):
    first, second = files(one_of_each), files(corpora.ensure(tmp_path, ONE_OF_EACH, workers=1))
    assert list(first) == list(second)
    # A spreadsheet and a video may hold the time at which they were written; what they show is compared instead.
    differing = {name for name in first if first[name] != second[name]}
    assert {Path(name).suffix for name in differing} <= {".xlsx", ".mp4", ".avi"}
    again = tmp_path / one_of_each.name
    for name in first:
        if Path(name).suffix in media.CODECS:
            pairs = zip(video.frames(one_of_each / name), video.frames(again / name), strict=True)
            assert all(np.array_equal(*pair) for pair in pairs)


def test_another_seed_gives_other_people(one_of_each, tmp_path):
    first, second = files(one_of_each), files(corpora.ensure(tmp_path, ONE_OF_EACH, seed=1))
    frames = [name for name in first if name.endswith("00000001.png")]
    assert frames
    assert all(first[name] != second[name] for name in frames)


# --- on disk ---------------------------------------------------------------------------------------


def test_the_marker_makes_everything_below_it_synthetic(tiny, one_of_each, tmp_path):
    for root in (tiny, one_of_each):
        for key in corpora.CLIPS:
            place = datasets.load(key).locate(root)
            assert provenance(place).word == "synthetic"
    assert provenance(tiny).details["seed"] == 0
    assert provenance(tiny).details["version"] == corpora.VERSION
    assert provenance(tmp_path).word == "real"


def test_what_is_there_is_not_drawn_again(tiny, monkeypatch):
    monkeypatch.setattr(corpora, "_write", None)
    assert corpora.ensure(tiny.parent, "tiny") == tiny


DRAWING = """
import sys
from pathlib import Path
from datasets.synthetic import corpora
corpora.ensure(Path(sys.argv[1]), corpora.Size(1, 6, 1, 1, 1, 1))
"""


def test_a_killed_drawing_starts_again_from_nothing(tmp_path):
    size = Size(1, 6, 1, 1, 1, 1)
    command = [sys.executable, "-c", DRAWING, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("*.png")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)  # the pipe ends with the last process that holds it: workers end with their parent
    (root,) = (path for path in tmp_path.iterdir() if path.name != ".locks")
    assert not (root / MARKER).exists()
    (root / "left over by the drawing that was killed").touch()

    assert corpora.ensure(tmp_path, size) == root
    assert json.loads((root / MARKER).read_text())["ckplus_clips"] == 6
    assert not (root / "left over by the drawing that was killed").exists()
    whole = corpora.ensure(tmp_path / "elsewhere", size)
    assert list(files(root)) == list(files(whole))
    assert all(a == b for (name, a), b in zip(files(root).items(), files(whole).values(), strict=True) if "png" in name)


def kinds(index) -> Counter:
    return Counter(finding.kind for finding in index.findings)


def test_ckplus_is_read_as_it_was_planned(tiny):
    index = ckplus.index(tiny)
    planned = write_ckplus.plan(tiny, TINY.ckplus_subjects, TINY.ckplus_clips, seed=0)
    labels = {recording.path: recording.performance.emotion for recording in planned}
    assert {clip.source for clip in index.clips} == set(labels)
    for clip in index.clips:
        neutral = labels[clip.source] is Emotion.NEUTRAL  # recorded, never labelled
        assert clip.emotion == (None if neutral else labels[clip.source])
        numbers = [frame.stem[-8:] for frame in video.images(clip.source)]
        assert numbers == [f"{n:08d}" for n in range(1, len(numbers) + 1)]
    unlabelled = sum(emotion is Emotion.NEUTRAL for emotion in labels.values())
    assert unlabelled
    assert kinds(index) == {"clip without label": unlabelled}
    assert Emotion.CONTEMPT in labels.values()
    assert (index.root / "cohn-kanade-images" / ".DS_Store").is_file()


def test_ckplus_is_grey_but_for_some_subjects(one_of_each):
    frame = next(one_of_each.rglob("S005_001_00000001.png"))
    assert cv2.imread(str(frame), cv2.IMREAD_UNCHANGED).shape == (490, 640)
    assert any(recording.colour for recording in write_ckplus.plan(Path(), 5, 1, seed=0))


def test_baum1_is_read_as_it_was_planned(tiny):
    index = baum1.index(tiny)
    planned = write_baum1.plan(tiny, TINY.baum1_subjects, TINY.baum1_clips, seed=0)
    labels = {recording.path: recording.performance.emotion for recording in planned}
    assert {clip.source for clip in index.clips} == set(labels)
    assert kinds(index) == {"clip without label": 1, "label without clip": 1}
    assert all(clip.emotion in (None, labels[clip.source]) for clip in index.clips)
    assert {clip.partition for clip in index.clips} == {"1a", "1s"}
    assert Emotion.UNSURE in labels.values()  # an emotion that no paper's class list has


def test_baum1_contradicts_itself_where_the_real_set_does(tmp_path):
    planned = write_baum1.plan(tmp_path, subjects=7, clips=1, seed=0)
    for recording in planned:
        recording.path.parent.mkdir(parents=True, exist_ok=True)
        recording.path.touch()
    write_baum1.annotate(tmp_path, planned)
    index = baum1.index(tmp_path)
    (finding,) = (f for f in index.findings if f.kind == "word and code disagree")
    assert finding.path.endswith("S015_007.mp4")
    assert "S005" not in {clip.subject for clip in index.clips}
    assert next(clip for clip in index.clips if clip.name == finding.path).emotion is Emotion.HAPPY


def test_enterface_is_read_as_it_was_planned(tmp_path):
    planned = write_enterface.plan(tmp_path, subjects=7, sentences=5, seed=0)
    for recording in planned:
        recording.path.parent.mkdir(parents=True, exist_ok=True)
        recording.path.touch()
    write_enterface.annotate(tmp_path, planned)
    index = enterface.index(tmp_path)
    labels = {recording.path: recording.performance.emotion for recording in planned}
    assert {clip.source for clip in (*index.clips, *index.dropped)} == set(labels)
    assert all(clip.emotion is labels[clip.source] for clip in (*index.clips, *index.dropped))
    assert {clip.subject for clip in index.dropped} == {"subject 6"}
    assert "subject 6" not in {clip.subject for clip in index.clips}
    assert kinds(index) == {
        "uncut recording": 6,
        "file of another subject": 30,
        "irregular file name": 17,
        "sentence of file and folder differ": 2,
    }


def test_the_tiny_videos_of_enterface_are_where_the_loader_looks(tiny):
    index = enterface.index(tiny)
    planned = write_enterface.plan(tiny, TINY.enterface_subjects, TINY.enterface_clips, seed=0)
    assert {clip.source for clip in index.clips} == {recording.path for recording in planned}
    first = index.clips[0].source
    assert next(video.frames(first)).shape == (576, 720, 3)


# --- what a face shows -----------------------------------------------------------------------------


def test_every_emotion_moves_units_that_move_the_face():
    """A unit that no part of the painter knows would be silently without effect."""
    assert set(PROTOTYPES) == set(Emotion)
    used = {unit for prototype in PROTOTYPES.values() for unit in prototype} | set(DISTRACTORS)
    relaxed = painted({})
    for unit in used:
        assert np.abs(painted({unit: 1.0}) - relaxed).max() > 20, unit
    assert np.array_equal(painted({"AU99": 1.0}), relaxed)


def test_no_two_emotions_look_alike():
    looks = {emotion: painted(PROTOTYPES[emotion]) for emotion in Emotion}
    for first in Emotion:
        for second in Emotion:
            changed = np.mean(np.abs(looks[first] - looks[second]) > 10)
            assert (changed > 0.001) == (first is not second), (first, second)


SCALE, CENTRE = 100, (320, 240)


def painted(units: dict[str, float]) -> np.ndarray:
    """A grey image (480, 640) float of one shaven person with these units, upright and facing the camera."""
    who = next(w for w in map(draw_identity, map(np.random.default_rng, range(99))) if not (w.beard or w.moustache))
    canvas = np.full((480, 640, 3), 120, np.uint8)
    FacePainter(who).paint(canvas, units, Pose(*CENTRE, SCALE))
    return cv2.cvtColor(canvas, cv2.COLOR_BGR2GRAY).astype(float)


def part_of(image: np.ndarray, left: float, right: float, top: float, bottom: float) -> np.ndarray:
    """The pixels between these borders, which are in face units."""
    x, y = CENTRE
    rows, columns = [y + round(SCALE * one) for one in (top, bottom)], [x + round(SCALE * one) for one in (left, right)]
    return image[slice(*rows), slice(*columns)]


MOUTH_CORNER = (0.28, 0.34, 0.5, 1.0)
INNER_BROW = (0.1, 0.3, -0.75, -0.28)
MOUTH = (-0.2, 0.2, 0.5, 1.1)


@pytest.mark.parametrize(
    ("emotion", "part", "direction"),
    [
        (Emotion.HAPPY, MOUTH_CORNER, "up"),
        (Emotion.SAD, MOUTH_CORNER, "down"),
        (Emotion.SURPRISE, INNER_BROW, "up"),
        (Emotion.SAD, INNER_BROW, "up"),
        (Emotion.ANGRY, INNER_BROW, "down"),
    ],
)
def test_an_emotion_moves_its_part_of_the_face(emotion, part, direction):
    """Lips and brows are the darkest things in their parts."""
    relaxed, shown = (part_of(painted(units), *part).argmin(axis=0).mean() for units in ({}, PROTOTYPES[emotion]))
    moved = (shown - relaxed) / SCALE
    assert (moved < -0.02) if direction == "up" else (moved > 0.02)


def test_surprise_opens_the_mouth():
    closed, opened = (np.mean(part_of(painted(units), *MOUTH) < 50) for units in ({}, PROTOTYPES[Emotion.SURPRISE]))
    assert opened > closed + 0.1


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(Emotion)), st.integers(0, 2**32 - 1), st.booleans(), st.integers(8, 60))
def test_a_performance_shows_its_emotion_more_than_anything_else(emotion, seed, posed, frames):
    seconds = np.arange(frames) / 25
    rng = np.random.default_rng(seed)
    made = course(emotion, seconds, rng, strength=1.0, ends_at_peak=posed, speaks=not posed)
    assert made.values.shape == (frames, len(made.names))
    assert np.isfinite(made.values).all()
    assert np.abs(made.values).max() < 3
    assert set(made.names) <= {*PROTOTYPES[emotion], *DISTRACTORS, "AU25", "AU26", "AU43"}
    if posed:  # from neutral to the peak
        own = [name for name in PROTOTYPES[emotion] if name in made.names and name not in (*DISTRACTORS, "AU43")]
        for name in own:
            assert made.at(0)[name] <= 0.35 * max(made.at(frames - 1)[name], 0.05)


# --- detectors -------------------------------------------------------------------------------------


def cast(people: int):
    """Two moments of one performance of each of `people` subjects, over all emotions and both kinds of recording."""
    for number in range(people):
        posed = number % 3 == 0
        emotion = list(_SIX_AND_NEUTRAL)[number % 7]
        size = (490, 640) if posed else (576, 720)
        one = performance(5, 1 + number % 3, number, emotion, 12, posed, size)
        yield from islice(draw(one), 3, None, 8)


def test_both_detectors_find_nearly_every_face():
    import dlib

    haar, dlibs = Settings().detector, dlib.get_frontal_face_detector()
    found = np.array(
        [
            (faces.largest(haar.detect(grey)) is not None, len(dlibs(grey)) > 0)
            for grey in map(video.grey, cast(people=150))
        ]
    )
    assert len(found) == 300
    assert found.mean(axis=0).min() >= 0.99, found.mean(axis=0)
