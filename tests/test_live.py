"""Live: the newest frame for everybody, cameras that are not there, times and counts that need no memory."""

import os
import resource
import sys
import time
from collections.abc import Iterator
from threading import Event, Thread

import cv2
import little_avi
import little_damage
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.support.errors import UserError
from inference.film import Film
from inference.live import source as sources
from inference.live import tally as tallies
from inference.live.annotated_frame import WIDEST, AnnotatedFrame
from inference.live.capture import Capture
from inference.live.newest import Newest
from inference.live.tally import Tally

FRAME = np.zeros((48, 64, 3), np.uint8)


def refused(function, *arguments) -> str:
    """The sentence with which something is refused, and what to do."""
    with pytest.raises(UserError) as error:
        function(*arguments)
    assert error.value.problem.endswith(".") and error.value.remedy.endswith(".")
    return str(error.value)


# --- the newest ------------------------------------------------------------------------------------


@given(st.lists(st.booleans(), max_size=40))
def test_every_item_is_taken_or_known_to_be_missed(steps):
    newest, made, number, taken, missed = Newest(), 0, 0, [], 0
    for take in [*steps, True]:
        if not take:
            made += 1
            newest.put(made)
        elif found := newest.after(number, 0):
            missed += found[0] - number - 1
            number = found[0]
            taken.append(found[1])
    assert taken == sorted(set(taken)) and len(taken) + missed == made
    assert taken[-1:] == ([made] if made else [])


def test_who_waits_is_told_of_the_end_and_of_its_reason():
    plain, failed, told = Newest(), Newest(), []

    def wait(newest):
        try:
            told.append(newest.after(0))
        except UserError as error:
            told.append(error.problem)

    for newest, problem in ((plain, None), (failed, UserError("It broke.", "Mend it."))):
        waiting = Thread(target=wait, args=[newest])
        waiting.start()
        newest.close(problem)
        waiting.join(10)
    assert told == [None, "It broke."]


# --- cameras and files -----------------------------------------------------------------------------


class Device:
    """What OpenCV gives for a camera: whether it opens, and how many images it has."""

    def __init__(self, opens: bool, images: int):
        self.opens, self.images, self.released = opens, images, False

    def isOpened(self) -> bool:
        return self.opens

    def read(self):
        self.images -= 1
        return (True, FRAME) if self.images >= 0 else (False, None)

    def release(self) -> None:
        self.released = True


@pytest.fixture
def plug(monkeypatch, tmp_path):
    """`plug(device, *numbers)`: this machine lists cameras with these numbers, all of which are this device."""

    def plugged(device: Device, *numbers: int) -> Device:
        for number in numbers:
            (tmp_path / f"video{number}").touch()
        monkeypatch.setattr(sources, "DEVICES", tmp_path)
        monkeypatch.setattr(sources, "LISTED", True)
        monkeypatch.setattr(cv2, "VideoCapture", lambda number: device)
        return device

    return plugged


def test_a_camera_that_is_not_there_is_told_with_those_that_are(plug):
    device = plug(Device(opens=False, images=0), 0, 2)
    told = refused(sources.find, "1")
    assert "no camera 1: there are 0, 2" in told and "live clip.mp4" in told
    assert device.released


def test_no_camera_at_all(plug):
    plug(Device(opens=False, images=0))
    assert "no camera 0: none was found" in refused(sources.find, "0")


@pytest.mark.parametrize("opens", [False, True])
def test_a_camera_that_another_program_uses(plug, opens):
    device = plug(Device(opens, images=0), 0)
    assert "another program uses it" in refused(sources.find, "/dev/video0")
    assert device.released


def test_a_camera_that_is_unplugged_ends_the_capture_with_a_sentence(plug):
    device = plug(Device(opens=True, images=4), 0)
    with Capture(sources.find("0")) as capture:
        told = refused(list, capture.frames())
    assert "camera 0 gives no more images" in told
    assert device.released and device.images < 0


def test_a_camera_is_let_go_when_the_command_ends(plug):
    device = plug(Device(opens=True, images=10**9), 0)
    with Capture(sources.find("0")) as capture:
        assert next(capture.frames())[1] is FRAME
    assert device.released


@pytest.mark.parametrize("bad", ["absent", "folder", "empty", "text", "no frames"])
def test_files_that_cannot_be_played(bad, tmp_path):
    path = tmp_path / "clip.avi"
    if bad == "folder":
        path.mkdir()
    elif bad == "empty":
        path.touch()
    elif bad == "text":
        path.write_text("no film\n" * 100)
    elif bad == "no frames":
        cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48)).release()
    assert str(path) in refused(sources.find, str(path))


