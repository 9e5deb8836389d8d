from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedupe.text import normalize as text

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
STEPS = [
    text.unescape_entities,
    text.repair_mojibake,
    text.straighten_quotes,
    text.compose,
    text.drop_invisible,
    text.unify_dashes,
    lambda title: " ".join(title.split()),
]
TITLES = st.one_of(st.text(), st.text(st.characters(categories=None)), st.lists(st.sampled_from(PIECES)).map("".join))


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (text.unescape_entities, "Bread &amp;amp; butter &lt;3", "Bread & butter <3"),
        (text.unescape_entities, "R&D and AT&T", "R&D and AT&T"),
        (text.repair_mojibake, "Mayorâ€™s cafÃ©", "Mayor’s café"),
        (text.straighten_quotes, "‘one’ “two” «three»", '\'one\' "two" "three"'),
        (text.straighten_quotes, "the council`s plan", "the council's plan"),
        (text.compose, "o\ufb03ce ｏｐｅｎ cafe\u0301", "office open café"),
        (text.unify_dashes, "Rain — then sun – 10–20 -- maybe", "Rain  -  then sun - 10-20  -  maybe"),
        (text.drop_invisible, "a\0b\u200bc\ufeffd\u202e\x07 \n", "abcd \n"),
        (text.drop_invisible, "lone \ud800 surrogate", "lone  surrogate"),
        (text.fold_space, "\t two\u00a0 words\r\n", "two words"),
    ],
)
def test_each_step(step, before, after):
    assert step(before) == after


def test_normalize_takes_all_steps_and_keeps_case():
    assert (
        text.normalize("  The mayorâ€™s &amp;ldquo;Big&amp;rdquo;\u200b Day — live ") == 'The mayor\'s "Big" Day - live'
    )


@pytest.mark.parametrize("empty", ["", " ", "\0", "\u200b\n", "&nbsp;"])
def test_nothing_normalizes_to_nothing(empty):
    assert text.normalize(empty) == text.fingerprint(empty) == ""


@given(TITLES)
@example("The mayor’s “big” day—live – at 9 & 10")
def test_a_plain_title_skips_only_steps_that_change_nothing(title):
    cleaned, before = title, None
    while cleaned != before:
        before = cleaned
        for step in STEPS:
            cleaned = step(cleaned)
    assert text.normalize(title) == cleaned


@given(TITLES)
@example("&amp;amp;amp;lt;")
@example("&am&#8203;p;lt;")
@example("Ã¢â‚¬â„¢")
def test_normalizing_twice_changes_nothing(title):
    once = text.normalize(title)
    assert text.normalize(once) == once
    once.encode()


def test_a_title_built_to_unfold_for_ever_still_settles():
    title = "&am&#82" * 60 + "&#8203;" + "03;p;" * 60
    once = text.normalize(title)
    assert text.normalize(once) == once


@pytest.mark.parametrize("piece", ["a", "&amp;", "Ã© ", " - CNN", "BREAKING: ", "-", "| ", " "])
def test_a_megabyte_is_no_trouble(piece):
    began = perf_counter()
    text.fingerprint(piece * (1_000_000 // len(piece)))
    assert perf_counter() - began < 10


def test_surrogates_and_noncharacters_can_be_written():
    text.normalize("\ud83d\ude00 \ufffe").encode()


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
def test_marks_go_from_the_fingerprint(title):
    assert text.fingerprint(title) == "dam closes after flood"


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
def test_what_tells_something_stays(title):
    assert text.fingerprint(title) == title.rstrip(":")


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
def test_the_rows_own_source_goes(mark, source):
    assert text.fingerprint(f"Dam closes - {mark}", source) == "dam closes"
    assert text.fingerprint(f"Dam closes - {mark}", "Other") == f"dam closes - {mark.casefold()}"


@pytest.mark.parametrize("title", ["!!!", "'", '"', "-", "?"])
def test_punctuation_alone_is_kept(title):
    assert text.fingerprint(title) == title


def test_numbers_inside_count():
    assert text.fingerprint("Dam at 9.5 m") != text.fingerprint("Dam at 95 m")


@given(st.text())
def test_a_fingerprint_ignores_how_the_title_is_written(title):
    assert text.fingerprint(text.normalize(title)) == text.fingerprint(title)
