"""The vocabulary of evidence, and how pairs of titles come out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dedupe.evidence import EVIDENCE, describe, evidence
from dedupe.tokens import count_documents, facts, rarity, stem


def test_facts():
    found = facts("Mayor Anna Berg doesn't resign after 1,200 march; two hurt")
    assert found.numbers == {"1200", "2"} and found.negated
    assert {stem("berg"), stem("anna")} <= found.names
    assert stem("resign") in found.stems and "after" not in found.stems


def test_title_case_says_nothing_about_names():
    assert facts("Mayor Resigns After Harbour Deal Collapses").names == frozenset()


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
    found = evidence(describe([a, b], **more), np.array([0]), np.array([1]), np.array([0.5], np.float32))
    return dict(zip(EVIDENCE, found[0].tolist(), strict=True))


def test_evidence_of_a_pair():
    found = pair("Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo")
    assert found["shared"] == pytest.approx(1) and found["numbers_agree"] == 1 and found["numbers_conflict"] == 0
    assert found["undated"] == 1 and found["hours"] == 0
    other = pair("Port 8080 is closed", "Port 8081 is not closed")
    assert other["numbers_conflict"] == 1 and other["negation"] == 1


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
    assert evidence(describe(["a"]), none, none, np.zeros(0)).shape == (0, len(EVIDENCE))
