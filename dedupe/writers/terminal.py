"""Stories, and matches with known ones, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from dedupe.runtime.files import writing

if TYPE_CHECKING:
    from rich.console import Console

    from dedupe.headlines import Headline
    from dedupe.result.deduplication import Deduplication
    from dedupe.result.groups import Story, Wording
    from dedupe.result.matches import Matches

_PIPE_WIDTH = 120  # columns of a table where no terminal says how wide it is
_SINGLES_SHOWN = 10


def write_table(result: Deduplication, path: str) -> None:
    """Write the stories as a table, largest first: their wordings, representative (★), sources and flags.

    Exact copies are counted on one line; headlines that stand alone come summed up at the end.
    """
    with writing(path) as stream:
        console = console_for(stream)
        stories = [story for story in result.stories if len(story.headlines) > 1]
        singles = [story.representative.title for story in result.stories if len(story.headlines) == 1]
        if stories:
            console.print(_table(result, stories))
        for line in _summed_up(singles):
            console.print(line, style="dim", markup=False, no_wrap=True, overflow="ellipsis")


def write_matches(matches: Matches, path: str) -> None:
    """Write new headlines beside the known ones that they repeat, in their order, as a table."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    for name, width in (("headline", None), ("repeats", 7), ("p", 4), ("known headline", None), ("story", 8)):
        table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=width, ratio=None if width else 1)
    for headline, match in zip(matches.headlines, matches, strict=True):
        cells = (
            (match.level, f"{match.probability:.2f}", match.headline.title, str(match.story))
            if match
            else ("new", "", "", "")
        )
        table.add_row(*(Text(printable(cell)) for cell in (headline.title, *cells)))
    with writing(path) as stream:
        console_for(stream).print(table)


def console_for(stream: TextIO) -> Console:
    """Return a console as wide as the terminal that `stream` is, or of a usual width."""
    from rich.console import Console

    return Console(file=stream, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False)


def show_pair(one: Headline, other: Headline, progress: str, keys: str) -> None:
    """Show two headlines on standard error, what both say in bold, with their sources and times."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from dedupe.text.words import facts, words_by_stem

    console = Console(stderr=True, highlight=False)
    console.print(Text(progress, "dim"))
    both = words_by_stem(one.title).keys() & words_by_stem(other.title).keys() & facts(one.title).stems
    for headline in (one, other):
        title = Text()
        for word in printable(headline.title).split():
            title.append(word, "bold cyan" if words_by_stem(word).keys() & both else "").append(" ")
        when = f"{headline.published:%d %b %Y %H:%M}" if headline.published else ""
        about = " · ".join(filter(None, (printable(headline.source or ""), when)))
        console.print(Padding(title, (0, 0, 0, 2)))
        if about:
            console.print(Padding(Text(about, "dim"), (0, 0, 0, 4)))
    console.print(Text(keys, "dim"))


def _table(result: Deduplication, stories: Sequence[Story]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, expand=False, pad_edge=False)
    table.add_column("#", justify="right", style="dim", width=len(str(len(stories))))
    table.add_column("size", justify="right", width=len("size"))
    table.add_column("headline")  # the one column that gives way on a narrow terminal
    table.add_column("source", no_wrap=True, overflow="ellipsis", max_width=18, style="cyan")
    table.add_column("flag", no_wrap=True, overflow="ellipsis", max_width=16, style="yellow")
    exact, flags = result.labels("exact"), result.flags()
    for rank, story in enumerate(stories, 1):
        lead = [str(rank), str(len(story.headlines))]
        for title, bold, source, flag in _lines(story, exact, flags):
            table.add_row(
                *lead, Text(title, "bold" if bold else "", no_wrap=True, overflow="ellipsis"), Text(source), Text(flag)
            )
            lead = ["", ""]
        table.add_section()
    for index in (4, 3):  # a column without a word in it only takes room
        if not any(str(cell) for cell in table.columns[index].cells):
            del table.columns[index]
    return table


def _lines(story: Story, exact: Any, flags: Sequence[str]) -> Iterator[tuple[str, bool, str, str]]:
    """Yield (title, whether it represents the story, sources, flags) per distinct title, wording by wording."""
    for wording in sorted(story.wordings, key=lambda v: v.representative is not story.representative):
        for number, copies in enumerate(_copies(wording, exact)):
            best = wording.representative if number == 0 else wording.headlines[copies[0]]
            leads = best is story.representative
            mark = "★ " if leads else "• " if number == 0 else "  = "
            times = f"  ×{len(copies)}" if len(copies) > 1 else ""
            sources = dict.fromkeys(printable(wording.headlines[k].source or "") for k in copies)
            found = dict.fromkeys(c for k in copies for c in flags[int(wording.positions[k])].split(",") if c)
            yield mark + printable(best.title) + times, leads, ", ".join(filter(None, sources)), ", ".join(found)


def _copies(wording: Wording, exact: Any) -> list[list[int]]:
    """The members of each exact group of a wording, its representative's group first."""
    groups: dict[int, list[int]] = {}
    for k, position in enumerate(wording.positions):
        groups.setdefault(int(exact[position]), []).append(k)
    return sorted(groups.values(), key=lambda g: not any(wording.headlines[k] is wording.representative for k in g))


def _summed_up(singles: Sequence[str]) -> Iterator[str]:
    if not singles:
        return
    yield f"{len(singles)} {'headline stands' if len(singles) == 1 else 'headlines stand'} alone:"
    yield from (f"  {printable(title)}" for title in singles[:_SINGLES_SHOWN])
    if len(singles) > _SINGLES_SHOWN:
        yield f"  ... and {len(singles) - _SINGLES_SHOWN} more (--format jsonl, csv or tsv has every row)"


def printable(text: str) -> str:
    """Return a text that cannot steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
