"""The SSD detector and its files: a little one that the tests write, and OpenCV's own on real pixels."""

import pickle
import shutil
import sys
from pathlib import Path

import cv2
import little_ssd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from commands import cli
from common.media import landmarks, model_files, ssd, video
from common.media.model_files import FORMS
from common.results.config import models_from_environment
from common.support.console import console
from common.support.errors import UserError

SHARED = Path(__file__).parents[2] / "shared"
real_model = pytest.mark.skipif(
    not (SHARED / "models" / "opencv_face_detector_uint8.pb").exists(),
    reason="shared/ with OpenCV's face detector and videos is not beside the repository",
)

PROTOTXT, CAFFEMODEL = (file.name for file in FORMS["ssd_caffe"].files)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the little SSD, which takes the place of the Caffe form."""
    return little_ssd.install(tmp_path / "models", monkeypatch)


def frame(level, height=100, width=200):
    return np.full((height, width, 3), level, np.uint8)


# --- boxes -----------------------------------------------------------------------------------------


@given(
    arrays(np.float32, 12, elements=st.floats(0, 1, width=32)),
    arrays(np.float32, (12, 4), elements=st.floats(-1, 2, width=32)),
    st.integers(1, 300),
    st.integers(1, 300),
    st.floats(0, 1),
)
def test_boxes_are_confident_sorted_and_inside_the_frame(confidences, corners, height, width, threshold):
    made = ssd.boxes(confidences, corners, (height, width), threshold)
    x, y, w, h = made.T
    assert made.dtype == np.int32
    assert (w > 0).all() and (h > 0).all() and (x >= 0).all() and (y >= 0).all()
    assert (x + w <= width).all() and (y + h <= height).all()
    # One by one: the corners of each candidate, rounded inside the frame.
    expected = []
    for number in sorted(range(12), key=lambda n: -confidences[n]):
        left, top, right, bottom = (
            round(min(max(float(share), 0), 1) * side)
            for share, side in zip(corners[number], (width, height, width, height), strict=True)
        )
        if confidences[number] >= threshold and right > left and bottom > top:
            expected.append([left, top, right - left, bottom - top])
    assert made.tolist() == expected


def test_the_most_confident_box_comes_first():
    corners = np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0.25, 0.25, 0.5, 0.75]])
    made = ssd.boxes(np.array([0.6, 0.9, 0.49]), corners, (100, 200), 0.5)
    assert made.tolist() == [[100, 50, 100, 50], [0, 0, 100, 50]]


# --- a network in Caffe's format -------------------------------------------------------------------


def test_a_face_is_found_where_the_network_says(folder):
    detector = ssd.Ssd("ssd_caffe", folder)
    assert detector.detect(frame(200)).tolist() == [[50, 25, 100, 50]]
    assert detector.detect(frame(20)).shape == (0, 4)


def test_means_are_taken_from_blue_green_and_red(folder):
    """The little network is just sure where the sum of the channels reaches that of the means."""
    detector = ssd.Ssd("ssd_caffe", folder)
    blue, green, red = ssd.MEANS
    for level, found in ((1, 1), (-1, 0)):
        image = np.broadcast_to(np.array([blue + level, green + level, red + level], np.uint8), (60, 80, 3)).copy()
        assert len(detector.detect(image)) == found


def test_the_threshold_decides(folder):
    weak, strict = (ssd.Ssd("ssd_caffe", folder, threshold) for threshold in (0.3, 0.999))
    assert len(weak.detect(frame(120))) == 1 and len(ssd.Ssd("ssd_caffe", folder).detect(frame(120))) == 0
    assert len(strict.detect(frame(200))) == 0
    assert weak.version != strict.version


def test_the_same_files_elsewhere_are_the_same_detector(folder, tmp_path):
    moved = shutil.copytree(folder, tmp_path / "moved")
    detector = ssd.Ssd("ssd_caffe", folder)
    assert ssd.Ssd("ssd_caffe", moved).version == detector.version
    assert pickle.loads(pickle.dumps(detector)).detect(frame(200)).tolist() == detector.detect(frame(200)).tolist()


def test_a_reworded_structure_is_used_and_told_apart(folder, tmp_path):
    moved = shutil.copytree(folder, tmp_path / "moved")
    (moved / PROTOTXT).write_text("# another comment\n" + little_ssd.STRUCTURE)
    assert model_files.find(moved).key == "ssd_caffe"
    reworded = ssd.Ssd("ssd_caffe", moved)
    assert len(reworded.detect(frame(200))) == 1
    assert reworded.version != ssd.Ssd("ssd_caffe", folder).version


@pytest.mark.parametrize(
    "structure",
    [
        "no network at all {",
        little_ssd.STRUCTURE.partition('layer { name: "prior"')[0],
        little_ssd.STRUCTURE.replace("num_output: 4", "num_output: 8"),
    ],
    ids=["no text of that kind", "cut off", "of other weights"],
)
def test_a_structure_that_does_not_fit_is_named(folder, structure):
    (folder / PROTOTXT).write_text(structure)
    with pytest.raises(UserError) as error:
        ssd.Ssd("ssd_caffe", folder).detect(frame(200))
    assert str(folder / PROTOTXT) in error.value.problem and "example.org" in error.value.remedy


def test_files_that_vanished_are_named(folder):
    (folder / CAFFEMODEL).unlink()
    with pytest.raises(UserError, match=CAFFEMODEL):
        ssd.Ssd("ssd_caffe", folder).detect(frame(200))


# --- which files are there -------------------------------------------------------------------------


def test_the_first_complete_form_is_used(folder, monkeypatch):
    second = FORMS["ssd_caffe"]
    monkeypatch.setitem(FORMS, "ssd_tensorflow", model_files.Form("ssd_tensorflow", "another", *second.files))
    assert model_files.find(folder) is second


def test_no_folder_or_nothing_of_a_detector_in_it_is_no_mistake(tmp_path):
    assert model_files.find(None) is None
    (tmp_path / "shape_predictor_68_face_landmarks.dat").write_bytes(b"of another model")
    assert model_files.find(tmp_path) is None


def test_a_named_folder_must_exist(tmp_path):
    with pytest.raises(UserError, match=r"nowhere.*MODELS="):
        model_files.find(tmp_path / "nowhere")


@pytest.mark.parametrize(("kept", "absent"), [(PROTOTXT, CAFFEMODEL), (CAFFEMODEL, PROTOTXT)])
def test_one_file_without_the_other_is_refused(folder, kept, absent):
    (folder / absent).unlink()
    with pytest.raises(UserError) as error:
        model_files.find(folder)
    assert f"{kept} without {absent}" in error.value.problem and absent in error.value.remedy


@pytest.mark.parametrize("content", [b"<html>404</html>", b""])
def test_weights_of_another_content_are_refused(folder, content):
    (folder / CAFFEMODEL).write_bytes(content)
    with pytest.raises(UserError) as error:
        model_files.find(folder)
    assert str(folder / CAFFEMODEL) in error.value.problem and f"({len(content)} bytes)" in error.value.problem
    assert "https://example.org" in error.value.remedy


def test_what_cannot_be_read_is_named(folder):
    (folder / CAFFEMODEL).unlink()
    (folder / CAFFEMODEL).mkdir()
    with pytest.raises(UserError, match=CAFFEMODEL):
        model_files.find(folder)


def test_the_environment_names_a_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("FER_MODELS", str(tmp_path))
    assert models_from_environment() == tmp_path


# --- the command -----------------------------------------------------------------------------------


def told(monkeypatch, capsys, *words):
    monkeypatch.setattr(console, "width", 1000)
    monkeypatch.setattr(sys, "argv", ["commands", "models", *map(str, words)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    output = capsys.readouterr()
    return stopped.value.code or 0, output.out + output.err


def test_the_command_says_what_is_there_and_where_to_get_the_rest(folder, monkeypatch, capsys):
    (folder / PROTOTXT).write_text("# another\n" + little_ssd.STRUCTURE)
    status, output = told(monkeypatch, capsys, "--models", folder)
    assert status == 0 and "use a little SSD." in output
    lines = output.splitlines()
    assert any("a little SSD" in line and CAFFEMODEL in line and "right" in line for line in lines)
    assert any(PROTOTXT in line and "another version" in line for line in lines)
    weights = FORMS["ssd_tensorflow"].weights
    assert any(weights.name in line and "missing" in line for line in lines)
    assert f"{weights.name}: {weights.url}" in lines
    predictor = next(line for line in lines if landmarks.PREDICTOR.name in line)
    assert f"right, in {landmarks.PACKAGE}" in predictor and landmarks.LICENCE in output


def test_the_command_without_a_folder_says_what_takes_its_place(monkeypatch, capsys):
    monkeypatch.setattr("commands.models.models_from_environment", lambda: None)
    status, output = told(monkeypatch, capsys)
    assert status == 0 and "Haar cascade" in output and "MODELS=" in output


def test_the_command_shows_its_table_before_it_refuses_a_file(folder, monkeypatch, capsys):
    (folder / CAFFEMODEL).write_bytes(b"x")
    status, output = told(monkeypatch, capsys, "--models", folder)
    assert status == 2 and "another content" in output and "what to do:" in output


# --- OpenCV's own, in the TensorFlow form ----------------------------------------------------------


@real_model
def test_real_videos():
    form = model_files.find(SHARED / "models")
    assert form is FORMS["ssd_tensorflow"]
    detector = ssd.Ssd(form.key, SHARED / "models")
    for name, faces in (("single_face.mp4", 1), ("no_face.mp4", 0)):
        images = [image for image in video.frames(SHARED / "videos" / name, step=12) if image is not None]
        assert [len(detector.detect(image)) for image in images] == [faces] * len(images)


@real_model
def test_boxes_agree_with_those_of_opencvs_own_class():
    form = FORMS["ssd_tensorflow"]
    theirs = cv2.dnn.DetectionModel(*(str(SHARED / "models" / file.name) for file in reversed(form.files)))
    theirs.setInputParams(scale=1.0, size=(ssd.SIDE, ssd.SIDE), mean=ssd.MEANS)
    detector = ssd.Ssd(form.key, SHARED / "models")
    for image in video.frames(SHARED / "videos" / "single_face.mp4", step=24):
        if image is not None:
            _, _, expected = theirs.detect(image, confThreshold=0.5)
            # Theirs cuts fractions off and counts the last pixel too.
            assert np.abs(detector.detect(image) - expected).max() <= 2
