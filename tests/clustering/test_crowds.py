"""Crowds of near-copies and dense crowds, against comparing each with each."""

from __future__ import annotations

from functools import partial
from random import Random

import numpy as np
import pytest

from dedupe import Headline, deduplicate, load_encoder
from dedupe.candidates.pairs import PairTable
from dedupe.clustering.collapse import collapse_copies
from dedupe.clustering.constraints import constraints_of
from dedupe.clustering.crowds import Crowds, CrowdSettings, collapse_crowds
from dedupe.clustering.linkage import link
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.progress import silent
from dedupe.scoring.context import Matrices
from dedupe.scoring.model import load_fallback
from dedupe.scoring.scorer import Scorer
from dedupe.scoring.similarity_scale import IDENTITY
from dedupe.scoring.title_features import describe_titles
from tests.support.crowds import crowd_of, few_words, near, other_numbers, same_news

SMALL = CrowdSettings(size=40)
WIDE = 0.8  # cosine to the middle of a dense crowd: too far apart for near-copies


class Run:
    """The steps of a run from its copies to its trees, with crowds of a size that tests can afford."""

    def __init__(self, titles, vectors, *, hours=None, window=None, exempt=(), settings=SMALL):
        dates = [hour and hour * 3600 for hour in hours or [None] * len(titles)]
        rows = [Headline(title, published=date) for title, date in zip(titles, dates, strict=True)]
        copies = collapse_copies(rows, window)
        self.copies, nodes = copies.nodes, copies.nodes
        texts = [copies.texts[row] for row in nodes.text_row.tolist()]
        described = describe_titles(texts, nodes.first, nodes.last)
        scorer = self.scorer = Scorer.of(load_fallback(), described, vectors[nodes.title_row], IDENTITY, "story")
        crowds = collapse_crowds(nodes, scorer, window, nodes.of_row[np.array(exempt, np.int64)], settings)
        self.nodes, self.crowds = crowds.nodes, crowds
        self.join = crowds.scorer.candidates(self.nodes.band(window), crowds.sparse)
        self.pairs, *_ = crowds.scorer.score(self.join, silent)
        none = constraints_of([], copies)
        self.trees = link(self.pairs, self.nodes, none, SCORED_LEVELS, window, load_fallback().floor, silent)

    def labels(self, level, threshold=0.5):
        return self.trees[level].cut(threshold)[self.nodes.of_row]


def same_partition(first, second):
    return (
        len(set(zip(first.tolist(), second.tolist(), strict=True))) == len({*first.tolist()}) == len({*second.tolist()})
    )


@pytest.fixture(scope="module")
def storm():
    return crowd_of(same_news(120))


def test_a_crowd_that_says_the_same_is_one_node(storm):
    run = Run(*storm)
    assert np.unique(run.nodes.of_row[:120]).size == 1 and np.unique(run.nodes.of_row[120:]).size == 60
    assert run.nodes.exact_of_row.tolist() == run.copies.exact_of_row.tolist(), "exact groups stay what they were"
    leader = run.nodes.of_row[0]
    assert run.nodes.weight[leader] == 120 and run.nodes.weight.sum() == 180
    assert len(run.crowds.scorer.vectors) == len(run.crowds.scorer.titles.texts) == len(run.nodes) == 61
    assert run.crowds.absorbed.sum() == 119 and run.crowds.absorbed[:120].sum() == 119
    assert not run.crowds.sparse and not run.join.skipped
    storm_row = run.nodes.title_row[leader]
    assert storm_row < 120 and not run.crowds.absorbed[storm_row]
    np.testing.assert_array_equal(run.crowds.scorer.vectors[leader], storm[1][storm_row])


def test_a_crowd_is_what_comparing_all_would_make_of_it(storm):
    few, every = Run(*storm), Run(*storm, settings=CrowdSettings(size=10_000))
    assert len(every.pairs) - len(few.pairs) == 120 * 119 // 2
    for level in SCORED_LEVELS:
        assert same_partition(few.labels(level), every.labels(level))


def test_members_that_are_not_sure_stay_nodes():
    run = Run(*crowd_of(same_news(80) + other_numbers(30)))
    of = run.nodes.of_row
    assert np.unique(of[:80]).size == 1 and np.unique(of[80:]).size == 90
    assert not run.crowds.sparse, "enough of them are one node, so the others are compared as all are"


