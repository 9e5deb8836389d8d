from __future__ import annotations

import numpy as np
import pytest
from dedupe.clustering.crowds import find_crowds

import dedupe
from dedupe.candidates.join import Times
from dedupe.clustering import crowds
from dedupe.scoring.model import load_fallback
from dedupe.scoring.prefilter import notice
from dedupe.scoring.similarity_scale import IDENTITY
from dedupe.scoring.title_features import describe
from tests.support.crowds import crowd_of, other_numbers, same_news


@pytest.fixture
def small(monkeypatch):
    """Crowds of a size that tests can afford."""
    monkeypatch.setattr(crowds, "CROWD", 40)
    monkeypatch.setattr(crowds, "_NEIGHBORS", 3)


def test_a_crowd_that_says_the_same_is_judged_against_its_leader(small):
    titles, vectors = crowd_of(same_news(120))
    result = dedupe.deduplicate(titles, embeddings=vectors)
    assert len(result.pairs) < 120 * 119 // 4
    labels = result.labels("wording")
    assert np.unique(labels[:120]).size == 1 and np.unique(labels[120:]).size == 60
    assert result.labels("exact").tolist() == list(range(180))
    assert result.probabilities[:120].min() > 0.9
    assert "loose-story" not in {caution.code for caution in result.warnings}
    apart = result.regroup(wording_threshold=1, story_threshold=1)
    assert np.unique(apart.labels("wording")).size > 120  # reversible: a threshold above their probability parts them


def test_a_crowd_is_what_comparing_all_would_make_of_it(small, monkeypatch):
    titles, vectors = crowd_of(same_news(120))
    few = dedupe.deduplicate(titles, embeddings=vectors)
    monkeypatch.setattr(crowds, "CROWD", 10_000)
    every = dedupe.deduplicate(titles, embeddings=vectors)
    assert len(every.pairs) == 120 * 119 // 2
    for level in ("wording", "story"):
        assert few.labels(level).tolist() == every.labels(level).tolist()


def test_what_cannot_be_settled_meets_its_neighbours_and_is_reported(small):
    titles, vectors = crowd_of(other_numbers(100))
    result = dedupe.deduplicate(titles, embeddings=vectors)
    found = {caution.code: caution for caution in result.warnings}
    assert set(found["crowded"].positions) <= set(range(100)) and len(found["crowded"].positions) >= 90
    assert "pairs were not judged" in found["crowded"].message
    assert len(result.pairs) <= 100 * 4
    assert len(result) == sum(len(story.headlines) for story in result.stories)


def test_the_order_of_the_input_does_not_matter(small):
    titles, vectors = crowd_of(same_news(70) + other_numbers(70))
    order = np.random.default_rng(1).permutation(len(titles))
    one = dedupe.deduplicate(titles, embeddings=vectors)
    other = dedupe.deduplicate([titles[k] for k in order], embeddings=vectors[order])
    for level in ("wording", "story"):
        a, b = one.labels(level)[order], other.labels(level)
        assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == np.unique(a).size == np.unique(b).size


def test_a_window_is_kept(small):
    titles, vectors = crowd_of(same_news(120))
    rows = [{"title": title, "published": 3600 * k} for k, title in enumerate(titles)]
    result = dedupe.deduplicate(rows, embeddings=vectors, window=30)
    hours = np.arange(len(rows))
    for level in ("wording", "story"):
        labels = result.labels(level)
        assert max(np.ptp(hours[labels == label]) for label in np.unique(labels)) <= 30


def test_crowds_in_numbers(small):
    titles, vectors = crowd_of(same_news(120))
    looks = notice(load_fallback(), describe(titles), vectors, IDENTITY, "wording")
    found = find_crowds(looks, None)
    assert found.weights().max() > 100 and found.weights().sum() == len(titles)
    hours = np.where(np.arange(len(titles)) < 5, np.nan, np.arange(len(titles), dtype=float))
    first, last = found.spans(hours, hours)
    leader = int(found.weights().argmax())
    members = np.flatnonzero(found.stands == leader)
    assert (first[leader], last[leader]) == (np.nanmin(hours[members]), np.nanmax(hours[members]))
    assert find_crowds(looks, Times(hours, hours, 1.0)).weights().max() == 1


def test_few_titles_are_no_crowd():
    titles, vectors = crowd_of(same_news(120))
    found = find_crowds(notice(load_fallback(), describe(titles), vectors, IDENTITY, "wording"), None)
    assert found.outside is None and not len(found.settled) and not found.unmet
