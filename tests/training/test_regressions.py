"""Fitting a judge: what it learns from, how much of it, and that nothing is judged by what has seen its label."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from dedupe import Headline
from dedupe.levels import SCORED_LEVELS
from dedupe.scoring.pair_features import FEATURES
from dedupe.training import regressions
from dedupe.training.network import Network
from dedupe.training.regressions import Fitting, blocks, fitted_on, weighted_examples
from dedupe.training.stories import read_stories
from dedupe.training.training_pairs import EncodedTitles, headlines_of, joined, slice_pairs

VERDICTS = ("wording", "story", "different")
ANSWERS = [
    (Headline(f"ferry {k} sinks", published=f"2025-01-{k + 1:02d}"), Headline(f"dam {k} sinks"), VERDICTS[k % 3])
    for k in range(10)
]


@pytest.fixture(scope="module")
def data(stories):
    return read_stories(stories)


@pytest.fixture(scope="module")
def titles(base, data):
    return EncodedTitles.of(headlines_of(data, ANSWERS), Network(base), None)


@pytest.fixture(scope="module")
def parts(data, titles):
    return slice_pairs(data, titles, [3, 4, 5], ANSWERS)


def read(i, j):
    """A reader that likes pairs of even rows."""
    odds = np.where((i + j) % 2, -1.0, 2.0).astype(np.float32)
    return np.stack([odds - 1, odds], 1)


def test_the_features_of_answers_are_those_of_the_same_pairs_in_slices(base, data, parts):
    part, rows = parts[0], data.slices[3]
    answers = [
        (data.headlines[rows[i]], data.headlines[rows[j]], "story")
        for i, j in zip(part.pairs.i, part.pairs.j, strict=True)
    ]
    titles = EncodedTitles.of(headlines_of(data, answers), Network(base), None)
    answered = [part.answered for part in slice_pairs(data, titles, [6, 7, 8], answers)]
    np.testing.assert_allclose(np.concatenate([a.features for a in answered]), part.inside.features, atol=1e-5)
    assert all(a.same["story"].all() and not a.same["wording"].any() for a in answered)


def test_each_answer_is_in_one_slice(parts):
    assert sum(len(part.answered) for part in parts) == len(ANSWERS)
    for level, joining in (("wording", {"wording"}), ("story", {"wording", "story"})):
        same = np.concatenate([part.answered.same[level] for part in parts])
        assert same.tolist() == [verdict in joining for _, _, verdict in ANSWERS]


def test_distant_pairs_are_undated_and_of_two_slices(data, parts):
    assert len(parts[0].distant) and not len(parts[2].distant), "the last slice has no later one"
    assert (data.slice[parts[0].distant.i] == 3).all()
    assert set(data.slice[parts[0].distant.j]) == {4}
    assert (parts[0].distant.features[:, FEATURES.index("undated")] == 1).all()
    assert not parts[0].distant.same["story"].any()


def test_unrelated_pairs_are_undated_and_of_two_stories_of_one_slice(data, parts):
    for part in parts:
        pairs, story = part.unrelated, data.labels["story"]
        assert len(pairs) and (data.slice[pairs.i] == data.slice[pairs.j]).all()
        assert (story[pairs.i] != story[pairs.j]).all() and not pairs.same["story"].any()
        assert (pairs.features[:, FEATURES.index("undated")] == 1).all()


def test_answers_count_little_among_others_and_most_for_pairs_alone(parts, monkeypatch):
    examples, weights = weighted_examples(parts)
    inside, distant, unrelated, answered = (sum(len(getattr(p, kind)) for p in parts) for kind in regressions._KINDS)
    assert len(examples) == len(weights) == 2 * inside + distant + unrelated + answered
    among_others, *alone = weights.T
    assert (among_others[:-answered] == 1).all()
    assert among_others[-answered:].sum() == pytest.approx(0.03 * inside) and among_others[-1] < 30
    same, ends = examples.same["story"][-answered:], np.cumsum([inside, inside, distant, unrelated]).tolist()
    assert same.any() and not same.all()
    for level, weight in zip(SCORED_LEVELS, alone, strict=True):
        assert (weight[:inside] == 0).all(), "two titles alone seldom have dates"
        shares = [weight[start:end].sum() / answered for start, end in pairwise(ends)]
        assert shares == pytest.approx(list(regressions._ALONE_SHARES.values()))
        assert (weight[-answered:] == np.where(same, 1, regressions._ALONE_DIFFERENT[level])).all()
    undated = examples.features[:, FEATURES.index("undated")]
    assert (undated[inside : 2 * inside + distant] == 1).all() and (undated[:inside] == 0).all()
    few = [replace(part, answered=part.answered.take(slice(0, 1 if k == 0 else 0))) for k, part in enumerate(parts)]
    monkeypatch.setattr(regressions, "_ANSWER_WEIGHT", 0.5)
    assert weighted_examples(few)[1][-1, 0] == 0.5
    none = [replace(part, answered=part.answered.take(slice(0))) for part in parts]
    weights = weighted_examples(none)[1]
    assert len(weights) == 2 * inside + distant + unrelated and (weights[inside:] == 1).all()


@pytest.mark.parametrize("count", [1, 2, 3, 7, 22])
def test_blocks_are_contiguous_and_cover_each_slice_once(count):
    numbers = tuple(range(5, 5 + count))
    found = blocks(numbers)
    assert [k for _, inside in found for k in inside] == list(numbers)
    for outside, inside in found:
        assert all(b - a == 1 for a, b in pairwise(inside))
        assert outside and (count == 1 or not set(outside) & set(inside))
    assert {numbers} | {outside for outside, _ in found} <= set(fitted_on(numbers))


def test_no_slice_is_scored_by_a_judge_that_has_seen_its_labels(parts):
    """Whatever its labels are, its probabilities are the same."""
    fitting = Fitting(parts).with_reading(read)
    other = replace(fitting.parts[1], inside=flipped(fitting.parts[1].inside))
    changed = Fitting([fitting.parts[0], other, fitting.parts[2]])
    before, after = (f.scored(f.numbers, f._read_judge)[1] for f in (fitting, changed))
    assert before[0].labels is after[0].labels
    for level in SCORED_LEVELS:
        np.testing.assert_array_equal(before[1].p_pair(level), after[1].p_pair(level))
    first = (f.scored(f.numbers, f._read_judge)[0][1].p_pair_story for f in (fitting, changed))
    assert not np.array_equal(*first), "the judge of another slice has learned from them"


def flipped(examples):
    return replace(examples, same={level: ~same for level, same in examples.same.items()})


def test_all_answers_and_all_likely_pairs_are_read(parts):
    fitting = Fitting(parts).with_reading(read)
    judge = fitting._pair_judge(fitting.numbers)
    for part in fitting.parts:
        assert part.answered.read.all()
        expected = read(part.answered.i, part.answered.j)
        np.testing.assert_array_equal(part.answered.log_odds, expected)
        story = judge.pair_log_odds(part.inside.features)["story"]
        assert part.inside.read[story > np.log(0.011 / 0.989)].all()
        if len(part.distant):
            story = judge.pair_log_odds(part.distant.features)["story"]
            np.testing.assert_array_equal(part.distant.read, story >= np.log(0.01 / 0.99))


def test_a_judge_takes_the_word_of_a_reader_that_is_always_right(parts, data, titles):
    every = np.concatenate([data.labels["story"], np.arange(-1, -1 - 2 * len(ANSWERS), -1)])
    verdict = {len(data.texts) + k: answer[2] for k, answer in enumerate(ANSWERS)}

    def right(i, j):
        same = [verdict[a] != "different" if a in verdict else every[a] == every[b] for a, b in zip(i, j, strict=True)]
        odds = np.where(same, 6.0, -6.0).astype(np.float32)
        return np.stack([odds, odds], 1)

    fitting = Fitting(parts).with_reading(right)
    pair, whole = fitting._pair_judge(fitting.numbers), fitting.judge(fitting.numbers)
    examples = joined(part.inside.take(part.inside.read) for part in fitting.parts)
    table = regressions._by_features(pair, examples)
    probability = whole.read_probabilities(examples.features, table, examples.log_odds, crowd=1.0)["story"]
    assert probability[examples.same["story"]].min() > probability[~examples.same["story"]].max()
    part, pairs, _ = fitting.scored(fitting.numbers, fitting._read_judge)[0]
    assert part.inside.same["story"].sum() == len(pairs), "no other pair is left"
    assert (regressions.in_context(part, pairs, whole).p_story > 0.9).all()