def test_a_crowd_that_cannot_be_settled_is_compared_with_its_neighbors():
    run = Run(*crowd_of(other_numbers(100)))
    (group,) = run.crowds.sparse
    assert (np.diff(group) > 0).all() and len(group) >= 90
    assert set(np.flatnonzero(np.isin(run.nodes.of_row, group)).tolist()) <= set(range(100))
    inside = [np.isin(side, group) for side in (run.pairs.i, run.pairs.j)]
    places = np.searchsorted(group, np.stack([run.pairs.i, run.pairs.j])[:, inside[0]])
    assert (inside[0] == inside[1]).all() and 0 < (places[1] - places[0]).max() <= 20
    n = len(group)
    assert run.join.skipped == n * (n - 1) // 2 - sum(n - gap for gap in range(1, 21))


def test_exempt_nodes_stay_as_they_are(storm):
    plain, run = Run(*storm), Run(*storm, exempt=[3, 40])
    assert plain.nodes.of_row[3] == plain.nodes.of_row[40]
    of = run.nodes.of_row
    assert len({of[3], of[40], of[50]}) == 3 and len(run.nodes) == 63
    exempt = [np.flatnonzero(of == of[row]).tolist() for row in (3, 40)]
    assert exempt == [[3], [40]]


def test_members_lie_in_the_window_of_their_leader(storm):
    titles, vectors = storm
    hours = [None if k < 5 else 490_000.0 + k for k in range(1, 181)]
    run = Run(titles, vectors, hours=hours, window=60)
    for node in range(len(run.nodes)):
        dated = [hours[row] for row in np.flatnonzero(run.nodes.of_row == node).tolist() if hours[row]]
        span = (min(dated), max(dated)) if dated else (np.nan, np.nan)
        assert np.array_equal((run.nodes.first[node], run.nodes.last[node]), span, equal_nan=True)
        assert not dated or span[1] - span[0] <= 60
    assert run.nodes.weight.max() > 20
    assert Run(titles, vectors, hours=hours, window=1.0).nodes.weight.max() == 1


def test_few_titles_are_no_crowd(storm):
    titles, vectors = storm
    run = Run(titles, vectors, settings=CrowdSettings())
    assert run.nodes is run.copies and not run.crowds.sparse and not run.crowds.absorbed.any()
    assert len(run.crowds.absorbed) == len(titles)


def cautions(result):
    return {caution.code: caution for caution in result.warnings}


def test_a_run_over_a_crowd_that_says_the_same():
    titles, vectors = crowd_of(same_news(1100), others=700)
    result = deduplicate(titles, embeddings=vectors, reader="off")
    labels = result.labels("wording")
    assert np.unique(labels[:1100]).size == 1 and np.unique(labels[1100:]).size == 700
    assert result.labels("exact").tolist() == list(range(1800))
    assert len(result.nodes) == 701 and (result.probabilities[:1100] == 1).all()
    strict = result.regroup(wording_threshold=1, story_threshold=1)
    assert strict.labels("wording").tolist() == labels.tolist(), "no threshold parts a node"
    crowd = cautions(result)["collapsed"]
    assert len(crowd.positions) == 1099 and max(crowd.positions) < 1100
    assert "in one wording at every threshold" in crowd.message and "1,099 rows" in crowd.message
    assert [result.flags()[row] for row in crowd.positions[:2]] == ["collapsed,large-story"] * 2
    assert not {"sparse", "loose-story"} & cautions(result).keys()
    assert result.stories[0].cohesion == 1 and len(result.stories[0]) == 1100


def test_a_run_over_a_crowd_that_cannot_be_settled():
    titles, vectors = crowd_of(other_numbers(1100), others=100)
    result = deduplicate(titles, embeddings=vectors, reader="off")
    crowded = cautions(result)["sparse"]
    assert set(crowded.positions) <= set(range(1100)) and len(crowded.positions) >= 990
    n = len(crowded.positions)
    skipped = n * (n - 1) // 2 - sum(n - gap for gap in range(1, 21))
    assert f"{skipped:,} pairs not scored" in crowded.message
    assert 0 < len(result.pairs) <= 1100 * 20
    assert sum(map(len, result.stories)) == len(result) == 1200
    assert result.flags()[crowded.positions[0]].split(",")[0] == "sparse"


def test_a_correction_takes_members_out_of_a_crowd():
    titles, vectors = crowd_of(same_news(1100), others=700)
    corrections = [(titles[3], titles[40], "different"), (titles[5], titles[1200], "story")]
    result = deduplicate(titles, embeddings=vectors, corrections=corrections, reader="off")
    for threshold in (0.05, 0.5, 1.0):
        labels = result.regroup(story_threshold=threshold).labels("story")
        assert labels[3] != labels[40] and labels[5] == labels[1200]
    assert not {3, 5, 40} & set(cautions(result)["collapsed"].positions)


