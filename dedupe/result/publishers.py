"""Who published a row: its source, or the site of its address, under one name for all spellings and sister outlets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.headlines import Headline
from dedupe.result.settings import SourceRules
from dedupe.runtime.arrays import Bools, Ints, codes
from dedupe.text.outlets import outlet_key, without_desk

_GENERIC = -2  # the owner of all titles that say nothing; publishers are numbered from 0


def publishers_of(headlines: Sequence[Headline], sisters: Mapping[str, str], others: Collection[str] = ()) -> Ints:
    """Return a number for the publisher of each row, (rows,); -1 where neither a source nor an address tells.

    `sisters`: the publisher of each outlet, under any of their spellings. Spellings of one name are one publisher ("The New York
    Times" and "nytimes.com" are not), and so is a desk of an outlet that other rows, or everybody, knows: "BBC Sport" is "BBC".
    `others`: names, as of `name_of`, that rows have which are not among these.
    """
    owner = {outlet_key(outlet): outlet_key(publisher) for outlet, publisher in sisters.items()}
    names = [name_of(headline.source, headline.url) for headline in headlines]
    known = frozenset(names).union(others) - {""} | owner.keys() | frozenset(owner.values())
    publisher = {name: _publisher(name, known, owner) for name in set(names)}
    return codes(publisher[name] or None for name in names)


def owners_of(
    headlines: Sequence[Headline], rules: SourceRules, of_row: Ints, generic: Bools
) -> list[frozenset[int]] | None:
    """Return of whom or what a group may have one node each, for each node, (nodes,); None where nothing is limited.

    `of_row`: the node of each row. With `rules.never_same` they are publishers. All titles that say nothing, `generic`, (nodes,),
    have one owner, so that no two of them get into one group, even by way of others.
    """
    if not rules.never_same and np.count_nonzero(generic) < 2:
        return None
    owners: list[set[int]] = [{_GENERIC} if nothing else set() for nothing in generic.tolist()]
    if rules.never_same:
        publishers = publishers_of(headlines, rules.publishers, rules.others)
        for node, publisher in zip(of_row.tolist(), publishers.tolist(), strict=True):
            owners[node] |= {publisher} - {-1}
    return list(map(frozenset, owners))


def linked_owners(
    rows: Sequence[Headline], sources: SourceRules, of_row: Ints, generic: Bools, pairs: PairTable
) -> list[frozenset[int]] | None:
    """Return the owners of nodes, see `owners_of`; of those whose titles say nothing, `generic`, only what has pairs counts."""
    linked = np.bincount(np.concatenate([pairs.i, pairs.j]), minlength=len(generic)) > 0
    return owners_of(rows, sources, of_row, generic & linked)


def counts_of(publishers: Ints, labels: Ints) -> Ints:
    """Return how many publishers each label has, (labels,); unknown ones do not count."""
    known = publishers >= 0
    pairs = np.unique(np.stack([labels[known], publishers[known]]), axis=1)
    return np.bincount(pairs[0], minlength=int(labels.max(initial=-1)) + 1)


def preference_of(headlines: Sequence[Headline], order: Iterable[str]) -> Ints:
    """Return the place of each row's source in an order of sources, (rows,); the number of sources for any other."""
    place: dict[str, int] = {}
    for name in order:
        place.setdefault(outlet_key(name), len(place))
    return np.array([place.get(name_of(headline.source, headline.url), len(place)) for headline in headlines], np.int64)


def name_of(source: str | None, address: str | None) -> str:
    """Return by what name the publisher of a row goes, "" where neither tells."""
    return outlet_key(source or "") or outlet_key(address or "")


def _publisher(name: str, known: frozenset[str], owner: Mapping[str, str]) -> str:
    outlet = name if name in owner else without_desk(name, known)
    return owner.get(outlet, outlet)
