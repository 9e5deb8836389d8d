"""MinHash with locality-sensitive hashing: the usual way to find near-copies by words alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dedupe.runtime.arrays import Ints
from dedupe.text import normalize

THRESHOLD = 0.5  # estimated Jaccard similarity
PERMUTATIONS = 64


def pairs(titles: Sequence[str]) -> tuple[Ints, Ints]:
    """Return the pairs of titles whose estimated similarity is at least the threshold, (pairs,) each.

    Titles are sets of words and of two adjacent words. Pairs from the index are checked with the estimate.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    hashes = MinHash.bulk(map(_shingles, titles), num_perm=PERMUTATIONS)
    matches: list[tuple[int, int]] = []
    for j, own in enumerate(hashes):
        matches += [(i, j) for i in index.query(own) if own.jaccard(hashes[i]) >= THRESHOLD]
        index.insert(j, own)
    rows = np.array(matches, np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def labels(titles: Sequence[str]) -> Ints:
    """Return a group number for each title: the connected components of the pairs."""
    i, j = pairs(titles)
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(len(titles),) * 2)
    return connected_components(graph.tocsr(), directed=False)[1].astype(np.int64)


def _shingles(title: str) -> list[bytes]:
    words = normalize(title).casefold().split()
    return [" ".join(part).encode() for part in [*zip(words), *pairwise(words)]]
