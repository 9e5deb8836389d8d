"""Nodes that share a web address, and what that adds to the probability of a pair.

The judge knows nothing of addresses, since the stories that it was fitted on have none. What follows is set by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from dedupe.candidates.products import cosines
from dedupe.candidates.time_band import TimeBand
from dedupe.embedding.vectors import Vectors
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.scoring.similarity_scale import Scale

SAME_ADDRESS = np.float32(0.95)
"""The least probability that two titles of one address are one story."""
_MAX_TITLES = 20  # of one address; with more it is that of a section, a feed or a page that is written anew each day
_FEW_TITLES = 8  # of one address; more must be about one thing
_ONE_THING = 0.25  # mean similarity: more than titles of one outlet and day have, less than those of one story
_ALIKE = 0.7  # similarity from which the words tell whether two titles are one story
_UNLIKELY = 0.2  # probability of story, by the words, that alike titles of one story do not have


@dataclass(frozen=True, slots=True)
class AddressPairs:
    """Pairs of nodes that share an address: `i` < `j`, sorted, and the `address` of each, the first of several; all (pairs,)."""

    i: Ints
    j: Ints
    address: Sequence[str]

    def __len__(self) -> int:
        return len(self.i)

    def take(self, kept: Ints) -> AddressPairs:
        """Return the pairs at some places."""
        return AddressPairs(self.i[kept], self.j[kept], [self.address[k] for k in kept.tolist()])

    def contain(self, i: Ints, j: Ints) -> Bools:
        """Return which pairs of nodes, (pairs,) each, are among these."""
        if not len(self):
            return np.zeros(len(i), bool)
        nodes = int(self.j.max()) + 1
        pairs, keys = i.astype(np.int64) * nodes + j, self.i * nodes + self.j
        found: Bools = keys[np.searchsorted(keys, pairs).clip(max=len(keys) - 1)] == pairs
        return found & (j < nodes)

    def union(self, other: AddressPairs) -> AddressPairs:
        """Return the pairs of both, each once."""
        if not len(other) or not len(self):
            return other if len(other) else self
        more = other.take(np.flatnonzero(~self.contain(other.i, other.j)))
        i, j, names = np.append(self.i, more.i), np.append(self.j, more.j), [*self.address, *more.address]
        return AddressPairs(i, j, names).take(np.lexsort((j, i)))


NO_ADDRESSES = AddressPairs(np.empty(0, np.int64), np.empty(0, np.int64), ())


def address_pairs(
    addresses: Sequence[str | None], of_row: Ints, vectors: Vectors, scale: Scale, generic: Bools | None = None
) -> AddressPairs:
    """Return the pairs of nodes that share an address which says something about a story.

    `addresses`: cleaned, None where there is none, (rows,); `of_row`: the node of each row; `vectors`: unit rows of the nodes.
    An address says nothing if more than 20 nodes have it, or more than 8 whose mean similarity on the judge's scale is below
    0.25. A node without a title, whose row is all zero, has no pairs. `generic`: (nodes,), which have a title that says nothing,
    and therefore such a row as well; two of them are no pair.
    """
    generic = np.zeros(len(vectors), bool) if generic is None else generic
    names = sorted({address for address in addresses if address is not None})
    if not names:
        return NO_ADDRESSES
    number = {name: k for k, name in enumerate(names)}
    rows = np.array([k for k, address in enumerate(addresses) if address is not None], np.int64)
    of_address = np.array([number[address] for address in addresses if address is not None], np.int64)
    of_address, node = np.unique(np.stack([of_address, of_row[rows]]), axis=1)
    titled = generic[node] | (cosines(vectors, node, node) > 0)
    of_address, node = of_address[titled], node[titled]
    few = (np.bincount(of_address, minlength=1) <= _MAX_TITLES)[of_address]
    of_pair, i, j = np.concatenate(list(_neighbors(of_address[few], node[few])), axis=1)
    kept = _about_one_thing(of_pair, scale(cosines(vectors, i, j))) & ~(generic[i] & generic[j])
    order = np.lexsort((of_pair[kept], j[kept], i[kept]))
    i, j, of_pair = i[kept][order], j[kept][order], of_pair[kept][order]
    first = np.flatnonzero((np.diff(i, prepend=-1) != 0) | (np.diff(j, prepend=-1) != 0))
    return AddressPairs(i[first], j[first], [names[k] for k in of_pair[first].tolist()])


def _neighbors(of_address: Ints, node: Ints) -> Iterator[Ints]:
    """Yield the address and both nodes of all pairs of one address, (3, pairs); the nodes of an address are ascending."""
    for gap in range(1, _MAX_TITLES):
        same = of_address[:-gap] == of_address[gap:]
        yield np.stack([of_address[:-gap][same], node[:-gap][same], node[gap:][same]])


def _about_one_thing(of_pair: Ints, similarity: Float32s) -> Bools:
    """Return which pairs, (pairs,), have an address with few titles, or with titles that are similar on average."""
    pairs = np.bincount(of_pair)
    mean = np.bincount(of_pair, similarity) / np.maximum(pairs, 1)
    kept: Bools = ((pairs <= _FEW_TITLES * (_FEW_TITLES - 1) // 2) | (mean >= _ONE_THING))[of_pair]
    return kept


def pairs_in_time(
    pairs: AddressPairs, first: Floats, last: Floats, band: TimeBand | None, generic: Bools | None
) -> AddressPairs:
    """Return the pairs that a window allows, and, where the title of either node says nothing, lie within one day.

    `first`, `last`: as for `on_one_day`; `generic`: (nodes,).
    """
    if generic is not None and generic.any():
        one_day = on_one_day(pairs.i, pairs.j, first, last)
        pairs = pairs.take(np.flatnonzero(one_day | ~(generic[pairs.i] | generic[pairs.j])))
    return pairs.take(np.flatnonzero(band.allows(pairs.i, pairs.j))) if band else pairs


def on_one_day(i: Ints, j: Ints, first: Floats, last: Floats) -> Bools:
    """Return which pairs of nodes lie within one day in UTC, (pairs,), or have a date in one node at most.

    `first`, `last`: hours since the epoch of each node, NaN where undated.
    """
    known = ~(np.isnan(first[i]) | np.isnan(first[j]))
    start, end = np.fmin(first[i], first[j]), np.fmax(last[i], last[j])
    same: Bools = ~known | (np.floor(np.nan_to_num(start) / 24) == np.floor(np.nan_to_num(end) / 24))
    return same


def rows_at_addresses(addresses: Sequence[str | None], of_row: Ints, count: int) -> Ints:
    """Return those of the first `count` rows that have the address of a later one, ascending; arguments as above.

    Of an address that too many nodes have, they are as many as it takes to say nothing among the rows returned, too.
    """
    wanted = set(addresses[count:]) - {None}
    rows: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, address in enumerate(addresses[:count]):
        if address is not None and address in wanted:
            rows[address][int(of_row[row])].append(row)
    some = (nodes[node] for nodes in rows.values() for node in sorted(nodes)[: _MAX_TITLES + 1])
    return np.unique(np.array([*chain.from_iterable(some)], np.int64))


def with_address(p_story: Float32s, same_address: Bools) -> Float32s:
    """Return the probability of story of each pair, at least `SAME_ADDRESS` where it has the same address; all (pairs,)."""
    return np.where(same_address, np.maximum(p_story, SAME_ADDRESS), p_story) if same_address.any() else p_story


def refuted(similarity: Float32s, p_story: Float32s) -> Bools:
    """Return which pairs are surely not one story by their words, (pairs,), whatever their address.

    Only alike titles can be: that two titles of one article share no words is common, that both fit one template and state
    other facts ("Shares rise on Monday", "Shares fall on Tuesday") speaks of a page that is written anew.
    `similarity`: on the judge's scale; `p_story`: of the pair by itself.
    """
    return (similarity >= _ALIKE) & (p_story < _UNLIKELY)
