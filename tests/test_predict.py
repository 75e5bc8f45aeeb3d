"""From a file that somebody brings to an annotated video, a table and a timeline."""

import csv
import dataclasses
import json
from pathlib import Path

import cv2
import little_mp4
import little_trained
import numpy as np
import pandas as pd
import pytest

from common.media import faces, video
from common.media.clips import Clip
from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets.synthetic import media
from datasets.synthetic.performance import Performance, draw
from inference import colours, film, pace, predict, stream
from inference import draw as drawing
from inference.chosen import ABOUT, TABLE, Chosen, choose
from inference.finder import Face, Finder
from inference.pace import Pace
from reproductions.timeconvnet import preprocessing

SHARED = Path(__file__).parents[2] / "shared" / "videos"
FRAMES, RATE = 14, 25.0


def performed(frames: int = FRAMES) -> list[np.ndarray]:
    return list(draw(Performance(0, 97, 1, 0, Emotion.SURPRISE, frames, RATE, (288, 360), False)))


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("film") / "clip.mp4"
    media.film(path, performed(), (288, 360), RATE)
    return path


@pytest.fixture
def trained(tmp_path):
    return little_trained.make(tmp_path / "results")


def these(*paths: Path) -> Chosen:
    return Chosen({path.name: path for path in paths})


def rows(folder: Path) -> list[dict]:
    return list(csv.DictReader((folder / TABLE).read_text(encoding="utf-8").splitlines()))


def about(folder: Path) -> dict:
    return json.loads((folder / ABOUT).read_text(encoding="utf-8"))


def length(path: Path) -> int:
    """Frames that can be decoded."""
    return len(list(film.film(path)))


def blank(path: Path, frames: int = 5) -> Path:
    media.film(path, np.full((frames, 96, 128, 3), 80, np.uint8), (96, 128), 10.0)
    return path


def test_a_video_becomes_an_annotated_one_a_table_and_a_timeline(clip, trained, tmp_path):
    outcome = predict.predict(these(clip), trained, tmp_path / "out")
    assert (outcome.frames, outcome.with_face, outcome.faces, outcome.stopped) == (FRAMES, FRAMES, 1, False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "about.json",
        "clip-seen.mp4",
        "clip-timeline.png",
        "faces.csv",
    ]
    assert length(tmp_path / "out" / "clip-seen.mp4") == FRAMES
    assert cv2.imread(str(tmp_path / "out" / "clip-timeline.png")).shape[0] > 100

    found = rows(tmp_path / "out")
    assert [int(row["frame"]) for row in found] == list(range(FRAMES))
    assert float(found[-1]["time_s"]) == pytest.approx((FRAMES - 1) / RATE, abs=1e-3)
    reach = trained.preparation.reach()
    assert [row["emotion"] != "" for row in found] == [False] * (reach - 1) + [True] * (FRAMES - reach + 1)
    last = [float(found[-1][f"p_{name}"]) for name in trained.classes]
    assert sum(last) == pytest.approx(1, abs=1e-4)
    assert trained.classes[int(np.argmax(last))] == found[-1]["emotion"]


def test_the_table_says_what_the_network_was_trained_on(clip, trained, tmp_path):
    predict.predict(these(clip), trained, tmp_path / "out")
    assert about(tmp_path / "out")["trained on"] == trained.description and "synthetic" in trained.description
    assert len(pd.read_csv(tmp_path / "out" / TABLE)) == FRAMES