@pytest.mark.slow
def test_the_order_of_the_input_does_not_matter():
    titles, vectors = crowd_of(same_news(1100) + other_numbers(1100), others=700)
    order = np.random.default_rng(1).permutation(len(titles))
    result = deduplicate(titles, embeddings=vectors, reader="off")
    shuffled = deduplicate([titles[k] for k in order], embeddings=vectors[order], reader="off")
    for level in ("exact", *SCORED_LEVELS):
        assert same_partition(result.labels(level)[order], shuffled.labels(level))
    for code in ("collapsed", "sparse"):
        rows = [titles[order[k]] for k in cautions(shuffled)[code].positions]
        assert sorted(rows) == sorted(titles[k] for k in cautions(result)[code].positions)


def test_a_run_over_a_crowd_keeps_its_window():
    titles, vectors = crowd_of(same_news(1500), others=700)
    hours = np.arange(len(titles)) / 50
    rows = [
        {"title": title, "published": 1.75e9 + 3600 * hour} for title, hour in zip(titles, hours.tolist(), strict=True)
    ]
    result = deduplicate(rows, embeddings=vectors, window=24, reader="off")
    assert len(cautions(result)["collapsed"].positions) >= 1000
    for level in ("exact", *SCORED_LEVELS):
        labels = result.labels(level)
        first, last = np.full(labels.max() + 1, np.inf), np.full(labels.max() + 1, -np.inf)
        np.minimum.at(first, labels, hours)
        np.maximum.at(last, labels, hours)
        assert (last - first).max() <= 24


@pytest.fixture(scope="module")
def dense():
    return crowd_of(few_words(120), cosine=WIDE)


def test_a_dense_crowd_is_compared_with_its_neighbors(dense):
    run, every = Run(*dense), Run(*dense, settings=CrowdSettings(size=10_000))
    (group,) = run.crowds.sparse
    n = len(group)
    assert np.isin(run.nodes.of_row[:120], group).sum() >= 115 and n <= 122
    assert not run.crowds.absorbed.any(), "they are not copies"
    assert run.join.skipped == n * (n - 1) // 2 - sum(n - gap for gap in range(1, 21))
    assert len(every.pairs) > 120 * 119 // 2 * 0.9, "nearly every pair would be kept"
    kept = {(i, j): p for i, j, p in zip(every.pairs.i, every.pairs.j, every.pairs.p_pair_story, strict=True)}
    for i, j, p in zip(run.pairs.i, run.pairs.j, run.pairs.p_pair_story, strict=True):
        assert kept[i, j] == p, "pairs that are compared are compared as ever"


def test_the_pairs_of_a_dense_crowd_grow_with_its_titles():
    pairs = [len(Run(*crowd_of(few_words(n), cosine=WIDE)).pairs) for n in (60, 120, 240)]
    assert pairs[1] <= 2.4 * pairs[0] and pairs[2] <= 2.4 * pairs[1]


def test_a_smaller_dense_crowd_is_compared_each_with_each(dense):
    few, every = Run(*dense, settings=CrowdSettings(size=121)), Run(*dense, settings=CrowdSettings(size=10_000))
    assert not few.crowds.sparse and not few.join.skipped
    np.testing.assert_array_equal(few.pairs.p_story, every.pairs.p_story)
    np.testing.assert_array_equal(few.pairs.context, every.pairs.context)


def test_titles_beside_a_dense_crowd_stay_out_of_it(dense):
    """The middle of the crowd is near all of it, the others are near the middle only."""
    titles, vectors = dense
    middle = vectors[:120].mean(axis=0)
    middle /= np.linalg.norm(middle)
    beside = near(np.random.default_rng(5), middle, 60, 0.38)
    run = Run([*titles, few_words(121)[120]], np.concatenate([vectors[:120], beside, middle[None]]).astype(np.float32))
    (group,), of = run.crowds.sparse, run.nodes.of_row
    pairs = PairTable.of(of[120:180], np.full(60, of[180]))
    partners = run.scorer.keeps(run.scorer.pair_probabilities(pairs, min_probability=0))
    assert partners.sum() >= 30
    assert np.isin(of[:120], group).sum() >= 115 and np.isin(of[120:180], group).sum() <= 2


def test_members_of_a_dense_crowd_lie_in_the_window_of_its_leader(dense):
    titles, vectors = dense
    hours = [490_000.0 + k for k in range(1, 181)]
    run = Run(titles, vectors, hours=hours, window=60)
    assert run.crowds.sparse
    for group in run.crowds.sparse:
        first, last = run.nodes.first[group], run.nodes.last[group]
        assert len(group) >= 40 and last.max() - first.min() <= 60
    assert not Run(titles, vectors, hours=hours, window=30).crowds.sparse


