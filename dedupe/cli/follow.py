"""The command `follow`: add what feeds have to an index, round after round, until a signal ends it."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from time import monotonic, sleep
from typing import TYPE_CHECKING

import click

from dedupe.cli.index_options import (
    MakingOptions,
    counts_of,
    index_argument,
    keep_visits,
    making,
    visits_of,
)
from dedupe.cli.input_options import InputOptions
from dedupe.cli.settings import settings
from dedupe.cli.shared import option, refuse, say, takes, time_span
from dedupe.errors import DedupeError

if TYPE_CHECKING:
    from types import FrameType

    from dedupe.index import StoryIndex
    from dedupe.readers.visits import Visits

_MOMENT = 1.0  # seconds
_OUTCOMES = ("read", "unchanged", "waiting", "failed")


@dataclass(frozen=True, kw_only=True)
class _Options(MakingOptions):
    every: timedelta = option(
        "--every",
        type=time_span,
        default="10m",
        show_default=True,
        metavar="SPAN",
        help="Time from the start of one round to that of the next: 10m, 1h.",
    )
    rounds: int | None = option(
        "--rounds", type=click.IntRange(1), metavar="N", help="End after so many rounds; default: never."
    )


@click.command()
@index_argument
@takes(_Options, InputOptions)
@making
@settings
def follow(job: _Options, inputs: InputOptions, index: str) -> None:
    """Add what feeds have to an index, again and again.

    INPUT is a list of feeds (OPML), a feed or anything else that `index add` takes. It is read in each round. Servers are asked
    only for what is new; a feed that fails is asked ever less often, and stops nothing. Each round is one line on standard
    error. SIGTERM and Ctrl-C end it at any moment.

    \b
    Examples:
      headline-dedupe follow desk.index feeds.opml --every 10m
      headline-dedupe follow desk.index feeds.opml --rounds 1 --quiet
    """
    refuse("rejects", "on `follow`, which writes no rows")
    refuse("now", "on `follow`, which goes by the clock")
    inputs = replace(inputs, fetch=True)
    inputs.check("-", force=True)
    visits = visits_of(index, go_on=True, backoff=job.every.total_seconds() / 2)
    with _until_sigterm(), job.open(index) as stored:
        for number in count(1):
            start = monotonic()
            try:
                line = _round(stored, inputs, index, visits, quiet=job.quiet)
            except DedupeError as error:
                if number == 1:
                    raise  # more likely a mistake than an accident
                say(f"{_now()} round {number} failed: {error}")
            else:
                if not job.quiet:
                    say(f"{_now()} round {number}: {line}; {monotonic() - start:.1f} s")
            if number == job.rounds:
                return
            gc.collect()  # nobody else does, as other commands end before it would pay
            _pause(start + job.every.total_seconds())


def _round(stored: StoryIndex, inputs: InputOptions, index: str, visits: Visits, *, quiet: bool) -> str:
    """Read what is new and add it; return what to say of it."""
    visits.start()
    source = inputs.read(visits, warned=False)
    if not quiet:
        for warning in _first_time(source.warnings, visits):
            say(f"warning: {warning}")
    batch = stored.add(source.headlines) if source.headlines else None
    for warning in batch.warnings if batch else ():
        say(f"warning: {warning}")
    counts = counts_of(batch) if batch else ["nothing new"]
    keep_visits(visits, index)
    asked = ", ".join(f"{visits.outcomes[name]} {name}" for name in _OUTCOMES if visits.outcomes[name])
    return "; ".join(filter(None, [asked and f"feeds {asked}", ", ".join(counts)]))


def _pause(end: float) -> None:
    """Wait until a time of `monotonic`. An interrupt that came while Python cleaned up would not end a long sleep."""
    while (left := end - monotonic()) > 0:
        sleep(min(left, _MOMENT))


def _first_time(warnings: Iterable[str], visits: Visits) -> Iterator[str]:
    """Yield the warnings, but of an address that fails again and again only the first."""
    for warning in warnings:
        visit = visits.known.get(warning.partition(" ")[0])
        if visit is None or visit.failures <= 1:
            yield warning


@contextmanager
def _until_sigterm() -> Iterator[None]:
    """End the block at a SIGTERM, wherever it is, as Ctrl-C would, but without an error."""
    asked = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except BaseException:  # libraries may have made another error of it
        if not asked:
            raise
        say(f"{_now()} ended by SIGTERM")
    finally:
        signal.signal(signal.SIGTERM, before)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
