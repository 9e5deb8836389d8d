"""The vocabulary of evidence, and how pairs of titles come out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dedupe.scoring.pair_features import EVIDENCE, evidence
from dedupe.scoring.title_features import describe
from dedupe.text.words import count_documents, facts, names_as_written, other_side, rarity, stem


def test_facts():
    found = facts("Mayor Anna Berg doesn't resign after 1,200 march; two hurt")
    assert found.numbers == {"1200", "2"} and found.negated
    assert {stem("berg"), stem("anna")} <= found.names
    assert stem("resign") in found.stems and "after" not in found.stems


@pytest.mark.parametrize(
    ("title", "days", "asks", "foresees"),
    [
        ("Storm to hit on Tuesday, Feb. 3", {"Tuesday", "February"}, False, False),
        ("Will the Fed cut rates in June?", {"June"}, True, True),
        ("Can you march in June", {"June"}, True, False),
        ("'Are we safe?'", set(), True, False),
        ("Mayor expected to resign", set(), False, True),
    ],
)
def test_days_questions_and_what_lies_ahead(title, days, asks, foresees):
    found = facts(title)
    assert (found.days, found.asks, found.foresees) == (days, asks, foresees)


def test_names_do_not_depend_on_how_a_title_is_written():
    titles = [
        "Mayor resigns in Peru after deal",
        "Mayor Resigns in Peru After Deal",
        "mayor resigns in peru after deal",
    ]
    assert [facts(title).names for title in titles] == [{"peru"}] * 3
    assert facts("Zyzzogeton wins the race").names == {stem("zyzzogeton")}  # never counted, and capitalised


def test_names_are_learned_from_sentences_alone():
    style, plain, sentence = "Rates Rise in Oslo Harbour", "rates rise in oslo", "Rates rise in Oslo harbour"
    assert names_as_written(style) == names_as_written(plain) == (set(), set())
    assert names_as_written(sentence) == ({"oslo"}, {"rise", stem("harbour")})
    assert count_documents([style, plain, sentence], least=1).capitalised == {"oslo": 1, "rise": 0, stem("harbour"): 0}


def test_opposites():
    one, other = facts("Shares rise").sides, facts("Shares fall").sides
    assert one & frozenset(map(other_side, other)) and not one & other
    assert pair("Shares rise in Oslo", "Oslo shares fall")["opposed"] == 1
    assert pair("Shares rise in Oslo", "Oslo shares rise")["opposed"] == 0


@pytest.mark.parametrize(
    ("title", "numbers"),
    [("Toll rises to 14", {"14"}), ("$14.99 a month", {"14.99"}), ("19th win", {"19"}), ("F16 jet", set())],
)
def test_numbers(title, numbers):
    assert facts(title).numbers == numbers


def test_rarity_counts_documents():
    counted = count_documents(["rates rise", "rates fall", "rain"], least=1)
    assert counted.documents == 3 and counted.counts[stem("rates")] == 2
    assert rarity().idf("zyzzogeton") == pytest.approx(math.log(rarity().documents)) and rarity().idf(stem("trump")) < 4


def pair(a, b, **more):
    half = np.array([0.5], np.float32)
    found = evidence(describe([a, b], **more), np.array([0]), np.array([1]), half, half)
    return dict(zip(EVIDENCE, found[0].tolist(), strict=True))


def test_evidence_of_a_pair():
    found = pair("Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo")
    assert found["shared"] == pytest.approx(1) and found["numbers_agree"] == 1 and found["numbers_conflict"] == 0
    assert found["undated"] == 1 and found["hours"] == 0
    other = pair("Port 8080 is closed", "Port 8081 is not closed")
    assert other["numbers_conflict"] == 1 and other["negation"] == 1


def test_evidence_of_what_differs():
    found = pair("Winning numbers for Friday, says Anna Berg", "Winning numbers for Monday, says Carl Holm")
    assert found["days_conflict"] == 1 and found["days_agree"] == 0 and found["names_conflict"] > 0
    assert found["conflict"] > 0
    more = pair("Ferry sinks off Oslo", "Will the ferry that sinks off Oslo at 3 be raised?")
    assert more["conflict"] == more["names_conflict"] == 0  # only one of them says more
    assert pair("Pick 4 for October 21", "Pick 4 for October 28")["numbers_differ"] == 1
    assert more["question"] == more["ahead"] == more["numbers_lone"] == 1


def test_evidence_is_symmetric_and_uses_time_and_source():
    one, two = "Mayor resigns over harbour deal", "Harbour scandal: Anna Berg steps down after 12 years"
    times, sources = np.array([0.0, 5.0]), ["A", "a"]
    forth, back = (
        pair(one, two, first=times, last=times, sources=sources),
        pair(two, one, first=times, last=times, sources=sources),
    )
    assert forth == pytest.approx(back)
    assert forth["hours"] == pytest.approx(math.log1p(5)) and forth["same_source"] == 1


def test_evidence_of_no_pairs():
    none = np.zeros(0, np.int64)
    assert evidence(describe(["a"]), none, none, np.zeros(0), np.zeros(0)).shape == (0, len(EVIDENCE))
