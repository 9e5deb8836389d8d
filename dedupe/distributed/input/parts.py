"""The plan of a job: the parts of its input, the columns that are read, and the moment from which dates lie in the future."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dedupe.dates import DateRules
from dedupe.distributed.input.files import InputFile, input_files, opened
from dedupe.distributed.job import Part, Piece
from dedupe.distributed.store import OPENED_TOGETHER, Store, file_system
from dedupe.errors import EmptyInput, InputError
from dedupe.readers.delimited import Columns, NoColumn, find_columns, named_column
from dedupe.readers.usual_names import USUAL_NAMES
from dedupe.runtime.arrow import StoredTable

if TYPE_CHECKING:
    import pyarrow.fs as pf


class _Shape(NamedTuple):
    """What the end of a file tells: its columns, and how many rows each row group has."""

    file: InputFile
    columns: tuple[str, ...]
    sizes: list[int]


class Input(NamedTuple):
    """The parts of an input, and one file for each set of columns that files have, the first of all first."""

    parts: tuple[Part, ...]
    kinds: tuple[InputFile, ...]


def plan(paths: Iterable[str | Path], rows_per_part: int, out: str = "") -> Input:
    """Return the Parquet files that paths, folders, globs or URIs stand for in parts, in the order of their rows.

    A part has up to `rows_per_part` rows, of several files where these are small, but never less than one row group. `out`: the
    folder of the output; what an earlier start wrote there is no input. Raises `InputError` for what is no Parquet file, or less
    than one row in a part, and `EmptyInput` where there are no rows.
    """
    if rows_per_part < 1:
        raise InputError(f"rows_per_part={rows_per_part} cannot be: give a whole number from 1")
    files = _without(input_files(paths), out)
    if not files:
        raise InputError("no input: give at least one Parquet file")
    with ThreadPoolExecutor(OPENED_TOGETHER) as pool:
        shapes = [shape for shape in pool.map(_shape_of, files) if any(shape.sizes)]
    if not shapes:
        names = files[0].name + (f" and {len(files) - 1:,} more" if len(files) > 1 else "")
        raise EmptyInput(f"{names} have no rows: give files with at least one headline")
    kinds = dict[frozenset[str], InputFile]()
    for shape in shapes:
        kinds.setdefault(frozenset(shape.columns), shape.file)
    return Input(tuple(_packed(shapes, rows_per_part)), tuple(kinds.values()))


def columns_of(found: Input, choice: Columns, *, skip_bad: bool = False) -> tuple[dict[str, str], list[str]]:
    """Return the column of each field, and warnings where another may be meant, as one machine finds them.

    `choice`: columns that the user names. `skip_bad`: as in `Job`. Some files may lack the column of a field, but for titles.
    Raises `InputError` where one has a field in another column, or none has a column that the user names.
    """
    kinds = [_columns_in(file, choice, skip_bad=skip_bad) for file in found.kinds]
    columns = dict[str, tuple[str, str]]()
    for kind in kinds:
        for field, column in kind.of_field.items():
            known, file = columns.setdefault(field, (column, kind.file))
            if column != known:
                problem = f"{field} is read from {known!r} in {file}, but from {column!r} in {kind.file}"
                raise InputError(f"{problem}: give that column one name, and name it")
    for field, error in kinds[0].missing.items():
        if all(field in kind.missing for kind in kinds):
            raise error
    doubts = [doubt for kind in kinds for doubt in kind.doubts]
    return {field: columns[field][0] for field in USUAL_NAMES if field in columns}, doubts


class _ColumnsFound(NamedTuple):
    """Of a file: its name, the column of each field, warnings where another may be meant, and the named columns it lacks."""

    file: str
    of_field: dict[str, str]
    doubts: list[str]
    missing: dict[str, NoColumn]


def _columns_in(file: InputFile, choice: Columns, *, skip_bad: bool) -> _ColumnsFound:
    with opened(*file) as table:
        names, values = list(table.names), partial(_values, table, skip_bad=skip_bad)
        missing = _missing(names, choice, file.name)
        found, doubts = find_columns(names, replace(choice, **dict.fromkeys(missing)), file.name, values)
        return _ColumnsFound(file.name, found, doubts, missing)


def _missing(names: list[str], choice: Columns, file: str) -> dict[str, NoColumn]:
    """Return the fields, but that of titles, whose column the user named and a file lacks, with what to say where all do."""
    missing = dict[str, NoColumn]()
    for field in USUAL_NAMES:
        named: str | None = getattr(choice, field)
        if named is not None and field != "title":
            try:
                named_column(named, names, file)
            except NoColumn as error:
                missing[field] = error
    return missing


def _without(files: Sequence[InputFile], out: str) -> Sequence[InputFile]:
    """Return the files that are not below a folder, however both are spelled; if all are, these."""
    if not out:
        return files
    with ThreadPoolExecutor(OPENED_TOGETHER) as pool:
        below = pool.map(partial(_is_below, folder=out), (file.path for file in files))
        return [file for file, inside in zip(files, below, strict=True) if not inside] or files


def _is_below(file: str, folder: str) -> bool:
    # one thread makes both, since fsspec takes those of two threads for two stores
    (system, path), (of_folder, above) = map(_located, (file, folder))
    return path.startswith(above.rstrip("/") + "/") and bool(system.equals(of_folder))


def _located(uri: str) -> tuple[pf.FileSystem, str]:
    """Return the file system of a path or URI, and the path there, without links where it is local."""
    import pyarrow.fs as pf

    system, path = file_system(uri)
    return system, str(Path(path).resolve()) if isinstance(system, pf.LocalFileSystem) else path


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
