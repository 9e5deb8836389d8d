"""The plan of a job: the parts of its input, the columns that are read, and the moment from which dates lie in the future."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from dedupe.dates import DateRules
from dedupe.distributed.input.files import InputFile, input_files, opened
from dedupe.distributed.job import Part, Piece
from dedupe.distributed.store import OPENED_TOGETHER, Store
from dedupe.errors import EmptyInput, InputError
from dedupe.readers.delimited import Columns, find_columns
from dedupe.runtime.arrow import StoredTable


class _Shape(NamedTuple):
    """What the end of a file tells: its columns, and how many rows each row group has."""

    file: InputFile
    columns: tuple[str, ...]
    sizes: list[int]


def plan(paths: Iterable[str | Path], rows_per_part: int) -> tuple[Part, ...]:
    """Return the parts of the Parquet files that paths, folders, globs or URIs stand for, in the order of their rows.

    A part has up to `rows_per_part` rows, of several files where these are small, but never less than one row group. Raises
    `InputError` for what is no Parquet file, or has other columns than the first, or less than one row in a part, and
    `EmptyInput` where there are no rows.
    """
    if rows_per_part < 1:
        raise InputError(f"rows_per_part={rows_per_part} cannot be: give a whole number from 1")
    files = input_files(paths)
    if not files:
        raise InputError("no input: give at least one Parquet file")
    with ThreadPoolExecutor(OPENED_TOGETHER) as pool:
        shapes = [shape for shape in pool.map(_shape_of, files) if any(shape.sizes)]
    if not shapes:
        names = files[0].name + (f" and {len(files) - 1:,} more" if len(files) > 1 else "")
        raise EmptyInput(f"{names} have no rows: give files with at least one headline")
    for shape in shapes:
        _check_columns(shapes[0], shape)
    return tuple(_packed(shapes, rows_per_part))


def columns_of(parts: Sequence[Part], choice: Columns, *, skip_bad: bool = False) -> tuple[dict[str, str], list[str]]:
    """Return the column of each field, and warnings where another may be meant, as one machine finds them in the first file.

    `choice`: columns that the user names. `skip_bad`: as in `Job`.
    """
    first = parts[0].pieces[0]
    with opened(first.path, first.name) as table:
        return find_columns(
            list(table.names), choice, first.name, lambda column: _values(table, column, skip_bad=skip_bad)
        )


def with_fixed_now(rules: DateRules, store: Store) -> DateRules:
    """Return the rules with the moment from which dates lie in the future; without `now`, it is that of the job's first start."""
    if rules.now is not None:
        return rules
    if not store.finished("now"):
        store.finish("now", 0, datetime.now(UTC).isoformat())
    return replace(rules, now=store.result("now"))


def _shape_of(file: InputFile) -> _Shape:
    with opened(*file) as table:
        return _Shape(file, table.names, table.sizes)


def _check_columns(first: _Shape, other: _Shape) -> None:
    """Raise `InputError` where two files have not the same columns, in whatever order."""
    for one, two in ((first, other), (other, first)):
        if lacking := [column for column in one.columns if column not in two.columns]:
            problem = f"{two.file.name} has no column {lacking[0]!r}, which {one.file.name} has"
            raise InputError(f"{problem}: give files of the same columns")


def _packed(shapes: Sequence[_Shape], most: int) -> Iterator[Part]:
    """Yield the parts of files. `most`: rows in each."""
    held, rows, position = list[tuple[_Shape, int]](), 0, 0
    for shape in shapes:
        for group, size in enumerate(shape.sizes):
            if held and rows + size > most:
                yield Part(_pieces(held), position, rows)
                held, rows, position = [], 0, position + rows
            held.append((shape, group))
            rows += size
    yield Part(_pieces(held), position, rows)


def _pieces(held: Iterable[tuple[_Shape, int]]) -> tuple[Piece, ...]:
    """Return row groups of files, in order, file by file."""
    pieces = list[Piece]()
    for shape, of_file in groupby(held, key=itemgetter(0)):
        groups = tuple(group for _, group in of_file)
        pieces.append(Piece(shape.file.path, groups, sum(shape.sizes[group] for group in groups), shape.file.name))
    return tuple(pieces)


def _values(table: StoredTable, column: str, *, skip_bad: bool) -> Iterator[Any]:
    """Yield the values of a column, without what cannot be read of a row group if that is skipped."""
    for group in range(len(table.sizes)):
        try:
            yield from (value for (value,) in table.values([column], group))
        except InputError:
            if not skip_bad:
                raise
