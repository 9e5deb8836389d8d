"""The commands that look after an index: `index check`, `index correct`, `index forget`."""

from __future__ import annotations

from datetime import datetime

import click

from dedupe.cli.index_options import WritingOptions, index_argument, moment, show_events
from dedupe.cli.settings import settings
from dedupe.cli.shared import Argument, count, say, takes
from dedupe.runtime.files import write_lines
from dedupe.runtime.terminal import printable


@click.command("check")
@index_argument
@takes(WritingOptions)
@click.option("--repair", is_flag=True, help="Also make anew what can be made from the rest: FAISS files, vectors.")
@settings
def check(job: WritingOptions, index: str, repair: bool) -> None:
    """Check everything that an index promises; a problem is one line, and exit code 2.

    \b
    Examples:
      headline-dedupe index check desk.index
      headline-dedupe index check desk.index --repair
    """
    with job.open(index) as stored:
        repaired = stored.repair() if repair else []
        problems = stored.check()
    write_lines(map(printable, [*(f"was: {problem}" for problem in repaired), *problems]), "-")
    if problems:
        advice = "restore it from a copy" if repair else "add --repair to make anew what can be"
        say(f"error: {index} has {count(len(problems), 'problem')}: {advice}")
        raise click.exceptions.Exit(2)
    if not job.quiet:
        say(f"{index} is as it should be")


@click.command("correct")
@index_argument
@click.argument("files", cls=Argument, nargs=-1, required=True, metavar="FILE...")
@takes(WritingOptions)
@settings
def correct(job: WritingOptions, index: str, files: tuple[str, ...]) -> None:
    """Join or keep apart pairs of titles, from now on.

    FILE is a table with the columns title_a, title_b and verdict, as --corrections of `cluster` takes it.

    \b
    Example:
      headline-dedupe index correct desk.index corrections.csv
    """
    from dedupe.clustering.corrections import read_corrections

    corrections = read_corrections(files)
    with job.open(index) as stored:
        events = stored.correct(corrections)
        applied = stored.result().corrections
    if not job.quiet:
        kept = f"{count(len(corrections), 'correction')} kept in {index}"
        say(f"{kept}, {count(len(events), 'id')} changed; applied to active headlines: {applied:,} in all")
        show_events(events)


@click.command("forget")
@index_argument
@takes(WritingOptions)
@click.option(
    "--before",
    required=True,
    type=moment,
    metavar="WHEN",
    help="A date, or a time span before the latest headline such as 90d.",
)
@settings
def forget(job: WritingOptions, index: str, before: datetime | str) -> None:
    """Delete archived headlines that are older; those of the active window stay, and ids are never used again.

    \b
    Example:
      headline-dedupe index forget desk.index --before 90d
    """
    with job.open(index) as stored:
        gone = stored.forget(before=before)
    if not job.quiet:
        say(f"{count(gone, 'headline')} deleted from {index}")
