"""The scorer against all features of all pairs, and that it does not matter how its work is cut up."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.special import logit

from dedupe.candidates.join import Join
from dedupe.candidates.pairs import PairTable, concatenate
from dedupe.candidates.products import cosines
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.progress import silent
from dedupe.scoring.context import CONTEXT_FEATURES, Context
from dedupe.scoring.minimal_pairs import difference_log_odds, with_difference
from dedupe.scoring.model import context_terms, crowdedness, load_fallback, read_terms, sigmoid
from dedupe.scoring.pair_features import pair_features
from dedupe.scoring.reader import reader_of
from dedupe.scoring.scorer import MIN_CONTEXT, Scorer
from dedupe.scoring.similarity_scale import IDENTITY, Scale
from dedupe.scoring.title_features import describe_titles
from tests.support.fake_encoder import WIDTH, FakeEncoder

TITLES = [
    title.format(place)
    for place in ("Oslo", "Bergen", "Rotterdam", "Lisbon")
    for title in (
        "Ferry sinks off {}, 3 dead",
        "Three dead as ferry sinks off {}",
        "Bank of {} raises rates to 4.5%",
        "Rates raised to 4.5% by bank of {}",
        "Will {} raise rates on Monday?",
        "Storm closes port of {} on Friday",
        "Mayor of {} wins vote",
    )
]
HEAD = (np.eye(WIDTH) + np.random.default_rng(0).normal(scale=0.02, size=(WIDTH, WIDTH))).astype(np.float32)


def unit_rows(titles):
    rows = FakeEncoder().encode(titles)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def scorer_of(level="story", head=None, scale=IDENTITY, reading="off"):
    hours = np.arange(len(TITLES), dtype=float)
    titles = describe_titles(TITLES, hours, hours)
    return Scorer.of(
        replace(load_fallback(), head=head), titles, unit_rows(TITLES), scale, level, FakeEncoder(), reading
    )


def every_pair():
    return PairTable.of(*np.triu_indices(len(TITLES), 1))


def probabilities(scorer, pairs):
    """All features of all pairs, and what the judge says of them."""
    similarity, wording_similarity = (
        scorer.scale(cosines(vectors, pairs.i, pairs.j)) for vectors in (scorer.vectors, scorer.wording_vectors)
    )
    features = pair_features(scorer.titles, pairs.i, pairs.j, similarity, wording_similarity)
    return {level: sigmoid(odds).astype(np.float32) for level, odds in scorer.judge.pair_log_odds(features).items()}


def assert_equal(first, second):
    for column in fields(PairTable):
        np.testing.assert_array_equal(getattr(first, column.name), getattr(second, column.name), column.name)


@pytest.mark.parametrize("level", SCORED_LEVELS)
@pytest.mark.parametrize("head", [None, HEAD], ids=["plain", "head"])
@pytest.mark.parametrize("minimum", [None, 0.0, 0.5])
@pytest.mark.parametrize("scale", [IDENTITY, Scale(0.8, 0.1)], ids=["own", "foreign"])
def test_pairs_by_themselves_are_those_that_all_features_leave(level, head, minimum, scale):
    scorer, pairs = scorer_of(level, head, scale), every_pair()
    p = probabilities(scorer, pairs)
    enough = p[level] >= (MIN_CONTEXT[level] if minimum is None else minimum)
    scored = scorer.pair_probabilities(pairs, minimum)
    assert 0 < len(scored) <= len(pairs) and (len(scored) < len(pairs)) == (minimum != 0)
    np.testing.assert_array_equal(scored.i, pairs.i[enough])
    np.testing.assert_array_equal(scored.j, pairs.j[enough])
    for name in SCORED_LEVELS:
        np.testing.assert_allclose(scored.p_pair(name), p[name][enough], rtol=1e-6)
    np.testing.assert_array_equal(scored.similarity, cosines(scorer.vectors, scored.i, scored.j))
    np.testing.assert_array_equal(scored.wording_similarity, cosines(scorer.wording_vectors, scored.i, scored.j))
    assert not len(scored.p_story)


@pytest.mark.parametrize("level", SCORED_LEVELS)
@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_chunks_do_not_matter(level, chunk):
    scorer = scorer_of(level)
    assert_equal(scorer.pair_probabilities(every_pair(), chunk_pairs=chunk), scorer.pair_probabilities(every_pair()))


@pytest.mark.parametrize("level", SCORED_LEVELS)
@pytest.mark.parametrize("head", [None, HEAD], ids=["plain", "head"])
def test_a_join_is_scored_piece_by_piece_as_all_at_once(level, head):
    scorer = scorer_of(level, head)
    join = Join(scorer.level_vectors, 0.2, wording=level == "wording", block_rows=5)
    assert join.pieces > 3
    at_once = scorer.context_probabilities(scorer.pair_probabilities(concatenate(join)), scorer.judge.floor)
    steps = []
    pairs, read, sampled = scorer.score(join, lambda *step: steps.append(step))
    assert_equal(pairs, at_once)
    assert not len(sampled)
    assert read.read == read.left == 0 < len(pairs) <= read.scored
    assert steps == [("scoring", done, join.pieces) for done in range(join.pieces + 1)]


@pytest.mark.parametrize("level", SCORED_LEVELS)
def test_context_is_of_all_pairs_and_kept_for_those_that_reach_the_floor(level):
    scorer = scorer_of(level)
    alone = scorer.pair_probabilities(every_pair())
    context = Context(scorer.titles, alone)
    columns, crowd = context_terms(context, alone), crowdedness(len(TITLES))
    assert 0 < crowd < 1
    expected = {
        name: 1
        / (1 + np.exp(-(1 - crowd) * logit(alone.p_pair(name)) - crowd * scorer.judge.context[name].log_odds(columns)))
        for name in SCORED_LEVELS
    }
    expected["story"] = np.maximum(expected["story"], expected["wording"])
    added = difference_log_odds(scorer.titles, alone)  # tested by itself
    expected = {name: with_difference(p, added) for name, p in expected.items()}
    floor = 0.999 * float(np.median(expected[level]))  # below the value itself, so that rounding decides nothing
    pairs, kept = scorer.context_probabilities(alone, floor), expected[level].astype(np.float32) >= floor
    assert 0 < len(pairs) == kept.sum() < len(alone)
    for name in SCORED_LEVELS:
        np.testing.assert_allclose(pairs.p(name), expected[name][kept], atol=1e-4)  # log odds are clipped
        np.testing.assert_array_equal(pairs.p_pair(name), alone.p_pair(name)[kept])
    np.testing.assert_array_equal(pairs.context, context.features(slice(None))[kept].astype(np.float16))
    assert pairs.context.shape[1] == len(CONTEXT_FEATURES)


@pytest.mark.parametrize("level", SCORED_LEVELS)
def test_a_pair_that_was_read_gets_the_opinion_of_the_crowd_and_of_pairs_alone(level):
    scorer = scorer_of(level, reading="all")
    scored = scorer.pair_probabilities(every_pair(), 0.0)
    everything, read = scorer.read(scored, min_probability=0.0)
    near = scored.similarity >= scorer.judge.candidate_floor["story"]
    assert read == (len(scored), near.sum(), 0) and near.any()
    assert np.array_equal(np.isnan(everything.read_story), ~near), "it learned from nothing so far apart"
    scored, pairs = scored.take(near), everything.take(near)
    log_odds = np.column_stack([pairs.read_wording, pairs.read_story])
    again = reader_of(FakeEncoder()).log_odds([title.casefold() for title in TITLES], scored.j, scored.i)
    np.testing.assert_array_equal(log_odds, again)
    features = pair_features(scorer.titles, scored.i, scored.j, scored.similarity, scored.wording_similarity)
    columns, crowd, expected = read_terms(features, scored, log_odds), crowdedness(len(TITLES)), {}
    for name in SCORED_LEVELS:
        alone, among_others = (getattr(scorer.judge, kind)[name].log_odds(columns) for kind in ("alone", "read"))
        expected[name] = sigmoid((1 - crowd) * alone + crowd * among_others)
    np.testing.assert_allclose(pairs.p_pair_wording, expected["wording"], rtol=1e-5)
    np.testing.assert_allclose(pairs.p_pair_story, np.maximum(*expected.values()), rtol=1e-5)
    least = float(np.median(pairs.p_pair(level)))
    probable = scorer.read(scored, min_probability=least)[0]
    assert 0 < len(probable) < len(scored) and (probable.p_pair(level) >= least).all()
    assert (scorer.read(scored)[0].p_pair(level) >= MIN_CONTEXT[level]).all()


def test_story_is_never_less_probable_than_wording():
    pairs = scorer_of().context_probabilities(scorer_of().pair_probabilities(every_pair(), 0.0), 0.0)
    assert len(pairs) == len(every_pair()) and (pairs.p_story >= pairs.p_wording).all()


@pytest.mark.parametrize("head", [None, HEAD], ids=["plain", "head"])
def test_the_scorer_of_some_nodes_scores_them_as_all_do(head):
    scorer, nodes = scorer_of(head=head), np.arange(0, len(TITLES), 2)
    some = scorer.take(nodes)
    assert (some.wording_vectors is some.vectors) == (head is None)
    everything = scorer.pair_probabilities(every_pair())
    inside = everything.take(np.isin(everything.i, nodes) & np.isin(everything.j, nodes))
    pairs = some.pair_probabilities(PairTable.of(*np.triu_indices(len(nodes), 1)))
    assert_equal(replace(pairs, i=nodes[pairs.i], j=nodes[pairs.j]), inside)


def test_no_pairs():
    scorer, none = scorer_of(), np.empty(0, np.int64)
    assert len(scorer.pair_probabilities(PairTable.of(none, none))) == 0
    assert len(scorer.score(Join(np.zeros((len(TITLES), 4), np.float32), 0.5), silent)[0]) == 0
