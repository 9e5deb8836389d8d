"""Other ways to group headlines, all with the same vectors.

`PEERS` is the table: name -> function of the vectors (float32, (n, d), unit rows) -> function of a threshold -> labels,
(n,). Work that does not depend on the threshold, such as an index, is done once.
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
from dedupe.runtime.arrays import Float32s

Labels = NDArray[np.int64]
Cut = Callable[[float], Labels]

LOWEST = 0.30
GRID = tuple(round(float(threshold), 2) for threshold in np.arange(LOWEST, 0.951, 0.01))


def connected_components(vectors: Float32s) -> Cut:
    """Join every pair at or above the threshold, and all pairs connected to it."""
    pairs = candidate_pairs(vectors, LOWEST)
    shape = (len(vectors), len(vectors))

    def cut(threshold: float) -> Labels:
        kept = pairs.similarity >= threshold
        graph = coo_array((np.ones(kept.sum(), np.int8), (pairs.i[kept], pairs.j[kept])), shape=shape)
        return components(graph.tocsr(), directed=False)[1].astype(np.int64)

    return cut


def community_detection(vectors: Float32s) -> Cut:
    """sentence-transformers: greedy communities around central headlines, largest first; all others stay alone."""
    from sentence_transformers import util

    def cut(threshold: float) -> Labels:
        labels = np.arange(len(vectors))
        for members in util.community_detection(vectors, threshold=threshold, min_community_size=2):
            labels[members] = members[0]
        return labels

    return cut


def average_linkage(vectors: Float32s) -> Cut:
    """Our own linkage on the cosine instead of a probability: a step of the ablation, not a peer."""
    pairs = candidate_pairs(vectors, LOWEST)
    return merge_tree(len(vectors), pairs.i, pairs.j, pairs.similarity.astype(float), floor=LOWEST).cut


class _NoEncoder:
    """SemHash needs an encoder even if vectors are given; it must never be called."""

    def encode(self, inputs: Any, **options: Any) -> Any:
        raise AssertionError("SemHash called the encoder although it was given vectors")


def semhash(vectors: Float32s) -> Cut:
    """SemHash on its exact index: each removed headline joins the kept one that it duplicates.

    Its default index is approximate and moves the figures by a few thousandths from run to run. The index is searched once,
    at the lowest threshold; another threshold selects anew among what was found, with the same outcome as a search.
    """
    from copy import copy

    from semhash import SemHash
    from vicinity import Backend

    names = [str(row) for row in range(len(vectors))]
    index = SemHash.from_embeddings(vectors, names, model=_NoEncoder(), ann_backend=Backend.BASIC)
    lowest = index.self_deduplicate(threshold=LOWEST)

    def cut(threshold: float) -> Labels:
        labels, result = np.arange(len(vectors)), copy(lowest)
        result.rethreshold(threshold)
        for duplicate in result.filtered:
            labels[int(duplicate.record)] = int(duplicate.duplicate_of)
        return labels

    return cut


PEERS: dict[str, Callable[[Float32s], Cut]] = {
    "connected components": connected_components,
    "community_detection": community_detection,
    "semhash": semhash,
}
