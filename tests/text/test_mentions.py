"""Mentions, against `str.count`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dedupe.text.mentions import mentions

TEXTS = st.lists(st.text("ab  ß|", max_size=14), max_size=6)
MARKS = st.sets(st.text("ab ß|", min_size=1, max_size=7).map(str.strip).filter(bool), max_size=8)


@given(MARKS, TEXTS, st.sampled_from([0, 50]))
def test_marks_are_counted_as_strings_count(marks, texts, few):
    expected = {mark: sum(text.count(mark) for text in texts) for mark in marks}
    found = mentions(marks, texts, few=few)
    assert {mark: found[mark] for mark in marks} == expected
    assert sum(found.values()) == sum(expected.values()), "nothing else is counted"


def test_mentions_inside_and_across_words():
    texts = ["unhappy apple of the apex", "the fjord radios of fjord radio", "a b a b a", "Fjord radio"]
    found = mentions({"ap", "fjord radio", "a b a", "of"}, texts, few=0)
    assert found == {"ap": 3, "fjord radio": 2, "a b a": 1, "of": 2}
    assert not mentions(set(), texts) and not mentions({"ap"}, [], few=0)


def test_the_work_grows_with_the_texts_alone():
    """Texts are split and counted by words, whatever the number of marks."""

    class Text(str):
        splits = 0

        def split(self, *arguments):
            Text.splits += 1
            return str.split(self, *arguments)

        def count(self, *arguments):
            raise AssertionError("a text was searched for a mark")

    marks = {f"outlet {a}{b}" for a in "abcdefgh" for b in "abcdefgh"} | {
        f"{a}{b}x" for a in "abcdefgh" for b in "abcdefgh"
    }
    found = mentions(marks, [Text(f"ferry {k} sinks outlet ab and cdx") for k in range(50)])
    assert found == {"outlet ab": 50, "cdx": 50} and Text.splits == 50
