"""Results as frames: the index comes back, labels and positions join, pairs are a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from dedupe import Deduplication, deduplicate, match, read_headlines, read_table
from tests.support.fake_encoder import FakeEncoder

FRAME = pd.DataFrame(
    {
        "title": [
            "Two ferries collide in fog off Port Calder",
            "Ferries collide off Port Calder in fog, 14 hurt",
            "Bakery chain to close 40 shops",
            "TWO FERRIES COLLIDE IN FOG OFF PORT CALDER",
        ],
        "day": pd.to_datetime(["2025-08-16", None, "2025-08-17", "2025-08-16"]),
        "desk": pd.Categorical(["a", "b", "a", None]),
    }
)


def run(rows: Any, **options: Any) -> Deduplication:
    return deduplicate(rows, encoder=FakeEncoder(), **options)


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.set_axis([7, 3, 9, 3]),
        FRAME.set_axis(list("wxyz")).rename_axis("title"),
        FRAME.set_index("desk"),
        FRAME.set_index(["desk", "day"]),
        FRAME.set_index("day").tz_localize("Europe/Berlin"),
        FRAME.iloc[1:],
        FRAME.iloc[::-1],
    ],
)
def test_the_index_comes_back(frame: pd.DataFrame) -> None:
    result = run(frame)
    back = result.to_pandas()
    pd.testing.assert_index_equal(back.index, frame.index, exact="equiv")
    assert list(back.columns) == [*frame.columns, *(name for name in back.columns if name not in frame.columns)]
    assert back["dedupe_story"].tolist() == result.labels("story").tolist()
    assert not any(
        "__index" in str(name) for name in (*back.columns, *result.to_arrow().column_names, *result.rows()[0])
    )


def test_some_rows_of_a_frame_keep_their_index(tmp_path: Path) -> None:
    frame = FRAME.set_axis(list("wxyz"))
    rows = read_table(frame)
    assert run(rows[::-2]).to_pandas().index.tolist() == ["z", "x"]
    assert run([*rows, "Rates rise"]).to_pandas().index.tolist() == [0, 1, 2, 3, 4]
    matches = match(frame, reference=FRAME, encoder=FakeEncoder())
    assert matches.to_pandas().index.tolist() == list("wxyz")
    frame.to_parquet(tmp_path / "news.parquet")
    assert run(read_headlines(tmp_path / "news.parquet").headlines).to_pandas().index.tolist() == list("wxyz")


def test_labels_and_positions_join_back() -> None:
    for frame in (FRAME, FRAME.set_axis(list("wxyz"))):
        result = run(frame)
        stories = frame.assign(story=result.labels("story"))
        assert stories.groupby("story").size().tolist() == [3, 1]
        assert frame.iloc[result.kept()].index.tolist() == frame.index[result.kept()].tolist()
        assert frame.join(result.to_pandas()[["dedupe_story"]])["dedupe_story"].tolist() == [0, 0, 1, 0]
        for level in ("exact", "wording", "story"):
            represented = result.representatives(level)
            assert result.labels(level)[represented].tolist() == list(range(len(represented)))
    table = pl.DataFrame(FRAME)
    result = run(table)
    assert table[result.kept("story").tolist()].height == 2
    assert table.with_columns(story=pl.Series(result.labels("story")))["story"].to_list() == [0, 0, 1, 0]
    assert result.rows()[0]["desk"] == "a"


def test_pairs_are_a_table() -> None:
    titles = [f"Ferry {word} sinks in fog off Port Calder" for word in "red blue green Oslo Bergen".split()]
    corrections = [(titles[0], titles[1], "different"), (titles[2], titles[4], "wording")]
    result = run([*titles, "Bakery closes"], corrections=corrections, reader="off")
    table = result.pairs.to_arrow(reasons=True)
    assert table.column_names[:4] == ["i", "j", "title_a", "title_b"] and table.num_rows == len(result.pairs) > 5
    for row, pair in zip(table.to_pylist(), result.pairs, strict=True):
        assert row.pop("title_a") == titles[pair.i] and row.pop("title_b") == titles[pair.j]
        assert tuple(row.pop("reasons")) == pair.reasons
        assert row == {name: getattr(pair, name) for name in row}
    verdicts = result.pairs.to_pandas().set_index(["i", "j"])["verdict"]
    assert verdicts[0, 1] == "different" and verdicts[2, 4] == "wording"
    stricter = result.regroup(story_threshold=0.99, wording_threshold=0.99).pairs
    assert stricter.verdicts() == [pair.verdict for pair in stricter]


@pytest.mark.parametrize("rows", [[], ["Rates rise"], ["", "\ud800 alone", "\ud800 alone in fog"]])
def test_few_pairs_or_none_are_a_table_too(rows: list[str]) -> None:
    pairs = run(rows).pairs
    assert pairs.to_arrow(reasons=True).num_rows == len(pairs)
    assert pairs.to_pandas().columns.tolist()[-1] == "verdict"
