"""Titles that look alike and must stay apart, and as many true rewordings: written by hand, never used for fitting."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dedupe import Headline, compare
from dedupe.levels import SEPARATING_VERDICTS

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "fixtures" / "near_misses.jsonl").read_text(encoding="utf-8").splitlines()
]
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
AIM = 0.85  # on both sides
REACHED = 0.6  # of the near-misses, with room for another machine's rounding: what must not get worse


@pytest.fixture(scope="module")
def verdicts():
    """The closest level of each pair at the default thresholds."""
    later = [BEGAN + timedelta(hours=row["hours"]) for row in ROWS]
    return [
        compare(Headline(row["a"], published=BEGAN), Headline(row["b"], published=then)).verdict
        for row, then in zip(ROWS, later, strict=True)
    ]


def test_the_set_has_as_many_pairs_of_each_kind():
    kinds = Counter((row["kind"], row["apart"] is None) for row in ROWS)
    assert len(kinds) == 24 and set(kinds.values()) == {11}
    assert {row["apart"] for row in ROWS} == {None, "wording", "story"}
    titles = [row[side] for row in ROWS for side in "ab"]
    assert len(set(titles)) == len(titles)


def wrongly_joined(verdicts):
    return [
        f"{row['kind']}: {row['a']} | {row['b']}"
        for row, verdict in zip(ROWS, verdicts, strict=True)
        if row["apart"] and verdict not in SEPARATING_VERDICTS[row["apart"]]
    ]


@pytest.mark.slow
def test_near_misses_do_not_get_worse(verdicts):
    wrong = wrongly_joined(verdicts)
    assert len(wrong) <= (1 - REACHED) * sum(row["apart"] is not None for row in ROWS), "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.xfail(reason="names and numbers that differ inside otherwise equal titles are still joined", strict=True)
def test_near_misses_stay_apart(verdicts):
    assert len(wrongly_joined(verdicts)) <= (1 - AIM) * sum(row["apart"] is not None for row in ROWS)


@pytest.mark.slow
def test_rewordings_come_together(verdicts):
    wrong = [
        f"{row['kind']}: {row['a']} | {row['b']}"
        for row, verdict in zip(ROWS, verdicts, strict=True)
        if row["apart"] is None and verdict not in ("wording", "exact")
    ]
    assert len(wrong) <= (1 - AIM) * sum(row["apart"] is None for row in ROWS), "\n".join(wrong)