def test_exempt_nodes_are_no_members_of_a_dense_crowd(dense):
    run = Run(*dense, exempt=[3, 40])
    assert not np.isin(run.nodes.of_row[[3, 40]], run.crowds.sparse[0]).any() and len(run.crowds.sparse[0]) == 118


def test_partners_of_a_leader_are_counted_as_one_by_one():
    """Of so few nodes all are scored, so the estimates are exact."""
    titles, vectors = crowd_of(few_words(40), others=20, cosine=0.68)
    run = Run(titles, vectors, settings=CrowdSettings(size=10_000))
    i, j = np.triu_indices(len(run.nodes), 1)
    scored = run.scorer.pair_probabilities(PairTable.of(i, j), min_probability=0)
    near, probable = (scored.similarity >= 0.35), scored.p_pair_story >= 0.02
    partners = np.zeros((len(run.nodes),) * 2, bool)
    partners[i, j] = partners[j, i] = near & probable
    count = partners.sum(axis=0)
    for size, share in ((5, 0.9), (20, 0.5), (20, 0.99), (38, 0.0)):
        settings = CrowdSettings(size=size, dense=share)
        crowds = Crowds(run.scorer, None, np.empty(0, np.int64), settings)
        leaders = crowds.dense_leaders()
        assert [count[leader] for leader in leaders] == sorted(count[leaders], reverse=True)
        assert set(leaders) <= set(np.flatnonzero(count > size).tolist())
        for leader in leaders:
            of = np.flatnonzero(partners[leader])
            assert partners[np.ix_(of, of)].sum() / (len(of) * (len(of) - 1)) >= share - 0.15, "a sample of the pairs"
    assert leaders == sorted(np.flatnonzero(count > 38).tolist(), key=lambda k: (-count[k], k)) != []


def test_many_partners_are_no_crowd_unless_they_are_partners_of_each_other():
    """A node near all others, which are not near each other: as many pairs as nodes."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(128, 128)))[0]
    star = 0.5 * basis[0] + np.sqrt(0.75) * basis[1:101]
    vectors = np.concatenate([basis[:1], star]).astype(np.float32)
    run = Run(few_words(101), vectors, settings=CrowdSettings(size=40, most=60))
    assert not run.crowds.sparse and not run.join.skipped and len(run.join.piece(0)) == 100


def test_a_crowd_of_very_many_pairs_may_have_any_share():
    titles, vectors = crowd_of(few_words(120), cosine=0.62)
    every = CrowdSettings(size=40, dense=1.1, most=10_000)
    assert not Run(titles, vectors, settings=every).crowds.sparse
    (group,) = Run(titles, vectors, settings=CrowdSettings(size=40, dense=1.1, most=50)).crowds.sparse
    assert 80 < len(group) <= 120


@pytest.mark.slow
def test_a_run_over_a_dense_crowd():
    """Titles of nine of the same sixteen words, as the bundled model sees them."""
    words = "storm ferry mayor bridge school union court museum strike budget river police market harbor senate winter"
    chance, encoder = Random(0), load_encoder()
    titles = list(dict.fromkeys(" ".join(chance.sample(words.split(), 9)) for _ in range(1100)))
    vectors, n = encoder.encode(titles), len(titles)
    result = deduplicate(titles, embeddings=vectors, encoder=encoder, reader="off")
    caution = cautions(result)["sparse"]
    assert len(caution.positions) >= 0.99 * n and "alphabetical neighbours" in caution.message
    assert result.pairs_read.scored <= 20 * n + 0.01 * n**2
    order = np.random.default_rng(1).permutation(n)
    titles = [titles[k] for k in order]
    shuffled = deduplicate(titles, embeddings=vectors[order], encoder=encoder, reader="off")
    for level in SCORED_LEVELS:
        assert same_partition(result.labels(level)[order], shuffled.labels(level))


def test_context_that_is_estimated_is_reported(monkeypatch):
    titles, vectors = crowd_of(few_words(80), others=20, cosine=WIDE)
    assert "sampled" not in cautions(deduplicate(titles, embeddings=vectors, reader="off"))
    monkeypatch.setattr("dedupe.scoring.context.Matrices", partial(Matrices, dense_pairs=10, dense_nodes=40))
    result = deduplicate(titles, embeddings=vectors, reader="off")
    sampled = cautions(result)["sampled"]
    assert set(sampled.positions) == set(range(80)) and "80 rows" in sampled.message
    assert result.flags()[0].split(",")[0] == "sampled"
