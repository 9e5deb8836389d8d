"""Ids that last: what the groups of one run and those of the next have in common decides which id each group keeps.

Each id, the oldest first, claims the new group that holds its earliest headline. If an older id has that group already, what
counts is where most of its headlines went: into that group, and the id ends and leads on to the older one; elsewhere, and it
claims that part. A group that no id claims gets a new one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dedupe.runtime.arrays import Ints

NO_KEY = -1
"""The key of a headline that has no id yet."""


@dataclass(frozen=True, slots=True)
class Change:
    """Headlines whose id changed from `old` to `new`, both keys; `rows`: their places, ascending.

    `kind`: "merged" where `old` ends and leads on to `new`, "split" where `new` was made for them, "moved" where both ids
    go on.
    """

    kind: str
    old: int
    new: int
    rows: Ints


@dataclass(frozen=True, slots=True)
class Continuity:
    """The id of each headline after a run.

    `keys`: (n,). `created`: new keys, ascending; `first`: the place of the earliest headline of each. `changes`: every
    change of an id, by old and new key.
    """

    keys: Ints
    created: Ints
    first: Ints
    changes: tuple[Change, ...]


def continued(old: Ints, groups: Ints, order: Ints, next_key: int) -> Continuity:
    """Return which id each group has after a run.

    Args:
        old: the key of each headline's id before the run, `NO_KEY` where it had none, (n,). Older ids have smaller keys.
        groups: the label of each headline's group in the run, (n,).
        order: the rank of each headline, earliest first, (n,), each different.
        next_key: the first key that no id has; new ids are numbered from there, in the order of their earliest headlines.
    """
    by_time = np.argsort(order)
    names, first, group = np.unique(groups[by_time], return_index=True, return_inverse=True)
    of_row = np.empty(len(groups), np.int64)
    of_row[by_time] = group
    key, home = _claims(old[by_time], group, len(names))
    unclaimed = np.flatnonzero(key == NO_KEY)
    unclaimed = unclaimed[np.argsort(first[unclaimed])]
    created = next_key + np.arange(len(unclaimed))
    key[unclaimed] = created
    keys = key[of_row]
    ended = {before: int(key[place]) for before, place in home.items()}
    return Continuity(keys, created, by_time[first[unclaimed]], _changes(old, keys, ended, next_key))


def _claims(old: Ints, group: Ints, groups: int) -> tuple[Ints, dict[int, int]]:
    """Return the id that each group keeps, `NO_KEY` where it has none, and for each id that ends the group it ends in.

    `old`: the id of each headline, in order of time; `group`: its group.
    """
    key, home = np.full(groups, NO_KEY), dict[int, int]()
    stored = np.flatnonzero(old != NO_KEY)
    parts, first, sizes = np.unique(
        np.stack([old[stored], group[stored]], axis=1), axis=0, return_index=True, return_counts=True
    )
    parts, sizes = (column[np.lexsort((first, parts[:, 0]))] for column in (parts, sizes))
    ids, starts, counts = np.unique(parts[:, 0], return_index=True, return_counts=True)
    alone = (counts == 1) & (np.bincount(parts[:, 1], minlength=groups)[parts[starts, 1]] == 1)
    key[parts[starts[alone], 1]] = ids[alone]
    for start, count in zip(starts[~alone].tolist(), counts[~alone].tolist(), strict=True):
        own = slice(start, start + count)
        claimed = _claim(parts[own, 1], sizes[own], key)
        if claimed is None:
            home[int(parts[start, 0])] = int(parts[start, 1])
        else:
            key[claimed] = parts[start, 0]
    return key, home


def _claim(places: Ints, sizes: Ints, key: Ints) -> int | None:
    """Return the group that an id claims of those with its headlines, the one with the earliest first; None if it ends."""
    if key[places[0]] == NO_KEY:
        return int(places[0])
    free = np.flatnonzero(key[places] == NO_KEY)
    if not len(free) or 2 * sizes[0] >= sizes.sum():
        return None
    return int(places[free[np.argmax(sizes[free])]])


def _changes(old: Ints, keys: Ints, ended: dict[int, int], next_key: int) -> tuple[Change, ...]:
    """Return the changes of ids; `ended`: the keys of the ids that end, and those that they lead on to."""
    changed = np.flatnonzero((old != keys) & (old != NO_KEY))
    changed = changed[np.lexsort((changed, keys[changed], old[changed]))]
    pairs = np.stack([old[changed], keys[changed]], axis=1)
    starts = np.flatnonzero(np.any(np.diff(pairs, axis=0, prepend=NO_KEY), axis=1))
    changes = []
    for rows in np.split(changed, starts[1:]) if len(changed) else []:
        before, after = int(old[rows[0]]), int(keys[rows[0]])
        kind = "merged" if ended.get(before) == after else "split" if after >= next_key else "moved"
        changes.append(Change(kind, before, after, rows))
    return tuple(changes)
