"""The groups of each bucket of components: one run of one machine over its rows, from pairs that are scored already.

Step `groups`/b (buckets), a bucket for each part of the input: position, and the columns that a run adds to a row, in which
stories and wordings have for a number the position of their first row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.candidates.pairs import PairTable, concatenate
from dedupe.clustering import Constraints, Copies, Nodes, link, tie_ranks
from dedupe.distributed.input.outlets import outlets
from dedupe.distributed.input.rows import headlines_of_rows
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.corrected import constraints_of_run
from dedupe.distributed.nodes.crowds import crowds_of
from dedupe.distributed.nodes.encoding import as_vectors
from dedupe.distributed.output.members import Senders, has_ids
from dedupe.distributed.pairs.components import LINKS, labels_of
from dedupe.distributed.store import arrow, buckets
from dedupe.embedding import Vectors
from dedupe.headlines import Headline
from dedupe.levels import SCORED_LEVELS
from dedupe.result.cautions import MAX_LISTED, STORY_CODES, Caution, input_cautions, row_caution
from dedupe.result.columns import added_columns
from dedupe.result.deduplication import Deduplication
from dedupe.result.publishers import linked_owners
from dedupe.runtime.arrays import Bools, Ints
from dedupe.runtime.progress import silent
from dedupe.scoring import IDENTITY, PairsRead, describe_titles
from dedupe.text.outlets import Outlets

if TYPE_CHECKING:
    import pyarrow as pa

LARGE = 1_000_000
"""Nodes of a component from which it is reported: it takes long, and much memory on one machine."""
GROUPS = {level: f"dedupe_{level}" for level in SCORED_LEVELS}
"""The column with the group of each row, by level."""
_TYPES = {"dedupe_representative": "bool", "dedupe_probability": "double", "dedupe_flag": "string"}


@dataclass(frozen=True)
class _Bucket:
    """What `members.py` sent to a bucket: rows by position, nodes by number, the scored pairs of both, by place among the nodes.

    `repeated`: (rows,), which have the id of another row.
    """

    rows: pa.Table
    nodes: pa.Table
    pairs: PairTable
    repeated: Bools

    @classmethod
    def of(cls, job: Job, bucket: int, senders: Senders) -> _Bucket:
        """Return what was sent to a bucket."""
        rows = job.store.gather("group_rows", range(job.ranges), bucket).sort_by("position")
        nodes = job.store.gather("group_nodes", senders.regions, bucket).sort_by("number")
        tables = [job.store.read("group_pairs", unit, bucket) for unit in senders.units]
        pairs = concatenate(_placed(table, nodes["number"].to_numpy()) for table in tables)
        repeated = np.empty(0, np.int64)
        if has_ids(job):
            repeated = job.store.gather("repeated", range(job.buckets), bucket)["position"].to_numpy()
        return cls(rows, nodes, pairs, np.isin(rows["position"].to_numpy(), repeated))

    @property
    def positions(self) -> Ints:
        return np.asarray(self.rows["position"].to_numpy())

    @property
    def numbers(self) -> Ints:
        return np.asarray(self.nodes["number"].to_numpy())

    def as_nodes(self, headlines: Sequence[Headline]) -> Nodes:
        """Return the nodes by place. No step after scoring asks which text was encoded."""
        title_row = np.searchsorted(self.positions, self.nodes["title_position"].to_numpy())
        first, last, weight = (self.nodes[name].to_numpy() for name in ("first", "last", "weight"))
        of_row, exact = np.searchsorted(self.numbers, self.rows["node"].to_numpy()), self.rows["exact"].to_numpy()
        return Nodes(of_row, exact, title_row, title_row, first, last, weight, tie_ranks(headlines))

    def constraints(self, job: Job, nodes: Nodes) -> Constraints:
        """Return the constraints between nodes of the bucket, by the row of their title."""
        of_run, crowds = constraints_of_run(job), crowds_of(job)

        def inside(pairs: Ints) -> Ints:
            final = crowds.final(pairs)
            final = final[:, np.isin(final, self.numbers).all(axis=0)]
            return nodes.title_row[np.searchsorted(self.numbers, final)]

        must, cannot = (
            {level: inside(pairs) for level, pairs in kind.items()} for kind in (of_run.must_link, of_run.cannot_link)
        )
        return Constraints(must, cannot, of_run.applied)

    def vectors(self) -> Vectors:
        """Return the vectors of nodes, zeros where they do not matter."""
        if "vector" not in self.nodes.column_names:
            return np.zeros((len(self.nodes), 0), np.float32)
        lists = self.nodes["vector"].combine_chunks()
        linked = np.flatnonzero(lists.value_lengths().to_numpy())
        values = lists.flatten().to_numpy()
        width = len(values) // max(len(linked), 1)
        stored = np.zeros((len(self.nodes), width), values.dtype)
        stored[linked] = values.reshape(-1, width) if width else stored[linked]
        return as_vectors(stored)

    def facts(self) -> Ints:
        """Return how many facts the title of each node states, 0 where that does not matter."""
        if "core" not in self.nodes.column_names:
            return np.zeros(len(self.nodes), np.int64)
        return describe_titles(self.nodes["core"].to_pylist()).facts


def group(job: Job, bucket: int, *, senders: Senders) -> dict[str, Any]:
    """Group the rows of a bucket, and send what a run adds to each to its part of the input; return `_counts`."""
    members = _Bucket.of(job, bucket, senders)
    result, positions = _grouped(job, members), members.positions
    columns: dict[str, Any] = {"position": positions, **added_columns(result)}
    firsts = {level: _first_rows(result, level, positions) for level in GROUPS}
    for level, name in GROUPS.items():
        columns[name] = firsts[level][result.labels(level)]
    table = arrow(columns, **{name: _TYPES.get(name, "int64") for name in columns})
    starts = [part.first for part in job.parts]
    parts = np.searchsorted(starts, positions, side="right") - 1
    job.store.write("groups", bucket, buckets(table, parts, len(starts)))
    sizes = np.unique(labels_of(job, LINKS, members.numbers), return_counts=True)[1]
    return _counts(result, firsts["story"]) | {"large": sizes[sizes > LARGE].tolist()}


def _grouped(job: Job, members: _Bucket) -> Deduplication:
    """Return the groups of the rows of a bucket."""
    headlines = headlines_of_rows(members.rows)
    nodes, generic = members.as_nodes(headlines), members.nodes["generic"].to_numpy()
    names = job.store.read("shared", 0)["name"].to_pylist()
    settings = replace(job.settings, sources=replace(job.settings.sources, others=tuple(names)))
    owners = linked_owners(headlines, settings.sources, nodes.of_row, generic, members.pairs)
    constraints = members.constraints(job, nodes)
    levels, window, floor = settings.levels, settings.window, settings.floor
    judge, known = job.judge, outlets(job)
    trees = link(members.pairs, nodes, constraints, levels, window, floor, silent, owners, members.numbers)
    violated = constraints.violated(trees, nodes)
    return Deduplication(
        headlines=tuple(headlines),
        nodes=nodes,
        pair_table=members.pairs,
        trees=trees,
        settings=settings,
        vectors=members.vectors(),
        facts=members.facts(),
        constraints=constraints,
        judge=judge,
        scale=IDENTITY,
        calibrated=judge.calibrated,
        pairs_read=PairsRead(len(members.pairs), 0, 0),
        cautions=tuple(_cautions(members, headlines, nodes, known, violated, calibrated=judge.calibrated)),
        outlets=known,
    )


def _cautions(
    members: _Bucket, headlines: Sequence[Headline], nodes: Nodes, known: Outlets, violated: Ints, *, calibrated: bool
) -> Iterator[Caution]:
    """Yield the cautions about rows and about what steps did to them. `violated`: the nodes of must-links that a window cuts."""
    rows = members.rows
    copies = Copies(headlines, nodes, rows["text"].to_pylist(), [], [], known, rows["generic"].to_numpy())
    yield from input_cautions(copies, calibrated, None, members.repeated)
    yield from row_caution("collapsed", rows["absorbed"].to_numpy())
    for code in ("sparse", "sampled"):
        yield from row_caution(code, members.nodes[code].to_numpy()[nodes.of_row])
    yield from row_caution("uncorrected", np.isin(nodes.of_row, violated))


def _placed(table: pa.Table, numbers: Ints) -> PairTable:
    i, j = (np.searchsorted(numbers, table[name].to_numpy()).astype(np.int32) for name in ("i", "j"))
    p_wording, p_story = (table[name].to_numpy() for name in ("p_wording", "p_story"))
    return PairTable(i, j, p_wording=p_wording, p_story=p_story)


def _first_rows(result: Deduplication, level: str, positions: Ints) -> Ints:
    """Return the position of the first row of each group, (groups,), by label."""
    return positions[np.unique(result.labels(level), return_index=True)[1]]


def _counts(result: Deduplication, first_rows: Ints) -> dict[str, Any]:
    """Return how many rows of a bucket are dated, how many have each flag, the size of its largest story, and `stories`.

    These are, for each code of cautions about stories, their number, and the positions of the first rows of the first of them.
    `first_rows`: that of each story.
    """
    labels = result.labels("story")
    of_rows: Mapping[str, tuple[int, ...]] = {caution.code: caution.positions for caution in result.warnings}
    marked = {code: np.unique(labels[list(of_rows[code])]) for code in STORY_CODES if code in of_rows}
    return {
        "calibrated": result.calibrated,
        "dated": sum(headline.published is not None for headline in result.headlines),
        "flags": {code: len(rows) for code, rows in of_rows.items() if rows},
        "stories": {code: [len(k), first_rows[k[:MAX_LISTED]].tolist()] for code, k in marked.items()},
        "largest": int(np.bincount(labels, minlength=1).max()),
    }
