"""What an index would say of headlines that are not to be stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dedupe.headlines import Headline
from dedupe.index.active_window import ActiveWindow
from dedupe.index.archived import Archived
from dedupe.index.arrivals import Arrival, Times, arrivals
from dedupe.index.batches import Batch, Item, Repeat
from dedupe.index.items import joined, repeats_of, same_item
from dedupe.index.plan import Plan, planned
from dedupe.index.searching import Answer, answer_of, search, stored_near
from dedupe.index.store import Store
from dedupe.index.stored_headlines import ActiveRows, StoredHeadline


@dataclass(frozen=True, slots=True)
class _Said:
    """What an answer says of a headline: the ids of the stored one that it repeats, if any, and its groups in the answer."""

    answer: int
    stored: StoredHeadline | None
    level: str
    labels: tuple[int, int]
    repeat: Repeat | None
    flags: str


def match_batch(
    headlines: Sequence[Headline],
    times: Times,
    store: Store,
    active: ActiveWindow,
    archived: Archived,
    everything: bool,
) -> Batch:
    """Return what the index says of headlines; `everything`: of what repeats no active headline, ask the archive too."""
    arrived = arrivals(headlines, store, times)
    plan = planned(arrived, ActiveRows(()), store.latest_time(), active.span, times.now)
    answers = [
        (plan.rows.stored, _active_answer(plan.rows, active)),
        (tuple(plan.late), _late_answer(plan, store, active, archived)),
    ]
    said = {row: of_row for k, (rows, answer) in enumerate(answers) for row, of_row in _said(k, rows, answer)}
    if everything:
        unknown = ActiveRows(tuple(row for row in plan.new if said[row.row].stored is None))
        said |= _said(len(answers), unknown.stored, _archive_answer(unknown, store, active, archived))
    return Batch(tuple(_items(arrived, said, store)))


def _active_answer(rows: ActiveRows, active: ActiveWindow) -> Answer:
    result = active.result()
    if not len(rows):
        return Answer.empty(result)
    if not len(active.rows):
        return search(rows.grouped_as(), [], active, active.settings.window)
    return answer_of(active.match(rows.grouped_as()), active.rows.stored)


def _late_answer(plan: Plan, store: Store, active: ActiveWindow, archived: Archived) -> Answer:
    if not plan.late:
        return Answer.empty(active.result())
    headlines, times = ActiveRows(tuple(plan.late)).grouped_as(), [row.time for row in plan.late]
    first, last = min(times) - active.span, max(times) + active.span
    near = stored_near(headlines, store, active, archived, (active.rows, active.result()))
    near = [row for row in near if first <= row.time <= last]
    return search(headlines, near, active, active.settings.window)


def _archive_answer(rows: ActiveRows, store: Store, active: ActiveWindow, archived: Archived) -> Answer:
    """Return what headlines repeat in the archive, however long ago; those without a date may be of any time."""
    if not len(rows):
        return Answer.empty(active.result())
    headlines = [row.headline if "undated" in row.flags else row.dated for row in rows.stored]
    near = stored_near(headlines, store, active, archived, None)
    return search(headlines, near, active, None)


def _said(number: int, rows: Sequence[StoredHeadline], answer: Answer) -> Iterator[tuple[int, _Said]]:
    if not rows:
        return
    repeats, flags = repeats_of(answer, None), answer.flags()
    stories, wordings = (answer.labels(level).tolist() for level in ("story", "wording"))
    for place, row in enumerate(rows):
        match = answer.stored[place]
        stored, level = (None, "") if match is None else (match.row, match.level)
        labels = stories[place], wordings[place]
        yield row.row, _Said(number, stored, level, labels, repeats.get(place), flags[place])


def _items(arrived: Sequence[Arrival], said: dict[int, _Said], store: Store) -> Iterator[Item]:
    stored = {row.row: row for row in store.headlines({a.row for a in arrived} | {a.revises or 0 for a in arrived})}
    keys = {key for row in stored.values() for key in (row.story, row.wording)}
    keys |= {key for s in said.values() if s.stored for key in (s.stored.story, s.stored.wording)}
    ids = {key: group.id for key, group in store.groups(keys).items()}
    names, begun = _Names(), set[str]()
    for a in arrived:
        if a.row in stored:
            known = stored[a.row]
            yield Item(
                a.headline, None, ids[known.story], ids[known.wording], False, True, None, same_item(known), a.flags
            )
            continue
        of_row = _with_item(said[a.row], stored.get(a.revises or 0))
        story, wording = of_row.labels
        if of_row.stored is None:
            story_id, wording_id = names.of("new-", of_row.answer, story), names.of("new-w", of_row.answer, wording)
        else:
            story_id, wording_id = ids[of_row.stored.story], ids[of_row.stored.wording]
            if of_row.level == "story":
                wording_id = names.of("new-w", of_row.answer, wording)
        is_new = of_row.stored is None and story_id not in begun and not a.known
        begun.add(story_id)
        flags = joined(a.flags, of_row.flags)
        yield Item(a.headline, None, story_id, wording_id, is_new, a.known, a.revises, of_row.repeat, flags)


def _with_item(said: _Said, item: StoredHeadline | None) -> _Said:
    """Let a new title of a stored item repeat it where it repeats nothing else."""
    if said.stored is not None or item is None:
        return said
    repeat = Repeat(item.headline, item.row, "story", 1.0, lambda: ("a new title of the same item",))
    return replace(said, stored=item, level="story", repeat=repeat)


class _Names:
    """Names for groups that are not stored, numbered by first appearance."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, int, int], str] = {}
        self._next: dict[str, int] = {}

    def of(self, prefix: str, answer: int, label: int) -> str:
        key = prefix, answer, label
        if key not in self._names:
            self._next[prefix] = number = self._next.get(prefix, 0) + 1
            self._names[key] = f"{prefix}{number}"
        return self._names[key]
