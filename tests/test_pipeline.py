"""The promises of `deduplicate`, `compare` and the result, with a fake encoder and, marked slow, with the real one."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dedupe
from dedupe import (
    Deduplication,
    Headline,
    InputError,
    ModelError,
    VectorCache,
    compare,
    deduplicate,
    match,
)
from dedupe.candidates.pairs import PairTable
from dedupe.clustering.collapse import Nodes
from dedupe.clustering.constraints import Constraints
from dedupe.clustering.linkage import merge_tree
from dedupe.levels import LEVELS, SCORED_LEVELS
from dedupe.result.settings import Settings
from dedupe.scoring.context import CONTEXT_FEATURES
from dedupe.scoring.model import crowdedness, judge_of, load_judge, sigmoid
from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.reader import PairsRead
from dedupe.scoring.similarity_scale import IDENTITY
from dedupe.scoring.title_features import describe_titles
from tests.support.crowds import crowd_of, same_news
from tests.support.fake_encoder import FakeEncoder

ROWS = [
    Headline("Two ferries collide in fog off Port Calder", "1", "2025-08-16T08:00Z", "A"),
    Headline("TWO FERRIES COLLIDE IN FOG OFF PORT CALDER - CNN", "2", "2025-08-16T10:00Z", "CNN"),
    Headline("Ferries collide off Port Calder in fog, 14 hurt", "3", "2025-08-16T09:00Z", "B"),
    Headline("", "4"),
    Headline("Bakery chain to close 40 shops by spring", "5", None, "C"),
    Headline("Bakery chain will close 40 shops by next spring", "6", "2025-08-19", "D"),
    Headline("Two ferries collide in fog off Port Calder", "7", "2025-08-29", "A"),
    Headline("   ", "8"),
]


def partition(labels):
    return sorted(tuple(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist()))


@pytest.mark.parametrize("window", [None, 72])
@pytest.mark.parametrize("keep", ["central", "earliest", "complete"])
def test_order_does_not_matter(fake_encoder, window, keep):
    result = deduplicate(ROWS, window=window, keep=keep)
    for seed in range(5):
        order = random.Random(seed).sample(range(len(ROWS)), len(ROWS))
        shuffled = deduplicate([ROWS[k] for k in order], window=window, keep=keep)
        for level in LEVELS:
            back = np.empty(len(ROWS), int)
            back[order] = shuffled.labels(level)
            assert partition(back) == partition(result.labels(level))
            assert sorted(order[k] for k in shuffled.kept(level)) == result.kept(level).tolist()


titles = st.lists(
    st.lists(st.sampled_from("ferry fog port mayor resigns bakery closes 40 14 not storm".split()), max_size=6).map(
        " ".join
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=titles, window=st.sampled_from([None, 24.0]), seed=st.integers(0, 9))
def test_every_row_comes_out_once_and_levels_nest(fake_encoder, rows, window, seed):
    hours = random.Random(seed)
    dated = [{"title": t, "published": hours.choice([None, 1.7e9 + hours.randrange(400_000)])} for t in rows]
    result = deduplicate(dated, window=window)
    assert [row["title"] for row in result.rows()] == rows
    assert sorted(k for story in result.stories for k in story.positions.tolist()) == list(range(len(rows)))
    for fine, coarse in (("exact", "wording"), ("wording", "story")):
        pairs = set(zip(result.labels(fine).tolist(), result.labels(coarse).tolist(), strict=True))
        assert len(pairs) == len(set(result.labels(fine).tolist()))
    for level in LEVELS:
        labels = result.labels(level)
        assert list(dict.fromkeys(labels.tolist())) == list(range(len(set(labels.tolist()))))
        assert sorted(labels[result.representatives(level)].tolist()) == list(range(len(set(labels.tolist()))))
        for label in set(labels.tolist()) if window else ():
            when = [
                h.published for h, own in zip(result.headlines, labels, strict=True) if own == label and h.published
            ]
            assert not when or max(when) - min(when) <= timedelta(hours=window)


def test_copies_are_one_exact_group_and_the_window_cuts_them(fake_encoder):
    assert deduplicate(ROWS).labels("exact").tolist() == [0, 0, 1, 2, 3, 4, 0, 5]
    cut = deduplicate(ROWS, window=timedelta(hours=72))
    assert cut.labels("exact").tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
    assert cut.labels("story")[0] == cut.labels("story")[2] != cut.labels("story")[6]


def test_decorations_change_no_group_and_no_reason(fake_encoder):
    plain = [row for row in ROWS if row.title.strip()]
    puts = [
        "Fjord Radio: {}",
        "09:41 {}",
        "{} | Reuters",
        "\U0001f534 BREAKING: {}",
        "{} - Fjord Radio",
        "RT @radio: {}",
    ]
    decorated = [replace(row, title=put.format(row.title)) for row, put in zip(plain, puts, strict=True)]
    decorated[0] = replace(decorated[0], source="Fjord Radio")
    first, second = deduplicate(plain), deduplicate(decorated)
    assert (first.outlets.sources, second.outlets.sources) == ({"cnn"}, {"cnn", "fjord radio"})
    assert [row["title"] for row in second.rows()] == [row.title for row in decorated]
    for level in LEVELS:
        assert second.labels(level).tolist() == first.labels(level).tolist()
    assert [pair.reasons for pair in second.pairs] == [pair.reasons for pair in first.pairs]
    assert compare("Live: Ferry sinks off Oslo", "Ferry sinks off Oslo | CNN").verdict == "exact"


def test_each_distinct_title_is_encoded_once(fake_encoder, monkeypatch):
    seen = []
    encode = fake_encoder.encode
    monkeypatch.setattr(fake_encoder, "encode", lambda texts: seen.extend(texts) or encode(texts))
    deduplicate([*ROWS, *ROWS], window=72)
    assert len(seen) == len(set(seen)) == 4 and "" not in seen


def test_representatives(fake_encoder):
    rows = ROWS[:3]
    assert deduplicate(rows, keep="earliest").stories[0].representative.id == "1"
    assert deduplicate(rows[::2], keep="complete").stories[0].representative.id == "3"
    result = deduplicate(rows)
    assert result.kept("story").tolist() == [0] and result.stories[0].wordings[0].headlines


def test_regroup_is_a_cut_and_never_encodes(fake_encoder, monkeypatch):
    result = deduplicate(ROWS)
    expected = deduplicate(ROWS, story_threshold=0.99, wording_threshold=0.99)
    monkeypatch.setattr(fake_encoder, "encode", None)
    strict = result.regroup(story_threshold=0.99, wording_threshold=0.99)
    assert strict.labels("story").tolist() == expected.labels("story").tolist()
    back = result.regroup(story_threshold=0.99).regroup(story_threshold=result.thresholds["story"])
    assert back.labels("story").tolist() == result.labels("story").tolist()
    with pytest.raises(InputError, match=r"story_threshold 0\.01 is outside 0.05 to 1"):
        result.regroup(story_threshold=0.01)


def test_pairs_and_probabilities(fake_encoder):
    result = deduplicate(ROWS)
    pairs = result.pairs
    assert len(pairs) == len(list(pairs)) > 0
    for pair in pairs:
        assert pair.i < pair.j and 0 <= pair.p_wording <= pair.p_story <= 1 and pair.reasons
        assert result.labels("exact")[pair.i] != result.labels("exact")[pair.j]
    ferry = [0, 1, 2, 6]
    p = next(pair.p_story for pair in pairs if {pair.i, pair.j} <= set(ferry))
    # rows 0, 1 and 6 are copies: row 2 is paired with three copies of one title, each of them with two copies and row 2
    assert result.probabilities[2] == pytest.approx(p) and result.probabilities[0] == pytest.approx((2 + p) / 3)
    assert result.probabilities[3] == 1.0
    assert next(story for story in result.stories if 2 in story.positions).cohesion == pytest.approx(p)


def test_pairs_are_a_sequence_over_the_table(fake_encoder):
    result = deduplicate(ROWS)
    pairs, objects = result.pairs, list(result.pairs)
    assert pairs[0] == objects[0] and pairs[-1] == objects[-1] and pairs[:] == objects
    assert [(pair.i, pair.j) for pair in objects] == sorted((pair.i, pair.j) for pair in objects)
    for name in ("i", "j", "similarity", "p_wording", "p_story"):
        assert [getattr(pair, name) for pair in objects] == getattr(pairs, name).tolist()
    nodes = np.sort(np.stack([result.nodes.of_row[pairs.i], result.nodes.of_row[pairs.j]]), axis=0)
    table = result.pair_table
    assert sorted(zip(*nodes.tolist(), strict=True)) == list(zip(table.i.tolist(), table.j.tolist(), strict=True))
    with pytest.raises(IndexError):
        pairs[len(pairs)]


def dated(titles):
    return [{"title": title, "published": 1.75e9 + 30 * k} for k, title in enumerate(titles)]


STORM = crowd_of(same_news(1100), others=700)
STORM_AGAIN = [*STORM[0], "Rotterdam port closed for ships by a storm", "Ships wait as storm closes Rotterdam"]
NEAR_STORM = np.concatenate([STORM[1], STORM[1][:2] * 0.8 + STORM[1][-2:] * 0.6])


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (ROWS, {}),
        (ROWS, {"window": "24h"}),
        (ROWS, {"level": "wording"}),
        (ROWS, {"corrections": [(ROWS[0].title, ROWS[2].title, "different")]}),
        (dated(STORM_AGAIN), {"embeddings": NEAR_STORM}),
        (dated(STORM_AGAIN), {"embeddings": NEAR_STORM, "window": 72}),
    ],
    ids=["plain", "window", "wording", "corrected", "collapsed", "crowd-in-window"],
)
def test_features_made_on_demand_are_those_that_were_scored(rows, options, fake_encoder):
    """The judge says of the features of each pair what the table says, by itself and in context."""
    result = deduplicate(rows, reader="off", **options)
    judge, table = judge_of(None if "embeddings" in options else fake_encoder), result.pair_table
    of = {(i, j): place for place, (i, j) in enumerate(zip(table.i.tolist(), table.j.tolist(), strict=True))}
    pairs = result.pairs[:200]
    places = [of[tuple(sorted((result.nodes.of_row[pair.i], result.nodes.of_row[pair.j])))] for pair in pairs]
    features = np.array([[pair.features[name] for name in FEATURES] for pair in pairs], np.float32)
    context = np.array([[pair.features[name] for name in CONTEXT_FEATURES] for pair in pairs])
    p_pair = {level: sigmoid(odds) for level, odds in judge.pair_log_odds(features).items()}
    odds = [np.log(p / (1 - p)) for p in (p_pair[level].clip(1e-4, 1 - 1e-4) for level in SCORED_LEVELS)]
    unread, crowd = np.ones(len(pairs)), crowdedness(len(result.nodes))
    columns = np.column_stack([*odds, 0 * unread, 0 * unread, unread, *odds, context])
    in_context = [judge.context[level].log_odds(columns) for level in SCORED_LEVELS]
    mixed = [(1 - crowd) * own + crowd * other for own, other in zip(odds, in_context, strict=True)]
    p = dict(zip(SCORED_LEVELS, map(sigmoid, mixed), strict=True))
    assert pairs and len(result.nodes) < len(rows)
    for level in SCORED_LEVELS:
        np.testing.assert_allclose(p_pair[level], table.p_pair(level)[places], rtol=1e-5)
    np.testing.assert_allclose(p["wording"], table.p_wording[places], atol=0.01)  # the context is kept in float16
    np.testing.assert_allclose(np.maximum(p["story"], p["wording"]), table.p_story[places], atol=0.01)


def test_features_of_pairs_are_those_of_their_titles(fake_encoder):
    rows = [ROWS[0], ROWS[2], *ROWS[4:6]]
    pairs = deduplicate(rows).pairs
    hours = np.array([row.published.timestamp() / 3600 if row.published else np.nan for row in rows])
    titles = describe_titles([row.title for row in rows], hours, hours, [row.source for row in rows])
    similarity = pairs.similarity.astype(np.float32)
    expected = pair_features(titles, pairs.i, pairs.j, similarity, similarity).tolist()
    assert len(pairs) > 1
    for pair, features in zip(pairs, expected, strict=True):
        assert [pair.features[name] for name in FEATURES] == pytest.approx(features, abs=1e-6)


def test_a_result_pickles_with_its_pairs(fake_encoder):
    result = deduplicate(ROWS, window=72, corrections=[(ROWS[0].title, ROWS[2].title, "story")])
    back = pickle.loads(pickle.dumps(result))
    for column in fields(PairTable):
        np.testing.assert_array_equal(getattr(back.pair_table, column.name), getattr(result.pair_table, column.name))
    assert list(back.pairs) == list(result.pairs) and back.flags() == result.flags()
    assert back.regroup(story_threshold=0.9).labels("story").tolist() == (
        result.regroup(story_threshold=0.9).labels("story").tolist()
    )


def test_a_run_to_the_level_of_wordings(fake_encoder):
    result, full = deduplicate(ROWS, level="wording"), deduplicate(ROWS)
    assert result.level == "wording" and list(result.trees) == ["wording"]
    assert result.labels("story").tolist() == result.labels("wording").tolist()
    assert partition(result.labels("exact")) == partition(full.labels("exact"))
    with pytest.raises(InputError, match="level must be one of wording"):
        result.cophenetic(np.array([0]), np.array([1]), "story")


@pytest.mark.parametrize(
    "window", ["72h", "72 H", " 72.0", "3d", "4320min", "4320m", 72, 72.0, timedelta(days=3)], ids=repr
)
def test_a_window_is_text_hours_or_a_timedelta(fake_encoder, window):
    result = deduplicate(ROWS, window=window)
    assert result.settings.window == pytest.approx(72)
    assert result.labels("exact").tolist() == [0, 0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", ["a-model", Path("a-model"), None])
def test_an_encoder_is_taken_by_name_or_folder(monkeypatch, name):
    names = []
    monkeypatch.setattr("dedupe.embedding.encoders.load_encoder", lambda name=None: names.append(name) or FakeEncoder())
    expected = deduplicate(ROWS, encoder=FakeEncoder()).labels("story").tolist()
    assert deduplicate(ROWS, encoder=name).labels("story").tolist() == expected
    assert compare(ROWS[0], ROWS[2], encoder=name) == compare(ROWS[0], ROWS[2], encoder=FakeEncoder())
    assert match(ROWS, reference=ROWS, encoder=name)[0].level == "exact"
    assert names == [name] * 3


def test_rows_keep_what_was_given(fake_encoder):
    (row,) = deduplicate([{"title": "Rates rise", "published": "2025-08-16", "desk": "money"}]).rows()
    assert row["desk"] == "money" and row["published"] == datetime(2025, 8, 16, tzinfo=UTC)
    assert list(row)[-7:] == [
        "dedupe_story",
        "dedupe_wording",
        "dedupe_representative",
        "dedupe_probability",
        "dedupe_size",
        "dedupe_publishers",
        "dedupe_flag",
    ]


def test_cautions_are_counted_and_flagged(fake_encoder):
    rows = [
        {"title": "", "id": "1"},
        {"title": "Rates rise", "id": "1", "published": "soon"},
        {"title": "word " * 5000},
        {"title": "nul\0byte in a title"},
        {"title": "Der Bundestag hat am Donnerstag das neue Gesetz zur Rente beschlossen"},
    ]
    result = deduplicate(rows)
    assert {caution.code: caution.positions for caution in result.warnings} == {
        "empty-title": (0,), "bad-date": (1,), "duplicate-id": (0, 1), "long-title": (2,),
        "control-characters": (3,), "not-english": (4,),
    }  # fmt: skip
    assert result.flags()[0] == "empty-title,duplicate-id" and all("\n" not in c.message for c in result.warnings)


def scored_chain(probabilities, floor=0.05):
    """Three nodes, a row each: 0-1 and 0-2 were scored, 1-2 never was."""
    i, j, p = np.array([0, 0]), np.array([1, 2]), np.array(probabilities, np.float32)
    pairs = PairTable(i.astype(np.int32), j.astype(np.int32), *[p] * 8)
    tree = merge_tree(3, i, j, p.astype(np.float64), floor=floor)
    three, none = np.arange(3), {level: np.empty((2, 0), np.int64) for level in SCORED_LEVELS}
    return Deduplication(
        headlines=tuple(Headline(title) for title in "abc"),
        nodes=Nodes(three, three, three, three, np.full(3, np.nan), np.full(3, np.nan), np.ones(3, np.int64), three),
        pair_table=pairs,
        trees={"wording": tree, "story": tree},
        settings=Settings("story", {"wording": 0.05, "story": 0.05}, floor),
        vectors=np.eye(3, dtype=np.float32),
        facts=np.ones(3, np.int64),
        constraints=Constraints(none, none),
        judge=load_judge(),
        scale=IDENTITY,
        calibrated=True,
        pairs_read=PairsRead(2, 2, 0),
    )


def test_a_loose_story_is_flagged_and_a_firm_one_is_not():
    loose = scored_chain([0.9, 0.3])
    assert loose.labels("story").tolist() == [0, 0, 0] and loose.stories[0].cohesion == 0
    assert loose.probabilities.tolist() == pytest.approx([0.6, 0.45, 0.15])
    assert [(c.code, c.positions) for c in loose.warnings] == [("loose-story", (0, 1, 2))]
    assert scored_chain([0.9, 0.8]).warnings == ()


def test_a_very_large_story_is_flagged(fake_encoder):
    letters = "abcdefghijklmnopqrstuvwxyz"
    titles = [f"Two ferries collide in heavy fog off Port Calder {x}{y}" for x in letters[:3] for y in letters[:18]]
    result = deduplicate(titles, story_threshold=0.05)
    positions = {caution.code: caution.positions for caution in result.warnings}
    assert len(positions["large-story"]) == len(titles) > 50


def test_foreign_vectors_meet_the_judge_rescaled(fake_encoder):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 384)).astype(np.float32)
    titles = ["".join(rng.choice(list("abcdefghij "), 30)) for _ in range(60)]
    raw = deduplicate(titles, embeddings=vectors + 5)  # every cosine over 0.9
    assert len(raw.stories) == 60


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"story_threshold": 1.5}, InputError, "story_threshold 1.5 is outside 0.05 to 1"),
        ({"wording_threshold": 0.01}, InputError, "wording_threshold 0.01 is outside"),
        ({"level": "wording", "story_threshold": 0.5}, InputError, "story_threshold has no effect at level='wording'"),
        ({"window": -1}, InputError, "window must be a positive time, not -1"),
        ({"window": "0h"}, InputError, "window must be a positive time, not '0h'"),
        ({"window": "a day"}, InputError, "not 'a day': give a timedelta, hours, or text such as '72h'"),
        ({"window": float("nan")}, InputError, "window must be a positive time"),
        ({"window": timedelta(0)}, InputError, "window must be a positive time"),
        ({"keep": "newest"}, InputError, "keep must be one of central, earliest, latest, first, complete"),
        ({"embeddings": np.ones((2, 3))}, InputError, "must be a matrix of 8 rows"),
        ({"embeddings": np.full((8, 3), np.nan)}, InputError, "is not finite"),
        ({"embeddings": np.ones((8, 3)), "encoder": FakeEncoder()}, ModelError, "3 numbers a row, but .* have 256"),
        ({"level": "exact"}, InputError, "level must be one of wording, story, not 'exact'"),
    ],
)
def test_bad_settings(fake_encoder, options, error, message):
    with pytest.raises(error, match=message):
        deduplicate(ROWS, **options)


def test_a_cache_beside_embeddings_would_have_no_effect(tmp_path):
    with pytest.raises(InputError, match="cache has no effect with embeddings"):
        deduplicate(ROWS, embeddings=np.ones((8, 3)), cache=VectorCache(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()


def test_bad_headlines():
    with pytest.raises(InputError, match="single str"):
        deduplicate("Rates rise")
    with pytest.raises(InputError, match="headline 1 is of type int"):
        deduplicate(["Rates rise", 7])
    with pytest.raises(InputError, match="level must be one of"):
        deduplicate([]).labels("topic")


def test_nothing_in_nothing_out():
    result = deduplicate([])
    assert len(result) == 0 and result.stories == [] and result.rows() == [] and result.kept("story").tolist() == []
    only_empty = deduplicate(["", " "])
    assert only_empty.labels("story").tolist() == [0, 1]


def test_compare(fake_encoder):
    exact = compare("Rates rise again", "RATES RISE AGAIN")
    assert exact.verdict == "exact" and exact.p_story == exact.p_wording == exact.similarity == 1
    near = compare("Two ferries collide in fog off Port Calder", "Ferries collide off Port Calder in fog, 14 hurt")
    far = compare("Two ferries collide in fog off Port Calder", "Bakery chain to close 40 shops")
    assert near.p_story > 0.5 > far.p_story and far.verdict == "different"
    assert any("both say" in reason for reason in near.reasons)
    with pytest.raises(InputError, match="empty"):
        compare("", "x")


def test_compare_says_what_a_run_over_both_says(fake_encoder):
    (pair,) = deduplicate([ROWS[2], ROWS[0]]).pairs
    assert compare(ROWS[2], ROWS[0]) == pair and (pair.i, pair.j) == (0, 1)


def test_import_is_light_and_public_names_are_complete():
    code = "import sys, dedupe; print(sorted({'torch', 'faiss', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert all(getattr(dedupe, name) is not None for name in dedupe.__all__)
    assert dedupe.__all__ == sorted(dedupe.__all__)
    assert set(dir(dedupe)) == {*dedupe.__all__, "__version__"}


@pytest.mark.slow
def test_the_example_page_with_the_real_model():
    source = dedupe.read_headlines(Path(__file__).parents[1] / "examples" / "news-page.txt")
    result = deduplicate(source.headlines)
    assert [len(story.headlines) for story in result.stories] == [4, 2, 2, 2, 2, 2, 2, 2, 1]
    assert all("ferries" in h.title.casefold() for h in result.stories[0].headlines)
    assert result.calibrated


@pytest.mark.slow
def test_the_readme_python_session():
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    scope: dict[str, object] = {}
    exec(code, scope)
    assert scope["result"].labels("story").tolist() == [0, 0, 1]
