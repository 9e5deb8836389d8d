from __future__ import annotations

import math

import numpy as np
import pytest
from rapidfuzz import fuzz

from dedupe.candidates.join import candidate_pairs
from dedupe.scoring import prefilter as noticing
from dedupe.scoring.model import load_fallback, load_judge, sigmoid
from dedupe.scoring.pair_features import EVIDENCE, LETTERS, evidence, evidence_of_words, rows
from dedupe.scoring.prefilter import NOTICED, joined, notice
from dedupe.scoring.similarity_scale import IDENTITY
from dedupe.scoring.title_features import describe
from dedupe.text.words import facts, other_side, rarity

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
    "Mayor wins vote",
    "Mayor loses vote",
    "!!!",
]
HOURS = np.array([0, 5, np.nan, 1, 1, 30, 2, 0, 3, 9, 9, 4.0])
SOURCES = ["Reuters", "AP", None, "reuters", "AP", None, "AP", "DPA", "DPA", "BBC", "BBC", None]


def mass(stems):
    return sum(max(rarity().idf(stem), 0.1) / rarity().highest for stem in stems)


def oracle(a, b, hours, sources):
    """The table in `EVIDENCE`, said in sets."""
    one, two = facts(a), facts(b)
    x, y, both = mass(one.stems), mass(two.stems), mass(one.stems & two.stems)
    m, n, same = mass(one.names), mass(two.names), mass(one.names & two.names)
    numbers, days = one.numbers & two.numbers, one.days & two.days
    gap = abs(hours[0] - hours[1])
    lengths = [max(len(title.split()), 1) for title in (a, b)]
    return {
        "shared": both / (x + y - both) if x + y > both else 0,
        "contained": both / min(x, y) if min(x, y) else 0,
        "rare": max((mass([stem]) for stem in one.stems & two.stems), default=0),
        "missing": math.log1p((x + y - 2 * both) / 2),
        "conflict": math.log1p(min(x, y) - both),
        "names": same / min(m, n) if m and n else 0.5,
        "names_shared": math.log1p(same),
        "names_conflict": math.log1p(min(m, n) - same),
        "numbers_agree": len(numbers) / len(one.numbers | two.numbers) if one.numbers | two.numbers else 0,
        "numbers_conflict": bool(one.numbers and two.numbers and not numbers),
        "numbers_differ": bool(one.numbers - two.numbers and two.numbers - one.numbers),
        "numbers_lone": bool(one.numbers) != bool(two.numbers),
        "days_agree": bool(days),
        "days_conflict": bool(one.days - two.days and two.days - one.days),
        "opposed": bool(one.sides & set(map(other_side, two.sides))),
        "negation": one.negated != two.negated,
        "question": one.asks != two.asks,
        "ahead": one.foresees != two.foresees,
        "letters": fuzz.token_set_ratio(a.casefold(), b.casefold()) / 100,
        "order": fuzz.ratio(a.casefold(), b.casefold()) / 100,
        "length": min(lengths) / max(lengths),
        "hours": 0 if math.isnan(gap) else math.log1p(gap),
        "undated": math.isnan(gap),
        "same_source": bool(sources[0] and sources[1] and sources[0].casefold() == sources[1].casefold()),
    }


def test_evidence_is_what_the_table_says():
    titles = describe(TITLES, HOURS, HOURS, SOURCES)
    i, j = np.triu_indices(len(TITLES), 1)
    similarity = np.linspace(0.3, 1, len(i), dtype=np.float32)
    found = evidence(titles, i, j, similarity, similarity / 2)
    for k, (a, b) in enumerate(zip(i, j, strict=True)):
        expected = oracle(TITLES[a], TITLES[b], HOURS[[a, b]], (SOURCES[a], SOURCES[b]))
        expected |= {"similarity": similarity[k], "wording_similarity": similarity[k] / 2}
        assert dict(zip(EVIDENCE, found[k].tolist(), strict=True)) == pytest.approx(
            {name: float(expected[name]) for name in EVIDENCE}, abs=2e-6
        )


def test_no_pairs_have_no_evidence():
    none = np.empty(0, np.int64)
    assert evidence(describe(TITLES), none, none, np.empty(0), np.empty(0)).shape == (0, len(EVIDENCE))


def everything():
    titles = describe(TITLES, HOURS, HOURS, SOURCES)
    i, j = np.triu_indices(len(TITLES), 1)
    similarity = np.random.default_rng(0).uniform(0.2, 1, len(i)).astype(np.float32)
    return titles, i, j, similarity


@pytest.mark.parametrize("judge", [load_judge(), load_fallback()], ids=["ours", "fallback"])
@pytest.mark.parametrize("level", ["wording", "story"])
def test_what_is_not_known_yet_can_only_lower_the_bound(judge, level):
    titles, i, j, similarity = everything()
    known = evidence(titles, i, j, similarity, similarity)
    partly = evidence_of_words(titles, i, j, similarity, similarity)
    exact = judge.log_odds(known)[level]
    assert (judge.most(partly, level) >= exact - 1e-9).all()
    partly[:, EVIDENCE.index("order")] = known[:, EVIDENCE.index("order")]
    assert (judge.most(partly, level, ["letters"]) >= exact - 1e-9).all()
    np.testing.assert_allclose(judge.most(known, level, []), exact)


def test_columns_stay_contiguous():
    titles, i, j, similarity = everything()
    found = evidence_of_words(titles, i, j, similarity, similarity)
    part = rows(found, similarity > 0.5)
    assert found.flags.f_contiguous and part.flags.f_contiguous
    np.testing.assert_array_equal(part, found[similarity > 0.5])
    assert set(LETTERS) < set(EVIDENCE)


@pytest.mark.parametrize("level", ["wording", "story"])
def test_noticed_pairs_are_those_that_full_evidence_notices(fake_encoder, level, monkeypatch):
    monkeypatch.setattr(noticing, "_TOGETHER", 7)
    vectors = fake_encoder.encode(TITLES)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    judge, titles = load_fallback(), describe(TITLES, HOURS, HOURS, SOURCES)
    pairs = candidate_pairs(vectors, 0.1)
    found = notice(judge, titles, vectors, IDENTITY, level).among(pairs)
    full = evidence(titles, pairs.i, pairs.j, pairs.similarity, pairs.similarity)
    alone = {one: sigmoid(odds) for one, odds in judge.log_odds(full).items()}
    noticed = alone[level] >= NOTICED[level]
    assert 0 < noticed.sum() < len(pairs)
    np.testing.assert_array_equal(found.i, pairs.i[noticed])
    np.testing.assert_array_equal(found.j, pairs.j[noticed])
    for one, chance in alone.items():
        np.testing.assert_allclose(found.alone[one], chance[noticed])


def test_parts_are_joined_in_order():
    titles = describe(TITLES, HOURS, HOURS, SOURCES)
    looks = notice(load_fallback(), titles, np.eye(len(TITLES), dtype=np.float32), IDENTITY, "story", least=0)
    pairs = looks.among(candidate_pairs(np.ones((len(TITLES), 2), np.float32) / np.sqrt(2, dtype=np.float32), 0.5))
    back = joined([pairs.where(pairs.j % 2 == 0), pairs.where(pairs.j % 2 == 1)])
    np.testing.assert_array_equal(back.i, pairs.i)
    np.testing.assert_array_equal(back.j, pairs.j)
    np.testing.assert_array_equal(back.alone["story"], pairs.alone["story"])
    assert len(joined([])) == 0
