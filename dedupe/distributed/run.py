"""`deduplicate` on a cluster: the order of the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dedupe.clustering.corrections import CorrectionLike, as_corrections
from dedupe.dates import DateRules
from dedupe.distributed.cluster import connected
from dedupe.distributed.engine import Engine, OnRay
from dedupe.distributed.input.outlets import find_outlets
from dedupe.distributed.input.rows import RowsRead, find_rows
from dedupe.distributed.job import Job
from dedupe.distributed.nodes.copies import find_copies
from dedupe.distributed.nodes.corrected import find_constraints
from dedupe.distributed.nodes.crowds import find_crowds
from dedupe.distributed.nodes.encoding import make_vectors
from dedupe.distributed.nodes.region_steps import make_regions
from dedupe.distributed.output.files import finish
from dedupe.distributed.pairs.addresses import find_addresses
from dedupe.distributed.pairs.components import find_links
from dedupe.distributed.pairs.context import run_contexts
from dedupe.distributed.pairs.reader import read_pairs
from dedupe.distributed.pairs.scored import find_pairs
from dedupe.distributed.plan import JOB, SUMMARY, plan_of
from dedupe.distributed.releases import Releasing
from dedupe.embedding.encoders import load_encoder
from dedupe.readers import Columns
from dedupe.result.settings import Settings, SourceRules, Window
from dedupe.runtime.progress import Progress, reporting
from dedupe.scoring import judge_of

ROWS_PER_PART = 100_000
"""Rows that one task reads, and about as many as later ones hold."""


@dataclass(frozen=True)
class JobSummary:
    """What came of a job.

    `rows`, `copies` (rows beyond the first of each exact group), `wordings`, `stories`; `largest`: rows of the largest story.
    `scored`, `read`: pairs; `recall`: as for `Deduplication`. `component`: titles in the largest set that any chain of kept
    pairs connects, and `linked`: in the largest set that was linked as a whole. `skipped`: rows that could not be read.
    `corrections`: how many have both titles in the run. `flags`: how many rows have each. `columns`: the column of each field
    that was read. `messages`: warnings.
    """

    rows: int
    copies: int
    wordings: int
    stories: int
    largest: int
    scored: int
    read: int
    recall: float
    component: int
    linked: int
    skipped: int
    corrections: int
    flags: Mapping[str, int]
    columns: Mapping[str, str]
    messages: Sequence[str]


def deduplicate(
    paths: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    address: str | None = None,
    encoder: str | Path | None = None,
    level: str = "story",
    window: Window | None = None,
    story_threshold: float | None = None,
    wording_threshold: float | None = None,
    keep: str = "central",
    prefer_sources: Sequence[str] = (),
    publishers: Mapping[str, str] | None = None,
    never_same_source: bool = False,
    reader: str = "auto",
    corrections: Iterable[CorrectionLike] = (),
    columns: Columns | None = None,
    day_first: bool | None = None,
    date_format: str | None = None,
    now: datetime | str | None = None,
    skip_bad: bool = False,
    pairs: bool = False,
    cache: str | Path | None = None,
    exact: bool = False,
    rows_per_part: int = ROWS_PER_PART,
    progress: bool | Progress = False,
    dashboard: Callable[[str], object] | None = None,
) -> JobSummary:
    """Group the headlines of Parquet files on a Ray cluster, as `dedupe.deduplicate` does on one machine.

    Args:
        paths: Parquet files, folders of them, or globs; local, or URIs that Arrow or fsspec reads, such as s3://bucket/news.
            Every machine of the cluster must reach them.
        out: a folder that every machine reaches, new or empty. There will be a file for each part of the input, in its order,
            with the columns that one machine would write; and `_work` while the job runs. A job that broke off goes on where it
            was, if it is started again with the same arguments.
        address: of a Ray cluster, "auto" for the one of this machine; by default one is started here, for this process.
        encoder: the name or folder of a model, which every machine has; default: the bundled one.
        level: this and the next nine as for `dedupe.deduplicate`.
        window: the longest time between dated members of a group.
        story_threshold: probability from which headlines are one story.
        wording_threshold: the same for one wording.
        keep: which member represents its group.
        prefer_sources: sources whose headline comes before any other.
        publishers: the publisher of sister outlets.
        never_same_source: keep titles of one publisher apart.
        reader: which pairs a second model reads.
        corrections: pairs of titles that are one wording, one story or different, whatever the model says.
        columns: this and the next three as for `dedupe.read_table`.
        day_first: whether 03/04/2026 is 3 April.
        date_format: the format of the dates.
        now: the moment from which dates lie in the future, and from which relative dates such as "5 h ago" count; by default that
            of the job's first start.
        skip_bad: leave out row groups that cannot be read, and count them.
        pairs: also write the scored pairs, in the folder `_pairs` of `out`.
        cache: the folder of a `VectorCache`, for a cluster whose machines all reach it and lock its file, mostly this one alone.
        exact: compare all titles with all, whatever their number.
        rows_per_part: how many rows one task reads; the groups do not depend on it.
        progress: True for progress bars on a terminal, or a `Progress` to be called with each step, its rows done, and all; a
            step whose tasks read no rows of the input shares these among them.
        dashboard: called with the link to Ray's dashboard, where there is one, before the work begins.

    The groups are those of one machine where joins are exact, that is, unless there are so many titles to compare that cells are
    faster; then `recall` says how many pairs these found. Raises `InputError` for input or options that cannot be used, and where
    Ray is missing; `ModelError` and `OutputError` as one machine does.
    """
    judge = judge_of(load_encoder(encoder))
    sources = SourceRules.of(prefer_sources, publishers, never_same_source)
    settings = Settings.of(judge, level, window, story_threshold, wording_threshold, keep, reader, sources)
    dates = DateRules(day_first, date_format, now)
    listed = [paths] if isinstance(paths, str | Path) else list(paths)
    planned = plan_of(
        listed,
        str(out),
        settings,
        None if encoder is None else str(encoder),
        columns or Columns(),
        dates,
        rows_per_part=rows_per_part,
        exact=exact,
        skip_bad=skip_bad,
        cache=None if cache is None else str(cache),
        corrections=as_corrections(corrections),
        pairs=pairs,
    )
    with connected(address) as link, reporting(progress, "rows") as report:
        if link and dashboard:
            dashboard(link)
        summary = run(planned.started(), OnRay(report), str(out), pairs=pairs)
    return replace(summary, messages=(*planned.doubts, *summary.messages))


def run(job: Job, engine: Engine, out: str, *, pairs: bool = False) -> JobSummary:
    """Return the summary of a planned job, after all its steps; where these were done before, only work files are removed."""
    about = job.store.result(JOB)
    if SUMMARY not in about:
        about[SUMMARY] = _all_steps(job, Releasing(engine), out, pairs=pairs)
        job.store.finish(JOB, 0, about)
    job.store.remove(last=JOB)
    return JobSummary(**about[SUMMARY])


def _all_steps(job: Job, engine: Engine, out: str, *, pairs: bool) -> dict[str, Any]:
    rows = find_rows(job, engine)
    find_outlets(job, engine)
    job = find_copies(job, engine)
    corrections = find_constraints(job, engine)
    make_vectors(job, engine)
    find_crowds(job, engine)
    make_regions(job, engine)
    find_addresses(job, engine)
    found = find_pairs(job, engine)
    read = read_pairs(job, engine, range(found.blocks))
    judged = run_contexts(job, engine)
    linked = find_links(job, engine, list(job.store.finished("context")))
    groups = finish(job, engine, out, skipped=found.skipped, pairs=pairs)
    return {
        "rows": groups["rows"],
        "copies": groups["exact_copies"],
        "wordings": groups["wordings"],
        "stories": groups["stories"],
        "largest": groups["largest_story"],
        "scored": read.scored,
        "read": read.read,
        "recall": found.recall,
        "component": judged["largest"],
        "linked": linked["largest"],
        "skipped": sum(group.rows for group in rows.bad),
        "corrections": corrections,
        "flags": groups["flags"],
        "columns": dict(job.columns),
        "messages": _messages(rows, groups),
    }


def _messages(rows: RowsRead, groups: Mapping[str, Any]) -> list[str]:
    """Return the warnings of a job: what was left out, what was too large, and those of its groups."""
    bad = [f"{group.rows:,} rows skipped: {group.reason}" for group in rows.bad]
    large = [
        f"{size:,} titles are connected by probable pairs, and were linked in one task: a window or a higher threshold "
        "makes such sets smaller"
        for size in groups["large"]
    ]
    return [*bad, *large, *(message for _, message in groups["warnings"])]
