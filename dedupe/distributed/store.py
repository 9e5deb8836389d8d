"""`Store`: the work files of a job. Tasks exchange data through it alone, so a job that breaks off goes on where it was."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedupe.errors import InputError, OutputError, one_line
from dedupe.runtime.arrays import Ints

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.fs as pf

OPENED_TOGETHER = 16
"""Files; on a far store most of the time is spent waiting."""
_RESULT = ".json"


class Store:
    """A folder of work files, local or on any file system that Arrow or fsspec reaches, by path or URI.

    Each step has a folder, and each of its parts these files: `<part>.arrow`, a table in buckets; `<part>.<name>.npy`, arrays;
    `<part>.json`, what the task returned, which is written last and says that the part is finished. Every file appears whole or
    not at all; a task that is run again replaces its own.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def __getstate__(self) -> dict[str, str]:
        return {"uri": self.uri}

    @cached_property
    def _place(self) -> tuple[pf.FileSystem, str]:
        return file_system(self.uri)

    def write(self, step: str, part: int, table: pa.Table | Sequence[pa.Table]) -> None:
        """Write a table, or one for each bucket, all of one schema."""
        import pyarrow as pa

        tables = [table] if isinstance(table, pa.Table) else table
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, tables[0].schema) as writer:
            for bucket in tables:
                writer.write_batch(_one_batch(bucket))
        self._write_bytes(step, f"{part}.arrow", sink.getvalue())

    def read(self, step: str, part: int, bucket: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a bucket of a part, or all of them; only some columns, if these are named."""
        import pyarrow as pa

        with self._open(step, f"{part}.arrow") as file:
            reader = pa.ipc.open_file(file)
            if columns is not None:  # of a far file, others are not fetched
                fields = [reader.schema.get_field_index(name) for name in columns]
                reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=fields))
            numbers = range(reader.num_record_batches) if bucket is None else [bucket]
            table = pa.Table.from_batches([reader.get_batch(number) for number in numbers], reader.schema)
            return table if columns is None else table.select(list(columns))

    def gather(self, step: str, parts: Iterable[int], bucket: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a bucket of all parts, in order of the parts: the receiving side of a shuffle."""
        import pyarrow as pa

        return pa.concat_tables([self.read(step, part, bucket, columns) for part in parts]).combine_chunks()

    def write_array(self, step: str, part: int, name: str, array: NDArray[Any]) -> None:
        """Write an array of numbers."""
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        self._write_bytes(step, f"{part}.{name}.npy", buffer.getbuffer())

    def read_array(self, step: str, part: int, name: str) -> NDArray[Any]:
        """Return an array of numbers, mapped into memory where the file is local."""
        import pyarrow.fs as pf

        path, file = self._path(step, f"{part}.{name}.npy"), self._place[0]
        if isinstance(file, pf.LocalFileSystem):
            return np.asanyarray(np.load(path, mmap_mode="r", allow_pickle=False))
        with file.open_input_stream(path) as stream:
            return np.asanyarray(np.load(io.BytesIO(stream.read()), allow_pickle=False))

    def finish(self, step: str, part: int, result: Any) -> None:
        """Mark a part as finished; `result`: anything that JSON holds."""
        self._write_bytes(step, f"{part}{_RESULT}", json.dumps(result).encode())

    def finished(self, step: str) -> dict[int, Any]:
        """Return the results of the finished parts of a step."""
        import pyarrow.fs as pf

        system, root = self._place
        found = system.get_file_info(pf.FileSelector(f"{root}/{step}", allow_not_found=True))
        numbers = [int(info.base_name.removesuffix(_RESULT)) for info in found if info.base_name.endswith(_RESULT)]
        with ThreadPoolExecutor(OPENED_TOGETHER) as pool:
            results = pool.map(lambda number: self.result(step, number), sorted(numbers))
            return dict(zip(sorted(numbers), results, strict=True))

    def result(self, step: str, part: int = 0) -> Any:
        """Return what the task of a finished part returned."""
        with self._open(step, f"{part}{_RESULT}") as file:
            return json.loads(file.read())

    def release(self, steps: str, array: str = "") -> None:
        """Delete the files of the steps of a name or pattern, or only one array of each, but never what tasks returned.

        Raises `OutputError` where a deletion is refused: together, work files are too large to stay.
        """
        import pyarrow.fs as pf

        system, root = self._place
        found = system.get_file_info(pf.FileSelector(root, allow_not_found=True))
        folders = [info.path for info in found if fnmatchcase(info.base_name, steps)]
        files = [info.path for folder in folders for info in system.get_file_info(pf.FileSelector(folder))]
        end = f".{array}.npy" if array else ""
        gone = [path for path in files if path.endswith(end) and not path.endswith(_RESULT)]

        def delete(path: str) -> None:
            with suppress(FileNotFoundError), _deleting(path):  # a task of an earlier start may still move its files
                system.delete_file(path)

        with ThreadPoolExecutor(OPENED_TOGETHER) as pool:
            list(pool.map(delete, gone))

    def remove(self, last: str = "") -> None:
        """Remove all work files, those of one step last, so that a removal that breaks off leaves these.

        Raises `OutputError` where that is refused.
        """
        import pyarrow.fs as pf

        system, root = self._place
        found = system.get_file_info(pf.FileSelector(root, allow_not_found=True))
        for info in sorted(found, key=lambda info: info.base_name == last):
            with _deleting(info.path):
                system.delete_dir(info.path)
        if found:
            with _deleting(root):
                system.delete_dir(root)

    def _path(self, step: str, name: str) -> str:
        return f"{self._place[1]}/{step}/{name}"

    def _open(self, step: str, name: str) -> Any:
        import pyarrow.fs as pf

        system, path = self._place[0], self._path(step, name)
        if isinstance(system, pf.LocalFileSystem):
            import pyarrow as pa

            return pa.memory_map(path)
        return system.open_input_file(path)

    def _write_bytes(self, step: str, name: str, data: Any) -> None:
        write_whole(self._place[0], self._path(step, name), data)


def file_system(uri: str) -> tuple[pf.FileSystem, str]:
    """Return the file system of a path or URI, and the path there; `InputError` for a scheme that nothing installed reaches."""
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.fs as pf

    if "://" not in uri:
        return pf.LocalFileSystem(), str(Path(uri).absolute())
    try:
        found: tuple[pf.FileSystem, str] = pf.FileSystem.from_uri(uri)
    except (pa.ArrowException, ValueError, OSError) as error:
        try:
            import fsspec

            system, path = fsspec.core.url_to_fs(uri)
            return pf.PyFileSystem(pf.FSSpecHandler(system)), path
        except (ImportError, ValueError):
            raise InputError(
                f"{uri} cannot be reached ({one_line(error)}): give a path, or install what reads it"
            ) from None
    return found


def write_whole(system: pf.FileSystem, path: str, data: Any) -> None:
    """Write a file that appears whole or not at all; `OutputError` where it cannot be written."""
    temporary, (folder, _, name) = f"{path}.{secrets.token_hex(8)}.tmp", path.rpartition("/")
    try:
        system.create_dir(folder, recursive=True)
        with system.open_output_stream(temporary) as stream:
            stream.write(data)
        system.move(temporary, path)
    except OSError as error:
        problem = f"{name} cannot be written to {folder} ({one_line(error)})"
        raise OutputError(f"{problem}: check the folder, and its space") from None


@contextmanager
def _deleting(path: str) -> Iterator[None]:
    """Say what to do where the store refuses to delete something."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        problem = f"{path} cannot be deleted ({one_line(error)})"
        raise OutputError(f"{problem}: allow it, and start again with the same arguments: the job goes on") from None


def buckets(table: pa.Table, of_row: Ints, count: int) -> list[pa.Table]:
    """Return the rows of each bucket, in their order. `of_row`: the bucket of each row, from 0 up to `count`."""
    order = np.argsort(of_row, kind="stable")
    ends = np.searchsorted(of_row[order], np.arange(count + 1))
    ordered = table.take(order)
    return [ordered.slice(start, end - start) for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]


def arrow(columns: Mapping[str, Any], **types: Any) -> pa.Table:
    """Return a table of columns; `types`: those of columns that their values do not tell, such as lists of texts."""
    import pyarrow as pa

    return pa.table({name: pa.array(values, types.get(name)) for name, values in columns.items()})


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    import pyarrow as pa

    batches = table.combine_chunks().to_batches()
    if len(batches) > 1:  # only texts of over 2 GB stay in pieces
        raise InputError("a part has over 2 GB of text: give fewer rows to each part (rows_per_part)")
    return batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)
