"""Write rows and stories: JSON Lines, CSV, TSV, plain lines, or a table for people.

A file appears whole or not at all: it is written beside its place, synced and renamed. `-` is standard output. Text
is UTF-8. In CSV and TSV the columns are the union over all rows in first-seen order, nested values are JSON, and dates
are ISO 8601.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from dedupe.errors import OutputError

if TYPE_CHECKING:
    from dedupe.result import Deduplication, Story, Variant

Row = Mapping[str, Any]

_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "lines"}
_PIPE_WIDTH = 120  # columns of a table where no terminal says how wide it is
_SINGLES_SHOWN = 10


def format_of(path: str) -> str | None:
    """Return the format that the ending of `path` stands for, or None."""
    return _ENDINGS.get(Path(path).suffix.lower())


def check_output(path: str, read: Iterable[str], *, force: bool = False) -> None:
    """Raise `OutputError` where `path` could not be written later: call it before the work.

    `read` names the inputs, which are never overwritten; another file that exists only is with `force`.
    """
    if path == "-":
        return
    target = Path(path)
    with _as_output_errors(path):
        if target.is_dir():
            raise OutputError(f"{path} is a directory: name a file to write")
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise OutputError(f"cannot write into {target.parent}: it is no folder that you may write to")
        if any(_same_file(target, Path(other)) for other in read if other != "-"):
            raise OutputError(f"{path} is also the input: name another output")
        if target.is_file() and not force:
            raise OutputError(f"{path} exists: name another output, or add --force to replace it")


def write_rows(rows: Sequence[Row], path: str, format: str) -> None:
    """Write `rows` to `path` as "jsonl", "csv", "tsv" or "lines" (the column `title`); `OutputError` if that fails."""
    with writing(path) as stream:
        _WRITERS[format](rows, stream)


def write_lines(lines: Iterable[str], path: str) -> None:
    """Write each of `lines`, ended by a line feed; `OutputError` if that fails."""
    with writing(path) as stream:
        stream.writelines(f"{line}\n" for line in lines)


@contextmanager
def writing(path: str) -> Iterator[TextIO]:
    """Yield a stream to `path`, which appears whole or, on any failure, not at all.

    A failure to write is an `OutputError`; a reader that closed the pipe stays a `BrokenPipeError`.
    """
    opened = _standard_output() if path == "-" else _whole_file(Path(path))
    with _as_output_errors("standard output" if path == "-" else path), opened as stream:
        yield stream


def discard_standard_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter's last flush does not fail as well."""
    with suppress(OSError):  # there is no descriptor under a test's stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _as_output_errors(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {name}: {error.strerror or error}") from error


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    stream = _text(sys.stdout.buffer)
    try:
        yield stream
        stream.flush()
    except OSError:
        discard_standard_output()
        raise
    finally:
        with suppress(OSError):
            stream.detach()


@contextmanager
def _whole_file(path: Path) -> Iterator[TextIO]:
    if path.exists() and not path.is_file():  # a device or a named pipe has no whole to wait for
        with path.open("wb") as raw, _text(raw) as stream:
            yield stream
        return
    target = path.resolve()  # through a link, so that the link stays one
    partial = target.with_name(f".headline-dedupe-{os.getpid()}.tmp")
    try:
        with partial.open("xb") as raw, _text(raw) as stream:
            yield stream
            stream.flush()
            os.fsync(raw.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _text(raw: Any) -> io.TextIOWrapper:
    # A lone surrogate, which JSON may hold, becomes its escape: in JSON the same value again.
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", newline="")


def _same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _write_jsonl(rows: Sequence[Row], stream: TextIO) -> None:
    for row in rows:
        stream.write(json.dumps(row, ensure_ascii=False, default=_for_json) + "\n")


def _write_csv(rows: Sequence[Row], stream: TextIO, delimiter: str = ",") -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    plain = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    # Before Python 3.13 the writer leaves a lone carriage return bare, and a reader then breaks the row at it.
    quoted = csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for cells in [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]:
        (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)


def _write_tsv(rows: Sequence[Row], stream: TextIO) -> None:
    _write_csv(rows, stream, "\t")


def _write_titles(rows: Sequence[Row], stream: TextIO) -> None:
    stream.writelines(" ".join(str(row.get("title", "")).splitlines()) + "\n" for row in rows)


_WRITERS: dict[str, Callable[[Sequence[Row], TextIO], None]] = {
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "tsv": _write_tsv,
    "lines": _write_titles,
}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=_for_json)
    return str(_for_json(value)) if isinstance(value, date) else str(value)


def _for_json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else str(value)


def write_table(result: Deduplication, path: str) -> None:
    """Write the stories as a table, largest first: their wordings, representative (★), sources and flags.

    Exact copies are counted on one line; headlines that stand alone come summed up at the end.
    """
    from rich.console import Console

    with writing(path) as stream:
        console = Console(file=stream, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False)
        stories = [story for story in result.stories if len(story.headlines) > 1]
        singles = [story.representative.title for story in result.stories if len(story.headlines) == 1]
        if stories:
            console.print(_table(result, stories))
        for line in _summed_up(singles):
            console.print(line, style="dim", markup=False, no_wrap=True, overflow="ellipsis")


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
    for variant in sorted(story.variants, key=lambda v: v.representative is not story.representative):
        for number, copies in enumerate(_copies(variant, exact)):
            best = variant.representative if number == 0 else variant.headlines[copies[0]]
            leads = best is story.representative
            mark = "★ " if leads else "• " if number == 0 else "  = "
            times = f"  ×{len(copies)}" if len(copies) > 1 else ""
            sources = dict.fromkeys(_clean(variant.headlines[k].source or "") for k in copies)
            found = dict.fromkeys(c for k in copies for c in flags[int(variant.positions[k])].split(",") if c)
            yield mark + _clean(best.title) + times, leads, ", ".join(filter(None, sources)), ", ".join(found)


def _copies(variant: Variant, exact: Any) -> list[list[int]]:
    """The members of each exact group of a variant, its representative's group first."""
    groups: dict[int, list[int]] = {}
    for k, position in enumerate(variant.positions):
        groups.setdefault(int(exact[position]), []).append(k)
    return sorted(groups.values(), key=lambda g: not any(variant.headlines[k] is variant.representative for k in g))


def _summed_up(singles: Sequence[str]) -> Iterator[str]:
    if not singles:
        return
    yield f"{len(singles)} {'headline stands' if len(singles) == 1 else 'headlines stand'} alone:"
    yield from (f"  {_clean(title)}" for title in singles[:_SINGLES_SHOWN])
    if len(singles) > _SINGLES_SHOWN:
        yield f"  ... and {len(singles) - _SINGLES_SHOWN} more (--format jsonl, csv or tsv has every row)"


def _clean(text: str) -> str:
    """Keep a title from steering the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
