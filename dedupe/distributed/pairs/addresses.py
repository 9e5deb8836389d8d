"""Pairs of nodes that share a web address, by shuffles on the address: the pairs that `Scorer.with_addresses` finds.

Addresses of one node alone are dropped before anything else is asked of the nodes. Steps and their files:

- `addressed`/r (ranges), a bucket for each hash of an address: address, number (int64, final), each pair once.
- `shared_addresses`/t (buckets), a bucket for each range: the same, for addresses of several nodes.
- `address_nodes`/r, buckets by hash of the address: the same, with what pairs are chosen by: first, last, generic, vector, and
  `home` (int32), the region.
- `address_pairs`/t, a bucket for each region: i, j (int64), address, gi, gj (int32).
- `forced`/g (regions): the pairs whose first node lives in region g, with the smallest address of each, sorted by (i, j).
- `addresses`/0, JSON: {"pairs": how many there are, "regions": which have any, ascending}.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.distributed.engine import Engine
from dedupe.distributed.input.rows import buckets_of
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.crowds import crowds_of
from dedupe.distributed.nodes.encoding import scale
from dedupe.distributed.nodes.local_nodes import range_of_final, spread_nodes
from dedupe.distributed.nodes.regions import regions_of
from dedupe.distributed.nodes.tables import array_of, band_of, numbers_in, vectors_in
from dedupe.distributed.store import buckets
from dedupe.runtime.arrays import Ints, codes
from dedupe.scoring.addresses import NO_ADDRESSES, AddressPairs, address_pairs, pairs_in_time
from dedupe.text.address import clean_address

if TYPE_CHECKING:
    import pyarrow as pa

_CHOSEN_BY = ("first", "last", "generic", "vector")


def find_addresses(job: Job, engine: Engine) -> int:
    """Find the pairs of nodes that share an address, and return how many there are; without addresses, run nothing."""
    if not has_addresses(job):
        return 0
    engine.run(job, "addressed", write_addresses, range(job.ranges))
    shared = engine.run(job, "shared_addresses", write_shared, range(job.buckets))
    if any(shared.values()):
        engine.run(job, "address_nodes", write_nodes, range(job.ranges))
        engine.run(job, "address_pairs", write_pairs, range(job.buckets))
        engine.run(job, "forced", write_forced, range(len(regions_of(job))))
    return int(engine.run(job, "addresses", count_forced, [0])[0]["pairs"])


def has_addresses(job: Job) -> bool:
    """Return whether addresses count: rows have them, and they say nothing of wordings."""
    return "url" in job.columns and job.settings.level == "story"


def write_addresses(job: Job, r: int) -> int:
    """Write the cleaned addresses of the rows of a range with their nodes; return how many there are."""
    import pyarrow as pa

    rows = job.store.read("node_rows", r, columns=["node", "url"])
    url = rows["url"].combine_chunks().dictionary_encode()
    cleaned = [clean_address(address) for address in url.dictionary.to_pylist()]
    address = pa.array([*cleaned, None], pa.string()).take(url.indices.fill_null(len(cleaned)))
    numbers = crowds_of(job).final_of_all(job.offsets[r] + array_of(rows, "node"))
    table = _distinct(pa.table({"address": address, "number": numbers}).filter(address.is_valid()))
    job.store.write("addressed", r, buckets(table, buckets_of(table["address"].to_pylist(), job.buckets), job.buckets))
    return len(table)


def write_shared(job: Job, t: int) -> int:
    """Write the addresses of a bucket that several nodes have, with these; return how many there are."""
    table = _distinct(job.store.gather("addressed", range(job.ranges), t))
    of_row = codes(table["address"].to_pylist())
    table = table.filter(np.bincount(of_row, minlength=1)[of_row] > 1)
    job.store.write("shared_addresses", t, buckets(table, range_of_final(job, numbers_in(table)), job.ranges))
    return len(table)


def write_nodes(job: Job, r: int) -> int:
    """Write the nodes of a range that share an address, with what pairs are chosen by; return how many there are."""
    table = job.store.gather("shared_addresses", range(job.buckets), r)
    nodes, homes = spread_nodes(job, r, ("number", *_CHOSEN_BY))
    order = np.argsort(numbers_in(nodes))
    places = order[np.searchsorted(numbers_in(nodes)[order], numbers_in(table))]
    table = table.append_column("home", [homes[places]])
    for name in _CHOSEN_BY:
        table = table.append_column(name, nodes[name].take(places))
    job.store.write(
        "address_nodes", r, buckets(table, buckets_of(table["address"].to_pylist(), job.buckets), job.buckets)
    )
    return len(table)


def write_pairs(job: Job, t: int) -> int:
    """Write the pairs of nodes that share an address of a bucket; return how many there are."""
    import pyarrow as pa

    table = job.store.gather("address_nodes", range(job.ranges), t)
    numbers, places, of_row = np.unique(numbers_in(table), return_index=True, return_inverse=True)
    nodes = table.take(places)
    first, last, generic, home = (array_of(nodes, name) for name in ("first", "last", "generic", "home"))
    pairs = address_pairs(table["address"].to_pylist(), of_row, vectors_in(job, nodes), scale(job), generic)
    pairs = pairs_in_time(pairs, first, last, band_of(job, nodes), generic)
    columns = {"i": numbers[pairs.i], "j": numbers[pairs.j], "address": pa.array(pairs.address, pa.string())}
    found = pa.table(columns | {"gi": home[pairs.i], "gj": home[pairs.j]})
    job.store.write("address_pairs", t, buckets(found, home[pairs.i], len(regions_of(job))))
    return len(found)


def write_forced(job: Job, g: int) -> int:
    """Write the pairs whose first node lives in a region, each with its smallest address; return how many there are."""
    table = job.store.gather("address_pairs", range(job.buckets), g)
    table = table.sort_by([(name, "ascending") for name in ("i", "j", "address")])
    i, j = (array_of(table, name) for name in "ij")
    table = table.take(np.flatnonzero((np.diff(i, prepend=-1) != 0) | (np.diff(j, prepend=-1) != 0)))
    job.store.write("forced", g, table)
    return len(table)


def count_forced(job: Job, _: int) -> dict[str, Any]:
    """Return how many pairs there are, and the regions that have any."""
    found = job.store.finished("forced")
    return {"pairs": sum(found.values()), "regions": [region for region, pairs in found.items() if pairs]}


def forced_regions(job: Job) -> list[int]:
    """Return the regions that are home to the first node of a pair of one address, ascending."""
    return list(job.store.result("addresses")["regions"]) if has_addresses(job) else []


def address_pairs_among(job: Job, numbers: Ints, homes: Iterable[int] | None = None) -> AddressPairs:
    """Return the pairs of one address among the nodes of these numbers, ascending, by their places in `numbers`.

    `homes`: the regions where all of them live; default: any.
    """
    import pyarrow as pa

    wanted = forced_regions(job)
    tables = [job.store.read("forced", g) for g in (wanted if homes is None else sorted(set(wanted) & set(homes)))]
    inside = [
        table.filter(np.isin(array_of(table, "i"), numbers) & np.isin(array_of(table, "j"), numbers))
        for table in tables
    ]
    if not sum(map(len, inside)):
        return NO_ADDRESSES
    table = pa.concat_tables(inside)
    i, j = (np.searchsorted(numbers, array_of(table, name)) for name in "ij")
    return AddressPairs(i, j, table["address"].to_pylist()).take(np.lexsort((j, i)))


def _distinct(table: pa.Table) -> pa.Table:
    return table.group_by(table.column_names).aggregate([])
