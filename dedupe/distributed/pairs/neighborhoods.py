"""Large components, judged in parts: a pair needs only the pairs of its two nodes, and the titles of their partners.

Each region judges its share of the pairs of its nodes, from all their pairs and those of their partners, which other regions
lend it. Sums over third nodes are then those that one machine makes, node by node, of such a component; one that it would
multiply as a dense matrix (see `Matrices`) is judged in one task. Steps and their files:

- `large_pairs`/k (parts of `read_pairs`), a bucket for each region: the pairs in large components that have a node in it.
- `large_degrees`/g (regions), JSON: nodes, pairs and squares of degrees in each large component; `dense`/0: the labels of the
  dense ones.
- `partners`/g, a bucket for each region: number of the nodes there that have a pair which region g judges.
- `lent_pairs`/g, a bucket for each region: the pairs of these partners, without those that have a node in that region.
- `context`/u: from unit `job.buckets` on, a unit for each region, then one for each dense component.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.regions import regions_of
from dedupe.distributed.nodes.tables import labels_in, numbers_in
from dedupe.distributed.pairs.components import labels_of
from dedupe.distributed.pairs.judging import Judged, judge_pairs
from dedupe.distributed.store import arrow, buckets
from dedupe.runtime.arrays import Bools, Ints
from dedupe.scoring import TitleFeatures, describe_titles
from dedupe.scoring.context import multiplied_densely

if TYPE_CHECKING:
    import pyarrow as pa

_ENDS = (("i", "gi"), ("j", "gj"))  # of a pair: the numbers of its nodes, and their regions


def judge_large(
    job: Job, engine: Engine, name: str, parts: Sequence[int], large: Sequence[int]
) -> dict[int, dict[str, int]]:
    """Judge the pairs of the large components of a name, by their labels; return the counts of each unit of `context`.

    `parts`: of `large_pairs`, which `send_large` has written.
    """
    regions = range(len(regions_of(job)))
    engine.run(job, "large_degrees", partial(count_degrees, name=name, parts=parts, large=large), regions)
    dense = engine.run(job, "dense", partial(find_dense, large=large), [0])[0]
    engine.run(job, "partners", partial(find_partners, parts=parts), regions)
    engine.run(job, "lent_pairs", partial(lend, parts=parts), regions)
    judge = partial(judge_unit, name=name, parts=parts, dense=dense)
    units = range(job.buckets, job.buckets + len(regions) + len(dense))
    return engine.run(job, "context", judge, units)


def send_large(job: Job, part: int, *, name: str, large: Sequence[int]) -> int:
    """Send the pairs of a part that lie in large components to the regions of both nodes; return how many there are."""
    table = job.store.read("read_pairs", part)
    table = table.filter(np.isin(labels_of(job, name, table["i"].to_numpy()), large))
    first, second = (table[region].to_numpy() for region in ("gi", "gj"))
    across = np.flatnonzero(first != second)
    rows, regions = np.append(np.arange(len(table)), across), np.append(first, second[across])
    job.store.write("large_pairs", part, buckets(table.take(rows), regions, len(regions_of(job))))
    return len(table)


def count_degrees(
    job: Job, region: int, *, name: str, parts: Sequence[int], large: Sequence[int]
) -> list[tuple[int, int, int]]:
    """Count the nodes of a region in each large component, the pairs that it would judge, and the squares of degrees."""
    pairs = job.store.gather("large_pairs", parts, region)
    ends = [pairs[end].to_numpy()[pairs[home].to_numpy() == region] for end, home in _ENDS]
    nodes, degrees = np.unique(np.concatenate(ends), return_counts=True)
    judged = pairs["i"].to_numpy()[_share(pairs, region)]
    of_node, of_pair = (np.searchsorted(large, labels_of(job, name, some)) for some in (nodes, judged))
    counts = [np.bincount(of, minlength=len(large)) for of in (of_node, of_pair)]
    squares = np.zeros(len(large), np.int64)
    np.add.at(squares, of_node, degrees**2)
    return [(int(n), int(p), int(s)) for n, p, s in zip(*counts, squares, strict=True)]


def find_dense(job: Job, part: int, *, large: Sequence[int]) -> list[int]:
    """Return the labels of the components that one machine multiplies densely."""
    nodes, pairs, squares = np.sum(list(job.store.finished("large_degrees").values()), axis=0).T
    dense = multiplied_densely(nodes.astype(float), pairs, squares)
    return [label for label, is_dense in zip(large, dense.tolist(), strict=True) if is_dense]


def _share(pairs: pa.Table, region: int) -> Bools:
    """Return which pairs a region judges: of those between it and another, every other one."""
    (i, j), homes = (pairs[end].to_numpy() for end in "ij"), [pairs[home].to_numpy() for home in ("gi", "gj")]
    judged: Bools = np.where((i + j) % 2 == 0, *homes) == region
    return judged


def find_partners(job: Job, region: int, *, parts: Sequence[int]) -> int:
    """Write the nodes in other regions that have a pair which a region judges; return how many there are."""
    pairs = job.store.gather("large_pairs", parts, region, ["i", "j", "gi", "gj"])
    judged = pairs.filter(_share(pairs, region))
    numbers, homes = _nodes(judged)
    away = np.flatnonzero(homes != region)
    partners, first = np.unique(numbers[away], return_index=True)
    of_region = buckets(arrow({"number": partners}), homes[away][first], len(regions_of(job)))
    job.store.write("partners", region, of_region)
    return len(partners)


def lend(job: Job, region: int, *, parts: Sequence[int]) -> int:
    """Write the pairs of the nodes of a region that are partners elsewhere, for each other region; return how many these are."""
    pairs = job.store.gather("large_pairs", parts, region)
    lent = [_of_partners(job, region, other, pairs) for other in range(len(regions_of(job)))]
    job.store.write("lent_pairs", region, lent)
    return sum(map(len, lent))


def _of_partners(job: Job, region: int, other: int, pairs: pa.Table) -> pa.Table:
    """Return the pairs of the nodes in `region` that are partners of nodes in another one, which has no node of these pairs."""
    wanted = job.store.read("partners", other, region)["number"].to_numpy()
    if not len(wanted):
        return pairs.slice(0, 0)
    theirs = np.isin(pairs["i"].to_numpy(), wanted) | np.isin(pairs["j"].to_numpy(), wanted)
    for home in ("gi", "gj"):
        theirs &= pairs[home].to_numpy() != other
    return pairs.filter(theirs)


def judge_unit(job: Job, unit: int, *, name: str, parts: Sequence[int], dense: Sequence[int]) -> dict[str, int]:
    """Judge the pairs of a region, or those of a dense component; return their counts."""
    region = unit - job.buckets
    count = len(regions_of(job))
    judged = (
        _dense(job, name, parts, dense[region - count]) if region >= count else _near(job, name, parts, region, dense)
    )
    return judged.write(job, unit)


def _dense(job: Job, name: str, parts: Sequence[int], label: int) -> Judged:
    import pyarrow as pa

    tables = []
    for region in range(len(regions_of(job))):
        pairs = job.store.gather("large_pairs", parts, region)
        inside = labels_of(job, name, pairs["i"].to_numpy()) == label
        tables.append(pairs.filter(inside & _share(pairs, region)))
    pairs = pa.concat_tables(tables).combine_chunks()
    return judge_pairs(job, pairs, _titles(job, pairs))


def _near(job: Job, name: str, parts: Sequence[int], region: int, dense: Sequence[int]) -> Judged:
    import pyarrow as pa

    own = job.store.gather("large_pairs", parts, region)
    lent = job.store.gather("lent_pairs", range(len(regions_of(job))), region)  # two regions may lend the same
    pairs = pa.concat_tables([own, lent]).combine_chunks()
    if dense:
        pairs = pairs.filter(~np.isin(labels_of(job, name, pairs["i"].to_numpy()), dense))
    return judge_pairs(job, pairs, _titles(job, pairs), _share(pairs, region))


def _nodes(pairs: pa.Table) -> tuple[Ints, Ints]:
    """Return the numbers of all nodes of pairs, as often as they have one, and their regions."""
    first, second = ([pairs[name].to_numpy() for name in names] for names in _ENDS)
    return np.append(first[0], second[0]), np.append(first[1], second[1])


def _titles(job: Job, pairs: pa.Table) -> TitleFeatures:
    """Return the features of the nodes of pairs, in order of number."""
    numbers, homes = _nodes(pairs)
    nodes, first = np.unique(numbers, return_index=True)
    home, cores, labels = homes[first], np.empty(len(nodes), object), np.empty(len(nodes), object)
    for region in np.unique(home).tolist():
        table = job.store.read("region", region, columns=["number", "core", "labels"])
        here = np.flatnonzero(home == region)
        rows = table.take(np.searchsorted(numbers_in(table), nodes[here]))
        cores[here], labels[here] = rows["core"].to_pylist(), labels_in(rows)
    return describe_titles(cores.tolist(), labels=labels.tolist())
