"""MinHash with locality-sensitive hashing, the usual way to find near-copies by words alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dedupe.text.normalize import normalize

THRESHOLD = 0.5  # estimated Jaccard similarity
PERMUTATIONS = 64
Ints = NDArray[np.int64]


def pairs(titles: Sequence[str]) -> tuple[Ints, Ints]:
    """Return the pairs of titles whose estimated similarity is at least the threshold, (pairs,) each.

    Sets of words and of two words in a row; what the index finds is checked by the estimate.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    hashes = MinHash.bulk(map(_shingles, titles), num_perm=PERMUTATIONS)
    found: list[tuple[int, int]] = []
    for j, one in enumerate(hashes):
        found += [(i, j) for i in index.query(one) if one.jaccard(hashes[i]) >= THRESHOLD]
        index.insert(j, one)
    rows = np.array(found, np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def labels(titles: Sequence[str]) -> Ints:
    """Return a group number for each title: whatever hangs together."""
    i, j = pairs(titles)
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(len(titles),) * 2)
    return connected_components(graph.tocsr(), directed=False)[1].astype(np.int64)


def _shingles(title: str) -> list[bytes]:
    words = normalize(title).casefold().split()
    return [" ".join(part).encode() for part in [*zip(words), *pairwise(words)]]
