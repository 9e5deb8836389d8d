"""Names of inputs -> the Parquet files that they stand for, in the order in which one machine would read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from dedupe.distributed.store import file_system
from dedupe.errors import InputError, one_line
from dedupe.readers.columnar import parquet_table
from dedupe.readers.names import expand
from dedupe.runtime.arrow import StoredTable

if TYPE_CHECKING:
    import pyarrow.fs as pf

_SUFFIX = ".parquet"


class InputFile(NamedTuple):
    """A file: the path or URI by which any machine finds it, and how messages and output call it."""

    path: str
    name: str


def input_files(paths: Iterable[str | Path]) -> list[InputFile]:
    """Return the files that paths, folders, globs and URIs stand for; those of a folder or a glob are sorted.

    Of a folder, these are all files below it that end in ".parquet", but those whose path has a part that starts with "_" or
    ".". Raises `InputError` for a folder or a glob without any.
    """
    return [file for path in map(str, paths) for file in (_of_uri(path) if "://" in path else _of_path(path))]


@contextmanager
def opened(path: str, name: str) -> Iterator[StoredTable]:
    """Open a Parquet file; `InputError` where there is none, or it cannot be read."""
    system, place = file_system(path)
    try:
        file = system.open_input_file(place)
    except FileNotFoundError:
        raise InputError(f"no file {name}: check the path") from None
    except OSError as error:
        raise InputError(f"{name} cannot be opened ({one_line(error)}): check the path and its permissions") from None
    with file:
        yield parquet_table(file, name, "give Parquet files, which the engines of a cluster can read in parts")


def _of_path(path: str) -> Iterator[InputFile]:
    for name in expand([path]):
        place = str(Path(name).absolute())
        if not Path(name).is_dir():
            yield InputFile(place, name)
            continue
        for below in _below(*file_system(place), name):
            yield InputFile(f"{place}/{below}", str(Path(name) / below))


def _of_uri(uri: str) -> Iterator[InputFile]:
    """Yield the files of a URI; what follows a question mark are options of the file system, such as its region."""
    import pyarrow.fs as pf

    place, mark, options = uri.partition("?")
    steps, options = place.rstrip("/").split("/"), mark + options
    fixed = next((k for k, step in enumerate(steps) if has_magic(step)), len(steps))  # those before the first pattern
    base, pattern = "/".join(steps[:fixed]), "/".join(steps[fixed:])
    system, root = file_system(base + options)
    if pattern:
        found = _matching(system, root, pattern, place)
    elif system.get_file_info(root).type == pf.FileType.Directory:
        found = _below(system, root, place)
    else:
        yield InputFile(uri, place)
        return
    for below in found:  # Arrow's own file systems take URIs with quoted characters, those of fsspec do not
        path = below if isinstance(system, pf.PyFileSystem) else quote(below)
        yield InputFile(f"{base}/{path}{options}", f"{base}/{below}")


def _below(system: pf.FileSystem, root: str, name: str) -> list[str]:
    """Return the Parquet files below a folder, by their paths from there, sorted."""
    import pyarrow.fs as pf

    found = system.get_file_info(pf.FileSelector(root, recursive=True))
    paths = [info.path[len(root) :].lstrip("/") for info in found if info.type == pf.FileType.File]
    files = [path for path in paths if path.lower().endswith(_SUFFIX) and not _is_hidden(path)]
    if not files:
        raise InputError(f"{name} is a folder without files that end in {_SUFFIX}: name its files as '{name}/*'")
    return sorted(files)


def _is_hidden(path: str) -> bool:
    return any(step.startswith(("_", ".")) for step in path.split("/"))


def _matching(system: pf.FileSystem, root: str, pattern: str, uri: str) -> list[str]:
    """Return the files that match a pattern, by their paths from `root`, sorted."""
    import pyarrow.fs as pf
    from fsspec.implementations.arrow import ArrowFSWrapper

    found = system.get_file_info(ArrowFSWrapper(system).glob(f"{root}/{pattern}"))
    files = [info.path[len(root) :].lstrip("/") for info in found if info.type == pf.FileType.File]
    if not files:
        raise InputError(f"no file matches {uri}: check the pattern")
    return sorted(files)
