"""What comes after the output of a command that groups: the files beside it, and what was done in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dedupe.cli.shared import PROGRAM, applied, count, warn
from dedupe.levels import LEVELS
from dedupe.writers.rows import write_pairs

if TYPE_CHECKING:
    from dedupe.cli.cluster_options import Job
    from dedupe.cli.input_options import Reading
    from dedupe.embedding.cache import VectorCache
    from dedupe.readers.inputs import Source
    from dedupe.result.deduplication import Deduplication

_NAMED = 3  # inputs in the heading of a report


def finish(
    job: Job, inputs: Reading, source: Source, result: Deduplication, cache: VectorCache | None, more: str = ""
) -> None:
    """Write what goes beside the output, then say in one line what was done, and what deserves a look."""
    inputs.set_aside(source, job.output)
    if job.explain:
        write_pairs(result.pairs, lambda position: result.headlines[position].title, job.explain)
    left_out = _write_report(job, inputs, result) if job.report else ()
    if job.quiet:
        return
    distinct, wordings, stories = (len(result.kept(level)) for level in LEVELS)
    done = [count(len(result), "headline"), count(wordings, "wording")]
    if result.level == "story":
        done.insert(1, count(stories, "story", "stories"))
    done += [count(len(result) - distinct, "exact copy", "exact copies"), *([more] if more else [])]
    if result.recall < 1:
        done.append(f"{result.recall:.1%} of the candidate pairs found, by a sample")
    done += applied(job.corrections, result.corrections)
    if source.rejects:
        done.append(f"{count(len(source.rejects), 'bad row')} set aside in {inputs.rejects_path(job.output)}")
    click.echo(f"{PROGRAM}: {'; '.join([', '.join(done), *source.notes])}", err=True)
    warn(result, cache, left_out)


def _write_report(job: Job, inputs: Reading, result: Deduplication) -> tuple[str, ...]:
    from dedupe.report import write_report

    names = [Path(name).name or name for name in inputs.inputs]
    title = "Standard input" if names == ["-"] else ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    return write_report(result, str(job.report), title=title, window=job.window)
