"""Pairs by themselves -> pairs in context.

The context of a pair lies inside its component. Components of up to `LARGE` nodes go to buckets, where they are judged as on one
machine; larger ones, if there are any, by neighborhood (see `neighborhoods.py`). Steps and their files:

- `forest_context`/0: the components of all pairs (see `components.py`). `large`/0, JSON: the labels of the large ones.
- `context_nodes`/g (regions), a bucket for each bucket of components: number, core and labels of the nodes in all
  components but the large ones.
- `context_pairs`/k (parts of `read_pairs`), the same: their pairs.
- `context`/u, units: the buckets of components, then neighborhoods: the columns of `read_pairs` with p_wording and p_story, the
  pairs that reach the judge's floor; array `sampled`: numbers of nodes whose context is estimated from a sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.regions import regions_of
from dedupe.distributed.nodes.tables import labels_in
from dedupe.distributed.pairs.components import every_pair, find_components, found_labels, labels_of, sizes_of
from dedupe.distributed.pairs.judging import judge_pairs
from dedupe.distributed.pairs.neighborhoods import judge_large, send_large
from dedupe.distributed.store import buckets
from dedupe.runtime.arrays import Ints
from dedupe.scoring import describe_titles

LARGE = 50_000
"""Nodes of a component above which it is not judged as a whole."""
COMPONENTS = "context"
"""The components in which pairs have their context."""


def run_contexts(job: Job, engine: Engine, large: int = LARGE) -> dict[str, int]:
    """Judge all pairs of `read_pairs` in context.

    Returns how many pairs were `judged`, how many are `kept`, of how many nodes the context is estimated from a sample,
    `sampled`, and how many nodes have a pair, `nodes`, in how many `components`, and in the `largest` of them.
    """
    parts = list(job.store.finished("read_pairs"))
    found = find_components(job, engine, COMPONENTS, "read_pairs", parts, every_pair)
    few: list[int] = []
    if found["largest"] > large:
        few = engine.run(job, "large", partial(find_large, above=large), [0])[0]
    engine.run(job, "context_nodes", partial(send_nodes, large=few), range(len(regions_of(job))))
    engine.run(job, "context_pairs", partial(send_pairs, large=few), parts)
    if few:
        engine.run(job, "large_pairs", partial(send_large, name=COMPONENTS, large=few), parts)
    results = engine.run(job, "context", partial(judge_bucket, parts=parts), range(job.buckets))
    if few:
        results |= judge_large(job, engine, COMPONENTS, parts, few)
    return found | {name: sum(result[name] for result in results.values()) for name in ("judged", "kept", "sampled")}


def find_large(job: Job, part: int, *, above: int) -> list[int]:
    """Return the labels of the components with more than so many nodes."""
    labels, sizes = sizes_of(job.store.read_array(f"forest_{COMPONENTS}", part, "labels"))
    return [int(label) for label in labels[sizes > above]]


def send_nodes(job: Job, region: int, *, large: Sequence[int]) -> int:
    """Send the nodes of a region that have pairs to the buckets of their components; return how many there are."""
    table = job.store.read("region", region, columns=["number", "core", "labels"])
    labels, paired = found_labels(job, COMPONENTS, table["number"].to_numpy())
    sent = np.flatnonzero(paired & ~np.isin(labels, large))
    job.store.write("context_nodes", region, buckets(table.take(sent), _bucket(job, labels[sent]), job.buckets))
    return len(sent)


def send_pairs(job: Job, part: int, *, large: Sequence[int]) -> int:
    """Send the pairs of a part to the buckets of their components, but those of large ones; return how many there are."""
    table = job.store.read("read_pairs", part)
    labels = labels_of(job, COMPONENTS, table["i"].to_numpy())
    sent = np.flatnonzero(~np.isin(labels, large))
    job.store.write("context_pairs", part, buckets(table.take(sent), _bucket(job, labels[sent]), job.buckets))
    return len(sent)


def judge_bucket(job: Job, bucket: int, *, parts: Sequence[int]) -> dict[str, int]:
    """Judge the pairs of the components of a bucket; return their counts."""
    pairs = job.store.gather("context_pairs", parts, bucket)
    nodes = job.store.gather("context_nodes", range(len(regions_of(job))), bucket).sort_by("number")
    titles = describe_titles(nodes["core"].to_pylist(), labels=labels_in(nodes))
    return judge_pairs(job, pairs, titles).write(job, bucket)


def _bucket(job: Job, labels: Ints) -> Ints:
    return labels % job.buckets
