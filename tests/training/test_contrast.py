"""Contrast titles and events: reading them, their pairs, and which part of them is for what."""

from __future__ import annotations

import re
import zlib
from collections import Counter

import pytest

from dedupe.errors import InputError
from dedupe.training.contrast import Contrast, clean, contrast_part, read_contrasts, read_events
from tests.support.tiny import write


def rows(count=200):
    return [
        {
            "title": f"Ferry {k} sinks",
            "wording": f"Sunk: ferry {k}",
            "story": f"Who sank ferry {k}?",
            "different": f"Dam {k}",
        }
        for k in range(count)
    ]


def test_a_title_is_always_in_the_same_part():
    parts = Counter(contrast_part(row["title"]) for row in rows(3000))
    assert 200 < parts["test"] < 400 and 200 < parts["judge"] < 400
    assert contrast_part("FERRY 7  sinks") == contrast_part("Ferry 7 sinks")
    tenths = {"test": 3, "judge": 7}
    for row in rows(100):
        tenth = zlib.crc32(clean(row["title"]).casefold().encode()) % 10
        assert tenths.get(contrast_part(row["title"]), tenth) == tenth
        assert (contrast_part(row["title"]) == "reader") == (tenth not in (3, 7))


def test_each_two_of_four_titles_are_a_pair():
    assert Contrast("t", "w", "s", "d").companions() == [
        ("t", "w", "wording"),
        ("t", "s", "story"),
        ("t", "d", "different"),
        ("w", "s", "story"),
        ("w", "d", "different"),
        ("s", "d", "different"),
    ]
    assert Contrast("t", "", "s", "").companions() == [("t", "s", "story")]


def test_files_are_read_by_part(tmp_path):
    first, second = write(tmp_path / "a.jsonl.gz", rows()[:100]), write(tmp_path / "b.jsonl", rows()[100:])
    parts = read_contrasts([first, second])
    assert sum(map(len, parts.values())) == 200
    for part, found in parts.items():
        assert {row.title for row in found} == {row["title"] for row in rows() if contrast_part(row["title"]) == part}
    assert read_contrasts([]) == {"test": [], "judge": [], "reader": []}


def test_rows_of_another_split_are_no_events(tmp_path):
    events = [{"title": f"t{k}", "story": str(k // 2), "split": "val" if k > 3 else "train"} for k in range(6)]
    found = read_events(
        [write(tmp_path / "a.jsonl", events), write(tmp_path / "b.jsonl", [{"title": "u", "story": "0"}])]
    )
    assert found.texts == ["t0", "t1", "t2", "t3", "u"]
    assert found.event.tolist() == [0, 0, 1, 1, 2], "stories of two files are two"


def test_files_without_what_is_needed(tmp_path):
    path = write(tmp_path / "titles.jsonl", [{"title": "a"}])
    with pytest.raises(InputError, match=re.escape(str(path)) + ".*without wording, story and different"):
        read_contrasts([path])
    with pytest.raises(InputError, match=re.escape(str(path)) + ".*nothing under 'story'"):
        read_events([path])
