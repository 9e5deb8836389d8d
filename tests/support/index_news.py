"""Invented news for tests of `StoryIndex`, and an encoder that needs no model."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dedupe import Headline, StoryIndex
from tests.support.fake_encoder import FakeEncoder

START = datetime(2026, 2, 14, 8, tzinfo=UTC)
_SUBJECTS = "ferry bank museum storm orchid tunnel".split()
_PLACES = "Oslo Porto Ghent Turin".split()
_EVENTS = (
    "{} reopens in {}",
    "{} in {} reopens after repairs",
    "{} closes in {}",
    "{} of {} fined, {n} staff affected",
    "In {1}, {0} wins prize",
)
_OUTLETS = "Morning Post|Daily Wire|The Herald".split("|")


class NamedEncoder(FakeEncoder):
    """The fake with an identity, which an index asks for."""

    identity = "hashed words"


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def headline(title: str, hours: float | None = 0, **fields: Any) -> Headline:
    return Headline(title, published=None if hours is None else at(hours), **fields)


def opened(folder: Path, **options: Any) -> StoryIndex:
    """An index with the fake encoder and without the reader; made with a window of three days."""
    if not (folder / "index.sqlite").exists():
        options = {"window": "3d", "reader": "off"} | options
    return StoryIndex(folder, encoder=NamedEncoder(), **options)


def news(number: int, seed: int, *, days: float = 6, ordered: bool = True) -> list[Headline]:
    """Invented headlines over some days: copies, wordings, revisions, shared addresses, undated ones, roughly by time."""
    draw, rows = random.Random(seed), list[Headline]()
    for k in range(number):
        hours = days * 24 * k / number + draw.uniform(-20, 20)
        subject, place, event = draw.choice(_SUBJECTS), draw.choice(_PLACES), draw.choice(_EVENTS)
        title = event.format(subject.title(), place, n=draw.randint(1, 3))
        source = draw.choice([*_OUTLETS, None])
        fields: dict[str, Any] = {"source": source}
        if draw.random() < 0.4:
            fields["id"] = f"item-{draw.randint(1, number)}"
        if draw.random() < 0.3:
            fields["url"] = f"https://news.example/2026/{draw.randint(1, number // 2)}-{subject}"
        rows.append(headline(title, None if draw.random() < 0.05 else hours, **fields))
    if not ordered:
        draw.shuffle(rows)
    return rows


def batches(rows: list[Headline], seed: int) -> Iterator[list[Headline]]:
    """Cut rows into batches of random sizes, some empty."""
    draw, start = random.Random(seed), 0
    while start < len(rows):
        size = draw.choice([0, 1, 3, 10, 25])
        yield rows[start : start + size]
        start += size


def ids(index: StoryIndex) -> dict[int, tuple[str, str]]:
    """The ids of story and wording of every stored headline, by row."""
    found = index._store.database.rows("SELECT row, story, wording FROM headlines")
    return {row: (story, wording) for row, story, wording in found}
