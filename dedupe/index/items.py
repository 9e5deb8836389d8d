"""The `Item`s of a batch, made from what was stored of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import numpy as np

from dedupe.headlines import Headline
from dedupe.index.batches import Item, Repeat
from dedupe.index.pending import Said, as_said
from dedupe.index.plan import Plan
from dedupe.index.repeats import closest_before, reasons_between
from dedupe.index.searching import Answer
from dedupe.index.store import Store
from dedupe.index.stored_headlines import StoredHeadline
from dedupe.result.deduplication import Deduplication

_OURS = ("duplicate-id", "bad-date")
"""Flags of a run that say less of a stored headline: a revision has the id of another row; `dated` has a date."""


def items_of(
    plan: Plan,
    run: Deduplication | None,
    answer: Answer | None,
    keys: Mapping[int, tuple[int, int]],
    newborn: Collection[int],
    store: Store,
    said: Mapping[int, Said],
) -> tuple[Item, ...]:
    """Return what became of each headline of a batch.

    `run`: over `plan.rows`; `answer`: for `plan.late`. `keys`: of story and wording, by row. `newborn`: the stories without a
    headline before. `said`: of known headlines, what is to be said again.
    """
    known = {row.row: row for row in store.headlines(a.row for a in plan.arrived if a.known)}
    known |= {row.row: row for row in store.headlines(of_row.repeats for of_row in said.values() if of_row.repeats)}
    keys, again = {**{number: (row.story, row.wording) for number, row in known.items()}, **keys}, dict(said)
    ids = {key: group.id for key, group in store.groups(k for a in plan.arrived for k in keys[a.row]).items()}
    repeats, flags = dict[int, Repeat](), dict[int, str]()
    if run is not None and plan.fresh:
        repeats |= _repeats(run, plan)
        flags |= _by_row(run.flags(np.arange(plan.before, len(run))), plan.rows.stored[plan.before :])
    if answer is not None and plan.late:
        repeats |= {plan.late[k].row: repeat for k, repeat in repeats_of(answer, plan.late).items()}
        flags |= _by_row(answer.flags(), plan.late)
    own = {row.row: row.flags for row in plan.new}
    first = {keys[number][0]: number for number in reversed(own)}
    items = []
    for a in plan.arrived:
        story, wording = keys[a.row]
        is_new = not a.known and story in newborn and first[story] == a.row
        repeat = same_item(known[a.row]) if a.known else repeats.get(a.row)
        marks = joined(a.flags if a.known else own[a.row], flags.get(a.row, ""))
        item = Item(a.headline, a.row, ids[story], ids[wording], is_new, a.known, a.revises, repeat, marks)
        items.append(as_said(item, again.pop(a.row), known) if a.row in again else item)
    return tuple(items)


def _repeats(run: Deduplication, plan: Plan) -> dict[int, Repeat]:
    """Return what the new active headlines repeat, by row."""
    rows, found = plan.rows.stored, dict[int, Repeat]()
    for place, closest in closest_before(run, np.arange(plan.before, len(rows))).items():
        other, why = rows[closest.place], partial(reasons_between, run, place, closest.place)
        found[rows[place].row] = Repeat(other.headline, other.row, closest.level, closest.probability, why)
    return found


def repeats_of(answer: Answer, own: Sequence[StoredHeadline] | None) -> dict[int, Repeat]:
    """Return what headlines repeat, by place: a stored one, else one before it among themselves. `own`: these as stored."""
    found = dict[int, Repeat]()
    for place, closest in answer.among.items():
        headline = answer.run.headlines[answer.start + closest.place]
        row = None if own is None else own[closest.place].row
        why = partial(reasons_between, answer.run, answer.start + place, answer.start + closest.place)
        found[place] = Repeat(headline, row, closest.level, closest.probability, why)
    for place, match in enumerate(answer.stored):
        if match is not None:
            headline, why = match.row.headline, partial(_reasons, answer, place, match.grouped)
            found[place] = Repeat(headline, match.row.row, match.level, match.probability, why)
    return found


def _reasons(answer: Answer, place: int, other: Headline) -> Sequence[str]:
    known = next(k for k in range(answer.start) if answer.run.headlines[k] == other)
    return reasons_between(answer.run, answer.start + place, known)


def same_item(stored: StoredHeadline) -> Repeat:
    """Return what says that a headline is stored already."""
    return Repeat(stored.headline, stored.row, "exact", 1.0, lambda: ("the same item, stored before",))


def joined(flags: Sequence[str], of_run: str) -> tuple[str, ...]:
    """Return the flags of a headline and those of the run that grouped it, each once."""
    more = [flag for flag in of_run.split(",") if flag and flag not in _OURS]
    return tuple(dict.fromkeys([*flags, *more]))


def _by_row(flags: Sequence[str], rows: Sequence[StoredHeadline]) -> dict[int, str]:
    return {row.row: marks for row, marks in zip(rows, flags, strict=True)}
