"""`KeptNodes`: the nodes of a run with their features and vectors, which the next run takes over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from dedupe.clustering import Copies
from dedupe.clustering.generic_titles import keys_in_place
from dedupe.embedding import Encoder, Vectors, VectorStore, embed
from dedupe.runtime.arrays import Bools, Float32s, Floats, Ints
from dedupe.runtime.progress import Progress
from dedupe.scoring import Judge, TitleFeatures, describe_titles
from dedupe.scoring.title_features import Vocabulary, numbered_sources, stacked
from dedupe.text.decorations import Undecorated

_SPARE_COLUMNS = 20_000  # for words of titles that have gone, before all titles are described again


class NodeKeys(NamedTuple):
    """All that features and vectors of nodes depend on, (nodes,) each; `first`, `last`: hours, NaN where undated.

    `generic`: for a title that says nothing by itself, what its copies share besides it, else "". `numbers`: of the row that
    names a node and of the one whose core is encoded, (2, nodes), see `KeptTitles`; None where they are of another process.
    """

    titles: list[Undecorated]
    sources: list[str | None]
    first: Floats
    last: Floats
    generic: list[str]
    numbers: Ints | None = None


@dataclass(frozen=True)
class KeptNodes:
    """The nodes of a run.

    `wording`: the vectors of the wording level. `vocabulary`: what the columns of `titles` stand for; `described`: how many
    it had when all titles were described.
    """

    keys: NodeKeys
    titles: TitleFeatures
    vectors: Vectors
    wording: Vectors
    vocabulary: Vocabulary
    described: int

    def __len__(self) -> int:
        return len(self.keys.titles)


def keys_of(copies: Copies, numbers: Ints) -> NodeKeys:
    """Return the keys of all nodes; `numbers`: of the rows."""
    nodes, headlines = copies.nodes, copies.headlines
    sources, generic = [headlines[row].source for row in nodes.title_row.tolist()], [""] * len(nodes)
    in_place = keys_in_place(copies.fingerprints, headlines, copies.generic)
    for node in np.flatnonzero(copies.generic[nodes.title_row]).tolist():
        generic[node] = in_place[nodes.title_row[node]]
    numbers = np.stack([numbers[nodes.title_row], numbers[nodes.text_row]])
    return NodeKeys(copies.node_titles, sources, nodes.first, nodes.last, generic, numbers)


def places_before(keys: NodeKeys, before: NodeKeys) -> Ints:
    """Return the place of each node among those of the run before, (nodes,), -1 where it is new; no place twice.

    The places ascend where the order of both runs is the same. Of several nodes of one title, some may count as new.
    """
    place = _by_number(keys, before)
    wanted, free = np.flatnonzero(place < 0), np.setdiff1d(np.arange(len(before.titles)), place)
    known = {before.titles[k]: k for k in free.tolist()}
    place[wanted] = [known.get(keys.titles[k], -1) for k in wanted.tolist()]
    found = wanted[place[wanted] >= 0]
    pairs = zip(found.tolist(), place[found].tolist(), strict=True)
    same = np.array([keys.sources[a] == before.sources[b] for a, b in pairs], bool) & _alike(keys, before, found, place)
    place[found[~same]] = -1
    places, first = np.unique(place, return_index=True)
    once = np.full(len(place), -1)
    once[first] = places
    return once


def _by_number(keys: NodeKeys, before: NodeKeys) -> Ints:
    """Return the same by the numbers of rows: nodes that others name now count as new."""
    if keys.numbers is None or before.numbers is None:
        return np.full(len(keys.titles), -1)
    of_number = np.full(max(keys.numbers.max(initial=0), before.numbers.max(initial=0)) + 1, -1)
    of_number[before.numbers[0]] = np.arange(len(before.titles))
    place: Ints = of_number[keys.numbers[0]]
    found = np.flatnonzero(place >= 0)
    same = keys.numbers[1, found] == before.numbers[1, place[found]]
    place[found[~(same & _alike(keys, before, found, place))]] = -1
    return place


def _alike(keys: NodeKeys, before: NodeKeys, nodes: Ints, place: Ints) -> Bools:
    """Return whether some nodes have the hours, and what their copies share, of those at their place in the run before."""
    at = place[nodes]
    says_nothing, said_nothing = (np.fromiter(map(bool, k.generic), bool, len(k.generic)) for k in (keys, before))
    same: Bools = says_nothing[nodes] == said_nothing[at]
    for k in np.flatnonzero(same & says_nothing[nodes]).tolist():
        same[k] = keys.generic[nodes[k]] == before.generic[at[k]]
    for hours, then in ((keys.first, before.first), (keys.last, before.last)):
        same &= (hours[nodes] == then[at]) | (np.isnan(hours[nodes]) & np.isnan(then[at]))
    return same


def nodes_of(
    copies: Copies,
    keys: NodeKeys,
    place: Ints,
    before: KeptNodes | None,
    judge: Judge,
    encoder: Encoder,
    store: VectorStore | None,
    progress: Progress,
) -> KeptNodes:
    """Return the nodes of a run, of which those with a `place` were in the run `before`."""
    new = np.flatnonzero(place < 0)
    vectors = embed(encoder, encoded(copies, new), progress, store)
    wording = vectors if judge.head is None else judge.wording_vectors(vectors)
    if before is None:
        vocabulary = Vocabulary()
        titles = described(copies, new, vocabulary)
        return KeptNodes(keys, titles, vectors, wording, vocabulary, len(vocabulary))
    vectors = _inserted(before.vectors, place, vectors)
    wording = vectors if judge.head is None else _inserted(before.wording, place, wording)
    vocabulary = before.vocabulary
    if len(vocabulary) > 2 * before.described + _SPARE_COLUMNS:
        everything = nodes_described_again(copies)
        return KeptNodes(keys, everything[0], vectors, wording, everything[1], len(everything[1]))
    sources = numbered_sources([copies.headlines[row].source for row in copies.nodes.title_row.tolist()])
    of_both = place.copy()
    of_both[new] = len(before) + np.arange(len(new))
    titles = stacked(before.titles, described(copies, new, vocabulary)).take(of_both)
    titles = replace(titles, sources=sources)
    return KeptNodes(keys, titles, vectors, wording, vocabulary, before.described)


def encoded(copies: Copies, nodes: Ints | slice = slice(None)) -> list[str]:
    """Return the text of each node, or of some, that is encoded: "" for a title that says nothing."""
    rows = copies.nodes.text_row[nodes].tolist()
    return ["" if copies.generic[row] else copies.cores[row].core for row in rows]


def nodes_described_again(copies: Copies) -> tuple[TitleFeatures, Vocabulary]:
    """Return the features of all nodes, and what their columns stand for."""
    vocabulary = Vocabulary()
    return described(copies, np.arange(len(copies.nodes)), vocabulary), vocabulary


def described(copies: Copies, nodes: Ints, vocabulary: Vocabulary) -> TitleFeatures:
    """Return the features of some nodes, whose columns are those of the vocabulary."""
    of = copies.nodes
    titles = [copies.cores[row] for row in of.text_row[nodes].tolist()]
    sources = [copies.headlines[row].source for row in of.title_row[nodes].tolist()]
    texts, labels = [title.core for title in titles], [title.labels for title in titles]
    return describe_titles(texts, of.first[nodes], of.last[nodes], sources, labels, vocabulary)


def _inserted(before: Vectors, place: Ints, new: Vectors) -> Float32s:
    """Return the rows of the run before at each place, and the new ones where it is -1."""
    rows = np.zeros((len(place), before.shape[1] or new.shape[1]), np.float32)
    if before.shape[1] and isinstance(before, np.ndarray):
        before.take(place, axis=0, out=rows, mode="clip")
    rows[place < 0] = new[:] if new.shape[1] else 0  # an encoder is not asked about empty titles
    return rows
