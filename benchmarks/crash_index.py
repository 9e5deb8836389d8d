"""What crash.py disturbs: an index while headlines are added to it and forgotten, with two readers at work.

One of these opens it as who has no right to write.
"""

from __future__ import annotations

import re
import shutil
import time
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from crash_trials import EVENTS, PLACES, SUBJECTS, Scenario

from dedupe import Headline, StoryIndex
from dedupe.index import beside

START = datetime(2026, 2, 14, tzinfo=UTC)
BATCH = 5  # headlines
FORGETS = 3  # batches after which old headlines are forgotten
READERS = 2
State = Mapping[int, tuple[str, str]]
"""The ids of story and wording of every stored headline, by row."""


class Words:
    """An encoder that needs no model: what is tried here is the storage."""

    identity = "hashed words"

    def encode(self, texts: list[str], /) -> np.ndarray:
        """Return how often each of 64 classes of words occurs in each text."""
        rows = np.zeros((len(texts), 64), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.casefold()):
                row[zlib.crc32(word.encode()) % 64] += 1
        return rows


def parts() -> list[list[Headline]]:
    """Invented headlines in batches: six hours each, with known items and late ones among them."""
    titles = [event.format(subject.title(), place) for event in EVENTS for subject in SUBJECTS for place in PLACES]
    rows = [
        Headline(title, f"item-{k % 50}", START + timedelta(hours=6 * k / BATCH - 60 * (k % 11 == 10)), "desk")
        for k, title in enumerate(titles[:60])
    ]
    rows += rows[20:40:4]
    return [rows[k : k + BATCH] for k in range(0, len(rows), BATCH)]


def opened(folder: Path) -> StoryIndex:
    """Open the index of a trial."""
    return StoryIndex(folder, window="30h", encoder=Words(), reader="off", wait=60)


def steps(number: int) -> list[tuple[str, int]]:
    """Return what is done after `number` batches were added and all was forgotten that should be, to the end."""
    after = [[("add", k)] + [("forget", k)] * (k % FORGETS == FORGETS - 1) for k in range(number, len(parts()))]
    return [step for of_batch in after for step in of_batch]


def take(index: StoryIndex, step: tuple[str, int]) -> None:
    """Add a batch, or forget what is old by then."""
    kind, number = step
    moment = START + timedelta(hours=6 * number)
    if kind == "add":
        index.add(parts()[number], now=moment)
    else:
        index.forget(moment - timedelta(hours=48))


def state_of(index: StoryIndex) -> tuple[int, State]:
    """Return how many batches an index has, and the ids of its headlines, at one moment."""
    database = index._store.database
    with database.reading():
        rows = {
            row: (story, wording) for row, story, wording in database.rows("SELECT row, story, wording FROM headlines")
        }
        return int(database.value("SELECT coalesce(max(batch), 0) FROM batches")), rows


class Index(Scenario):
    """Batches are added and old headlines forgotten, while two processes read."""

    interruptible = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._states: dict[int, list[State]] = {}

    @property
    def seconds(self) -> float:
        """How long it takes undisturbed; the states it passes through are kept."""
        if self._seconds is None:
            place, began = self.prepared("undisturbed"), time.monotonic()
            with opened(place / "index") as index:
                self._states[0] = [{}]
                for step in steps(0):
                    take(index, step)
                    number, state = state_of(index)
                    self._states.setdefault(number, []).append(state)
            self._seconds = time.monotonic() - began
        return self._seconds

    def killed(self, number: int, moment: float) -> str:
        """Kill the writer, and see what it left, what the readers saw, and where the next writer gets to."""
        wait, place = moment * self.seconds, self.prepared(f"kill {number}") / "index"
        opened(place).close()
        context = get_context("fork")
        ears, mouths = zip(*(context.Pipe() for _ in range(READERS)), strict=True)
        readers = [
            context.Process(target=_read, args=(place, self._states, mouth, k > 0)) for k, mouth in enumerate(mouths)
        ]
        writer = context.Process(target=_write, args=(place,))
        for process in (*readers, writer):
            process.start()
        writer.join(wait)
        ended = writer.exitcode is not None
        writer.kill()
        writer.join()
        seen = [_told(ear) for ear in ears]
        for process in readers:
            process.join()
        if any(seen):
            return f"a reader: {next(filter(None, seen))}"
        outcome = self._left(place)
        if outcome is None:
            shutil.rmtree(place.parent)
        return outcome or ("ended before" if ended else "whole batches")

    def _left(self, place: Path) -> str | None:
        """Return what is wrong with an index after a kill, or with what the next writer makes of it."""
        with opened(place) as index:
            number, state = state_of(index)
            if state not in self._states[number]:
                return f"after {number} batches, other headlines or ids"
            if problems := index.check():
                return problems[0]
            if number % FORGETS == 0 and number:
                take(index, ("forget", number - 1))
            for step in steps(number):
                take(index, step)
            if state_of(index)[1] != self._states[max(self._states)][-1]:
                return "other headlines or ids in the end"
            if problems := index.check():
                return f"in the end: {problems[0]}"
        names = {path.name for path in place.iterdir()} - {f"index.sqlite{ending}" for ending in ("", "-wal", "-shm")}
        return f"left over: {', '.join(sorted(names))}" if names else None


def _write(place: Path) -> None:
    with opened(place) as index:
        for step in steps(0):
            take(index, step)


def _read(place: Path, states: Mapping[int, list[State]], mouth: Connection, only: bool) -> None:
    """Look at the index until told to stop, and tell what was wrong, if anything; `only`: without the right to write."""
    problem = ""
    if only:
        beside.may_write = lambda path: False
    try:
        with opened(place) as index:
            while not mouth.poll() and not problem:
                number, state = state_of(index)
                if state not in states[number]:
                    problem = f"after {number} batches, {len(state)} headlines in other stories"
                rows: Any = {row for story in index.stories() for row in story.rows}
                if all(rows != other.keys() for of_batch in states.values() for other in of_batch):
                    problem = problem or f"stories of {len(rows)} headlines, which no state has"
                index.match([Headline("Ferry of Oslo fined", published=START)], all=True)
    except Exception as error:  # whatever it is, the trial has found it
        problem = f"{type(error).__name__}: {error}"
    mouth.recv()
    mouth.send(problem)


def _told(ear: Connection) -> str:
    ear.send("stop")
    answer: str = ear.recv()
    return answer
