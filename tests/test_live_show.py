"""`live` as a whole: a file as the camera, a network that can be foretold, a real browser, ctrl-C, and bad input."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import little_browser
import numpy as np
import pytest

from commands import cli
from common.media import video
from common.media.emotions import Emotion
from common.support.console import console
from datasets.synthetic import media
from datasets.synthetic.performance import Performance, draw
from inference.live import show
from inference.live import source as sources
from inference.live.capture import Capture
from inference.live.tally import Tally
from inference.shipped import files
from inference.trained import Trained
from reproductions.inference import Preparation

ROOT = Path(__file__).parents[1]
CLASSES = ("Angry", "Happy", "Neutral")
SAID = "trained on synthetic faces: says nothing about people"
WINDOW = 3


class Foretold(Trained):
    """A network that is always sure of Happy, and has to see three grey crops."""

    synthetic = True

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:
        assert inputs.shape[1:] == (WINDOW, 8, 8, 1) and inputs.dtype == np.float32
        return np.tile(np.array([0.1, 0.7, 0.2], np.float32), (len(inputs), 1))


def foretold() -> Trained:
    def crop(frame, box):
        x, y, width, height = box
        return cv2.resize(video.grey(frame)[y : y + height, x : x + width], (8, 8))[..., None]

    preparation = Preparation(WINDOW, crop, lambda crops: crops.astype(np.float32) / 255, ["8×8 grey pixels"])
    return Foretold(None, "timeconvnet", "Foretold", CLASSES, preparation, SAID)


@pytest.fixture(scope="module")
def film(once) -> Path:
    """A drawn person, filmed for a second."""
    size = (360, 480)
    person = Performance(0, 3, 1, 0, Emotion.HAPPY, 25, 25.0, size, posed=False)
    return once("live", lambda folder: media.film(folder / "clip.avi", draw(person), size, 25.0)) / "clip.avi"


def test_every_frame_becomes_an_image_with_its_facts(film):
    with Capture(sources.find(str(film))) as capture:
        tally = Tally()
        made = []
        for image in show.frames(capture, foretold(), tally, "clip.avi"):
            made.append(image)
            if len(made) == 12:
                break
    facts = json.loads(json.dumps(made[-1].facts))
    assert tally.frames == 12 and facts["classes"] == list(CLASSES)
    assert (facts["description"], facts["source"], facts["lost"]) == (SAID, "clip.avi", tally.lost)
    (face,) = facts["faces"]
    assert face["probabilities"] == pytest.approx([0.1, 0.7, 0.2])
    # The first window needs three frames.
    assert [one.facts["faces"][0]["probabilities"] is None for one in made[: WINDOW + 1]] == [True, True, False, False]
    frame = next(video.frames(film))
    assert made[0].image.shape[1:] == frame.shape[1:] and made[0].image.shape[0] > len(frame) + 60
    assert not np.array_equal(made[0].image[: len(frame)], frame)
    assert face["answer"] == "Happy" and facts["colours"][1] == "#f0e442"
    assert 0 <= time.time() * 1000 - facts["taken"] < 60_000
    assert (
        set(facts["stages"]) == {"detect", "crop", "network", "draw"} and facts["latency"][1] >= facts["latency"][0] > 0
    )


# --- the whole command -----------------------------------------------------------------------------

COMMAND = """
from test_live_show import foretold
from commands import cli
from inference.live import show
show.find = lambda which, results: foretold()
cli.main()
"""


@pytest.fixture
def started(film):
    """`live` in a process of its own with a film as the camera, and the address that it printed."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    running = subprocess.Popen(
        [sys.executable, "-u", "-c", COMMAND, "live", str(film)],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        # Background jobs of a shell, as in some CI, ignore ctrl-C, and what they start inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        first, second = running.stdout.readline(), running.stdout.readline()
        assert SAID in first and film.name in first
        yield running, re.search(r"http://127\.0\.0\.1:\d+/\S+/", second)[0]
    finally:
        running.kill()
        running.communicate()


def stop(running: subprocess.Popen) -> str:
    """Press ctrl-C; what the command then prints."""
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0 and err == "", err
    return out


def test_a_film_is_watched_in_chromium_until_ctrl_c(started, tmp_path):
    if little_browser.CHROMIUM is None:
        pytest.skip("no Chromium here: apt install chromium")
    running, address = started
    with little_browser.browser(tmp_path / "profile") as chromium:
        page = chromium.open(address)
        page.wait("document.querySelector('.row.most')", 60)
        assert page.text(".row.most span") == "Happy" and page.text(".row.most output") == "70 %"
        assert page.text("#description") == SAID
        page.wait("counted > 10", 60)
        colours = page.value("new Set(at('frame').getContext('2d').getImageData(0, 0, 300, 300).data).size")
        assert colours > 50
        # The browser goes away while it asks for an image, and another one comes.
        page.close()
        page = chromium.open(address)
        page.wait("counted > 10", 60)
        told = stop(running)
        page.wait("at('state').textContent.includes('the program was stopped')", 30)
    counts = re.search(r"after (\d+) frames: .* lost (\d+) times\. (\d+) frames passed .*, (\d+) images missed", told)
    assert int(counts[1]) > 10


def test_ctrl_c_before_anybody_looked(started):
    assert "Stopped after" in stop(started[0])


# --- bad input -------------------------------------------------------------------------------------


@pytest.fixture
def refuse(monkeypatch, capsys, tmp_path):
    """`refuse(*words)`: the command ends with status 2; gives what it printed."""
    monkeypatch.setenv("FER_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(console, "width", 1000)

    def refused(*words) -> str:
        monkeypatch.setattr(sys, "argv", ["commands", "live", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        told = capsys.readouterr()
        told = " ".join((told.out + told.err).split())
        assert stopped.value.code == 2 and told.count("what to do:") == 1 and "Traceback" not in told
        return told

    return refused


@pytest.fixture
def trained(monkeypatch):
    monkeypatch.setattr(show, "find", lambda which, results: foretold())


def test_without_a_network_the_command_says_how_to_train_one(refuse, film, monkeypatch, tmp_path):
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    assert "make reproduce" in refuse(film)


def test_a_network_that_does_not_exist(refuse, film):
    assert "timeconvnet" in refuse(film, "--model", "timeconvnets")


def test_no_such_file(refuse, trained, tmp_path):
    assert "no file" in refuse(tmp_path / "none.mp4")


def test_no_camera(refuse, trained, monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "DEVICES", tmp_path)
    assert "camera 9" in refuse("9").lower()


def test_a_port_that_is_taken(refuse, trained, film):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"Port {port} cannot be used" in refuse(film, "--port", port)


def test_a_camera_that_fails_is_told_after_what_was_seen(refuse, trained, monkeypatch, film):
    class Loose:
        def __init__(self):
            self.frames = iter(frames)

        def isOpened(self):
            return True

        def read(self):
            time.sleep(0.05)
            frame = next(self.frames, None)
            return frame is not None, frame

        def release(self):
            self.frames = iter(())

    frames = list(video.frames(film))[:4]
    loose = Loose()
    monkeypatch.setattr(cv2, "VideoCapture", lambda number: loose)
    told = refuse("0")
    assert "camera 0 gives no more images" in told and re.search(r"Stopped after \d frames", told)
