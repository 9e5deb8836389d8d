"""What was said of new headlines until their output is complete, so that it can be said again.

A batch is stored while its output has no name yet, and the output gets its name right after. A process that is killed in
between, or cannot write on, leaves a batch that nobody was told of. Its headlines are known from then on, so what was said of
them would be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import NamedTuple

from dedupe.index.batches import Batch, Item, Repeat
from dedupe.index.store import Store
from dedupe.index.stored_headlines import StoredHeadline

Output = Callable[[Batch], AbstractContextManager[object]]
"""Is entered before a batch is stored, and left when it is."""


class Said(NamedTuple):
    """What was said of a headline; `repeats`: the number of the stored one that it repeats."""

    new_story: bool
    repeats: int | None
    level: str | None
    probability: float | None
    flags: tuple[str, ...]


def said_before(store: Store, rows: Iterable[int]) -> dict[int, Said]:
    """Return what was said of those of some stored headlines whose output may be incomplete."""
    query = "SELECT row, new_story, repeats, level, probability, flags FROM pending WHERE row IN ({})"
    found = store.database.rows_in(query, sorted(set(rows)))
    return {
        row: Said(bool(new), repeats, level, probability, tuple(filter(None, flags.split(","))))
        for row, new, repeats, level, probability, flags in found
    }


def as_said(item: Item, said: Said, stored: Mapping[int, StoredHeadline]) -> Item:
    """Return what was said of a known headline when it was new, with the ids that it has now."""
    other, repeats = stored.get(said.repeats or 0), None
    if other is not None and said.level is not None and said.probability is not None:
        repeats = Repeat(other.headline, other.row, said.level, said.probability, lambda: ("said when it was stored",))
    own = stored.get(item.row or 0)
    revises = own.revises if own else None
    return replace(item, new_story=said.new_story, known=False, revises=revises, repeats=repeats, flags=said.flags)


def keep(store: Store, batch: Batch) -> None:
    """Keep what is said of the headlines of a batch that are not known; in the transaction that stores it."""
    rows = (
        (
            item.row,
            item.new_story,
            item.repeats and item.repeats.row,
            item.repeats and item.repeats.level,
            item.repeats and item.repeats.probability,
            ",".join(item.flags),
        )
        for item in batch
        if not item.known
    )
    store.database.execute_many("INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?)", rows)


@contextmanager
def given_out(store: Store, batch: Batch, output: Output) -> Iterator[None]:
    """Write the output of a batch, which is stored meanwhile; what was kept of it is dropped once all is written."""
    with output(batch):
        yield
    with store.database.writing():
        store.database.execute_many("DELETE FROM pending WHERE row = ?", ((item.row,) for item in batch))