def test_images_and_videos_of_a_folder_are_looked_at_and_broken_ones_named(clip, trained, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    cv2.imwrite(str(folder / "face.png"), performed(1)[0])
    (folder / "clip.mp4").write_bytes(clip.read_bytes())
    (folder / "broken.jpg").write_bytes(b"no image")
    (folder / "broken.mp4").write_bytes(b"no video")
    (folder / "notes.txt").write_text("left alone")
    (folder / ".hidden.png").write_bytes(b"")
    outcome = predict.predict(choose(folder), trained, tmp_path / "out")
    assert len(outcome.unreadable) == 2 and outcome.frames == FRAMES + 1
    assert {row["file"] for row in rows(tmp_path / "out")} == {"face.png", "clip.mp4"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "face-seen.png",
        "clip-seen.mp4",
        "clip-timeline.png",
        "faces.csv",
        "about.json",
    }
    (still,) = [row for row in rows(tmp_path / "out") if row["file"] == "face.png"]
    assert still["emotion"] in trained.classes


def test_files_of_one_stem_do_not_overwrite_each_other(trained, tmp_path):
    for name in ("a.png", "a.bmp"):
        cv2.imwrite(str(tmp_path / name), performed(1)[0])
    predict.predict(these(tmp_path / "a.bmp", tmp_path / "a.png"), trained, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").glob("*-seen.png")} == {"a-bmp-seen.png", "a-png-seen.png"}


def test_no_face_at_all_is_a_valid_empty_result(trained, tmp_path):
    outcome = predict.predict(these(blank(tmp_path / "wall.mp4")), trained, tmp_path / "out")
    assert (outcome.frames, outcome.with_face) == (5, 0)
    assert rows(tmp_path / "out") == [] and length(tmp_path / "out" / "wall-seen.mp4") == 5
    assert not (tmp_path / "out" / "wall-timeline.png").exists()


def test_what_exists_is_never_overwritten(clip, trained, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="exists already"):
        predict.predict(these(clip), trained, tmp_path / "out")
    with pytest.raises(UserError, match="exists already"):
        predict.predict(these(clip), trained, tmp_path / "out" / "mine.txt")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    assert (tmp_path / "out" / "mine.txt").read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("gone.mp4", None, "There is no file"),
        ("gone.png", None, "There is no file"),
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"these are not images " * 100, "no video that can be opened"),
        ("text.png", b"these are not images", "not an image"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_written(trained, tmp_path, name, content, told):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=told) as caught:
        predict.predict(these(tmp_path / name), trained, tmp_path / "out")
    assert name in str(caught.value) and not (tmp_path / "out").exists()


def test_a_video_without_frames_is_refused(trained, tmp_path):
    path = blank(tmp_path / "hollow.avi")
    data = path.read_bytes()
    # The compressed frames become empty chunks of another stream.
    path.write_bytes(data.replace(b"00dc", b"77zz"))
    with pytest.raises(UserError, match=r"hollow\.avi"):
        predict.predict(these(path), trained, tmp_path / "out")


def test_a_folder_without_videos_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(UserError, match="neither videos nor images"):
        choose(tmp_path)
    with pytest.raises(UserError, match="There is no file"):
        choose(tmp_path / "gone.mp4")


def test_a_turned_phone_video_is_seen_upright(clip, trained, tmp_path):
    path = tmp_path / "phone.mp4"
    media.film(path, [cv2.rotate(frame, cv2.ROTATE_90_COUNTERCLOCKWISE) for frame in performed()], (360, 288), RATE)
    assert next(iter(film.film(path)))[1].shape == (360, 288, 3)
    little_mp4.turn(path)
    assert next(iter(film.film(path)))[1].shape == (288, 360, 3)
    assert predict.predict(these(path), trained, tmp_path / "out").with_face == FRAMES


def test_a_turned_photograph_is_seen_upright(trained, tmp_path):
    path = tmp_path / "phone.jpg"
    cv2.imwrite(str(path), cv2.rotate(performed(1)[0], cv2.ROTATE_90_COUNTERCLOCKWISE))
    # APP1 with the one entry 0x0112 (orientation) = 6: to be turned clockwise.
    remark = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(remark) + 2).to_bytes(2, "big") + remark + data[2:])
    assert film.image(path).shape == (288, 360, 3)
    assert stream.still(film.image(path), trained).faces


