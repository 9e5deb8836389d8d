"""Outlets that an input makes known, against topics that look alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.text.outlets import Marks, Outlets, outlet_key, outlets_of

EVENTS = ["Dam closes after flood", "Ferry sinks off Oslo", "Mayor resigns over harbour deal", "Rates rise again"]


def found(texts, sources=None):
    return outlets_of(texts, sources or [None] * len(texts))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("The New York Times", "newyorktimes"),
        ("https://www.cnn.com/", "cnn"),
        ("BBC.co.uk", "bbc"),
        ("L'Écho", "lécho"),
    ],
)
def test_spellings_of_a_name_share_a_key(name, key):
    assert outlet_key(name) == key


def test_a_source_is_an_outlet_of_all_rows():
    texts = ["Pebble: Dam closes", "Ferry sinks - Pebble", "Rates rise", "Fjord Radio: mayor resigns"]
    assert found(texts, [None, None, "pebble.com", None]).sources == {"pebble"}


def test_names_behind_three_titles_are_outlets():
    assert found([f"{event} | Fjord Radio" for event in EVENTS]).names == {"fjord radio"}
    assert found([f"{event} - Fjord Radio" for event in EVENTS]).names == {"fjord radio"}
    assert not found([f"{event} | Fjord Radio" for event in EVENTS[:2]]).names
    assert not found([f"{EVENTS[0]} | Fjord Radio"] * 5).names, "copies of one title say nothing"


@pytest.mark.parametrize("topic", ["Ferry War", "Trump", "Dam Live"])
def test_what_stands_before_titles_is_a_topic(topic):
    assert found([f"{topic}: {event}" for event in EVENTS]) == Outlets()


@pytest.mark.parametrize("mark", ["Oslo", "here's why", "Here's Why", "Part 2", "Report", "Fed's Berg", "what we know"])
def test_attributions_and_the_like_are_no_outlets(mark):
    assert found([f"{event} - {mark}" for event in EVENTS]) == Outlets()


def test_what_titles_often_mention_is_a_topic():
    mentions = [
        f"{verb} Anna Berg" for verb in "Police arrest,Court frees,Voters elect,Paper quotes,Oslo honours".split(",")
    ]
    texts = [f"{event} | Anna Berg" for event in EVENTS]
    assert found(texts).names == {"anna berg"}
    assert found(texts + mentions) == Outlets()
    about = [f"Norsk Oil {verb}" for verb in "grows,shrinks,sells its fields,hires".split(",")]
    assert found(["Norsk Oil: profit rises", *about], ["Norsk Oil", *[None] * 4]) == Outlets()


@given(st.permutations([*(f"{event} | Fjord Radio" for event in EVENTS), "Pebble: Dam opens", "Dam opens - Pebble"]))
def test_the_order_of_rows_does_not_matter(texts):
    sources = ["Pebble" if text.startswith("Pebble") else None for text in texts]
    assert outlets_of(texts, sources) == (frozenset({"pebble"}), frozenset({"fjord radio"}))


MARKS = [" - Fjord Radio", " | Pebble Post", " | Fjord Radio", " | 3 things", ""]
TITLES = [event + mark for event in [*EVENTS, "Pebble: dam closes", "Fjord Radio buys Pebble Post"] for mark in MARKS]


@given(
    st.lists(st.sets(st.sampled_from(TITLES)), min_size=1, max_size=5), st.lists(st.sampled_from(["Pebble", "x", None]))
)
def test_outlets_as_titles_come_and_go_are_those_of_the_last_ones(inputs, sources):
    marks = Marks()
    for texts in inputs:
        marks.update(texts)
        assert marks.outlets(sources) == outlets_of(sorted(texts), sources)
