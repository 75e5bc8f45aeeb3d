"""The live page: whom it is shown to, what a slow or vanished browser does, and how it looks in a real one."""

import http.client
import json
import re
import socket
import time
from contextlib import closing, contextmanager
from threading import Event, Thread
from urllib.parse import urlsplit

import little_browser
import numpy as np
import pytest

from common.support.errors import UserError
from inference.live import server as servers
from inference.live.annotated_frame import AnnotatedFrame
from inference.live.newest import Newest
from inference.live.server import HOST, Server

CLASSES = ["Angry", "Happy", "Neutral"]


def frame(k: int = 0, image: np.ndarray | None = None) -> AnnotatedFrame:
    """An image with one face, which is surer with every k that it is happy."""
    if image is None:
        image = np.full((36, 64, 3), (10, 20, 200), np.uint8)
    happy = min(0.4 + k / 100, 1)
    facts = {
        "source": "clip.mp4",
        "description": "trained on synthetic faces",
        "classes": CLASSES,
        "colours": ["#d55e00", "#f0e442", "#c8c8c8"],
        "faces": [{"track": 7, "probabilities": [1 - happy, happy, 0.0], "answer": "Happy"}],
        "frames": k,
        "without_face": 2,
        "lost": 3,
        "passed_over": 4,
        "remark": "10 frames a second: slow",
        "rate": 25.0,
        "latency": [20.4, 31.6],
        "stages": {"detection": [3.0, 4.0]},
        "taken": time.time() * 1000,
    }
    return AnnotatedFrame(image, facts)


@pytest.fixture
def frames() -> Newest[AnnotatedFrame]:
    return Newest()


@pytest.fixture
def server(frames):
    with Server(frames) as running:
        yield running


