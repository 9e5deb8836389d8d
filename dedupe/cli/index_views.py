"""The commands that show what an index holds: `index stories`, `index history`, `index report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dedupe.cli.index_options import ReadingOptions, index_argument, moment
from dedupe.cli.settings import settings
from dedupe.cli.shared import RowOptions, count, option, options_of, readable_format, refuse, say, takes
from dedupe.errors import InputError
from dedupe.runtime.files import check_output, write_lines, writing
from dedupe.runtime.json_text import as_json
from dedupe.runtime.terminal import printable
from dedupe.writers import ROW_FORMATS, write_grid, write_rows

if TYPE_CHECKING:
    from dedupe.headlines import Headline
    from dedupe.index import Event, IndexedStory, StoryIndex

_FORMATS = ("table", "json", "jsonl", "csv", "tsv", "parquet", "markdown")
_WIDTHS = {"story": 15, "size": 4, "sources": 7, "latest": 16, "title": None}
_ORDERS = ("publishers", "size", "latest", "newest", "first")


@dataclass(frozen=True, kw_only=True)
class _StoriesOptions(ReadingOptions):
    output: str
    force: bool
    keep_formulas: bool
    since: datetime | str | None = option(
        "--since",
        type=moment,
        metavar="WHEN",
        help="Only stories with a headline since a date, or in the last 24h, 7d, ... before the latest headline.",
    )
    min_size: int = option(
        "--min-size", type=click.IntRange(1), default=1, show_default=True, help="Only stories of so many headlines."
    )
    order: str = option(
        "--order",
        type=click.Choice(_ORDERS),
        default=_ORDERS[0],
        show_default=True,
        help="What comes first: most sources, most headlines, the latest headline, or the story that began last, or first.",
    )
    number: int | None = option("--number", type=click.IntRange(1), metavar="N", help="Only the first N stories.")
    format: str | None = option(
        "--format",
        type=click.Choice(_FORMATS),
        help="Output format; default: by the ending of -o. json nests headlines in stories, markdown is for a chat or a page.",
    )


@click.command("stories")
@index_argument
@takes(_StoriesOptions)
@options_of(RowOptions, "output", "force", "keep_formulas")
@settings
def stories(job: _StoriesOptions, index: str) -> None:
    """List the stories of an index.

    Without -o, the output is a table on a terminal, and JSON Lines, one row per story, in a pipe.

    \b
    Examples:
      headline-dedupe index stories desk.index --since 24h
      headline-dedupe index stories desk.index --since 24h --min-size 2 --format markdown
    """
    format = job.format or _format_of(job.output)
    if format not in ("csv", "tsv"):
        refuse("keep_formulas", f"on {format} output")
    check_output(job.output, [], force=job.force, binary=format == "parquet")
    with job.open(index) as stored:
        found = stored.stories(since=job.since, min_size=job.min_size, order=job.order, limit=job.number)
    if format == "json":
        with writing(job.output) as stream:
            stream.write(as_json({"stories": [_nested(story) for story in found]}) + "\n")
    elif format == "markdown":
        write_lines([line for story in found for line in _markdown(story)], job.output)
    elif format == "table":
        write_grid(_WIDTHS, map(_cells, found), job.output)
    else:
        write_rows([_row(story) for story in found], job.output, format, formulas=job.keep_formulas)
    if not found and not job.quiet:
        say(f"{index} has no such stories")


@click.command("history")
@index_argument
@click.argument("id", metavar="ID")
@takes(ReadingOptions)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output format.")
@settings
def history(job: ReadingOptions, index: str, id: str, format: str) -> None:
    """Show what became of a story or wording: its headlines, and each change of its id.

    An id that has ended leads to the one that took over.

    \b
    Example:
      headline-dedupe index history desk.index 2026-02-14-0042
    """
    with job.open(index) as stored:
        events = stored.history(id)
        story = _story(stored, id)
    if format == "json":
        document = {"id": id, "story": story and _nested(story), "events": [*map(_event, events)]}
        write_lines([as_json(document)], "-")
    else:
        write_lines(_told(id, story, events), "-")


@click.command("report")
@index_argument
@takes(ReadingOptions)
@click.option("--report", required=True, metavar="FILE", help="The HTML page to write.")
@click.option("--title", metavar="TEXT", help="Heading of the report; default: the name of the folder.")
@options_of(RowOptions, "force")
@settings
def report(job: ReadingOptions, index: str, report: str, title: str | None, force: bool) -> None:
    """Write an HTML page of the active stories, to read, search and regroup in a browser.

    Stories have their ids, also those that have ended: search for one, or add #stories&q=ID to the address of the page.

    \b
    Example:
      headline-dedupe index report desk.index --report today.html --force
    """
    from dedupe.report import write_report

    check_output(report, [], force=force)
    with job.open(index) as stored:
        result = stored.result()
    left_out = write_report(result, report, title=title or Path(index).resolve().name)
    if not job.quiet:
        say(f"{count(len(result), 'headline')}, {count(len(result.kept('story')), 'story', 'stories')} in {report}")
        for omission in left_out:
            say(f"warning: the report is incomplete: {omission}")


def _format_of(output: str) -> str:
    if Path(output).suffix.lower() in (".md", ".markdown"):
        return "markdown"
    return readable_format(output, (*ROW_FORMATS, "json"))


def _row(story: IndexedStory) -> dict[str, Any]:
    return {
        "story": story.id,
        "title": story.representative.title,
        "size": len(story),
        "wordings": len(story.wordings),
        "sources": len(story.sources),
        "first": _time(story.first),
        "latest": _time(story.last),
        "source": story.representative.source,
        "url": story.representative.url,
    }


def _cells(story: IndexedStory) -> list[str]:
    row = _row(story) | {"latest": f"{story.last:%Y-%m-%d %H:%M}"}
    return [str(row[name]) for name in _WIDTHS]


def _nested(story: IndexedStory) -> dict[str, Any]:
    row = _row(story) | {"sources": list(story.sources), "wordings": list(story.wordings)}
    return row | {"headlines": [_headline(number, h) for number, h in zip(story.rows, story.headlines, strict=True)]}


def _headline(row: int, headline: Headline) -> dict[str, Any]:
    published = headline.published and _time(headline.published)
    names = {"published": published, "source": headline.source, "url": headline.url, "id": headline.id}
    return {"row": row, "title": headline.title} | {name: value for name, value in names.items() if value is not None}


def _markdown(story: IndexedStory) -> Iterator[str]:
    """Yield a line about a story, and one for each of its other headlines."""
    best = story.representative
    sources = count(len(story.sources), "source")
    yield f"- **{_linked(best)}** ({count(len(story), 'headline')}, {sources}, {story.id})"
    others = {headline.title: headline for headline in reversed(story.headlines) if headline.title != best.title}
    for headline in reversed(others.values()):
        yield f"  - {_linked(headline)}{f' — {_escaped(headline.source)}' if headline.source else ''}"


def _linked(headline: Headline) -> str:
    title, url = _escaped(headline.title), headline.url or ""
    web = url.lower().startswith(("http://", "https://"))
    return f"[{title}](<{url.translate(_URL_ESCAPES)}>)" if web else title


_URL_ESCAPES = {ord(sign): f"%{ord(sign):02X}" for sign in "<>\\ \r\n\t"}
_MARKUP = {ord(sign): f"\\{sign}" for sign in "\\`*_[]<>#|~"}


def _escaped(text: str) -> str:
    return printable(" ".join(text.split())).translate(_MARKUP)


def _event(event: Event) -> Mapping[str, Any]:
    return {
        "time": _time(event.time),
        "kind": event.kind,
        "level": event.level,
        "from_id": event.from_id,
        "to_id": event.to_id,
        "rows": list(event.rows),
        "probability": event.probability,
        "sentence": event.sentence,
    }


def _story(stored: StoryIndex, id: str) -> IndexedStory | None:
    """The story of an id; None for a wording, or where all its headlines were forgotten."""
    try:
        return stored.story(id)
    except InputError:
        return None


def _told(id: str, story: IndexedStory | None, events: Sequence[Event]) -> Iterator[str]:
    if story is not None:
        if id != story.id:
            yield f"{id} leads on to {story.id}"
        sizes = f"{count(len(story), 'headline')}, {count(len(story.sources), 'source')}"
        yield f"{story.id}: {printable(story.representative.title)} ({sizes})"
        for headline in story.headlines:
            when = f"{headline.published:%Y-%m-%d %H:%M}" if headline.published else "undated"
            source = f" ({printable(headline.source)})" if headline.source else ""
            yield f"  {when:16}  {printable(headline.title)}{source}"
    elif "-w" not in id:
        yield f"{id}: its headlines were forgotten"
    for event in events:
        yield f"{event.time:%Y-%m-%d %H:%M}  {printable(event.sentence)}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
