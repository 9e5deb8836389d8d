"""The features of pairs against sets written out pair by pair, and what is left out of making them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rapidfuzz import fuzz

from dedupe.scoring.model import load_fallback, load_judge
from dedupe.scoring.pair_features import FEATURES, LETTER_FEATURES, add_letter_features, pair_features, word_features
from dedupe.scoring.prefilter import prefilter, upper_bound
from dedupe.scoring.title_features import describe_titles
from dedupe.text.document_frequencies import document_frequencies
from dedupe.text.words import facts, opposite_of

TITLES = [
    "Ferry sinks off Oslo, 3 dead",
    "Three dead as ferry sinks off Oslo",
    "Ferry sinks off Bergen, 5 dead",
    "Bank of Norway raises rates to 4.5%",
    "Bank of Norway lowers rates to 4.5%",
    "Will Bank of Norway raise rates on Monday?",
    "Norway's bank does not raise rates",
    "Storm closes port of Rotterdam on Friday",
    "Rotterdam port shut by storm",
    "Brindle 1.2.0 released, season 3 of Tides on July 14, 2026",
    "Brindle 1.3.0 released, season 3 of Tides on July 15",
    "Mayor wins vote",
    "Mayor loses vote",
    "!!!",
]
FORMS = frozenset({"live", "video", "opinion"})  # of the labels below; "breaking" and "exclusive" are none
HOURS = np.array([0, 5, np.nan, 1, 1, 30, 2, 0, 3, 7, 8, 9, 9, 4.0])
LABELS = [
    frozenset(names.split()) for names in ("live", "live breaking", "exclusive", "", "opinion", *[""] * 8, "live video")
]
SOURCES = ["Reuters", "AP", None, "reuters", "AP", None, "AP", "DPA", "DPA", None, "AP", "BBC", "BBC", None]


def mass(stems):
    frequencies = document_frequencies()
    return sum(max(frequencies.idf(stem), 0.1) / frequencies.max_idf for stem in stems)


def oracle(a, b, hours, sources, labels):
    """The table in `FEATURES`, in sets."""
    first, second = facts(a), facts(b)
    x, y, both = mass(first.stems), mass(second.stems), mass(first.stems & second.stems)
    m, n, same = mass(first.names), mass(second.names), mass(first.names & second.names)
    numbers, days = first.numbers & second.numbers, first.days & second.days
    gap = abs(hours[0] - hours[1])
    lengths = [max(len(title.split()), 1) for title in (a, b)]
    return {
        "shared": both / (x + y - both) if x + y > both else 0,
        "contained": both / min(x, y) if min(x, y) else 0,
        "rare": max((mass([stem]) for stem in first.stems & second.stems), default=0),
        "missing": math.log1p((x + y - 2 * both) / 2),
        "conflict": math.log1p(min(x, y) - both),
        "names": same / min(m, n) if m and n else 0.5,
        "names_shared": math.log1p(same),
        "names_conflict": math.log1p(min(m, n) - same),
        "numbers_agree": len(numbers) / len(first.numbers | second.numbers) if first.numbers | second.numbers else 0,
        "numbers_conflict": bool(first.numbers and second.numbers and not numbers),
        "numbers_differ": bool(first.numbers - second.numbers and second.numbers - first.numbers),
        "numbers_lone": bool(first.numbers) != bool(second.numbers),
        "counters_agree": _share(first.counters & second.counters, first.counters | second.counters),
        "counters_conflict": len(first.series & second.series) > len(first.counters & second.counters),
        "days_agree": bool(days),
        "days_conflict": bool(first.days - second.days and second.days - first.days),
        "opposed": bool(first.opposites & set(map(opposite_of, second.opposites))),
        "negation": first.negated != second.negated,
        "question": first.is_question != second.is_question,
        "ahead": first.looks_ahead != second.looks_ahead,
        "letters": fuzz.token_set_ratio(a.casefold(), b.casefold()) / 100,
        "order": fuzz.ratio(a.casefold(), b.casefold()) / 100,
        "length": min(lengths) / max(lengths),
        "hours": 0 if math.isnan(gap) else math.log1p(gap),
        "undated": math.isnan(gap),
        "labels_differ": labels[0] & FORMS != labels[1] & FORMS,
        "same_source": bool(sources[0] and sources[1] and sources[0].casefold() == sources[1].casefold()),
    }


def _share(part, whole):
    return len(part) / len(whole) if whole else 0


def every_pair():
    titles = describe_titles(TITLES, HOURS, HOURS, SOURCES, LABELS)
    i, j = np.triu_indices(len(TITLES), 1)
    similarity = np.random.default_rng(0).uniform(0.2, 1, len(i)).astype(np.float32)
    return titles, i, j, similarity, similarity / 2


def test_features_are_what_the_table_says():
    titles, i, j, similarity, wording_similarity = every_pair()
    features = pair_features(titles, i, j, similarity, wording_similarity)
    for k, (a, b) in enumerate(zip(i, j, strict=True)):
        expected = oracle(TITLES[a], TITLES[b], HOURS[[a, b]], (SOURCES[a], SOURCES[b]), (LABELS[a], LABELS[b]))
        expected |= {"similarity": similarity[k], "wording_similarity": wording_similarity[k]}
        assert dict(zip(FEATURES, features[k].tolist(), strict=True)) == pytest.approx(
            {name: float(expected[name]) for name in FEATURES}, abs=2e-6
        )


def test_the_order_of_a_pair_does_not_matter():
    titles, i, j, *similarities = every_pair()
    np.testing.assert_array_equal(
        pair_features(titles, i, j, *similarities), pair_features(titles, j, i, *similarities)
    )


def test_very_many_pairs_are_made_in_chunks():
    titles, i, j, *similarities = every_pair()
    i, j, *similarities = (np.tile(column, 300) for column in (i, j, *similarities))
    features = word_features(titles, i, j, *similarities)
    first = word_features(titles, *(column[:91] for column in (i, j, *similarities)))
    np.testing.assert_array_equal(features, np.tile(first, (300, 1)))


def test_no_pairs_have_no_features():
    none = np.empty(0, np.int64)
    assert pair_features(describe_titles(TITLES), none, none, np.empty(0), np.empty(0)).shape == (0, len(FEATURES))


def test_letters_fill_the_columns_that_words_leave_at_0():
    titles, i, j, *similarities = every_pair()
    features, full = word_features(titles, i, j, *similarities), pair_features(titles, i, j, *similarities)
    letters = [FEATURES.index(name) for name in LETTER_FEATURES]
    assert not features[:, letters].any() and full[:, letters].any()
    add_letter_features(features, titles, i, j)
    np.testing.assert_array_equal(features, full)
    assert features.flags.f_contiguous


@pytest.mark.parametrize("judge", [load_judge(), load_fallback()], ids=["bundled", "fallback"])
@pytest.mark.parametrize("level", ["wording", "story"])
def test_the_bound_is_never_under_the_log_odds(judge, level):
    titles, i, j, *similarities = every_pair()
    full, partial = pair_features(titles, i, j, *similarities), word_features(titles, i, j, *similarities)
    log_odds = judge.pair_log_odds(full)[level]
    assert (upper_bound(judge, partial, level) >= log_odds - 1e-9).all()
    partial[:, FEATURES.index("order")] = full[:, FEATURES.index("order")]
    assert (upper_bound(judge, partial, level, ["letters"]) >= log_odds - 1e-9).all()
    np.testing.assert_allclose(upper_bound(judge, full, level, []), log_odds)


@pytest.mark.parametrize("judge", [load_judge(), load_fallback()], ids=["bundled", "fallback"])
@pytest.mark.parametrize("level", ["wording", "story"])
@pytest.mark.parametrize("least", [-np.inf, -3.0, 0.0, np.inf])
def test_the_prefilter_loses_no_pair_and_no_feature(judge, level, least):
    titles, i, j, *similarities = every_pair()
    full = pair_features(titles, i, j, *similarities)
    kept, features = prefilter(judge, titles, i, j, *similarities, level, least)
    np.testing.assert_array_equal(features, full[kept])
    assert set(np.flatnonzero(judge.pair_log_odds(full)[level] >= least)) <= set(kept)
    assert features.flags.f_contiguous or not len(kept)
    assert len(kept) == (0 if least == np.inf else len(i) if least == -np.inf else len(kept))


def test_the_prefilter_leaves_out_most_of_what_is_hopeless():
    titles, i, j, *similarities = every_pair()
    hopeful = load_judge().pair_log_odds(pair_features(titles, i, j, *similarities))["wording"] >= 0
    kept, _ = prefilter(load_judge(), titles, i, j, *similarities, "wording", 0.0)
    assert hopeful.sum() <= len(kept) < (len(i) + hopeful.sum()) / 2
