"""Decoding: every frame in its place, and one clear sentence for whatever cannot be read."""

import os
from itertools import islice
from pathlib import Path

import cv2
import little_damage
import numpy as np
import pytest

from common.media import containers, video
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


@pytest.mark.parametrize(("content", "name"), [("jpg", "1.png"), ("png", "1.jpg")])
def test_the_content_and_not_the_ending_says_what_an_image_is(tmp_path, content, name):
    image = cv2.imencode(f".{content}", np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8))[1].tobytes()
    (tmp_path / name).write_bytes(image)
    assert len(list(video.frames(tmp_path))) == 1
    (tmp_path / name).write_bytes(image[: len(image) // 2])
    assert "is damaged" in refused(tmp_path)


@pytest.mark.parametrize("ending", ["jpg", "png", "bmp", "tif"])
def test_bytes_behind_the_end_of_an_image_change_nothing(tmp_path, ending):
    data = cv2.imencode(f".{ending}", np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8))[1].tobytes()
    (tmp_path / f"1.{ending}").write_bytes(data)
    (plain,) = video.frames(tmp_path)
    (tmp_path / f"1.{ending}").write_bytes(data + bytes(range(200)) * 100)
    (motion,) = video.frames(tmp_path)
    assert np.array_equal(plain, motion)


def test_the_end_of_a_thumbnail_is_not_that_of_the_image(tmp_path):
    data = cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8))[1].tobytes()
    remark = b"Exif\0\0" + data
    whole = data[:2] + b"\xff\xe1" + (len(remark) + 2).to_bytes(2, "big") + remark + data[2:]
    (tmp_path / "1.jpg").write_bytes(whole)
    assert len(list(video.frames(tmp_path))) == 1
    (tmp_path / "1.jpg").write_bytes(whole[: -len(data) // 2])
    assert "is damaged" in refused(tmp_path)


def test_an_image_of_absurd_size_is_refused(tmp_path):
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (2**30).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0\0\0\0\0IEND"
    (tmp_path / "1.png").write_bytes(head)
    assert "is damaged" in refused(tmp_path)


def noise(path, frames=60):
    return little_damage.noise(path, frames)


def test_frames_that_an_edit_list_hides_are_not_missing(tmp_path):
    path = noise(tmp_path / "clip.mp4")
    whole = list(video.frames(path))
    little_damage.trim(path, 20)
    # Behind the first image, from which the decoder starts, all are the same.
    shown = list(video.frames(path))
    assert len(shown) == 40 and all(np.array_equal(a, b) for a, b in zip(shown[12:], whole[32:], strict=True))


def test_the_ends_that_an_edit_list_hides_are_not_missing(tmp_path):
    path = noise(tmp_path / "clip.mp4")
    little_damage.trim(path, 10, last=25)
    assert video.length(path) == pytest.approx(25, abs=1)


def test_a_trimmed_video_that_was_cut_off_is_refused_by_what_it_shows(tmp_path):
    path = noise(tmp_path / "clip.mp4")
    little_damage.trim(path, 20)
    little_damage.front(path)
    assert video.length(path) == 40
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert "of its 40 frames" in refused(path)


def test_a_table_that_promises_billions_of_frames_takes_no_memory(tmp_path):
    path = noise(tmp_path / "clip.mp4", 5)
    data = bytearray(path.read_bytes())
    at = data.index(b"stts")
    data[at + 12 : at + 16] = b"\xff" * 4
    path.write_bytes(data)
    assert containers.frames_shown(path, 999, 25.0, 5, 0.2) == 999


def test_empty_chunks_of_an_avi_are_not_missing_frames(tmp_path):
    path = noise(tmp_path / "clip.avi")
    little_damage.empty_chunks(path, range(10, 30))
    assert video.length(path) == 40


@pytest.mark.parametrize("name", ["clip.avi", "clip.mkv", "clip.webm", "clip.flv", "clip.wmv"])
def test_half_a_video_is_refused(tmp_path, name):
    path = noise(tmp_path / name)
    assert video.length(path) == 60
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "was cut off" in refused(path)


def test_an_mp4_without_its_table_is_told(tmp_path):
    path = noise(tmp_path / "clip.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "was cut off: the part that says where its frames are (moov) is missing" in refused(path)


def test_half_an_mp4_with_its_table_in_front_is_counted(tmp_path):
    path = noise(tmp_path / "clip.mp4")
    little_damage.front(path)
    assert video.length(path) == 60
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "of its 60 frames" in refused(path)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.avi", "clip.mkv"])
def test_a_hole_is_told(tmp_path, name):
    path = noise(tmp_path / name)
    little_damage.hole(path)
    assert "of its 60 frames are there" in refused(path)


@pytest.mark.parametrize("name", ["clip.mts", "clip.ts", "clip.m2ts", "clip.mpg"])
def test_a_rate_that_a_container_guesses_wrongly_is_no_damage(tmp_path, name):
    assert video.length(noise(tmp_path / name)) == 60


def test_a_rate_that_varies_is_no_damage(tmp_path):
    path = noise(tmp_path / "clip.mkv", 60)
    little_damage.slow_down(path)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) > 100
    assert video.length(path) == 60


NAMES = [b"M\xfcller.mp4", b"12:30.mp4", b"100%03d.mp4", b"br[x].avi", "漢".encode() * 80 + b".mkv"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_read(tmp_path, name, monkeypatch):
    ending = os.fsdecode(name)[-4:]
    path = tmp_path / os.fsdecode(name)
    noise(tmp_path / f"clip{ending}").rename(path)
    assert video.length(path) == 60
    monkeypatch.chdir(tmp_path)
    assert video.length(Path(path.name)) == 60
    path.write_bytes(b"no video")
    refused(path).encode()


def test_folders_may_have_names_that_are_no_utf_8(tmp_path):
    folder = tmp_path / os.fsdecode(b"M\xfcller")
    folder.mkdir()
    noise(tmp_path / "clip.avi").rename(folder / "clip.avi")
    assert video.length(folder / "clip.avi") == 60
    (folder / "still").mkdir()
    (folder / "still" / "1.png").write_bytes(cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes())
    assert len(list(video.frames(folder / "still"))) == 1
    refused(folder / "none.avi").encode()
