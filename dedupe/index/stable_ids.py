"""Ids that last: what the groups of one run and those of the next have in common decides which id each group keeps.

Each id claims the new group that holds its earliest headline. A group that several ids claim keeps the oldest of them, and
the others lead on to it. A group that none claims gets a new id. So a story keeps its id as long as its beginning is there.
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
    names, first_place, group = np.unique(groups[by_time], return_index=True, return_inverse=True)
    of_row = np.empty(len(groups), np.int64)
    of_row[by_time] = group
    claimants, claimed_first = np.unique(old[by_time], return_index=True)
    claims = group[claimed_first][claimants != NO_KEY]
    claimants = claimants[claimants != NO_KEY]
    key = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(key, claims, claimants)
    unclaimed = np.flatnonzero(key == np.iinfo(np.int64).max)
    unclaimed = unclaimed[np.argsort(first_place[unclaimed])]
    created = next_key + np.arange(len(unclaimed))
    key[unclaimed] = created
    keys = key[of_row]
    home = dict(zip(claimants.tolist(), key[claims].tolist(), strict=True))
    changes = _changes(old, keys, home, next_key)
    return Continuity(keys, created, by_time[first_place[unclaimed]], changes)


def _changes(old: Ints, keys: Ints, home: dict[int, int], next_key: int) -> tuple[Change, ...]:
    """Return the changes of ids; `home`: the key that the group claimed by each old one has now."""
    changed = np.flatnonzero((old != keys) & (old != NO_KEY))
    changed = changed[np.lexsort((changed, keys[changed], old[changed]))]
    pairs = np.stack([old[changed], keys[changed]], axis=1)
    starts = np.flatnonzero(np.any(np.diff(pairs, axis=0, prepend=NO_KEY), axis=1))
    changes = []
    for rows in np.split(changed, starts[1:]) if len(changed) else []:
        before, after = int(old[rows[0]]), int(keys[rows[0]])
        kind = "merged" if home[before] == after else "split" if after >= next_key else "moved"
        changes.append(Change(kind, before, after, rows))
    return tuple(changes)
