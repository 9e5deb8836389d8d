"""Other ways to group headlines, all given the same vectors.

`PEERS` is the table: name -> function of the vectors (float32, (n, d), unit rows) -> function of a threshold -> labels,
(n,). What does not depend on the threshold, such as an index, is built once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components as components

from dedupe.candidates.join import candidate_pairs
from dedupe.clustering.linkage import merge_tree

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]
Cut = Callable[[float], Labels]

LOWEST = 0.30
GRID = tuple(round(float(threshold), 2) for threshold in np.arange(LOWEST, 0.951, 0.01))


def connected_components(vectors: Vectors) -> Cut:
    """Join every pair at or over the threshold, and what hangs together."""
    pairs = candidate_pairs(vectors, LOWEST)
    shape = (len(vectors), len(vectors))

    def cut(threshold: float) -> Labels:
        kept = pairs.similarity >= threshold
        graph = coo_array((np.ones(kept.sum(), np.int8), (pairs.i[kept], pairs.j[kept])), shape=shape)
        return components(graph.tocsr(), directed=False)[1].astype(np.int64)

    return cut


def community_detection(vectors: Vectors) -> Cut:
    """sentence-transformers: greedy communities around central headlines, largest first; the rest is alone."""
    from sentence_transformers import util

    def cut(threshold: float) -> Labels:
        labels = np.arange(len(vectors))
        for members in util.community_detection(vectors, threshold=threshold, min_community_size=2):
            labels[members] = members[0]
        return labels

    return cut


def average_linkage(vectors: Vectors) -> Cut:
    """Our own grouping, on the cosine instead of a probability: no peer, but a step of the ablation."""
    pairs = candidate_pairs(vectors, LOWEST)
    return merge_tree(len(vectors), pairs.i, pairs.j, pairs.similarity.astype(float), floor=LOWEST).cut


class _GivenVectors:
    """SemHash asks for an encoder even where vectors are given; it must never be called."""

    def encode(self, inputs: Any, **options: Any) -> Any:
        raise AssertionError("SemHash encoded, though it has the vectors")


def semhash(vectors: Vectors) -> Cut:
    """SemHash on its exact index: each headline removed goes to the kept one that it is a duplicate of.

    Its default index is approximate and moves the figures by a few thousandths from run to run.
    """
    from semhash import SemHash
    from vicinity import Backend

    names = [str(row) for row in range(len(vectors))]
    index = SemHash.from_embeddings(vectors, names, model=_GivenVectors(), ann_backend=Backend.BASIC)

    def cut(threshold: float) -> Labels:
        labels = np.arange(len(vectors))
        for duplicate in index.self_deduplicate(threshold=threshold).filtered:
            labels[int(duplicate.record)] = int(duplicate.duplicate_of)
        return labels

    return cut


PEERS: dict[str, Callable[[Vectors], Cut]] = {
    "connected components": connected_components,
    "community_detection": community_detection,
    "semhash": semhash,
}
