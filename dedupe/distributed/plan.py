"""Arguments -> a `Plan`: the `Job`, and the folder it writes to, which is new, or one where the same job broke off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from dedupe.clustering.corrections import Correction
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
_OPTIONS = {  # of what the user does not name so
    **dict.fromkeys(("parts", "ranges", "buckets", "block"), "rows_per_part"),
    **{"preferred": "prefer_sources", "never_same": "never_same_source"},
}
_GROUPS = frozenset(("job", "settings", "sources", "thresholds", "dates"))  # of options
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
    corrections: Sequence[Correction] = (),
    **options: Any,
) -> Plan:
    """Return the plan of these arguments; nothing is written. `options`: what else decides the output.

    Raises `OutputError` where the folder holds something else, and `InputError` where it holds a job of other arguments that
    broke off.
    """
    read = plan(paths, rows_per_part, out)
    found, doubts = columns_of(read, columns, skip_bad=skip_bad)
    rows = sum(part.rows for part in read.parts)
    shares = -(-rows // rows_per_part)
    job = Job(
        work=f"{out}/{WORK}",
        settings=settings,
        parts=read.parts,
        columns=found,
        dates=dates,
        skip_bad=skip_bad,
        encoder=encoder,
        ranges=shares,
        buckets=shares,
        block=min(rows_per_part, _BLOCK),
        cache=cache,
        corrections=tuple(corrections),
    )
    job = replace(job, exact=_ANY) if exact else job
    about = _about(job, options)
    earlier = broken_off(out)
    if earlier is not None and {**earlier, **about} != earlier:
        begun = f"begun {_difference(earlier, about)}"
        same = "the same files, options and version"
        raise InputError(
            f"{out} holds a job that broke off, {begun}: go on with {same}, or remove it, or name another folder"
        )
    return Plan(job, about, doubts)


def _about(job: Job, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells a job from others, as JSON gives it back."""
    nowhere = tuple(replace(correction, where="") for correction in job.corrections)  # their file may move
    about = {
        "version": import_module("dedupe").__version__,
        "encoder": getattr(load_encoder(job.encoder), "identity", None) or job.encoder,
        "job": asdict(replace(job, work="", cache=None, corrections=nowhere)),
        "files": _stamps(job.files),
        **options,
    }
    as_json: dict[str, Any] = json.loads(json.dumps(about, default=str))
    return as_json


def broken_off(out: str) -> dict[str, Any] | None:
    """Return what tells the job from others that broke off in a folder, if there is one; `OutputError` for any other files."""
    earlier: dict[str, Any] | None = Store(f"{out}/{WORK}").finished(JOB).get(0)
    if earlier is None:
        _check_empty(out)
    return earlier


def _difference(earlier: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """Return what tells two jobs apart, as JSON holds them; nothing else can be compared where the version is another."""
    if earlier["version"] != about["version"]:
        return f"by version {earlier['version']}"
    if any(one["encoder"] != two["encoder"] for one, two in ((earlier, about), (earlier["job"], about["job"]))):
        return "with another model"
    named = [_named(job["job"]) for job in (earlier, about)]
    paths = [[path for path, _ in files] for files in named]
    if sorted(paths[0]) != sorted(paths[1]):
        return "with other files"
    if paths[0] != paths[1]:
        return "with these files in another order"
    if named[0] != named[1]:
        return "with other names for these files"
    if earlier["files"] != about["files"]:
        stamps = zip(dict(named[0]).values(), earlier["files"], about["files"], strict=True)
        return f"before {next(name for name, one, two in stamps if one != two)} was changed"
    one, two = _options(earlier), _options(about)
    different = [_OPTIONS.get(key, key) for key in two if one.get(key) != two[key]]
    return f"with other options ({', '.join(dict.fromkeys(different))})"


def _named(job: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the path and name of each file in the order of the input, as often as it was named."""
    pieces = (piece for part in job["parts"] for piece in part["pieces"])
    return [(piece["path"], piece["name"]) for piece in pieces for group in piece["groups"] if group == 0]


def _options(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a user decides, by the names of the options, and what follows from it."""
    job, settings = about["job"], about["job"]["settings"]
    sources = {_OPTIONS.get(key, key): value for key, value in settings["sources"].items()}
    thresholds = {f"{level}_threshold": value for level, value in settings["thresholds"].items()}
    flat = {**about, **job, **settings, **sources, **thresholds, **job["dates"]}
    return {key: value for key, value in flat.items() if key not in _GROUPS}


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
