"""Addresses that are read again and again: what to ask their servers for, and when.

A server is asked only for what has changed (RFC 9110, sections 8.8 and 13.1), and not before the time that it names.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

from dedupe.errors import InputError
from dedupe.runtime.files import writing_bytes

LONGEST_FRESH = 3600.0
"""Seconds for which at most content counts as fresh, whatever its server says: some say a year."""
LONGEST_RETRY = 86_400.0
"""Seconds that a server may ask to be left alone."""
LONGEST_BACKOFF = 21_600.0
"""Seconds that an address which fails again and again is left alone."""
_SLACK = 30.0  # seconds that an address may be asked early, so that rounds which start late by turns miss none
_MAX_VALIDATOR = 1024  # characters
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|[\s,])no-(?:cache|store)\b", re.IGNORECASE)


class Answer(NamedTuple):
    """What a server says for the next time: validators, "" for none, and how many seconds it wants to be left alone."""

    etag: str = ""
    modified: str = ""
    wait: float = 0.0


NOTHING_SAID = Answer()


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of an address. `after`: the time, in seconds since 1970, before which it is not asked again."""

    etag: str = ""
    modified: str = ""
    after: float = 0.0
    failures: int = 0


class Unchanged(InputError):
    """An address has nothing new since the last visit, or is not to be asked yet: no mistake of anybody's."""

    def __init__(self, message: str, answer: Answer | None = None) -> None:
        super().__init__(message)
        self.answer = answer


class Unreachable(InputError):
    """What lies at an address could not be had. `wait`: the seconds that its server asks for."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Visits:
    """What is known of addresses from earlier visits, and how those of this round went.

    Give it to `read_headlines`. Call `confirm` once what was read is safe: only then an address is asked for what is new since.

    Args:
        known: what earlier rounds have left.
        backoff: seconds that an address is left alone after a failure, twice as long after each further one; 0: not at all.
        go_on: an address that fails is a warning, as a feed of a list is.
        clock: the time, in seconds since 1970.
    """

    def __init__(
        self,
        known: Mapping[str, Visit] | None = None,
        *,
        backoff: float = 0.0,
        go_on: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.known, self.go_on = dict(known or {}), go_on
        self.outcomes: Counter[str] = Counter()
        """How many addresses of this round were "read", "unchanged", "waiting" and "failed"."""
        self._backoff, self._clock = backoff, clock
        self._read: dict[str, Visit] = {}

    def start(self) -> None:
        """Begin a round: forget how the last one went, and what was read in it and not confirmed."""
        self.outcomes.clear()
        self._read.clear()

    def confirm(self) -> None:
        """Keep the validators of what was read: it is safe."""
        self.known.update(self._read)
        self._read.clear()

    def waits(self, address: str) -> bool:
        """Return whether an address is not to be asked yet."""
        return self.known.get(address, Visit()).after > self._clock() + _SLACK

    def headers(self, address: str) -> dict[str, str]:
        """Return the headers that ask for content only if it has changed."""
        visit = self.known.get(address, Visit())
        headers = {"If-None-Match": visit.etag, "If-Modified-Since": visit.modified}
        return {name: value for name, value in headers.items() if value}

    def note(self, address: str, outcome: Answer | InputError) -> None:
        """Take down how a visit went: what the server said of content that was read, or why there is none."""
        visit = self.known.get(address, Visit())
        if isinstance(outcome, Answer):
            self.outcomes["read"] += 1
            self._read[address] = Visit(outcome.etag, outcome.modified, self._clock() + outcome.wait)
        elif isinstance(outcome, Unchanged):
            self.outcomes["unchanged" if outcome.answer else "waiting"] += 1
            if outcome.answer:
                self.known[address] = replace(visit, after=self._clock() + outcome.answer.wait, failures=0)
        else:
            self.outcomes["failed"] += 1
            backoff = min(self._backoff * 2.0 ** min(visit.failures, 30), LONGEST_BACKOFF)
            wait = max(backoff, getattr(outcome, "wait", 0.0))
            self.known[address] = replace(visit, after=self._clock() + wait, failures=visit.failures + 1)

    def save(self, path: Path) -> None:
        """Write what is known to a file; `OutputError` where that fails."""
        import msgspec

        with writing_bytes(str(path)) as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(self.known), indent=1))


def load_visits(path: Path) -> dict[str, Visit]:
    """Return what `Visits.save` wrote; nothing where the file is missing or damaged, so that everything is fetched."""
    import msgspec

    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Visit])
    return {}


def answer_of(headers: Mapping[str, str], now: float) -> Answer:
    """Return what the headers of an answer say for the next time; `now`: the time, in seconds since 1970."""
    etag, modified = (_validator(headers.get(name, "")) for name in ("etag", "last-modified"))
    return Answer(etag, modified, max(_fresh(headers), _retry(headers.get("retry-after", ""), now)))


def _validator(value: str) -> str:
    """A header that can be sent back as it came, or else ""."""
    value = value.strip()
    return value if value.isascii() and value.isprintable() and len(value) <= _MAX_VALIDATOR else ""


def _fresh(headers: Mapping[str, str]) -> float:
    control = headers.get("cache-control", "")
    age = headers.get("age", "").strip()
    seconds = _MAX_AGE.search(control)
    if seconds is None or _NOT_KEPT.search(control):
        return 0.0
    left = float(seconds[1]) - (float(age) if age.isdecimal() and len(age) < 12 else 0.0)
    return min(max(left, 0.0), LONGEST_FRESH)


def _retry(value: str, now: float) -> float:
    """The seconds of a `Retry-After`, which has a number or a date."""
    value = value.strip()
    seconds = 0.0
    if value.isascii() and value.isdecimal():
        seconds = float(value[:12])
    else:
        with suppress(ValueError, OverflowError):
            seconds = parsedate_to_datetime(value).timestamp() - now
    return min(max(seconds, 0.0), LONGEST_RETRY)
