"""The output: groups are numbered by first appearance over the whole input, and each part of the input is written as one file.

Step `firsts`/p (parts of the input): arrays `story` and `wording`, the positions of the rows of the part that are the first of
their group. `schema`/0: a table without rows, in the types of the own columns of all files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.distributed.engine import Engine
from dedupe.distributed.job import Job
from dedupe.distributed.output.groups import GROUPS, group
from dedupe.distributed.output.members import send
from dedupe.distributed.output.own_columns import as_schema, joined_schema, own_rows
from dedupe.distributed.store import arrow, file_system, write_whole
from dedupe.headlines import from_fields
from dedupe.result.cautions import CODES, MAX_LISTED, STORY_CODES, message_of, story_message
from dedupe.result.columns import TITLE, with_columns
from dedupe.runtime.arrays import Ints
from dedupe.runtime.arrow import column_of
from dedupe.runtime.arrow_values import python_values

if TYPE_CHECKING:
    import pyarrow as pa

PAIRS = "_pairs"
"""The folder of the scored pairs; what reads a folder of Parquet leaves out those that start with "_"."""
_PROBABILITIES = ("similarity", "p_wording", "p_story")
_ENDS = (("i", "gi"), ("j", "gj"))


@dataclass(frozen=True)
class Layout:
    """What all parts of the output share.

    `out`: the folder, a path or URI. `before`: per level, how many groups have their first row in an earlier part, by part.
    `titles`, `files`: whether there is a column with the title, or the file, of each row.
    """

    out: str
    before: Mapping[str, Sequence[int]]
    titles: bool
    files: bool


def finish(job: Job, engine: Engine, out: str, *, skipped: int = 0, pairs: bool = False) -> dict[str, Any]:
    """Group what earlier steps scored, and write one Parquet file for each part of the input.

    `skipped`: how many pairs of crowds were not scored. `pairs`: write the scored pairs, too. Returns counts: `rows`, `stories`,
    `wordings`, `exact_copies`, `pairs`, `largest_story`; `flags`, how many rows have each; `warnings`, pairs of code and message,
    as one machine has them; `large`, how many nodes each component has that has more than `LARGE`. Raises `OutputError` where
    `out` cannot be written.
    """
    senders = send(job, engine)
    if pairs:
        engine.run(job, "pairs_output", partial(write_pairs, out=out), senders.units)
    groups = list(engine.run(job, "groups", partial(group, senders=senders), range(job.buckets)).values())
    parts = range(len(job.parts))
    firsts = engine.run(job, "firsts", find_firsts, parts, job.part_rows)
    engine.run(job, "schema", find_schema, [0])
    before = {level: [0, *accumulate(firsts[part][level] for part in parts)] for level in GROUPS}
    layout = Layout(out, before, any(firsts[part]["titles"] for part in parts), len(job.files) > 1)
    rows = sum(engine.run(job, "output", partial(write_part, layout=layout), parts, job.part_rows).values())
    summary: dict[str, Any] = {"rows": rows, "exact_copies": rows - job.nodes}
    summary |= {name: before[level][-1] for name, level in (("stories", "story"), ("wordings", "wording"))}
    summary |= {"pairs": sum(job.store.finished("group_pairs").values())}
    summary |= _of_groups(job, groups, before["story"], skipped)
    _remove_broken(out)
    return summary


def find_firsts(job: Job, part: int) -> dict[str, int]:
    """Find the rows of a part that are the first of their group; return how many there are, and whether titles need a column."""
    rows = _rows_of_part(job, part)
    positions = rows["position"].to_numpy()
    counts = {"titles": int(_differ(job, part, positions))}
    for level, name in GROUPS.items():
        found = positions[rows[name].to_numpy() == positions]
        job.store.write_array("firsts", part, level, found)
        counts[level] = len(found)
    return counts


def find_schema(job: Job, part: int) -> list[str]:
    """Find the types of the own columns of all files; return their names."""
    schema = joined_schema(job)
    job.store.write("schema", part, schema.empty_table())
    return list(schema.names)


def write_part(job: Job, part: int, *, layout: Layout) -> int:
    """Write the output rows of a part of the input; return how many there are."""
    import pyarrow as pa

    rows = _rows_of_part(job, part)
    positions = rows["position"].to_numpy()
    schema, titles, files, tables = job.store.read("schema", 0).schema, list[str](), list[str](), list[pa.Table]()
    for file, own in own_rows(job.parts[part], positions):
        titles += _texts(own[job.columns["title"]]) if layout.titles else []
        files += [file] * len(own)
        tables.append(as_schema(own, schema, file))
    added = {name: rows[name] for name in rows.column_names if name != "position"}
    for level, name in GROUPS.items():
        added[name] = pa.array(_numbers(job, rows[name].to_numpy(), level, layout.before[level]))
    if layout.titles:
        added = {TITLE: column_of(titles, text=True), **added}
    if layout.files:
        added["dedupe_file"] = pa.array(files, pa.string())
    table = with_columns(pa.concat_tables(tables), added)
    _write_parquet(table, layout.out, f"part-{part:05}.parquet")
    return len(rows)


def write_pairs(job: Job, unit: int, *, out: str) -> int:
    """Write the scored pairs of a unit, by the positions of the rows that name both titles, the smaller first."""
    pairs = job.store.read("context", unit)
    named = (_title_rows(job, pairs[node].to_numpy(), pairs[region].to_numpy()) for node, region in _ENDS)
    i, j = np.sort(list(named), axis=0)
    order = np.lexsort((j, i))
    columns = {name: pairs[name].to_numpy()[order].astype(np.float64) for name in _PROBABILITIES}
    _write_parquet(arrow({"i": i[order], "j": j[order], **columns}), out, f"{PAIRS}/pairs-{unit:05}.parquet")
    return len(pairs)


def _rows_of_part(job: Job, part: int) -> pa.Table:
    """Return what the run adds to the rows of a part, in their order."""
    return job.store.gather("groups", range(job.buckets), part).sort_by("position")


def _numbers(job: Job, first_rows: Ints, level: str, before: Sequence[int]) -> Ints:
    """Return the numbers of groups by the positions of their first rows, (k,). `before`: as in `Layout`, of their level."""
    distinct, inverse = np.unique(first_rows, return_inverse=True)
    ends = np.append(np.searchsorted(distinct, [part.first for part in job.parts]), len(distinct))
    numbers = np.empty(len(distinct), np.int64)
    for part in np.flatnonzero(np.diff(ends)).tolist():
        some = slice(ends[part], ends[part + 1])
        numbers[some] = before[part] + np.searchsorted(job.store.read_array("firsts", part, level), distinct[some])
    return numbers[inverse]


def _differ(job: Job, part: int, positions: Ints) -> bool:
    """Return whether the titles of some rows are not in an own column `title`."""
    column = job.columns["title"]
    if column == "title":
        return False
    for _, table in own_rows(job.parts[part], positions, [column, "title"]):
        own = _texts(table["title"]) if "title" in table.column_names else [""] * len(table)
        if own != _texts(table[column]):
            return True
    return False


def _texts(column: pa.ChunkedArray) -> list[str]:
    """Return values as titles."""
    return [from_fields({"title": value}).title for value in python_values(column)]


def _title_rows(job: Job, numbers: Ints, regions: Ints) -> Ints:
    """Return the position of the row that names the title of each node, (k,), by number and region."""
    positions = np.empty(len(numbers), np.int64)
    for region in np.unique(regions).tolist():
        nodes, here = job.store.read("region", region, columns=["number", "title_position"]), regions == region
        places = np.searchsorted(nodes["number"].to_numpy(), numbers[here])
        positions[here] = nodes["title_position"].to_numpy()[places]
    return positions


def _write_parquet(table: pa.Table, out: str, name: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    system, root = file_system(out)
    write_whole(system, f"{root}/{name}", sink.getvalue())


def _remove_broken(out: str) -> None:
    """Remove what tasks left that were ended while they wrote."""
    import pyarrow.fs as pf

    system, root = file_system(out)
    for folder in (root, f"{root}/{PAIRS}"):
        for info in system.get_file_info(pf.FileSelector(folder, allow_not_found=True)):
            if info.base_name.endswith(".tmp"):
                system.delete_file(info.path)


def _of_groups(job: Job, groups: Sequence[Mapping[str, Any]], before: Sequence[int], skipped: int) -> dict[str, Any]:
    """Return what the results of buckets say together."""
    flags = _flags(groups)
    return {
        "largest_story": max((result["largest"] for result in groups), default=0),
        "flags": flags,
        "warnings": _warnings(job, groups, flags, before, skipped),
        "large": sorted((size for result in groups for size in result["large"]), reverse=True),
    }


def _flags(groups: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many rows have each flag, in the order of the warnings of a run."""
    counts = Counter[str]()
    for result in groups:
        counts.update(result["flags"])
    return {code: counts[code] for code in CODES if counts[code]}


def _warnings(
    job: Job, groups: Sequence[Mapping[str, Any]], flags: Mapping[str, int], before: Sequence[int], skipped: int
) -> list[tuple[str, str]]:
    """Return the code and the message of each warning that one machine would have."""
    counts = dict(flags)
    if job.settings.window is not None and not any(result["dated"] for result in groups):
        counts["undated"] = 0
    if not all(result["calibrated"] for result in groups):
        counts["uncalibrated"] = job.nodes
    messages = {code: message_of(code, rows, skipped) for code, rows in counts.items() if code not in STORY_CODES}
    for code in STORY_CODES:
        of_code = [result["stories"][code] for result in groups if code in result["stories"]]
        rows = np.array(sorted(row for _, first_rows in of_code for row in first_rows)[:MAX_LISTED], np.int64)
        if of_code:
            numbers = _numbers(job, rows, "story", before).tolist()
            messages[code] = story_message(code, sum(count for count, _ in of_code), numbers)
    return [(code, messages[code]) for code in CODES if code in messages]
