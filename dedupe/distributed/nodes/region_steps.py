"""The steps that make regions: nodes are counted by hour or cell, these are packed into regions, and nodes go there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.crowds import crowds_of, kept_places
from dedupe.distributed.nodes.region_cells import APART, own_cells, plan_cells, with_cells, write_own_cells
from dedupe.distributed.nodes.regions import Regions, count_nodes, regions_of, write_region
from dedupe.distributed.nodes.tables import array_of, node_table, numbers_in, stored_rows
from dedupe.distributed.store import buckets
from dedupe.runtime.arrays import Floats, Ints, pairs_within

if TYPE_CHECKING:
    import pyarrow as pa


def make_regions(job: Job, engine: Engine) -> Regions:
    """Put the nodes, of which crowds are known, into regions."""
    by, count, ranges = "number", max(-(-count_nodes(job) // job.block), 1), range(job.ranges)
    comparisons = pairs_within(count_nodes(job))
    if job.settings.window is not None:
        engine.run(job, "hours", count_hours, ranges)
        by, comparisons = "hours", engine.run(job, "comparisons", count_comparisons, [0])[0]
    if comparisons > job.exact and plan_cells(job, engine, comparisons):
        by = "own_cells"
        engine.run(job, by, write_own_cells, ranges)
    if by != "number":
        count = engine.run(job, "region_bounds", partial(find_bounds, by=by), [0])[0]["regions"]
    engine.run(job, "spread_nodes", partial(spread_nodes, count=count, by=by), ranges)
    if by == "own_cells":
        engine.run(job, "spread_probing", partial(spread_probing, count=count), ranges)
    engine.run(job, "region", gather_region, range(count))
    if by == "own_cells":
        engine.run(job, "probing", gather_probing, range(count))
    engine.run(job, "regions", partial(list_regions, by=by), [0])
    return regions_of(job)


def count_comparisons(job: Job, part: int) -> int:
    """Return about how many pairs of nodes the window allows, from how many begin in each hour."""
    counts = np.concatenate([job.store.read_array("hours", r, "counts") for r in range(job.ranges)], axis=1)
    hours, place = np.unique(counts[0], return_inverse=True)
    nodes = np.bincount(place, counts[1], len(hours)).astype(np.int64)
    undated = int(nodes[hours == APART].sum())
    hours, dated = hours[hours != APART], nodes[hours != APART]
    ends = np.append(0, dated.cumsum())[np.searchsorted(hours, hours + job.settings.window, side="right")]
    inside = dated * (ends - dated.cumsum()) + pairs_within(dated)
    return int(inside.sum() + pairs_within(undated) + undated * dated.sum())


def kept_nodes(job: Job, r: int) -> pa.Table:
    """Return the nodes of a range that no crowd absorbed, with their final number, and the spans and weights of crowds."""
    import pyarrow as pa

    kept = kept_places(job, r)
    columns = {name: _after_crowds(job, r, name)[kept] for name in ("first", "last", "weight")}
    columns["number"] = crowds_of(job).final(job.offsets[r] + kept)
    table = node_table(job, r, kept)
    for name, column in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(column))
    return table


def _after_crowds(job: Job, r: int, name: str) -> NDArray[Any]:
    """Return first, last or weight of the nodes of a range, where leaders of crowds have those of their members."""
    crowds = crowds_of(job)
    column = array_of(job.store.read("nodes", r, columns=[name]), name).copy()
    leading = slice(*np.searchsorted(crowds.leaders, [job.offsets[r], job.offsets[r + 1]]).tolist())
    column[crowds.leaders[leading] - job.offsets[r]] = getattr(crowds, name)[leading]
    return column


def hour_keys(first: Floats) -> Ints:
    """Return the whole hour of each node, (n,), `APART` where it has no date."""
    dated = ~np.isnan(first)
    return np.where(dated, np.floor(np.where(dated, first, 0)).astype(np.int64), APART)


def count_hours(job: Job, r: int) -> int:
    """Write how many nodes of a range begin in each hour."""
    keys = hour_keys(_after_crowds(job, r, "first")[kept_places(job, r)])
    job.store.write_array("hours", r, "counts", np.stack(np.unique(keys, return_counts=True)).astype(np.int64))
    return len(keys)


def find_bounds(job: Job, part: int, by: str) -> dict[str, Any]:
    """Pack keys into regions of at most `job.block` nodes, keys in order; one that has more gets several, by number of the node.

    `by`: the step whose `counts` say how many nodes of each key a range has. Writes the `keys`, the first `region` of each, and
    of those with several regions (`split`) how many nodes all ranges before a range have, `before`, (split, ranges + 1).
    """
    counts = [job.store.read_array(by, r, "counts") for r in range(job.ranges)]
    keys, place = np.unique(np.concatenate([found[0] for found in counts]), return_inverse=True)
    total = np.bincount(place, np.concatenate([found[1] for found in counts]), len(keys)).astype(np.int64)
    region, regions = packed_keys(keys, total, job.block)
    split = keys[total > job.block]
    of_range = np.zeros((len(split), job.ranges + 1), np.int64)
    for r, (key, count) in enumerate(counts):
        of_range[np.searchsorted(split, key[np.isin(key, split)]), r + 1] = count[np.isin(key, split)]
    arrays = {"keys": keys, "region": region, "split": split, "before": of_range.cumsum(axis=1)}
    for name, array in arrays.items():
        job.store.write_array("region_bounds", 0, name, array)
    return {"regions": max(regions, 1)}


def packed_keys(keys: Ints, counts: Ints, block: int) -> tuple[Ints, int]:
    """Return the first region of each key, ascending, and how many regions there are."""
    region, filled = [0], 0
    for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
        if filled and (filled + count > block or key == APART):
            region[-1], filled = region[-1] + 1, 0
        region.append(region[-1])
        filled += count
        if count > block:
            region[-1], filled = region[-1] + -(-count // block), 0
    return np.array(region[:-1], np.int64), region[-1] + bool(filled)


def _bounds(job: Job) -> list[Ints]:
    return [
        np.asarray(job.store.read_array("region_bounds", 0, name)) for name in ("keys", "region", "split", "before")
    ]


def regions_of_keys(job: Job, r: int, keys: Ints) -> Ints:
    """Return the region of each node of a range by their keys, (n,)."""
    known, first, split, before = _bounds(job)
    region = np.asarray(first[np.searchsorted(known, keys)])
    for key, earlier in zip(split.tolist(), before[:, r].tolist(), strict=True):
        places = np.flatnonzero(keys == key)
        region[places] += (earlier + np.arange(len(places))) // job.block
    return region


def spread_nodes(job: Job, r: int, count: int, by: str) -> int:
    """Send the nodes of a range to their regions; `by`: number, or the step that counted what else regions hold."""
    table = kept_nodes(job, r)
    if by == "number":
        size = -(-count_nodes(job) // count)
        region = numbers_in(table) // max(size, 1)
    elif by == "hours":
        region = regions_of_keys(job, r, hour_keys(array_of(table, "first")))
    else:
        own, probes = own_cells(job, r)
        table, region = with_cells(table, own, probes), regions_of_keys(job, r, own)
    job.store.write("spread_nodes", r, buckets(table, region, count))
    return len(table)


def gather_region(job: Job, g: int) -> dict[str, Any]:
    """Write a region."""
    return write_region(job, g, job.store.gather("spread_nodes", range(job.ranges), g))


def spread_probing(job: Job, r: int, count: int) -> int:
    """Send the nodes of a range to the other regions that have a cell which they probe; the result is to how many in all."""
    import pyarrow as pa

    table, (own, probes) = kept_nodes(job, r), own_cells(job, r)
    home = regions_of_keys(job, r, own)
    table = with_cells(table, own, probes).append_column("region", pa.array(home.astype(np.int32)))
    known, first, split, before = _bounds(job)
    node, cell = probes.of(np.arange(len(own)))
    place = np.searchsorted(known, cell)
    filled = np.append(known, -1)[place] == cell
    node, place = node[filled], place[filled]
    several = np.ones(len(known), np.int64)
    several[np.searchsorted(known, split)] = -(-before[:, -1] // job.block)
    repeats = several[place]
    piece = np.arange(repeats.sum()) - np.repeat(repeats.cumsum() - repeats, repeats)
    reached = np.unique(np.repeat(node, repeats) * count + first[np.repeat(place, repeats)] + piece)
    node, region = np.divmod(reached, count)
    away = region != home[node]
    job.store.write("spread_probing", r, buckets(table.take(node[away]), region[away], count))
    return int(np.count_nonzero(away))


def gather_probing(job: Job, g: int) -> int:
    """Write the nodes of other regions that probe a cell of a region; the result is how many."""
    table = job.store.gather("spread_probing", range(job.ranges), g)
    job.store.write_array("probing", g, "vectors", stored_rows(job, table))
    job.store.write("probing", g, table.drop_columns("vector"))
    return len(table)


def list_regions(job: Job, part: int, by: str) -> dict[str, Any]:
    """Return what regions there are."""
    extents = [result["extent"] for _, result in sorted(job.store.finished("region").items())]
    recall = job.store.result("cell_plan")["recall"] if by == "own_cells" else None
    return {"extents": extents, "nodes": sum(extent[0] for extent in extents), "recall": recall}
