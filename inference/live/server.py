"""The web page on 127.0.0.1: who has the address with the token sees the images, nobody and nothing else does.

The page asks for an image when it has drawn the last one. A slow browser therefore asks less often and misses
images, which are counted; nothing piles up on the way to it.
"""

import hmac
import json
import secrets
import socket
import sys
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import parse_qs

from common.support.errors import UserError
from inference.live.annotated_frame import AnnotatedFrame
from inference.live.newest import Newest

HOST = "127.0.0.1"
# A page that waits for an image is told after this many seconds that there is none, and asks again.
PATIENCE_S = 5.0
# A browser that takes nothing for this long is gone.
TIMEOUT_S = 20.0
# Connections that have not shown the token yet: how many there may be, and for how long each.
MOST_STRANGERS = 64
STRANGER_S = 10.0

PAGES = {
    "": ("page.html", "text/html"),
    "page.js": ("page.js", "text/javascript"),
    "page.css": ("page.css", "text/css"),
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Server(ThreadingHTTPServer):
    """Serves the newest image from `with` on.

    Attributes:
        address: of the page, with its token.
        missed: images that browsers did not get, because newer ones had come; several browsers add up.
    """

    daemon_threads = True
    block_on_close = False
    # Of the usual 5 the system lets a sixth wait a second or more, whoever it is.
    request_queue_size = 2 * MOST_STRANGERS

    def __init__(self, frames: Newest[AnnotatedFrame], port: int = 0):
        """Take a port; 0 is any that is free.

        Raises:
            UserError: if the port is taken or not allowed.
        """
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "ports go from 0 to 65535"
            raise UserError(
                f"Port {port} cannot be used ({reason.lower()}).", "Choose another with --port, or leave it out."
            ) from error
        self.frames = frames
        self.token = secrets.token_urlsafe(24)
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}
        self.address = f"http://{HOST}:{self.server_port}/{self.token}/"
        self.missed = 0
        self._lock = Lock()
        self._strangers: dict[socket.socket, float] = {}

    def __enter__(self) -> "Server":
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, name="server", daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.frames.close()
        self.shutdown()
        self.server_close()

    def process_request(self, request: socket.socket, client_address) -> None:
        """Answer in a thread of its own; of too many that have not shown the token yet, the oldest has to go."""
        with self._lock:
            self._strangers[request] = time.monotonic()
            oldest = next(iter(self._strangers)) if len(self._strangers) > MOST_STRANGERS else None
        if oldest:
            self._send_away(oldest)
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Called ten times a second: who takes too long to ask has to go, however busily it sends."""
        with self._lock:
            late = [request for request, came in self._strangers.items() if time.monotonic() - came > STRANGER_S]
        for request in late:
            self._send_away(request)

    def welcome(self, request: socket.socket) -> None:
        """Know a connection as one that has shown the token."""
        with self._lock:
            self._strangers.pop(request, None)

    def shutdown_request(self, request: socket.socket) -> None:
        self.welcome(request)
        super().shutdown_request(request)

    def _send_away(self, request: socket.socket) -> None:
        self.welcome(request)
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)

    def count_missed(self, frames: int) -> None:
        with self._lock:
            self.missed += frames

    def handle_error(self, request, client_address) -> None:
        # A browser that went away or sleeps is no error.
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "live", ""
    timeout = TIMEOUT_S
    # Otherwise an image waits 40 ms for the browser's answer to its header.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        token, _, name = path.removeprefix("/").partition("/")
        if not self._comes_from_the_page_itself():
            self._answer(HTTPStatus.FORBIDDEN, b"Other pages may not see this one.")
        elif not hmac.compare_digest(token.encode(), self.server.token.encode()):
            self._answer(HTTPStatus.FORBIDDEN, b"Open the whole address that the program printed, with its token.")
        else:
            self.server.welcome(self.connection)
            self._give(name, query)

    def _give(self, name: str, query: str) -> None:
        if name == "frame":
            self._frame(query)
        elif name in PAGES:
            file, kind = PAGES[name]
            self._answer(HTTPStatus.OK, Path(__file__).with_name(file).read_bytes(), f"{kind}; charset=utf-8")
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"There is nothing here.")

    def _comes_from_the_page_itself(self) -> bool:
        """Whether no other web page asks: by its own name for this server, or through the user's browser."""
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site", "none")
        return host in self.server.hosts and origin in (None, f"http://{host}") and site in ("same-origin", "none")

    def _frame(self, query: str) -> None:
        """The first image after the number in the query: JPEG, and its facts as JSON in the header Facts."""
        try:
            after = int(parse_qs(query)["after"][0])
        except (KeyError, ValueError):
            self._answer(HTTPStatus.BAD_REQUEST, b"Ask for frame?after=0.")
            return
        found = self.server.frames.after(after, PATIENCE_S)
        if found is None and self.server.frames.closed:
            self.close_connection = True
            self._answer(HTTPStatus.GONE, b"The program was stopped.")
            return
        if found is None:
            self._answer(HTTPStatus.NO_CONTENT)
            return
        number, frame = found
        jpeg = frame.jpeg()
        # Whoever has seen nothing yet, or looked away, has missed nothing.
        missed = number - after - 1 if after > 0 else 0
        self.server.count_missed(missed)
        facts = json.dumps(frame.facts | {"number": number, "missed": missed})
        self._answer(HTTPStatus.OK, jpeg, "image/jpeg", {"Facts": facts})

    def _answer(self, status: HTTPStatus, body: bytes = b"", kind: str = "text/plain", headers: dict | None = None):
        self.send_response(status)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_) -> None:
        """Say nothing: the terminal belongs to the command."""
