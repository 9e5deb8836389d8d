"""What the other headlines say about a pair: the evidence of company, from the probabilities of pairs judged alone.

Two headlines that go with the same others belong together more surely than their own words show; a headline that goes
better with somebody else less surely. All from the sparse matrix of probabilities, so the cost is that of its product
with itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVELS = ("wording", "story")
OF_LEVEL = (
    "common",  # log of the summed products of both probabilities, over all others
    "share",  # that sum as a share of what either has
    "fewer",  # log of the summed probabilities with others, of the headline that has fewer
    "more",  # likewise of the one that has more
    "rival",  # the best probability with another, of the headline where it is lower
    "best_rival",  # likewise where it is higher
)
CONTEXT = tuple(f"{level}_{name}" for level in LEVELS for name in OF_LEVEL)
_LEAST = 0.05  # keeps a share of next to nothing small


def context(nodes: int, i: Ints, j: Ints, probability: Mapping[str, Floats]) -> Floats:
    """Return the context of each pair, float64, (pairs, len(CONTEXT)), columns as in `CONTEXT`.

    `i`, `j`: (pairs,), each unordered pair of nodes once. `probability`: of each level, judged alone, (pairs,).
    """
    columns = [column for level in LEVELS for column in _of_level(nodes, i, j, probability[level])]
    return np.stack(columns, axis=1)


def _of_level(nodes: int, i: Ints, j: Ints, chance: Floats) -> list[Floats]:
    matrix = csr_matrix((np.tile(chance, 2), (np.concatenate([i, j]), np.concatenate([j, i]))), shape=(nodes, nodes))
    common = _products(matrix, i, j)
    squares, sums = (np.asarray(m.sum(axis=1)).ravel() for m in (matrix.multiply(matrix), matrix))
    either = squares[i] + squares[j] - 2 * chance**2 - common
    mass_i, mass_j = np.maximum(sums[i] - chance, 0), np.maximum(sums[j] - chance, 0)
    rival_i, rival_j = _rivals(matrix, i, chance), _rivals(matrix, j, chance)
    return [
        np.log1p(common),
        common / np.maximum(either, _LEAST + common),
        np.log1p(np.minimum(mass_i, mass_j)),
        np.log1p(np.maximum(mass_i, mass_j)),
        np.minimum(rival_i, rival_j),
        np.maximum(rival_i, rival_j),
    ]


def _products(matrix: csr_matrix, i: Ints, j: Ints) -> Floats:
    """The entries (i, j) of the matrix times itself; a pair's own probability adds nothing, as the diagonal is empty."""
    if not len(i):
        return np.zeros(0)
    return np.asarray((matrix @ matrix)[i, j], np.float64).ravel()


def _rivals(matrix: csr_matrix, rows: Ints, chance: Floats) -> Floats:
    """The largest entry of each pair's row that is not the pair's own."""
    count = np.diff(matrix.indptr)
    order = np.lexsort((matrix.data, np.repeat(np.arange(matrix.shape[0]), count)))
    ends = matrix.indptr[1:]
    ranked = np.concatenate([matrix.data[order], [0.0]])
    best = np.where(count > 0, ranked[ends - 1], 0.0)
    second = np.where(count > 1, ranked[np.maximum(ends - 2, 0)], 0.0)
    found: Floats = np.where(chance >= best[rows], second[rows], best[rows])
    return found
