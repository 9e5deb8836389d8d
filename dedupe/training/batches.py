"""Batches to learn from: whole stories together with the stories nearest to them, which are their hard negatives."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_NEAREST = 6  # strangers' stories that a story brings along


def batches(slices: list[Ints], story: Ints, vectors: NDArray[np.float32], size: int, seed: list[int]) -> list[Ints]:
    """Return batches of about `size` rows each, shuffled; every story of two or more is in at least one.

    `slices`: the rows of each slice; a batch lies inside one. `story`, `vectors`: (n,) and (n, d), unit rows.
    """
    rng = np.random.default_rng(seed)
    made = [batch for rows in slices for batch in _of_slice(rows, story[rows], vectors[rows], size, rng)]
    return [made[k] for k in rng.permutation(len(made))]


def _of_slice(
    rows: Ints, story: Ints, vectors: NDArray[np.float32], size: int, rng: np.random.Generator
) -> Iterator[Ints]:
    names, sizes = np.unique(story, return_counts=True)
    members = {name: np.flatnonzero(story == name) for name in names.tolist()}
    waiting = dict.fromkeys(rng.permutation(names[sizes > 1]).tolist())  # an ordered set
    similarity = vectors @ vectors.T
    while waiting:
        chosen: dict[int, None] = {}
        filled = 0
        while filled < size and waiting:
            seed_story = next(iter(waiting))
            for name in [seed_story, *_nearest(members[seed_story], story, similarity)]:
                if name not in chosen and filled < size:
                    chosen[name] = None
                    filled += len(members[name])
                    waiting.pop(name, None)
        yield rows[np.concatenate([members[name] for name in chosen])]


def _nearest(members: Ints, story: Ints, similarity: NDArray[np.float32]) -> list[int]:
    """The other stories closest to any member, closest first."""
    order = story[np.argsort(-similarity[members].max(axis=0), kind="stable")]
    others = dict.fromkeys(order.tolist())
    others.pop(int(story[members[0]]))
    return list(others)[:_NEAREST]
