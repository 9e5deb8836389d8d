"""Where the headlines of a batch belong: among the active ones, or late, in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dedupe.index.arrivals import Arrival, Times
from dedupe.index.stable_ids import NO_KEY
from dedupe.index.stored_headlines import DATED_OTHERWISE, ActiveRows, StoredHeadline, moment_of
from dedupe.result.display import counted


@dataclass(frozen=True, slots=True)
class Plan:
    """What arrived, and where it belongs.

    `rows`: the active headlines from now on, the `fresh` new ones last. `leaving`: those that were active. `late`: new ones
    that are too old to be.
    """

    arrived: Sequence[Arrival]
    rows: ActiveRows
    fresh: int = 0
    leaving: Sequence[StoredHeadline] = ()
    late: Sequence[StoredHeadline] = ()

    @property
    def before(self) -> int:
        """How many of the rows are not new: the place of the first that is."""
        return len(self.rows) - self.fresh

    @property
    def new(self) -> Sequence[StoredHeadline]:
        """The new headlines, active or late."""
        return [*self.rows.stored[self.before :], *self.late]


def planned(arrived: Sequence[Arrival], active: ActiveRows, latest: int | None, span: int, now: int) -> Plan:
    """Return where headlines belong.

    `active`: the rows that were active before; `latest`: the time of the latest stored headline, None where there is none;
    `span`: of the window; `now`: the time of adding; all in microseconds.
    """
    new = [_stored(arrival, now) for arrival in arrived if not arrival.known]
    start = max([row.time for row in new] + ([] if latest is None else [latest]), default=now) - span
    fresh = [row for row in new if row.time >= start]
    late = [replace(row, flags=(*row.flags, "late")) for row in new if row.time < start]
    stay = [row for row in active.stored if row.time >= start]
    leaving = [row for row in active.stored if row.time < start]
    return Plan(arrived, ActiveRows((*stay, *fresh)), len(fresh), leaving, late)


def warnings_of(plan: Plan, times: Times) -> tuple[str, ...]:
    """Return a sentence where new headlines without a usable date count as published in the past, and where they have moved
    the window past all that have one.
    """
    fresh, had_dates = plan.rows.stored[plan.before :], any(map(_dated, plan.leaving))
    undated = sum(not _dated(row) for row in plan.new)
    without = f"{counted(undated, 'headline')} without a usable date"
    advice = "say when they were taken (taken=, --now)"
    if undated and times.undated < times.taken:
        dated_back = f"{without} count{'s' * (undated == 1)} as of {moment_of(times.undated):%Y-%m-%d}, the latest date"
        return (f"{dated_back}: if they are of another day, {advice}",)
    if plan.before or not had_dates or any(map(_dated, fresh)):
        return ()
    added = f"{without}, added as of {moment_of(fresh[0].time):%Y-%m-%d %H:%M}"
    moved = f"moved the window past all {len(plan.leaving):,} that were in it"
    return (f"{added}, {moved}: to add old headlines, {advice}",)


def _dated(row: StoredHeadline) -> bool:
    return not DATED_OTHERWISE.intersection(row.flags)


def _stored(arrival: Arrival, now: int) -> StoredHeadline:
    row, headline, time, flags = arrival.row, arrival.headline, arrival.time, arrival.flags
    return StoredHeadline(row, headline, time, flags, arrival.revises, now, now, NO_KEY, NO_KEY)
