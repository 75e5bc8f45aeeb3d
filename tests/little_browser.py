"""A headless Chromium that tests can talk to, over the pipe of its DevTools protocol."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
]


class Page:
    """One tab."""

    def __init__(self, browser: "Browser", target: str):
        self._browser, self._target = browser, target
        self._session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def ask(self, method: str, **parameters) -> dict:
        return self._browser.ask(method, self._session, **parameters)

    def value(self, script: str):
        """What an expression of JavaScript gives, once its promise is kept."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = 30) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.value(f"Boolean({condition})"):
            assert time.monotonic() < end, f"not within {seconds} s: {condition}\n{self.text()}"
            time.sleep(0.05)

    def text(self, element: str = "body") -> str:
        """The visible text of an element, named by a CSS selector."""
        return " ".join(self.value(f"document.querySelector({json.dumps(element)}).innerText").split())

    def close(self) -> None:
        self._browser.ask("Target.closeTarget", targetId=self._target)


class Browser:
    """A running Chromium; each command waits for its answer."""

    def __init__(self, commands: int, answers: int):
        self._commands, self._answers = os.fdopen(commands, "wb", buffering=0), os.fdopen(answers, "rb", buffering=0)
        self._numbers, self._rest = count(1), b""

    def open(self, address: str) -> Page:
        """A new tab that shows an address."""
        page = Page(self, self.ask("Target.createTarget", url="about:blank")["targetId"])
        page.ask("Page.navigate", url=address)
        page.wait("document.readyState === 'complete'")
        return page

    def ask(self, method: str, session: str | None = None, **parameters) -> dict:
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        self._commands.write(json.dumps(command).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            more = self._answers.read(1 << 20)
            assert more, "Chromium has ended"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start Chromium with an empty profile; it is ended with all its processes."""
    (command_out, command_in), (answer_out, answer_in) = os.pipe(), os.pipe()
    # Chromium reads from 3 and writes to 4: the pipes must lie above, so that neither is overwritten.
    given = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (command_out, answer_in)]
    for end in (command_out, answer_in):
        os.close(end)
    running = subprocess.Popen(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}"],
        close_fds=False,
        preexec_fn=lambda: [os.dup2(end, place) for end, place in zip(given, (3, 4), strict=True)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for end in given:
        os.close(end)
    try:
        yield Browser(command_in, answer_out)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
