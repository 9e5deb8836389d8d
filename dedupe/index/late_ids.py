"""The ids of late headlines: those of the stored ones that they repeat, or new ones for each group of them."""

from __future__ import annotations

from dedupe.index.searching import Answer
from dedupe.index.settled_ids import Keys, StoredRun, new_id
from dedupe.index.stable_ids import NO_KEY
from dedupe.index.store import Group, Store
from dedupe.index.stored_headlines import StoredHeadline
from dedupe.levels import SCORED_LEVELS


class LateIds:
    """Gives ids to late headlines one after another; takes numbers of the store, so call it in a transaction.

    `answer`: what they repeat; `stored`: what the same batch changed. `keys`: by row, and `created`: the new ids.
    """

    def __init__(self, answer: Answer, stored: StoredRun, store: Store, batch: int) -> None:
        self._answer, self._stored, self._store, self._batch = answer, stored, store, batch
        self._labels = {level: answer.labels(level).tolist() for level in SCORED_LEVELS}
        self._made: dict[tuple[str, int, int], int] = {}
        self.keys: dict[int, Keys] = {}
        self.created: list[Group] = []

    def add(self, place: int, row: StoredHeadline) -> Keys:
        """Return the keys of the late headline at a place of the answer."""
        match = self._answer.stored[place]
        near = None if match is None else self._now(match.row)
        story = self._story_of_item(row)
        if story is None:
            story = near[0] if near else self._new("story", NO_KEY, self._labels["story"][place], row)
        if match and near and match.level != "story" and near[0] == story:
            wording = near[1]
        else:
            wording = self._new("wording", story, self._labels["wording"][place], row)
        self.keys[row.row] = story, wording
        return story, wording

    def _story_of_item(self, row: StoredHeadline) -> int | None:
        """The story of the first title of a revised item."""
        if row.revises is None:
            return None
        if keys := self.keys.get(row.revises) or self._stored.keys_of(row.revises):
            return keys[0]
        found = self._store.headlines([row.revises])
        return found[0].story if found else None

    def _now(self, row: StoredHeadline) -> Keys:
        """The keys of a stored headline after this batch."""
        retired = self._stored.retired
        after = retired.get(row.story, row.story), retired.get(row.wording, row.wording)
        return self._stored.keys_of(row.row) or after

    def _new(self, level: str, story: int, label: int, row: StoredHeadline) -> int:
        group = level, story, label
        if group not in self._made:
            self._made[group] = key = self._store.count_on("key")
            id_ = new_id(self._store, level, row.time)
            self.created.append(Group(key, level, id_, key, self._batch, row.row, row.row))
        return self._made[group]
