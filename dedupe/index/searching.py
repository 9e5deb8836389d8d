"""Headlines against stored ones near them, by vector or address: late headlines, and those that are only asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from dedupe.headlines import Headline
from dedupe.index.active_window import ActiveWindow, near
from dedupe.index.archived import Archived
from dedupe.index.repeats import Closest, closest_before
from dedupe.index.store import Store
from dedupe.index.stored_headlines import ActiveRows, StoredHeadline
from dedupe.pipeline import deduplicate, match
from dedupe.result.deduplication import Deduplication
from dedupe.result.matches import Matches
from dedupe.runtime.arrays import Ints
from dedupe.runtime.progress import Progress, silent
from dedupe.scoring import judge_of
from dedupe.text.address import clean_address


class Repeated(NamedTuple):
    """A stored headline that another repeats, the closest level that they share, and the probability of one story.

    `grouped`: the headline as the run had it.
    """

    row: StoredHeadline
    level: str
    probability: float
    grouped: Headline


@dataclass(frozen=True)
class Answer:
    """What headlines repeat. `run`: over some stored headlines, then these, which begin at `start`.

    `stored`: the headline that each repeats, None where it repeats none. `among`: the closest of those before it, by place
    from 0.
    """

    run: Deduplication
    start: int
    stored: list[Repeated | None]
    among: dict[int, Closest]

    @classmethod
    def empty(cls, run: Deduplication) -> Answer:
        """Return the answer for no headlines."""
        return cls(run, len(run), [], {})

    def labels(self, level: str) -> Ints:
        """Return the groups of the headlines, (headlines,)."""
        return self.run.labels(level)[self.start :]

    def flags(self) -> list[str]:
        """Return the flags of each headline, as `Deduplication.flags` does."""
        return self.run.flags(np.arange(self.start, len(self.run)))


def answer_of(matches: Matches, reference: Sequence[StoredHeadline]) -> Answer:
    """Return matches with stored headlines as an answer."""
    start = len(matches.run) - len(matches)
    stored = [
        None if m is None else Repeated(reference[m.row], m.level, m.probability, m.headline) for m in matches.matches
    ]
    return Answer(matches.run, start, stored, _among(matches.run, start))


def search(
    headlines: Sequence[Headline],
    reference: Sequence[StoredHeadline],
    active: ActiveWindow,
    window: float | None,
    progress: Progress = silent,
) -> Answer:
    """Return which of some stored headlines each headline repeats, and their groups among themselves."""
    settings = active.settings
    options: dict[str, Any] = {
        "encoder": active.encoder,
        "cache": active.vectors,
        "window": window,
        "story_threshold": settings.thresholds["story"],
        "wording_threshold": settings.thresholds["wording"],
        "reader": settings.reader,
        "corrections": active.corrections,
        "progress": progress,
    }
    if reference:
        return answer_of(match(headlines, reference=[row.dated for row in reference], **options), reference)
    run = deduplicate(headlines, **options)
    return Answer(run, 0, [None] * len(run), _among(run, 0))


def _among(run: Deduplication, start: int) -> dict[int, Closest]:
    found = closest_before(run, np.arange(start, len(run)), start)
    return {k - start: Closest(c.place - start, c.level, c.probability) for k, c in found.items()}


def stored_near(
    headlines: Sequence[Headline],
    store: Store,
    active: ActiveWindow,
    archived: Archived,
    grouped: tuple[ActiveRows, Deduplication] | None,
    leaving: Sequence[StoredHeadline] = (),
) -> list[StoredHeadline]:
    """Return the stored headlines that are similar to any of these or share an address with one, by number.

    They are the archived ones and, unless `grouped` is None, the active ones: these rows and the run over them. `leaving`:
    those that are about to be archived.
    """
    rows, run = grouped or (active.rows, active.result())
    _, vectors = active.embed(headlines, run.outlets)
    judge = judge_of(active.encoder)
    floor = float(judge.scale(run.vectors).inverse(judge.candidate_floor["story"])) if len(run) else 0.0
    numbers = set(archived.near(vectors, floor))
    addresses = {clean_address(headline.url) for headline in headlines} - {None}
    for address in addresses:
        numbers |= {row for row, _ in store.at_address(str(address))}
    found = [row for row in store.headlines(numbers) if row.place is not None]
    if grouped:
        alike = set(near(run, vectors, floor))
        shared = {k for k, row in enumerate(rows.stored) if addresses and clean_address(row.headline.url) in addresses}
        found += [rows.stored[k] for k in alike | shared]
    if leaving:
        _, known = active.embed([row.headline for row in leaving], run.outlets)
        close = np.flatnonzero(np.any(known[:] @ vectors[:].T >= floor, axis=1))
        found += [leaving[k] for k in close.tolist()]
    return sorted(found, key=lambda row: row.row)
