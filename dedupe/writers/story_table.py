"""Stories -> a table of one row each, or a digest in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dedupe.result.story_table import StorySummary
from dedupe.runtime.files import writing, writing_bytes
from dedupe.runtime.json_text import as_json
from dedupe.writers.digest import digest_lines
from dedupe.writers.rows import ROW_FORMATS, write_rows

STORY_FORMATS = (*ROW_FORMATS[:-1], "json", "markdown")


def write_story_table(stories: Sequence[StorySummary], path: str, format: str, *, formulas: bool = False) -> None:
    """Write a row for each story in one of `STORY_FORMATS`; "json" is one array, "markdown" a digest to read.

    `formulas`: as for `write_rows`. Raises `OutputError` where the file cannot be written.
    """
    if format == "parquet":
        _write_parquet(stories, path)
        return
    if format not in ("json", "markdown"):
        write_rows([story.row() for story in stories], path, format, formulas=formulas, table="stories")
        return
    with writing(path) as stream:
        if format == "json":
            rows = ",\n".join(as_json(story.row()) for story in stories)
            stream.write(f"[\n{rows}\n]\n" if rows else "[]\n")
        else:
            stream.writelines(f"{line}\n" for line in digest_lines(stories))


def _write_parquet(stories: Sequence[StorySummary], path: str) -> None:
    """Write the rows with the same types each day, whatever they hold, so that their tables can be put together."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, number, moment = pa.string(), pa.int64(), pa.timestamp("us", "UTC")
    types = {
        "id": text if any(isinstance(story.id, str) for story in stories) else number,
        "representative": text,
        "url": text,
        "size": number,
        "publishers": number,
        "first": moment,
        "last": moment,
        "wordings": number,
        "publisher_names": pa.list_(text),
        "wording_titles": pa.list_(text),
    }
    rows = [{name: _encodable(value) for name, value in story.row().items()} for story in stories]
    with writing_bytes(path) as stream:
        pq.write_table(pa.Table.from_pylist(rows, pa.schema(types)), stream)


def _encodable(value: Any) -> Any:
    """The value, with an escape for half a surrogate pair, which UTF-8 lacks."""
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
