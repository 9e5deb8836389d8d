"""Stories, matches and single pairs, as people read them on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from dedupe.result.display import counted
from dedupe.runtime.files import writing
from dedupe.runtime.terminal import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dedupe.headlines import Headline
    from dedupe.result.deduplication import Deduplication
    from dedupe.result.groups import Story
    from dedupe.result.matches import Matches

_PIPE_WIDTH = 120  # columns of a table where no terminal sets its width
_SINGLES_SHOWN = 10
_LEGEND = {
    "★": "★ represents the story",
    "•": "• another wording",
    "=": "= same wording as above",
    "×": "×2 two exact copies",
}


def write_table(result: Deduplication, path: str) -> None:
    """Write the stories as a table, largest first: their number, wordings, representative, sources and flags.

    The number is that of the files, `dedupe_story`. Exact copies share one line; headlines in no group are counted at the end.
    Everything wraps and nothing is cut, so a narrow terminal shows longer rows. A last line explains the symbols.
    """
    with writing(path, styled=True) as stream:
        console = console_for(stream)
        stories = [story for story in result.stories if len(story.headlines) > 1]
        if stories:
            table, marks = _table(result, stories)
            console.print(table)
            console.print("  ".join(text for mark, text in _LEGEND.items() if mark in marks), style="dim")
        for line in _singles([story for story in result.stories if len(story.headlines) == 1]):
            console.print(line, style="dim", markup=False)


def write_matches(matches: Matches, path: str) -> None:
    """Write the new headlines in their order as a table, each beside the known one that it repeats."""

    def cells() -> Iterator[tuple[str, ...]]:
        for headline, match, story in zip(matches.headlines, matches, matches.stories, strict=True):
            known = (match.level, f"{match.probability:.2f}", match.headline.title) if match else ("new", "", "")
            yield headline.title, *known, str(story)

    write_grid({"headline": None, "match": 7, "p": 4, "known headline": None, "story": 8}, cells(), path)


def write_grid(columns: Mapping[str, int | None], rows: Iterable[Sequence[str]], path: str) -> None:
    """Write rows of text as a table. `columns`: their least widths; None for those that give way, whose text wraps."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    for name, width in columns.items():
        table.add_column(name, overflow="fold", min_width=width, ratio=None if width else 1)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    with writing(path, styled=True) as stream:
        console_for(stream).print(table)


def console_for(stream: TextIO) -> Console:
    """Return a console as wide as its terminal, or of a usual width where `stream` is none."""
    from rich.console import Console

    return Console(file=stream, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False)


def show_pair(first: Headline, second: Headline, progress: str, keys: str) -> None:
    """Print two headlines on standard error, with their sources and times; words that both have are bold."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from dedupe.text.words import facts, words_by_stem

    console = Console(stderr=True, highlight=False)
    console.print(Text(progress, "dim"))
    shared = words_by_stem(first.title).keys() & words_by_stem(second.title).keys() & facts(first.title).stems
    for headline in (first, second):
        title = Text()
        for word in printable(headline.title).split():
            title.append(word, "bold cyan" if words_by_stem(word).keys() & shared else "").append(" ")
        when = f"{headline.published:%d %b %Y %H:%M}" if headline.published else ""
        details = " · ".join(filter(None, (printable(headline.source or ""), when)))
        console.print(Padding(title, (0, 0, 0, 2)))
        if details:
            console.print(Padding(Text(details, "dim"), (0, 0, 0, 4)))
    console.print(Text(keys, "dim"))


def _table(result: Deduplication, stories: Sequence[Story]) -> tuple[Table, set[str]]:
    """Return the table of stories, and the symbols in it."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, expand=False, pad_edge=False)
    table.add_column("story", justify="right", style="dim", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("", width=1)  # the mark of the headline
    table.add_column("headline", overflow="fold")
    table.add_column("source", overflow="fold", max_width=18, style="cyan")
    table.add_column("flag", overflow="fold", max_width=16, style="yellow")
    exact, flags, marks = result.labels("exact"), result.flags(), set[str]()
    for story in stories:
        numbers = [str(story.id), str(len(story.headlines))]
        for mark, title, copies, source, flag in _lines(story, exact, flags):
            headline = Text(title, "bold" if mark == "★" else "")
            if copies > 1:
                headline.append(f" ×{copies}")
            table.add_row(*numbers, mark, headline, Text(source), Text(flag))
            numbers = ["", ""]
            marks |= {mark, "×" if copies > 1 else mark}
        table.add_section()
    table.columns[4:] = [column for column in table.columns[4:] if any(map(str, column.cells))]  # no empty ones
    return table, marks


def _lines(story: Story, exact: Any, flags: Sequence[str]) -> Iterator[tuple[str, str, int, str, str]]:
    """Yield (mark, title, copies, sources, flags) per distinct title, wording by wording, the representatives first."""
    top = story.representative
    for wording in sorted(story.wordings, key=lambda wording: not any(row is top for row in wording.headlines)):
        members = list(zip(wording.headlines, wording.positions.tolist(), strict=True))
        members.sort(key=lambda member: (member[0] is not top, member[0] is not wording.representative))
        groups: dict[int, list[tuple[Headline, int]]] = {}
        for member in members:
            groups.setdefault(int(exact[member[1]]), []).append(member)
        for number, copies in enumerate(groups.values()):
            first = copies[0][0]
            mark = "★" if first is top else "=" if number else "•"
            sources = dict.fromkeys(printable(headline.source) for headline, _ in copies if headline.source)
            codes = dict.fromkeys(code for _, position in copies for code in flags[position].split(",") if code)
            yield mark, printable(first.title), len(copies), ", ".join(sources), ", ".join(codes)


def _singles(stories: Sequence[Story]) -> Iterator[str]:
    if stories:
        yield f"{counted(len(stories), 'headline')} in no group, after the number of each:"
        yield from (f"  {story.id} {printable(story.representative.title)}" for story in stories[:_SINGLES_SHOWN])
    if len(stories) > _SINGLES_SHOWN:
        yield f"  ... and {len(stories) - _SINGLES_SHOWN:,} more (choose --format jsonl, csv or tsv to see every row)"
