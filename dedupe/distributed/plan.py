"""Arguments -> a `Plan`: the `Job`, and the folder it writes to, which is new, or one where the same job broke off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from dedupe.dates import DateRules
from dedupe.distributed.input.parts import columns_of, plan, with_fixed_now
from dedupe.distributed.job import Job
from dedupe.distributed.store import OPENED_TOGETHER, Store, file_system
from dedupe.embedding.encoders import load_encoder
from dedupe.errors import InputError, OutputError
from dedupe.readers import Columns
from dedupe.result.settings import Settings

WORK = "_work"
"""The folder of work files in that of the output."""
JOB = "job"
"""The step whose result tells one job from another and, when all is done, has the summary: its file goes last."""
SUMMARY = "summary"
"""The key of the summary in it."""
_BLOCK = 50_000  # nodes of a region, at most
_ANY = 2**62  # comparisons


@dataclass(frozen=True)
class Plan:
    """A job that can start. `about`: what tells it from others. `doubts`: what there is to warn of."""

    job: Job
    about: Mapping[str, Any]
    doubts: Sequence[str]

    def started(self) -> Job:
        """Take the folder, and return the job with the moment from which dates lie in the future; it may have started before."""
        store = self.job.store
        if not store.finished(JOB):
            store.finish(JOB, 0, self.about)
        return replace(self.job, dates=with_fixed_now(self.job.dates, store))


def plan_of(
    paths: Iterable[str | Path],
    out: str,
    settings: Settings,
    encoder: str | None,
    columns: Columns,
    dates: DateRules,
    *,
    rows_per_part: int,
    exact: bool = False,
    skip_bad: bool = False,
    cache: str | None = None,
    **options: Any,
) -> Plan:
    """Return the plan of these arguments; nothing is written. `options`: what else decides the output.

    Raises `OutputError` where the folder holds something else, and `InputError` where it holds a job of other arguments that
    broke off.
    """
    parts = plan(paths, rows_per_part)
    found, doubts = columns_of(parts, columns, skip_bad=skip_bad)
    rows = sum(part.rows for part in parts)
    shares = -(-rows // rows_per_part)
    job = Job(
        work=f"{out}/{WORK}",
        settings=settings,
        parts=parts,
        columns=found,
        dates=dates,
        skip_bad=skip_bad,
        encoder=encoder,
        ranges=shares,
        buckets=shares,
        block=min(rows_per_part, _BLOCK),
        cache=cache,
    )
    job = replace(job, exact=_ANY) if exact else job
    identity = getattr(load_encoder(encoder), "identity", None) or encoder
    about = {
        "version": import_module("dedupe").__version__,
        "encoder": identity,
        "job": asdict(replace(job, cache=None)),
        "files": _stamps(job.files),
        **options,
    }
    # as JSON gives it back
    about = json.loads(json.dumps(about, default=str))
    _check_folder(job.store, out, about)
    return Plan(job, about, doubts)


def _check_folder(store: Store, out: str, about: Mapping[str, Any]) -> None:
    earlier = store.finished(JOB).get(0)
    if earlier is None:
        _check_empty(out)
    elif {**earlier, **about} != earlier:
        same = "the same files, options and version"
        raise InputError(f"{out} holds a job that broke off: go on with {same}, or remove it, or name another folder")


def _stamps(paths: Iterable[str]) -> list[tuple[int, int]]:
    """Return the size of each file, and when it was changed, in nanoseconds: files of another day are another job."""

    def stamp(path: str) -> tuple[int, int]:
        system, place = file_system(path)
        info = system.get_file_info(place)
        return info.size, info.mtime_ns

    with ThreadPoolExecutor(OPENED_TOGETHER) as pool:
        return list(pool.map(stamp, paths))


def _check_empty(out: str) -> None:
    import pyarrow.fs as pf

    system, path = file_system(out)
    kind = system.get_file_info(path).type
    if kind == pf.FileType.File:
        raise OutputError(f"{out} is a file: name a folder for the output")
    found = system.get_file_info(pf.FileSelector(path, allow_not_found=True, recursive=True))
    files = (info.path[len(path) :].lstrip("/") for info in found if info.type == pf.FileType.File)
    others = sorted(name for name in files if not name.startswith(f"{WORK}/{JOB}/"))  # where a start broke off
    if others:
        raise OutputError(f"{out} is not empty, it holds {others[0]!r}: name a new folder")