def test_a_file_is_played_at_its_own_pace_and_again(tmp_path):
    film = sources.find(str(little_avi.film(tmp_path / "clip.avi")))
    began, frames, moments = time.monotonic(), [], []
    for frame in film:
        frames.append(frame)
        moments.append(time.monotonic() - began)
        if len(frames) == little_avi.FRAMES + 3:
            film.stop()
    assert len(frames) == little_avi.FRAMES + 3
    # Never before its time: frame k of 25 a second comes after k / 25 s.
    assert all(moment >= k / 25 - 0.001 for k, moment in enumerate(moments))
    for k in range(3):
        assert np.array_equal(frames[little_avi.FRAMES + k], frames[k])
    assert not np.array_equal(frames[0], frames[1])


def play(monkeypatch, seconds: list[float]) -> None:
    """Let every film have these frames."""
    monkeypatch.setattr(Film, "__iter__", lambda film: ((at, FRAME) for at in seconds))


def test_the_pace_is_that_of_the_times_in_the_file(monkeypatch, tmp_path):
    film = sources.find(str(little_avi.film(tmp_path / "clip.avi")))
    seconds = [0.0, 0.01, 0.4, 0.41]
    play(monkeypatch, seconds)
    moments = []
    for _ in film:
        moments.append(time.monotonic())
        if len(moments) == len(seconds):
            film.stop()
    assert moments[1] - moments[0] < moments[2] - moments[1] >= 0.35


def test_after_a_delay_the_pace_is_the_same(tmp_path):
    film = sources.find(str(little_avi.film(tmp_path / "clip.avi")))
    moments = []
    for _ in film:
        moments.append(time.monotonic())
        if len(moments) == 1:
            time.sleep(0.3)
        if len(moments) == 7:
            film.stop()
    # The second frame is late, the others do not make up for it.
    assert moments[6] - moments[1] >= 5 / 25 - 0.001


def test_stopping_does_not_wait_for_the_next_frame(monkeypatch, tmp_path):
    film = sources.find(str(little_avi.film(tmp_path / "clip.avi")))
    play(monkeypatch, [0.0, 60.0])
    first = Event()
    playing = Thread(target=lambda: [first.set() for _ in film])
    playing.start()
    assert first.wait(10)
    time.sleep(0.05)
    film.stop()
    playing.join(10)
    assert not playing.is_alive()


# --- capture ---------------------------------------------------------------------------------------


class Steps:
    """A source of the numbers 0, 1, 2 …, each given when `go` is called, that never waits for who takes them."""

    name, remark = "steps", ""

    def __init__(self):
        self._left, self._given, self._wake, self._stopped = 0, 0, Event(), False

    def __iter__(self) -> Iterator[int]:
        while not self._stopped:
            if self._given < self._left:
                self._given += 1
                yield self._given - 1
            else:
                self._wake.wait(0.001)

    def go(self, frames: int) -> None:
        self._left += frames

    def stop(self) -> None:
        self._stopped = True


def test_who_is_slower_gets_the_newest_frame_and_the_others_are_counted():
    source = Steps()
    with Capture(source) as capture:
        frames = capture.frames()
        source.go(1)
        assert next(frames)[1] == 0
        source.go(7)
        while source._given < 8:
            time.sleep(0.001)
        source.go(1)
        times = []
        while (found := next(frames))[1] != 8:
            times.append(found[0])
        assert found[1] == 8 and capture.passed_over + len(times) == 7
        assert 0 < found[0] <= capture.clock()


# --- counts and times ------------------------------------------------------------------------------


def test_faces_that_are_lost_are_counted_and_times_are_percentiles():
    tally = Tally()
    for k, tracks in enumerate([[1], [1, 2], [2], [], [], [3], [3]]):
        tally.add(tracks, taken=k * 0.5, ready=k * 0.5 + (k + 1) * 0.01, milliseconds={"detection": k})
    numbers = tally.numbers()
    assert (numbers["frames"], numbers["without_face"], numbers["lost"]) == (7, 2, 2)
    assert numbers["latency"] == pytest.approx((40, 67))
    assert numbers["stages"]["detection"] == pytest.approx((3, 5.7))
    assert numbers["rate"] == pytest.approx(6 / (3.07 - 0.01))


def test_times_are_those_of_the_last_frames():
    tally = Tally()
    for k in range(3 * tallies.REMEMBERED):
        took = 1.0 if k < 2 * tallies.REMEMBERED else 0.002
        tally.add([1], k, k + took, {})
    assert tally.latency == pytest.approx((2, 2))


