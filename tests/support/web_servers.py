"""Web servers on this machine that answer as a test says, well or badly."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

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
