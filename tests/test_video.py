"""Decoding: every frame in its place, and one clear sentence for whatever cannot be read."""

from itertools import islice

import cv2
import numpy as np
import pytest

from common.media import video
from common.support.errors import UserError

CODECS = {"clip.mp4": "mp4v", "clip.avi": "XVID", "motion.avi": "MJPG"}


def level(number):
    return 10 + 6 * number


def write_video(path, frames=30, size=(96, 64)):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*CODECS[path.name]), 25, size)
    for number in range(frames):
        writer.write(np.full((size[1], size[0], 3), level(number), np.uint8))
    writer.release()
    return path


def write_noise(path, frames=40):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*CODECS[path.name]), 25, (96, 64))
    noise = np.random.default_rng(0)
    for _ in range(frames):
        writer.write(noise.integers(0, 255, (64, 96, 3), np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize("name", CODECS)
def test_frames_of_a_video_come_in_order_as_bgr(tmp_path, name):
    frames = list(video.frames(write_video(tmp_path / name)))
    assert len(frames) == 30
    assert all(frame.shape == (64, 96, 3) and frame.dtype == np.uint8 for frame in frames)
    assert [round(float(frame.mean())) for frame in frames] == pytest.approx([level(n) for n in range(30)], abs=4)


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize(("start", "step"), [(0, 1), (5, 2), (3, 7), (29, 1), (40, 1)])
def test_start_and_step_keep_what_a_slice_keeps(tmp_path, name, start, step):
    source = write_video(tmp_path / name)
    everything = list(video.frames(source))
    thinned = list(video.frames(source, start, step))
    assert [n for n, frame in enumerate(thinned) if frame is not None] == list(range(30))[start::step]
    for kept, frame in zip(thinned, everything, strict=True):
        assert kept is None or np.array_equal(kept, frame)


def test_images_are_sorted_by_number_and_system_files_ignored(tmp_path):
    for number in (10, 9, 1, 2):
        cv2.imwrite(str(tmp_path / f"S005_{number}.png"), np.full((8, 9), number, np.uint8))
    for name in (".DS_Store", "Thumbs.db", "._S005_1.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [int(frame[0, 0, 0]) for frame in video.frames(tmp_path)] == [1, 2, 9, 10]


def test_a_grey_image_keeps_its_grey_levels(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    cv2.imwrite(str(tmp_path / "1.png"), image)
    (frame,) = video.frames(tmp_path)
    assert frame.shape == (20, 30, 3)
    assert np.array_equal(video.grey(frame), image)


def test_skipped_images_are_not_even_opened(tmp_path):
    (tmp_path / "1.png").write_bytes(b"")
    cv2.imwrite(str(tmp_path / "2.png"), np.zeros((4, 4), np.uint8))
    assert [frame is None for frame in video.frames(tmp_path, start=1)] == [True, False]


def test_frames_stream(tmp_path):
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((4, 4), np.uint8))
    (tmp_path / "2.png").write_bytes(b"")
    assert next(islice(video.frames(tmp_path), 1)).shape == (4, 4, 3)


def refused(source):
    with pytest.raises(UserError) as error:
        list(video.frames(source))
    assert error.value.remedy
    return error.value.problem


def test_missing_source(tmp_path):
    assert refused(tmp_path / "gone.avi") == f"{tmp_path / 'gone.avi'} does not exist."


def test_folder_without_images(tmp_path):
    assert refused(tmp_path) == f"{tmp_path} holds no images."


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize(("content", "told"), [(b"", "is empty"), (b"not a video\n" * 99, "is not a video")])
def test_empty_file_and_text_named_as_video(tmp_path, name, content, told, capfd):
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(path).startswith(f"{path} {told}")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", CODECS)
def test_video_that_was_cut_off(tmp_path, name, capfd):
    path = write_noise(tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "cut off" in refused(path)
    assert capfd.readouterr() == ("", "")


def test_a_few_missing_frames_at_the_end_are_tolerated(tmp_path):
    path = write_noise(tmp_path / "motion.avi")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.93)])
    assert 36 <= len(list(video.frames(path))) < 40


@pytest.mark.parametrize("name", ["1.png", "1.jpg"])
def test_images_that_cannot_be_read(tmp_path, name, capfd):
    path = tmp_path / name
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8))
    whole = path.read_bytes()
    for content, told in (
        (b"", "is empty"),
        (b"only text", "is damaged or not an image"),
        (whole[: len(whole) // 2], "is damaged or not an image"),
    ):
        path.write_bytes(content)
        assert refused(tmp_path).startswith(f"{path} {told}")
    assert capfd.readouterr() == ("", "")