def test_the_numbers_hold_still_long_enough_to_be_read():
    tally = Tally()
    shown = []
    for k in range(100):
        tally.add([1], k * 0.04, k * 0.04, {})
        shown.append(tally.numbers()["frames"])
    assert len(set(shown)) == pytest.approx(100 * 0.04 / tallies.READABLE_S, abs=3)


def test_an_hour_of_frames_needs_no_more_memory_than_a_minute():
    tally, newest = Tally(), Newest()

    def watch(frames: range) -> tuple[int, int]:
        for k in frames:
            tracks = [k // 500, k // 700]
            tally.add(tracks, k * 0.004, k * 0.004 + 0.002, {"detection": k % 7, "network": 3.0})
            newest.put(AnnotatedFrame(FRAME.copy(), tally.numbers()))
        return sys.getallocatedblocks(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    (blocks, kilobytes), (blocks_after, kilobytes_after) = watch(range(1500)), watch(range(1500, 90_000))
    assert tally.frames == 90_000
    # One number kept a frame would be 88,500 blocks, one image 800 MB.
    assert blocks_after - blocks < 5000
    assert kilobytes_after - kilobytes < 20_000


def test_an_image_is_encoded_once_and_no_wider_than_a_page_needs(monkeypatch):
    encoded = []
    encode = cv2.imencode
    monkeypatch.setattr(cv2, "imencode", lambda *words: encoded.append(words[1].shape) or encode(*words))
    image = AnnotatedFrame(np.full((2160, 3840, 3), 90, np.uint8), {})
    assert image.jpeg() is image.jpeg()
    assert encoded == [(720, WIDEST, 3)]
    shown = cv2.imdecode(np.frombuffer(image.jpeg(), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (720, WIDEST, 3) and abs(int(shown.mean()) - 90) <= 2
    assert AnnotatedFrame(np.zeros((1, 1, 3), np.uint8), {}).jpeg()[:2] == b"\xff\xd8"


# --- files and addresses that people have -----------------------------------------------------------


def test_half_a_film_is_told(tmp_path):
    path = little_damage.noise(tmp_path / "clip.avi", 20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    replay = sources.find(str(path))
    assert replay.remark == ""
    seen = 0
    for _ in replay:
        seen += 1
        if replay.remark or seen > 40:
            replay.stop()
    assert seen < 40 and "clip.avi: damaged: 10 of its 20 frames could be read" in replay.remark


def test_a_film_that_disappears_ends_the_capture_with_a_sentence(tmp_path):
    path = little_damage.noise(tmp_path / "clip.avi", 4)
    with Capture(sources.find(str(path))) as capture:
        frames = capture.frames()
        next(frames)
        path.unlink()
        assert "There is no file" in refused(list, frames)


def test_whatever_goes_wrong_in_a_source_reaches_who_waits():
    class Bad(Steps):
        def __iter__(self):
            raise RuntimeError("broken")

    with Capture(Bad()) as capture, pytest.raises(RuntimeError, match="broken"):
        list(capture.frames())


def test_addresses_are_opened_as_they_are_and_without_their_password_told(monkeypatch):
    opened = []

    def capture(address, *_):
        opened.append(address)
        return Device(opens=address.endswith("good"), images=3)

    monkeypatch.setattr(cv2, "VideoCapture", capture)
    source = sources.find("rtsp://me:secret@10.0.0.7:554/good")
    assert source.name == "rtsp://10.0.0.7:554/good" and len([*zip(range(2), source, strict=False)]) == 2
    told = refused(sources.find, "http://me:secret@camera/bad")
    assert "No video comes from http://camera/bad" in told and "secret" not in told
    assert opened == ["rtsp://me:secret@10.0.0.7:554/good", "http://me:secret@camera/bad"]


def test_an_address_at_which_nobody_answers():
    assert "No video comes from http://127.0.0.1:9/x.mp4" in refused(sources.find, "http://127.0.0.1:9/x.mp4")


def test_images_and_folders_are_for_predict(tmp_path):
    path = tmp_path / "photo.mp4"
    path.write_bytes(cv2.imencode(".jpg", FRAME)[1].tobytes())
    assert "is an image" in refused(sources.find, str(path)) and "is a folder" in refused(sources.find, str(tmp_path))


def test_a_film_by_its_address_and_by_a_name_that_is_no_utf_8(tmp_path):
    path = little_damage.noise(tmp_path / "clip.avi", 4)
    assert len(next(iter(sources.find(path.as_uri())))) == 64
    odd = path.rename(tmp_path / os.fsdecode(b"M\xfcller.avi"))
    assert sources.find(str(odd)).name == "M%FCller.avi"
