"""Folders of labelled headlines -> data sets, and the parts that are grouped separately."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from figures import Part
from records import read_rows

import dedupe

COLUMNS = {"story": ("story",), "wording": ("wording", "variant")}
SEPARATE = ("other_years",)  # folders in which each file is a data set of its own
Rows = list[dict[str, Any]]


def find_files(data: Path, wanted: set[str] | None = None) -> dict[str, list[Rows]]:
    """Return the rows of each labelled file below `data`, by the name of its data set: only the `wanted` ones, if given.

    A data set is a folder, or a file of a folder in `SEPARATE`. Training data is left out: files called `train`, and rows with
    the split "train".
    """
    by_set: dict[str, list[Rows]] = defaultdict(list)
    for path in sorted([*data.rglob("*.jsonl"), *data.rglob("*.jsonl.gz")]):
        name = set_name(path)
        if not path.name.startswith("train.") and (wanted is None or name in wanted) and is_labelled(path):
            by_set[name].append([row for row in read_rows(path) if row.get("split") != "train"])
    return {name: kept for name, files in by_set.items() if (kept := [rows for rows in files if rows])}


def set_name(path: Path) -> str:
    """Return the name of the data set that a file belongs to."""
    path = path.resolve()
    return path.name.partition(".")[0] if path.parent.name in SEPARATE else path.parent.name


def is_labelled(path: Path) -> bool:
    """Return whether the first row has a title and a story, or two titles and a score.

    Contrast sets do not count: their `story` is another title.
    """
    first = next(read_rows(path), {})
    grouped = "title" in first and "different" not in first and label_columns(COLUMNS["story"], first)
    return bool(grouped) or {"a", "b", "score"} <= first.keys()


def label_columns(names: Sequence[str], row: dict[str, Any]) -> list[str]:
    """Return the columns `NAME`, or `NAME_a`, `NAME_b` ... that the row has, of the first name that has any."""
    columns = (
        [column for column in row if re.fullmatch(rf"{name}(_[a-z])?", column) and row[column] is not None]
        for name in names
    )
    return sorted(next(filter(None, columns), []))


def parts_of(rows: Rows) -> Iterator[Part]:
    """Yield each slice of a file, or the whole file, with the labels of its annotators."""
    slices: dict[Any, Rows] = defaultdict(list)
    for row in rows:
        slices[row.get("slice")].append(row)
    for members in slices.values():
        truths = {
            level: [[row[name] for row in members] for name in label_columns(names, members[0])]
            for level, names in COLUMNS.items()
        }
        yield Part([headline_of(row) for row in members], truths)


def headline_of(row: dict[str, Any]) -> dedupe.Headline:
    published = row.get("published") or row.get("date")
    return dedupe.Headline(row["title"], published=published, source=row.get("source"), url=row.get("url"))
