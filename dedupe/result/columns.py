"""`OutputRows`: input rows with the columns that a run adds to them, as mappings one at a time or as a table.

Own columns come out as they came in. What a run adds is called `dedupe_...`, and replaces only columns of these names, which an
earlier run has left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.headlines import Headline, from_fields
from dedupe.runtime.arrow import column_of, single_table, tables_of
from dedupe.runtime.arrow_values import as_pandas

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from dedupe.result.deduplication import Deduplication


TITLE = "dedupe_title"
"""The column with the title of each row, where the rows have no column `title` that holds it."""

POSITION = "dedupe_position"
"""In nested JSON, the place of a row in the input."""
TEXTS = (TITLE, "dedupe_flag", "dedupe_file")
"""The added columns that are text even where all values are None."""


@dataclass(frozen=True)
class OutputRows:
    """One row per headline: its own columns, then those of `added`, which replace own columns of the same name.

    `texts`: the added columns that are text even where all values are None.
    """

    headlines: Sequence[Headline]
    added: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    texts: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.headlines)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the rows one at a time, so that very many need not be held."""
        for headline, *values in zip(self.headlines, *self.added.values(), strict=True):
            row = headline.columns
            row.update(zip(self.added, values, strict=True))
            yield row

    @property
    def columns(self) -> list[str]:
        """The names of all columns, in order."""
        own = dict.fromkeys(name for headline in self.headlines for name in headline.own)
        return list(own | dict.fromkeys(self.added))

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table; columns that came as Arrow or Parquet keep their types."""
        import pyarrow as pa

        return pa.concat_tables(list(self.tables()))

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas frame; rows of one pandas frame keep its index."""
        frame = as_pandas(self.to_arrow())
        stored = single_table([headline.own for headline in self.headlines])
        if stored is None or (index := stored[0].index(stored[1])) is None:
            return frame
        table = stored[0]
        inside = [name for name in table.index_columns if name in table.names and name not in self.added]
        return frame.drop(columns=inside).set_axis(index, axis=0)

    def tables(self) -> Iterator[pa.Table]:
        """Yield the rows as Arrow tables, part by part, so that very many need not be held."""
        added = {name: column_of(values, text=name in self.texts) for name, values in self.added.items()}
        begin = 0
        for table in tables_of([headline.own for headline in self.headlines]):
            rows = len(table) if table.num_columns else len(self)
            yield with_columns(table, {name: values.slice(begin, rows) for name, values in added.items()})
            begin += rows


def with_columns(table: pa.Table, added: Mapping[str, pa.Array]) -> pa.Table:
    """Return a table with these columns, which replace its own ones of the same name."""
    for name, column in added.items():
        place = table.schema.get_field_index(name)
        table = table.append_column(name, column) if place < 0 else table.set_column(place, name, column)
    return table


def rows_of_run(result: Deduplication) -> OutputRows:
    """Return one output row per headline of a run; see `docs/columns.md`."""
    added = {**title_column(result.headlines), **added_columns(result)}
    files = [headline.file for headline in result.headlines]
    texts = TEXTS if result.lasting is None else (*TEXTS, "dedupe_story", "dedupe_wording")
    return OutputRows(result.headlines, added | ({"dedupe_file": files} if any(files) else {}), texts)


def added_columns(result: Deduplication) -> dict[str, list[Any]]:
    """Return what a run adds to every row, but for those columns that depend on the input as a whole: `TITLE` and the file."""
    from dedupe.result.lasting import names_of
    from dedupe.result.publishers import counts_of

    stories, wordings = names_of(result, "story"), names_of(result, "wording")
    representative, story = np.zeros(len(result), bool), result.labels("story")
    representative[result.representatives("story")] = True
    return {
        "dedupe_story": [stories[label] for label in story.tolist()],
        "dedupe_wording": [wordings[label] for label in result.labels("wording").tolist()],
        "dedupe_representative": representative.tolist(),
        "dedupe_probability": result.probabilities.round(4).tolist(),
        "dedupe_size": np.bincount(story, minlength=1)[story].tolist(),
        "dedupe_publishers": counts_of(result.publishers, story)[story].tolist(),
        "dedupe_flag": result.flags(),
    }


def title_column(headlines: Sequence[Headline]) -> dict[str, list[str]]:
    """Return the added column `TITLE`, or nothing where every row has its title in its own column `title`."""
    own = zip(_own_titles(headlines), headlines, strict=True)
    if all(from_fields({"title": value}).title == headline.title for value, headline in own):
        return {}
    return {TITLE: [headline.title for headline in headlines]}


def _own_titles(headlines: Sequence[Headline]) -> Iterator[Any]:
    """The values of the rows' own columns `title`; of rows that are stored in a table, no other column is read."""
    stored = single_table([headline.own for headline in headlines])
    if stored is None:
        yield from (headline.own.get("title") for headline in headlines)
        return
    table, positions = stored
    if "title" in table.names:
        titles = [title for (title,) in table.values(["title"])]
        yield from (titles[position] for position in positions.tolist())
    else:
        yield from (None for _ in headlines)
