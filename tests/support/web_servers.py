"""Web servers on this machine that answer as a test says, well or badly."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[socket.socket, str], None]
"""Sends an answer over a connection, for the path of the request (or the whole address, to a proxy)."""


def response(
    body: bytes = b"", status: str = "200 OK", *, length: int | None = None, headers: dict[str, str] | None = None
) -> bytes:
    """Return an HTTP response. `length`: what it says it has, in place of what it has."""
    fields = {"Content-Length": str(len(body) if length is None else length), "Connection": "close"} | (headers or {})
    head = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def redirect(location: str) -> bytes:
    """Return a redirect to an address."""
    return response(status="302 Found", headers={"Location": location})


@contextmanager
def serving(answer: Answer | bytes, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on `host`, a thread for each connection, and yield the address "http://host:port"."""

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):  # the client may leave when it likes
            stream = tls.wrap_socket(connection, server_side=True) if tls else connection
            with stream:
                request = b""
                while b"\r\n\r\n" not in request and (part := stream.recv(65_536)):
                    request += part
                if request and isinstance(answer, bytes):
                    stream.sendall(answer)
                elif request:
                    answer(stream, request.split()[1].decode())

    def accept() -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server((host, 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http{'s' * (tls is not None)}://{host}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@dataclass
class FeedServer:
    """A server of feeds that answers with 304 where the client has what it has.

    `feeds`: the content at each path. `headers`: sent with every answer. `broken`: the status of paths that fail. `visits`: the
    path and the status of each answer.
    """

    address: str = ""
    feeds: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    visits: list[tuple[str, int]] = field(default_factory=list)
    etags: bool = True

    def opml(self) -> str:
        """Return a list of all feeds."""
        outlines = "".join(f'<outline xmlUrl="{self.address}{path}"/>' for path in self.feeds)
        return f"<opml><body>{outlines}</body></opml>"

    def statuses(self) -> list[int]:
        """Return the status of each answer since the last call, by path."""
        statuses = [status for _, status in sorted(self.visits)]
        self.visits.clear()
        return statuses

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = self.feeds[request.path]
        tag = f'"{sha256(body).hexdigest()[:12]}"'
        status = self.broken.get(request.path, 304 if request.headers["If-None-Match"] == tag else 200)
        self.visits.append((request.path, status))
        request.send_response(status)
        for name, value in (self.headers | ({"ETag": tag} if self.etags else {})).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body) if status == 200 else 0))
        request.end_headers()
        if status == 200:
            request.wfile.write(body)


@contextmanager
def feed_server() -> Iterator[FeedServer]:
    """Run a `FeedServer` on this machine."""
    feeds = FeedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feeds.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        feeds.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield feeds
        finally:
            server.shutdown()
            thread.join()