def test_frames_of_a_varying_rate_keep_their_times(trained, tmp_path):
    path = tmp_path / "varying.mp4"
    media.film(path, performed(), (288, 360), 10.0)
    little_mp4.vary(path, [(FRAMES // 2, 1.0), (FRAMES // 2, 3.0)])
    times = [time_s for time_s, _ in film.film(path)]
    steps = np.diff(times)
    assert np.allclose(steps[: FRAMES // 2 - 1], steps[0]) and np.allclose(steps[FRAMES // 2 :], 3 * steps[0])
    predict.predict(these(path), trained, tmp_path / "out")
    written = [float(row["time_s"]) for row in rows(tmp_path / "out")]
    assert np.allclose(written, times, atol=1e-3)
    # The copy lasts as long, though it has one rate.
    seen = film.film(tmp_path / "out" / "varying-seen.mp4")
    assert seen.frames / seen.rate == pytest.approx(times[-1], abs=3 / seen.rate)


def test_a_writer_shows_every_frame_at_its_time(tmp_path):
    shades = {0.0: 30, 0.1: 60, 0.5: 90, 0.51: 120, 0.9: 150}
    with film.Writer(tmp_path / "x.mp4", 10.0) as writer:
        for time_s, shade in shades.items():
            writer.write(time_s, np.full((48, 65, 3), shade, np.uint8))
    shown = [int(frame.mean().round(-1)) for _, frame in film.film(tmp_path / "x.mp4")]
    assert shown == [30, 60, 60, 60, 60, 90, 120, 120, 120, 150]


def test_ctrl_c_leaves_files_that_can_be_opened(clip, tmp_path):
    calls = []

    def interrupted(inputs):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return little_trained.projections(inputs)

    trained = little_trained.make(tmp_path / "results", interrupted)
    outcome = predict.predict(these(clip), trained, tmp_path / "out")
    # One answer is asked for before the first frame, to load the network.
    seen = trained.preparation.reach() - 1 + 3
    assert outcome.stopped and outcome.frames == seen == len(rows(tmp_path / "out"))
    assert length(tmp_path / "out" / "clip-seen.mp4") == seen
    assert (tmp_path / "out" / "clip-timeline.png").exists()


def test_show_says_what_came_of_it(clip, tmp_path, monkeypatch, capsys):
    trained = little_trained.make(tmp_path / "results")
    monkeypatch.setattr(predict, "find", lambda which, results: trained)
    monkeypatch.setenv("FER_RESULTS", str(tmp_path / "results"))
    predict.show(clip, "", None)
    told = capsys.readouterr().out
    assert "synthetic" in told and f"{FRAMES} frames, {FRAMES} of them with a face, 1 face followed, 6 answers" in told
    assert (tmp_path / "results" / "seen" / "clip" / TABLE).exists()
    predict.show(blank(tmp_path / "wall.mp4"), "", tmp_path / "wall")
    assert "No face was found, in 5 frames." in capsys.readouterr().out


def test_show_ends_with_the_status_of_ctrl_c(clip, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    trained = little_trained.make(tmp_path / "results")
    monkeypatch.setattr(predict, "find", lambda which, results: trained)
    monkeypatch.setattr(predict, "_video", interrupted)
    with pytest.raises(SystemExit) as ended:
        predict.show(clip, "", tmp_path / "out")
    assert ended.value.code == 130


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (301, 1), (2160, 3840)])
def test_images_of_any_size_are_annotated(trained, tmp_path, shape):
    cv2.imwrite(str(tmp_path / "x.png"), np.full((*shape, 3), 77, np.uint8))
    assert predict.predict(these(tmp_path / "x.png"), trained, tmp_path / "out").frames == 1
    seen = cv2.imread(str(tmp_path / "out" / "x-seen.png"))
    assert seen.shape[1] == max(shape[1], drawing.LEAST_WIDTH) and seen.shape[0] > shape[0] + 100


def watched(trained, **options) -> list[stream.Seen]:
    frames = ((k / RATE, frame) for k, frame in enumerate(performed()))
    return list(stream.watch(frames, trained, **options))


def test_boxes_bars_timeline_and_sentence_are_drawn(trained):
    seen = watched(trained)
    before = seen[-1].frame.copy()
    image = drawing.annotate(seen[-1], trained)
    assert np.array_equal(seen[-1].frame, before)
    height = before.shape[0]
    assert image.shape[1:] == (360, 3) and image.shape[0] > height + 100
    warned = np.all(np.abs(image[-60:].astype(int) - colours.WARNING) < 60, axis=2)
    assert warned.sum() > 200
    x, y, _, _ = seen[-1].faces[0].box
    best = trained.answer(seen[-1].smooth[1])
    edge = image[y + 40 : y + 80, x - 1 : x + 2].astype(int) - colours.colour(best)
    assert np.abs(edge).sum(axis=2).min(axis=1).mean() < 60
    # The bars and the timeline stand below the frame, of which they hide nothing.
    first = drawing.annotate(seen[0], trained)
    assert not np.array_equal(first[height : height + 100], image[height : height + 100])
    assert np.array_equal(image[:20, :20], before[:20, :20])
    assert len(seen[-1].timeline) == FRAMES and seen[-1].timeline[0] is None


def test_every_frame_of_a_video_is_annotated_in_one_size(trained):
    sizes = {drawing.annotate(seen, trained).shape for seen in watched(trained)}
    assert len(sizes) == 1


@pytest.mark.parametrize("shape", [(640, 360), (270, 480), (720, 1280), (2160, 3840)])
def test_what_stands_below_a_frame_fits_it(trained, shape):
    """Nothing is cut off at the right end: its last columns are as dark as the margin."""
    seen = dataclasses.replace(watched(trained)[-1], frame=np.zeros((*shape, 3), np.uint8))
    below = drawing.annotate(seen, trained)[shape[0] :]
    assert below.shape[1] == shape[1]
    assert (below[:, -3:] == colours.DARK).all() and (below[:, :3] == colours.DARK).all()
    assert (below[-3:] == colours.DARK).all()


def test_an_answer_that_is_not_sure_enough_is_not_named(trained):
    unsure = dataclasses.replace(trained, unsure_below=0.6)
    assert unsure.answer(np.array([0.61, 0.39, 0, 0, 0, 0, 0])) == "Angry"
    assert unsure.answer(np.array([0.59, 0.41, 0, 0, 0, 0, 0])) == "unsure"
    assert drawing.label(np.array([0.59, 0.41, 0, 0, 0, 0, 0]), unsure) == "unsure"
    assert drawing.label(np.array([0.59, 0.41, 0, 0, 0, 0, 0]), trained) == "Angry 59%"
    assert drawing.label(None, trained) == "..."


def test_the_table_has_the_answer_of_the_smoothed_probabilities(clip, trained, tmp_path):
    unsure = dataclasses.replace(trained, unsure_below=0.999)
    unsure.__dict__["_network"] = little_trained.projections
    predict.predict(these(clip), unsure, tmp_path / "out")
    answers = {row["answer"] for row in rows(tmp_path / "out")}
    assert answers == {"", "unsure"}
    assert {row["emotion"] for row in rows(tmp_path / "out")} <= {"", *trained.classes}


def test_the_bars_are_those_of_the_face_that_was_chosen(trained):
    assert [seen.shown for seen in watched(trained)] == [1] * FRAMES
    other = watched(trained, shown=2)
    assert [seen.shown for seen in other] == [2] * FRAMES and other[-1].timeline[-1] is None


def test_plates_of_faces_side_by_side_do_not_hide_each_other(trained):
    faces = [Face(number, (20 + 70 * number, 100, 80, 80)) for number in (1, 2, 3)]
    sure = {face.track: np.eye(7)[face.track] for face in faces}
    frame = np.full((300, 480, 3), 255, np.uint8)
    image = drawing.annotate(stream.Seen(0, 0.0, frame, faces, sure, sure, 1), trained)[:300]
    # All pixels of a plate's colour: the plates are larger than the lines of their boxes.
    areas = [int(np.all(image == colours.colour(trained.classes[n]), axis=2).sum()) for n in (1, 2, 3)]
    assert min(areas) > 0.5 * max(areas)


def test_an_emotion_has_one_colour_whatever_the_classes(trained):
    assert len({colours.colour(emotion) for emotion in Emotion}) == len(Emotion)
    assert colours.colour("Happy") == colours.colour(Emotion.HAPPY)
    assert colours.colour("something else") == colours.colour("something else")
    fewer = dataclasses.replace(trained, classes=("Happy", "Sad"))
    seen = watched(trained)[-1]
    two = np.array([0.9, 0.1])
    seen = dataclasses.replace(seen, smooth={1: two}, probabilities={1: two}, timeline=())
    image = drawing.annotate(seen, fewer)
    assert np.all(image == colours.colour("Happy"), axis=2).sum() > 500


def test_probabilities_are_smoothed_face_by_face():
    smoothing = stream.Smoothing()
    sure, other = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert smoothing.add({1: sure})[1].tolist() == [1, 0]
    assert smoothing.add({1: other, 2: other}) == {1: pytest.approx([0.8, 0.2]), 2: pytest.approx([0, 1])}
    assert smoothing.add({}) == {}
    # A face that is briefly out of sight goes on where it was, a forgotten one begins anew.
    assert smoothing.add({1: other})[1] == pytest.approx([0.64, 0.36])
    for _ in range(2 * stream.FORGET_AFTER):
        smoothing.add({3: sure})
    assert smoothing.add({1: other})[1].tolist() == [0, 1]


def test_the_timeline_holds_the_last_frames(trained):
    still = ((k / RATE, performed(1)[0]) for k in range(stream.REMEMBERED + 20))
    *_, last = stream.watch(still, trained)
    assert len(last.timeline) == stream.REMEMBERED


@pytest.mark.parametrize(("rate", "each"), [(12.5, 1), (25, 1), (30, 1), (60, 2), (120, 5)])
def test_a_window_lasts_as_long_as_in_the_training_whatever_the_rate(trained, rate, each):
    frames = [np.full((240, 240, 3), number, np.uint8) for number in range(50)]
    windows, beat, shown = stream.Windows(trained.preparation), Pace(), {}
    for number, frame in enumerate(frames):
        beat.add(number / rate)
        for window in windows.add(frame, [Face(1, (60, 60, 120, 120))], pace.each(beat.rate)).values():
            shown[number] = window[:, 0, 0, 0].tolist()
    step = 2 * each
    assert shown[49] == [49 - step * back for back in (4, 3, 2, 1, 0)]
    assert min(shown) == 4 * step


def test_an_irregular_camera_has_the_rate_of_most_of_its_frames():
    beat = Pace()
    assert beat.rate == pace.USUAL_RATE
    moment = 0.0
    for between in [1 / 60] * 10 + [0.5, 0.0] + [1 / 60] * 10:
        moment += between
        beat.add(moment)
    assert beat.rate == pytest.approx(60) and pace.each(beat.rate) == 2


@pytest.mark.parametrize(("rate", "word"), [(10.0, "10 frames a second"), (25.0, ""), (60.0, "one of every 2")])
def test_an_unusual_rate_is_told(trained, tmp_path, rate, word):
    media.film(tmp_path / "clip.mp4", performed(20), (288, 360), rate)
    remarks = predict.predict(these(tmp_path / "clip.mp4"), trained, tmp_path / "out").remarks
    assert word in "".join(remarks) and len(remarks) == bool(word)
    assert pace.remark(rate, frames=1) == ""


def test_a_face_that_was_out_of_sight_begins_a_new_window(trained):
    windows, frame, face = stream.Windows(trained.preparation), performed(1)[0], Face(1, (100, 60, 120, 120))
    reach = trained.preparation.reach()
    complete = [bool(windows.add(frame, [] if k == 3 else [face])) for k in range(reach + 4)]
    assert complete == [False] * (reach + 3) + [True]


def windows_of_training(source: Path) -> dict[int, np.ndarray]:
    """Windows (5, 48, 48, 1) of the training by the number of their last frame."""
    made = preprocessing.prepare(Clip("eNTERFACE'05", "x", "s", Emotion.SURPRISE, source), preprocessing.Settings())
    ends = made.starts + made.length - 1
    return {int(made.frame_numbers[end]): made.frames[end - made.length + 1 : end + 1] for end in ends}


@pytest.mark.parametrize("name", ["drawn", "single_face.mp4", "no_face.mp4"])
def test_the_fast_path_gives_the_windows_and_answers_of_the_training(trained, tmp_path, name):
    path = SHARED / name
    if name == "drawn":
        path = tmp_path / "clip.mp4"
        media.film(path, performed(40), (288, 360), RATE)
    elif not path.exists():
        pytest.skip("needs ../shared/videos")
    wanted = windows_of_training(path)
    windows, finder, fast, boxes = stream.Windows(trained.preparation), Finder(), {}, []
    for number, frame in enumerate(video.frames(path)):
        found = finder.boxes(frame)
        slow = faces.largest(finder.detector.detect(video.grey(frame)))
        assert bool(found) == (slow is not None)
        boxes += [np.abs(np.subtract(face.box, slow)).max() / slow[2] for face in found[:1]]
        for window in windows.add(frame, found[:1]).values():
            fast[number] = window
    if name == "no_face.mp4":
        assert not wanted and not fast
        return
    assert len(wanted) > 10 and set(wanted) <= set(fast)
    assert np.median(boxes) <= 0.03 and np.percentile(boxes, 95) <= 0.08
    one, other = (np.stack([side[number] for number in wanted]) for side in (fast, wanted))
    assert np.abs(one.astype(int) - other).mean() <= 1.0
    answers = [trained.probabilities(trained.preparation.inputs(side)).argmax(axis=1) for side in (one, other)]
    assert (answers[0] == answers[1]).mean() >= 0.98


def test_the_command_ends_with_a_sentence_where_nothing_is_trained(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from commands import cli

    monkeypatch.setenv("FER_RESULTS", str(tmp_path))
    monkeypatch.delenv("FER_DATA", raising=False)
    path = blank(tmp_path / "x.mp4")
    ended = CliRunner().invoke(cli.app, ["predict", str(path), "--model", "timeconvnet", "--out", str(tmp_path / "o")])
    assert isinstance(ended.exception, UserError) and "make reproduce PAPER=timeconvnet" in str(ended.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["x.mp4"]
