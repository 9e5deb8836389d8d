"""Features of pairs of real-looking titles; `test_pair_features.py` has the oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.title_features import describe_titles


def pair(a, b, **more):
    half = np.array([0.5], np.float32)
    values = pair_features(describe_titles([a, b], **more), np.array([0]), np.array([1]), half, half)
    return dict(zip(FEATURES, values[0].tolist(), strict=True))


def test_titles_that_say_the_same():
    ferry = pair("Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo")
    assert ferry["shared"] == pytest.approx(1) and ferry["numbers_agree"] == 1 and ferry["numbers_conflict"] == 0
    assert ferry["undated"] == 1 and ferry["hours"] == 0


def test_titles_that_differ():
    port = pair("Port 8080 is closed", "Port 8081 is not closed")
    assert port["numbers_conflict"] == 1 and port["negation"] == 1
    numbers = pair("Winning numbers for Friday, says Anna Berg", "Winning numbers for Monday, says Carl Holm")
    assert numbers["days_conflict"] == 1 and numbers["days_agree"] == 0
    assert numbers["names_conflict"] > 0 and numbers["conflict"] > 0
    assert pair("Pick 4 for October 21", "Pick 4 for October 28")["counters_conflict"] == 1
    hints = pair("Tidegram hints for Monday, July 14", "Tidegram hints for Tuesday, July 15")
    assert hints["counters_conflict"] == hints["days_conflict"] == 1
    assert pair("Shares rise in Oslo", "Oslo shares fall")["opposed"] == 1
    assert pair("Shares rise in Oslo", "Oslo shares rise")["opposed"] == 0


def test_a_title_that_only_says_more_does_not_conflict():
    raised = pair("Ferry sinks off Oslo", "Will the ferry that sinks off Oslo at 3 be raised?")
    assert raised["conflict"] == raised["names_conflict"] == 0
    assert raised["question"] == raised["ahead"] == raised["numbers_lone"] == 1


def test_features_are_symmetric_and_use_time_and_source():
    first, second = "Mayor resigns over harbour deal", "Harbour scandal: Anna Berg steps down after 12 years"
    times, sources = np.array([0.0, 5.0]), ["A", "a"]
    forth = pair(first, second, first=times, last=times, sources=sources)
    assert forth == pytest.approx(pair(second, first, first=times, last=times, sources=sources))
    assert forth["hours"] == pytest.approx(math.log1p(5)) and forth["same_source"] == 1
