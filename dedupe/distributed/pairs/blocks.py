"""Blocks: the parts in which the candidate pairs of a run are found, so that each pair is in one of them.

`blocks`/0, JSON: a list of blocks, each with its kind and a list of what it compares:

- `within`, g: the nodes of a region; `across`, g, h: those of two, which a window may keep apart.
- `cells`, g: the nodes of a region and those that probe a cell of it, where there are too many to compare each with each.
- `sparse`, k, start, end: some nodes of a sparse group, each with the next ones of the group.
- `forced`, g: the pairs of one address whose first node lives in a region.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from dedupe.distributed.job import Job
from dedupe.distributed.nodes.crowds import crowds_of
from dedupe.distributed.nodes.regions import Extent, regions_of
from dedupe.distributed.pairs.across import SLACK
from dedupe.distributed.pairs.addresses import forced_regions


class Block(NamedTuple):
    """A part of the pairs of a run; see above."""

    kind: str
    of: Sequence[int]


def plan_blocks(job: Job, _: int) -> list[Block]:
    """Return the blocks of a run."""
    return [*_dense(job), *_sparse(job), *(Block("forced", [region]) for region in forced_regions(job))]


def blocks_of(job: Job) -> list[Block]:
    """Return the blocks that were planned."""
    return [Block(*block) for block in job.store.result("blocks")]


def _dense(job: Job) -> Iterator[Block]:
    found, window = regions_of(job), job.settings.window
    if found.recall is not None:
        yield from (Block("cells", [region]) for region in range(len(found)))
        return
    yield from (Block("within", [region]) for region in range(len(found)))
    for g, h in combinations(range(len(found)), 2):
        if window is None or _near(found.extents[g], found.extents[h], window):
            yield Block("across", [g, h])


def _near(one: Extent, other: Extent, window: float) -> bool:
    """Return whether the nodes of two regions could lie in one window; those without a date always do."""
    if one.first is None or one.last is None or other.first is None or other.last is None:
        return True
    return max(one.first - other.last, other.first - one.last) <= window + SLACK


def _sparse(job: Job) -> Iterator[Block]:
    for group, members in enumerate(crowds_of(job).sparse):
        for start in range(0, len(members), job.block):
            yield Block("sparse", [group, start, min(start + job.block, len(members))])
