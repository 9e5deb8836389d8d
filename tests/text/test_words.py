"""The facts of a title."""

from __future__ import annotations

import math

import pytest

from dedupe.text.document_frequencies import document_frequencies
from dedupe.text.stems import stem
from dedupe.text.words import facts, opposite_of


def test_facts():
    mayor = facts("Mayor Anna Berg doesn't resign after 1,200 march; two hurt")
    assert mayor.numbers == {"1200", "2"} and mayor.negated
    assert {stem("berg"), stem("anna")} <= mayor.names
    assert stem("resign") in mayor.stems and "after" not in mayor.stems


@pytest.mark.parametrize(
    ("title", "days", "is_question", "looks_ahead"),
    [
        ("Storm to hit on Tuesday, Feb. 3", {"Tuesday", "February"}, False, False),
        ("Will the Fed cut rates in June?", {"June"}, True, True),
        ("Can you march in June", {"June"}, True, False),
        ("'Are we safe?'", set(), True, False),
        ("Mayor expected to resign", set(), False, True),
    ],
)
def test_days_questions_and_what_lies_ahead(title, days, is_question, looks_ahead):
    stated = facts(title)
    assert (stated.days, stated.is_question, stated.looks_ahead) == (days, is_question, looks_ahead)


def test_names_do_not_depend_on_how_a_title_is_written():
    titles = [
        "Mayor resigns in Peru after deal",
        "Mayor Resigns in Peru After Deal",
        "mayor resigns in peru after deal",
    ]
    assert [facts(title).names for title in titles] == [{"peru"}] * 3
    assert facts("Zyzzogeton wins the race").names == {stem("zyzzogeton")}  # never counted, and capitalised


def test_opposites():
    first, second = facts("Shares rise").opposites, facts("Shares fall").opposites
    assert first & frozenset(map(opposite_of, second)) and not first & second


@pytest.mark.parametrize(
    ("title", "numbers"),
    [("Toll rises to 14", {"14"}), ("$14.99 a month", {"$14.99"}), ("19 wins", {"19"}), ("F16 jet", set())],
)
def test_numbers(title, numbers):
    assert facts(title).numbers == numbers


def test_a_stem_that_was_never_counted_is_the_rarest():
    shipped = document_frequencies()
    assert shipped.idf("zyzzogeton") == shipped.max_idf == pytest.approx(math.log(shipped.documents))
    assert shipped.idf(stem("trump")) < 4
