from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedupe.text.normalize import fingerprint, normalize, repair

PIECES = [
    "&",
    "amp;",
    "&#38;",
    "&lt;",
    "#8203;",
    "â€™",
    "Ã©",
    "\u200b",
    "\0",
    "—",
    "--",
    "-",
    " ",
    "ﬁ",
    "´",
    "`",
    "\ud800",
    "a",
    "’",
    "”",
    "–",
]
TITLES = st.one_of(st.text(), st.text(st.characters(categories=None)), st.lists(st.sampled_from(PIECES)).map("".join))


@pytest.mark.parametrize(
    ("title", "normalized"),
    [
        ("Bread &amp;amp; butter &lt;3", "Bread & butter <3"),
        ("R&D and AT&T", "R&D and AT&T"),
        ("Mayorâ€™s cafÃ©", "Mayor's café"),
        ("‘one’ “two” «three»", '\'one\' "two" "three"'),
        ("the council`s plan", "the council's plan"),
        ("o\ufb03ce ｏｐｅｎ cafe\u0301", "office open café"),
        ("Rain — then sun – 10–20 -- maybe", "Rain - then sun - 10-20 - maybe"),
        ("a\0b\u200bc\ufeffd\u202e\x07 \n", "abcd"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("\t two\u00a0 words\r\n", "two words"),
        ("  The mayorâ€™s &amp;ldquo;Big&amp;rdquo;\u200b Day — live ", 'The mayor\'s "Big" Day - live'),
    ],
)
def test_normalize_repairs_characters_and_keeps_case(title, normalized):
    assert normalize(title) == normalized


@pytest.mark.parametrize("empty", ["", " ", "\0", "\u200b\n", "&nbsp;"])
def test_nothing_normalizes_to_nothing(empty):
    assert normalize(empty) == fingerprint(empty) == ""


@given(TITLES)
@example("The mayor’s “big” day—live – at 9 & 10")
def test_a_clean_title_skips_only_repairs_that_change_nothing(title):
    repaired, before = title, None
    while repaired != before:
        before, repaired = repaired, repair(repaired)
    assert normalize(title) == repaired


@given(TITLES)
@example("&amp;amp;amp;lt;")
@example("&am&#8203;p;lt;")
@example("Ã¢â‚¬â„¢")
def test_normalizing_twice_changes_nothing(title):
    once = normalize(title)
    assert normalize(once) == once
    once.encode()


def test_a_title_built_to_unfold_for_ever_still_settles():
    title = "&am&#82" * 60 + "&#8203;" + "03;p;" * 60
    once = normalize(title)
    assert normalize(once) == once


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["a", "&amp;", "Ã© ", " - CNN", "BREAKING: ", "-", "| ", " "])
def test_a_megabyte_has_a_fingerprint(piece):
    assert len(fingerprint(piece * (1_000_000 // len(piece)))) <= 1_000_000


def test_surrogates_and_noncharacters_can_be_written():
    normalize("\ud83d\ude00 \ufffe").encode()


@pytest.mark.parametrize(
    "title",
    [
        "Dam closes after flood - CNN",
        "Dam closes after flood | Reuters",
        "Dam closes after flood — BBC News",
        "Dam closes after flood - The New York Times",
        "Dam closes after flood - Riverside Gazette",
        "Dam closes after flood - cnn.com",
        "Dam closes after flood - CNN - live updates",
        "Dam closes after flood (Live Updates)",
        "Dam closes after flood – Live",
        "Dam closes after flood [Update]",
        "BREAKING: Dam closes after flood",
        "BREAKING NEWS: Dam closes after flood",
        "UPDATE 2-Dam closes after flood",
        "UPDATE: Dam closes after flood",
        "Exclusive | Dam closes after flood",
        "EXCLUSIVE: Dam closes after flood",
        "WATCH: Dam closes after flood",
        "LIVE: Dam closes after flood",
        "WRAPUP 1-Dam closes after flood",
        "REFILE-UPDATE 1-Dam closes after flood",
        "‘Dam’ closes after “flood”.",
        "DAM CLOSES AFTER FLOOD!",
    ],
)
def test_publisher_marks_and_prefixes_leave_the_fingerprint(title):
    assert fingerprint(title) == "dam closes after flood"


@pytest.mark.parametrize(
    "title",
    [
        "ravens - steelers",
        "cuts coming - powell",
        "mayor hits back - truth social post",
        "stocks fall - here is why today",
        "budget agreed - good news",
        "exclusive-use zone opens",
        "well-known tower closes",
        "breaking bad returns",
        "update on the dam is due",
        "- cnn",
        "cnn",
        "breaking:",
        "harbour reopens - time",
    ],
)
def test_words_that_carry_meaning_stay(title):
    assert fingerprint(title) == title.rstrip(":")


@pytest.mark.parametrize(
    ("mark", "source"),
    [
        ("Daily Pebble", "Daily Pebble"),
        ("Daily Pebble", "https://www.daily-pebble.co.uk/"),
        ("Pebble", "pebble.com"),
        ("Pebble Politics", "The Pebble"),
        ("The Pebble", "Pebble News"),
    ],
)
def test_the_mark_of_the_rows_own_source_is_dropped(mark, source):
    assert fingerprint(f"Dam closes - {mark}", source) == "dam closes"
    assert fingerprint(f"Dam closes - {mark}", "Other") == f"dam closes - {mark.casefold()}"


@pytest.mark.parametrize("title", ["!!!", "'", '"', "-", "?"])
def test_punctuation_alone_is_kept(title):
    assert fingerprint(title) == title


def test_numbers_inside_count():
    assert fingerprint("Dam at 9.5 m") != fingerprint("Dam at 95 m")


@given(st.text())
def test_a_fingerprint_ignores_how_the_title_is_written(title):
    assert fingerprint(normalize(title)) == fingerprint(title)
