"""Web addresses -> bytes, several at a time, with limits on time, size, and which hosts may be reached.

Requests run in an event loop on a thread of its own, where any of them can be given up at once, wherever it waits.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from itertools import islice
from ssl import SSLError

import anyio
import httpx2
from anyio.from_thread import start_blocking_portal

from dedupe.errors import InputError
from dedupe.readers.hosts import CheckedTransport, Refused
from dedupe.readers.visits import NOTHING_SAID, Answer, Unchanged, Unreachable, Visits, answer_of

_AT_ONCE = 8
_MAX_REDIRECTS = 10
MAX_BYTES = 200_000_000
_MAX_LISTED_BYTES = 20_000_000  # of a feed in a list
_MAX_REASON = 200  # characters
_HEADERS = {"User-Agent": "headline-dedupe (+feed reader)", "Accept": "*/*", "Accept-Encoding": "gzip"}
_UNASKED = ("br", "compress", "deflate")  # encodings that are not unpacked later


@dataclass(frozen=True, slots=True)
class Download:
    """What an address sent: still packed, if it was.

    `charset`: the encoding that the server declared. `answer`: what it said for the next visit.
    """

    content: bytes
    charset: str | None
    answer: Answer = field(default=NOTHING_SAID, compare=False)


@dataclass(frozen=True, slots=True)
class _Limits:
    seconds: float
    size: int
    public_only: bool
    unchecked: bool


class _Busy(ValueError):
    """A server has no content now; `wait`: the seconds that it asks for."""

    def __init__(self, reason: str, wait: float) -> None:
        super().__init__(reason)
        self.wait = wait


def download(
    address: str, *, timeout: float, allow_private: bool, size: int = MAX_BYTES, visits: Visits | None = None
) -> Download:
    """Return the content of an address that was given by the user, and so may lie in a private network.

    Args:
        address: of http or https.
        timeout: seconds for the whole download.
        allow_private: let redirects from public addresses lead to private ones.
        size: bytes that it may have, as it is sent.
        visits: what is known of it, so that it is sent only if it is new.

    Raises `Unreachable` where it cannot be had whole, and `Unchanged` where it is not new.
    """
    limits = _Limits(timeout, size, public_only=False, unchecked=allow_private)
    with closing(_downloads([address], limits, visits)) as arriving:
        _, result = next(arriving)
    if isinstance(result, InputError):
        raise result
    return result


def downloads(
    addresses: Sequence[str], *, timeout: float, allow_private: bool, visits: Visits | None = None
) -> Generator[tuple[int, Download | InputError]]:
    """Yield the position and the content of each address of a list, or why there is none, as they arrive.

    The addresses must be public, unless `allow_private`. `visits`: as for `download`. Close the iterator to give up what still
    runs.
    """
    limits = _Limits(timeout, _MAX_LISTED_BYTES, public_only=True, unchecked=allow_private)
    return _downloads(addresses, limits, visits)


def _downloads(
    addresses: Sequence[str], limits: _Limits, visits: Visits | None
) -> Generator[tuple[int, Download | InputError]]:
    asked = [position for position, address in enumerate(addresses) if not (visits and visits.waits(address))]
    for position in sorted({*range(len(addresses))} - {*asked}):
        yield position, Unchanged(f"{addresses[position]} is not to be asked again yet")
    waiting = iter(asked)
    running: dict[Future[Download | InputError], int] = {}
    with start_blocking_portal() as portal:  # leaving it by an exception cancels what runs
        while True:
            for position in islice(waiting, _AT_ONCE - len(running)):
                headers = visits.headers(addresses[position]) if visits else {}
                running[portal.start_task_soon(_download, addresses[position], limits, headers)] = position
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()


async def _download(address: str, limits: _Limits, headers: Mapping[str, str]) -> Download | InputError:
    try:
        with anyio.fail_after(limits.seconds):
            return await _get(address, limits, headers)
    except Unchanged as answer:
        return answer
    except Refused as error:
        return Unreachable(f"{address} is not fetched: {error}")
    except TimeoutError:
        advice = "try again, allow more with --timeout, or download it and give the file"
        return Unreachable(f"{address} cannot be fetched within {limits.seconds:g} seconds: {advice}")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, ImportError) as error:
        message = f"{address} cannot be fetched ({_reason(error)}): check the address and the network"
        return Unreachable(message, error.wait if isinstance(error, _Busy) else 0.0)


async def _get(address: str, limits: _Limits, headers: Mapping[str, str]) -> Download:
    transport = CheckedTransport(public_only=limits.public_only, unchecked=limits.unchecked)
    async with httpx2.AsyncClient(transport=transport, headers=_HEADERS, timeout=None) as client:
        request = client.build_request("GET", address, headers=headers)
        for _ in range(_MAX_REDIRECTS + 1):
            async with aclosing(await client.send(request, stream=True)) as response:
                if response.next_request is None:
                    answer = answer_of(response.headers, time.time())
                    if response.status_code == httpx2.codes.NOT_MODIFIED and headers:
                        raise Unchanged(f"{address} is unchanged", answer)
                    if not response.is_success:
                        raise _Busy(f"HTTP {response.status_code} {response.reason_phrase}".strip(), answer.wait)
                    return Download(await _body(response, limits.size), response.charset_encoding, answer)
                if request.url.scheme == "https" and response.next_request.url.scheme == "http":
                    raise Refused(
                        f"it redirects from https to {response.next_request.url}: give that address if you mean it"
                    )
                request = response.next_request
            if request.url.scheme not in ("http", "https"):
                raise Refused(f"it redirects to {request.url.scheme}:, which is neither http nor https")
    raise Refused(f"it redirects more than {_MAX_REDIRECTS} times")


async def _body(response: httpx2.Response, size: int) -> bytes:
    """The body as it was sent; an error if it is incomplete, too large, or not what was asked for."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in _UNASKED:
        raise ValueError(f"it is packed by {encoding!r}, which was not asked for")
    too_large = Refused(f"it is larger than {size // 10**6:,} MB: download it and give the file")
    if int(response.headers.get("content-length", "0")) > size:
        raise too_large
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > size:
            raise too_large
    return bytes(body)


def _reason(error: Exception) -> str:
    """What went wrong in the first place: libraries wrap it."""
    reason = type(error).__name__
    cause: BaseException | None = error
    while isinstance(cause, Exception) and not isinstance(cause, ExceptionGroup):
        reason = _words(cause) or reason
        cause = cause.__cause__ or cause.__context__
    return " ".join(reason.split())[:_MAX_REASON]


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, SSLError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)  # without the address, which the caller has
    return getattr(error, "strerror", None) or str(error)
