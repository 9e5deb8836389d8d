"""Stories -> a table of one row each, or a digest in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from dedupe.result.story_table import StorySummary
from dedupe.runtime.files import writing
from dedupe.runtime.json_text import as_json
from dedupe.writers.digest import digest_lines
from dedupe.writers.rows import ROW_FORMATS, write_rows

STORY_FORMATS = (*ROW_FORMATS[:-1], "json", "markdown")


def write_story_table(stories: Sequence[StorySummary], path: str, format: str, *, formulas: bool = False) -> None:
    """Write a row for each story in one of `STORY_FORMATS`; "json" is one array, "markdown" a digest to read.

    `formulas`: as for `write_rows`. Raises `OutputError` where the file cannot be written.
    """
    if format not in ("json", "markdown"):
        write_rows([story.row() for story in stories], path, format, formulas=formulas, table="stories")
        return
    with writing(path) as stream:
        if format == "json":
            rows = ",\n".join(as_json(story.row()) for story in stories)
            stream.write(f"[\n{rows}\n]\n" if rows else "[]\n")
        else:
            stream.writelines(f"{line}\n" for line in digest_lines(stories))