def get(server: Server, path: str | None = None, **headers) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer; underscores stand for hyphens in the names of headers."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection(HOST, server.server_port, timeout=30)) as connection:
        connection.request("GET", f"/{server.token}/" if path is None else path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


# --- who may look ----------------------------------------------------------------------------------


def test_the_address_is_of_this_machine_only_and_cannot_be_guessed(server, frames):
    address = urlsplit(server.address)
    assert address.hostname == "127.0.0.1" and server.socket.getsockname()[0] == "127.0.0.1"
    assert len(address.path.strip("/")) >= 32
    with Server(frames) as other:
        assert other.token != server.token


@pytest.mark.parametrize("path", ["/", "/frame?after=0", "/wrong/", "/wrong/frame?after=0", "//", "/http://["])
def test_without_the_token_nothing_is_shown(server, frames, path):
    frames.put(frame())
    status, _, body = get(server, path)
    assert status == 403 and b"token" in body
    assert server.token.encode() not in body


def test_bytes_that_are_no_text_are_no_token(server):
    with closing(socket.create_connection((HOST, server.server_port), timeout=30)) as connection:
        connection.sendall(b"GET /\xff\xfe/ HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % (HOST.encode(), server.server_port))
        assert connection.recv(100).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize("cut", [0, 1, -1])
def test_a_part_of_the_token_does_not_do(server, cut):
    token = {0: "", 1: server.token[1:], -1: server.token[:-1]}[cut]
    assert get(server, f"/{token}/")[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=str,
)
def test_other_pages_do_not_get_images_even_with_the_token(server, frames, headers):
    frames.put(frame())
    for name in ("", "frame?after=0"):
        status, _, body = get(server, f"/{server.token}/{name}", **headers)
        assert status == 403 and b"Other pages" in body


def test_no_answer_lets_other_origins_in(server, frames):
    frames.put(frame())
    for path in (None, f"/{server.token}/frame?after=0", "/wrong/", f"/{server.token}/nothing"):
        _, headers, _ = get(server, path)
        assert not [name for name in headers if name.lower().startswith("access-control")]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_only_the_files_of_the_page_are_there(server):
    _, headers, body = get(server)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    named = set(re.findall(rb'(?:href|src)="([^":]+)"', body))
    assert named == {b"page.js", b"page.css"}
    for name in named:
        assert get(server, f"/{server.token}/{name.decode()}")[0] == 200
    for name in ("server.py", "../server.py", "page.html/", "frame/", "%2e%2e/x"):
        assert get(server, f"/{server.token}/{name}")[0] == 404


@pytest.mark.parametrize("query", ["", "?", "?after=", "?after=x", "?after=" + "9" * 5000])
def test_an_image_is_asked_for_by_number(server, query):
    assert get(server, f"/{server.token}/frame{query}")[0] == 400


@pytest.mark.parametrize("port", ["taken", 70_000, -1])
def test_ports_that_cannot_be_used(server, frames, port):
    port = server.server_port if port == "taken" else port
    with pytest.raises(UserError, match=f"Port {port} cannot be used .* another with --port"):
        Server(frames, port)


# --- images --------------------------------------------------------------------------------------


def test_an_image_comes_with_its_facts_and_what_was_missed(server, frames):
    shown = [frame(k) for k in range(5)]
    frames.put(shown[0])
    status, headers, body = get(server, f"/{server.token}/frame?after=0")
    facts = json.loads(headers["Facts"])
    assert status == 200 and body == shown[0].jpeg()
    assert facts == shown[0].facts | {"number": 1, "missed": 0}

    for one in shown[1:]:
        frames.put(one)
    _, headers, body = get(server, f"/{server.token}/frame?after=1")
    facts = json.loads(headers["Facts"])
    assert (facts["number"], facts["missed"], facts["frames"]) == (5, 3, 4)
    assert body == shown[4].jpeg()
    # A page that was hidden, or is new, has missed nothing.
    assert json.loads(get(server, f"/{server.token}/frame?after=0")[1]["Facts"])["missed"] == 0
    assert server.missed == 3


def test_a_page_waits_for_the_next_image(server, frames):
    frames.put(frame(1))
    answers = []
    waiting = Thread(target=lambda: answers.append(get(server, f"/{server.token}/frame?after=1")))
    waiting.start()
    waiting.join(0.1)
    assert answers == []
    frames.put(frame(2))
    waiting.join(20)
    assert json.loads(answers[0][1]["Facts"])["frames"] == 2


def test_no_image_for_a_while_is_told(server, frames, monkeypatch):
    monkeypatch.setattr("inference.live.server.PATIENCE_S", 0.01)
    status, headers, body = get(server, f"/{server.token}/frame?after=0")
    assert (status, body) == (204, b"") and "Content-Length" not in headers


NOISE = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)


@contextmanager
def stuck_browser(server: Server):
    """A browser that asks for images again and again and takes none."""
    asleep = socket.socket()
    asleep.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asleep.connect((HOST, server.server_port))
    request = f"GET /{server.token}/frame?after=0 HTTP/1.1\r\nHost: {HOST}:{server.server_port}\r\n\r\n"
    asleep.sendall(request.encode() * 50)
    with closing(asleep):
        yield asleep


def test_a_browser_that_takes_nothing_stops_neither_the_camera_nor_others(server, frames):
    frames.put(frame(0, NOISE))
    with stuck_browser(server):
        time.sleep(0.2)
        for k in range(1, 60):
            frames.put(frame(k))
            facts = json.loads(get(server, f"/{server.token}/frame?after={k}")[1]["Facts"])
            assert facts["frames"] == k
    assert server.missed == 0


def test_a_browser_that_goes_away_leaves_no_trace(server, frames, capsys):
    frames.put(frame(0, NOISE))
    for _ in range(3):
        with stuck_browser(server) as browser:
            browser.recv(100)
    assert json.loads(get(server, f"/{server.token}/frame?after=0")[1]["Facts"])["number"] == 1
    time.sleep(0.2)
    told = capsys.readouterr()
    assert told.out + told.err == ""


# --- in a real browser -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if little_browser.CHROMIUM is None:
        pytest.skip("no Chromium here: apt install chromium")
    with little_browser.browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def playing(frames):
    """New images as from a camera, until the test ends; `playing.set()` stops them."""
    over = Event()

    def play() -> None:
        k = 0
        while not over.wait(0.02):
            k += 1
            frames.put(frame(k))

    camera = Thread(target=play)
    camera.start()
    yield over
    over.set()
    camera.join()


def number(page, name: str) -> int:
    return int(re.match(r"\d+", page.text(f"#{name}"))[0])


def test_the_page_shows_images_bars_and_numbers(chromium, server, frames, playing):
    page = chromium.open(server.address)
    page.wait("counted > 20")
    assert page.text(".description") == "trained on synthetic faces"
    assert page.text("#state") == "" and page.text("#source") == "clip.mp4"
    blue, green, red = 10, 20, 200
    seen = page.value("[...at('frame').getContext('2d').getImageData(30, 20, 1, 1).data]")
    assert np.abs(np.array(seen[:3]) - (red, green, blue)).max() <= 6
    assert page.value("[at('frame').width, at('frame').height]") == [64, 36]

    assert page.text(".face h2") == "Face 7: Happy"
    assert page.value("[...document.querySelectorAll('.row span')].map(name => name.textContent)") == CLASSES
    assert page.text(".row.most span") == "Happy"
    angry, happy, neutral = page.value("[...document.querySelectorAll('.row progress')].map(bar => bar.value)")
    assert happy > 0.6 and angry == pytest.approx(1 - happy) and neutral == 0

    assert page.text("#latency") == "20 ms, 95 %: 32 ms"
    assert page.text("#frames").endswith("(25.0 a second)")
    assert page.text("#remark") == "10 frames a second: slow"
    assert page.text("#stages") == "Detection 3.0 ms, 95 %: 4.0 ms"
    assert [number(page, name) for name in ("without", "lost", "passed")] == [2, 3, 4]
    assert 0 <= number(page, "screen") < 10_000
    page.close()


def test_faces_come_and_go_on_the_page(chromium, server, frames):
    page = chromium.open(server.address)

    def show(count: int, faces: list[dict]) -> None:
        shown = frame(count)
        shown.facts["faces"] = faces
        frames.put(shown)
        page.wait(f"counted === {count}")

    sure = {"track": 2, "probabilities": [0.2, 0.1, 0.7], "answer": "Neutral"}
    show(1, [{"track": 1, "probabilities": None, "answer": ""}, sure])
    assert page.value("[...document.querySelectorAll('.face h2')].map(title => title.textContent)") == [
        "Face 1: the network needs more frames",
        "Face 2: Neutral",
    ]
    assert page.text("[data-track='2'] .most span") == "Neutral"
    show(2, [sure | {"probabilities": [0.4, 0.2, 0.4], "answer": "unsure"}])
    assert page.text(".face h2") == "Face 2: unsure" and page.value("document.querySelector('.most')") is None
    assert page.value("document.querySelectorAll('.face').length") == 1 and page.value("at('nobody').hidden")
    show(3, [])
    assert page.text("#faces") == "" and page.text("#nobody") == "No face in the image."
    page.close()


def test_what_a_model_is_called_is_text_and_never_markup(chromium, server, frames):
    bad = frame(1)
    bad.facts |= {
        "description": "<img src=x onerror='document.title=1'>",
        "source": "<b>x</b>",
        "classes": ["<i>a", "b", "c"],
    }
    frames.put(bad)
    page = chromium.open(server.address)
    page.wait("counted === 1")
    assert page.value("document.querySelectorAll('img, b, i').length") == 0
    assert "<img src=x" in page.text("#description") and page.text("#source") == "<b>x</b>"
    page.close()


def test_a_slow_page_shows_how_many_images_it_missed(chromium, server, frames):
    page = chromium.open(server.address)
    frames.put(frame(1))
    page.wait("counted === 1")
    # From the second image on the page is busy until 30 more have come.
    page.value("globalThis.draw = createImageBitmap; void 0")
    page.value("createImageBitmap = (jpeg) => new Promise((go) => { globalThis.wake = () => go(draw(jpeg)); }); void 0")
    frames.put(frame(2))
    page.wait("globalThis.wake")
    for k in range(3, 33):
        frames.put(frame(k))
    page.value("createImageBitmap = draw; wake()")
    page.wait("counted === 32")
    assert number(page, "missed") == server.missed == 29
    page.close()


def test_a_stopped_program_is_told_on_the_page(chromium, frames):
    with Server(frames) as running:
        frames.put(frame(1))
        page = chromium.open(running.address)
        page.wait("counted === 1")
    page.wait("at('state').textContent.includes('the program was stopped')")
    page.close()


def test_a_page_of_another_origin_gets_nothing_in_a_browser(chromium, server, frames):
    frames.put(frame(1))
    with Server(frames) as other:
        page = chromium.open(other.address)
        page.ask("Page.enable")
        page.ask("Page.setBypassCSP", enabled=True)
        page.ask("Page.navigate", url=other.address + "nothing")
        page.wait("document.readyState === 'complete'")
        asked = json.dumps(f"{server.address}frame?after=0")
        tried = "(address, mode) => fetch(address, {mode}).then(answer => answer.text(), () => 'refused')"
        assert page.value(f"({tried})({asked}, 'cors')") == "refused"
        assert page.value(f"({tried})({asked}, 'no-cors')") in ("refused", "")
        own = json.dumps(f"{other.address}frame?after=0")
        assert page.value(f"({tried})({own}, 'cors')").startswith("\ufffd")
        page.close()


# --- who asks slowly and shows no token ------------------------------------------------------------


def slow(server: Server) -> socket.socket:
    """A connection that has begun to ask and does not go on."""
    connection = socket.create_connection((HOST, server.server_port), timeout=10)
    connection.sendall(b"GET / HTTP/1.1\r\nHo")
    return connection


def gone(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_many_slow_connections_do_not_block_the_page(server, frames):
    frames.put(frame())
    strangers = [slow(server) for _ in range(3 * servers.MOST_STRANGERS)]
    assert get(server)[0] == 200 and get(server, f"/{server.token}/frame?after=0")[0] == 200
    assert all(gone(connection) for connection in strangers[: servers.MOST_STRANGERS])
    assert len(server._strangers) <= servers.MOST_STRANGERS
    for connection in strangers:
        connection.close()


def test_a_whole_request_has_a_time(monkeypatch, server, frames):
    monkeypatch.setattr(servers, "STRANGER_S", 0.5)
    frames.put(frame())
    with closing(http.client.HTTPConnection(HOST, server.server_port, timeout=30)) as page:
        page.request("GET", f"/{server.token}/")
        page.getresponse().read()
        stranger, began = slow(server), time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() - began < 20:
                stranger.sendall(b"x")
                time.sleep(0.05)
        stranger.close()
        # Who has shown the token stays connected.
        page.request("GET", f"/{server.token}/frame?after=0")
        assert page.getresponse().status == 200
