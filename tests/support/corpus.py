"""Invented headlines as Parquet files: copies, wordings, revisions, and all oddities that are flagged."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.index_news import news

_ODD = (
    "Corrections",
    "Corrections",
    "",
    "Harbour \x01festival draws crowds in Split",
    "Der Bürgermeister von Hintertupfing ist gestern überraschend zurückgetreten",
    "Seven words of a very long tale " * 40,
    "Storm kills 3 in Malmo, roads closed",
    "Storm kills 5 in Malmo, roads closed",
    "Storm kills 3 in Malmo, roads are closed",
)
_OUTLETS = ("Fjord Herald", "Fjord Herald Sport", "fjordherald.com", "Daily Wire", "BBC News", "", None)


def table(number: int, seed: int) -> pa.Table:
    """Return headlines with the usual columns, others, and columns that an earlier run has left."""
    draw, rows = random.Random(seed), list[dict[str, Any]]()
    for k, headline in enumerate(news(number, seed, ordered=False)):
        odd = draw.random() < 0.3
        when = headline.published and headline.published + timedelta(microseconds=draw.randint(0, 999_999))
        rows.append(
            {
                "dedupe_story": f"old {k}",
                "title": draw.choice(_ODD) if odd else headline.title,
                "published": draw.choice([when.isoformat(), when.isoformat(), "soon"]) if when else None,
                "source": draw.choice(_OUTLETS) if odd else headline.source,
                "id": headline.id,
                "url": headline.url,
                "score": draw.choice([None, k]),
                "tags": [draw.choice("abc")] * (k % 3),
            }
        )
    types = {"score": pa.int16(), "tags": pa.list_(pa.string())}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in rows[0]])
    columns = pa.Table.from_pylist(rows, schema)
    return columns.set_column(3, "source", columns["source"].dictionary_encode())


def write(folder: Path, rows: pa.Table, sizes: int, name: str = "news") -> Path:
    """Write rows as one file with row groups of some size."""
    path = folder / f"{name}.parquet"
    pq.write_table(rows, path, row_group_size=sizes)
    return path
