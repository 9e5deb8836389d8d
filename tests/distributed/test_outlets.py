"""Outlets by shuffles against those of one machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe.distributed.engine import InOrder
from dedupe.distributed.input.outlets import find_outlets, outlets
from dedupe.text.normalize import normalize
from dedupe.text.outlets import Outlets, outlets_of
from tests.distributed.support import EVENTS, ROWS, SOURCES, SPLITS, job_with_rows


def found(rows, split, buckets):
    """What many machines find, and what one finds."""
    with tempfile.TemporaryDirectory() as folder:
        job, headlines = job_with_rows(Path(folder), rows, split, buckets=buckets)
        many = find_outlets(job, InOrder())
        assert outlets(job) == many
    return many, outlets_of([normalize(h.title) for h in headlines], [h.source for h in headlines])


RADIO = {f"{event} | Fjord Radio": None for event in EVENTS[:3]}
BERG = {f"{event} | Anna Berg": None for event in EVENTS[:3]}
ARRESTS = {f"{verb} Anna Berg": None for verb in ("Police arrest", "Court frees", "Voters elect", "Oslo honours")}
OIL = {f"Norsk Oil {verb}": None for verb in ("grows", "shrinks", "hires")}
MARKED = st.sampled_from([*RADIO, *BERG, *ARRESTS, *OIL, "Norsk Oil: profit rises", "norsk oil: rates rise"])


@settings(deadline=None, max_examples=40)
@given(ROWS, st.lists(st.tuples(MARKED, SOURCES), max_size=20), SPLITS, st.sampled_from([1, 4]))
def test_outlets_are_those_of_one_machine(rows, marked, split, buckets):
    many, one = found([*rows, *((title, source, None, None, None) for title, source in marked)], split, buckets)
    assert many == one


@pytest.mark.parametrize("split", [1, 2, 100])
@pytest.mark.parametrize(
    ("titles", "sources", "names"),
    [
        (RADIO | BERG, set(), {"fjord radio", "anna berg"}),
        (RADIO | BERG | ARRESTS, set(), {"fjord radio"}),
        ({"Pebble: Ferry sinks": None, "Rates rise": "pebble.com"}, {"pebble"}, set()),
        (
            {
                "Ferry sinks - Fjord Radio": None,
                "Ferry sinks \u2022 Fjord Radio": None,
                **dict(list(RADIO.items())[:1]),
            },
            set(),
            set(),
        ),
        ({"Norsk Oil: profit rises": None, **OIL}, set(), set()),
        ({"Norsk Oil: profit rises": "Norsk Oil", **OIL}, set(), set()),
        ({"Norsk Oil: profit rises": "Norsk Oil", "Rates rise": "norskoil.com", **OIL}, {"norsk oil"}, set()),
    ],
)
def test_sources_names_and_topics(titles, sources, names, split):
    many, one = found([(title, source, None, None, None) for title, source in titles.items()], split, 3)
    assert many == one == Outlets(frozenset(sources), frozenset(names))
