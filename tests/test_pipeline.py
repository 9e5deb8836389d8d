"""The promises of `deduplicate`, `compare` and the result, with a fake encoder and, marked slow, with the real one."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dedupe
from dedupe import Deduplication, Headline, InputError, ModelError, compare, deduplicate
from dedupe.clustering.linkage import merge_tree
from dedupe.clustering.representatives import Nodes
from dedupe.result.pairs import JudgedNodes
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
LEVELS = ("exact", "wording", "story")


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
        assert sorted(labels[result.kept(level)].tolist()) == list(range(len(set(labels.tolist()))))
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
    strict = deduplicate(ROWS, story_threshold=0.99, wording_threshold=0.99)
    monkeypatch.setattr(fake_encoder, "encode", None)
    assert (
        result.regroup(story_threshold=0.99, wording_threshold=0.99).labels("story").tolist()
        == strict.labels("story").tolist()
    )
    assert (
        result.regroup(story_threshold=0.99)
        .regroup(story_threshold=result.thresholds["story"])
        .labels("story")
        .tolist()
        == result.labels("story").tolist()
    )
    with pytest.raises(InputError, match=r"story threshold 0\.01 is outside 0.05 to 1"):
        result.regroup(story_threshold=0.01)


def test_pairs_and_probabilities(fake_encoder):
    result = deduplicate(ROWS)
    pairs = result.pairs
    assert len(pairs) == len(list(pairs)) > 0
    for pair in pairs:
        assert pair.i < pair.j and 0 <= pair.wording <= pair.story <= 1 and pair.reasons
        assert result.labels("exact")[pair.i] != result.labels("exact")[pair.j]
    ferry = [0, 1, 2, 6]
    chance = next(p.story for p in pairs if {p.i, p.j} <= set(ferry))
    # rows 0, 1 and 6 are copies: row 2 meets three copies of one title, each of them two copies and row 2
    assert result.probabilities[2] == pytest.approx(chance) and result.probabilities[0] == pytest.approx(
        (2 + chance) / 3
    )
    assert result.probabilities[3] == 1.0
    assert next(s for s in result.stories if 2 in s.positions).cohesion == pytest.approx(chance)


def test_rows_keep_what_was_given(fake_encoder):
    (row,) = deduplicate([{"title": "Rates rise", "published": "2025-08-16", "desk": "money"}]).rows()
    assert row["desk"] == "money" and row["published"] == datetime(2025, 8, 16, tzinfo=UTC)
    assert list(row)[-5:] == [
        "dedupe_story",
        "dedupe_wording",
        "dedupe_representative",
        "dedupe_probability",
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
    found = {caution.code: caution.positions for caution in result.warnings}
    assert found == {
        "empty-title": (0,), "bad-date": (1,), "duplicate-id": (0, 1), "long-title": (2,),
        "control-characters": (3,), "not-english": (4,),
    }  # fmt: skip
    assert result.flags()[0] == "empty-title,duplicate-id" and all("\n" not in c.message for c in result.warnings)


def judged_chain(chance, floor=0.05):
    """Three nodes, a row each: 0-1 and 0-2 judged at `chance`, 1-2 never judged."""
    i, j, p = np.array([0, 0]), np.array([1, 2]), np.array(chance)
    judged = JudgedNodes(
        i, j, p.astype(np.float32), {"wording": p, "story": p}, lambda at: np.zeros((len(at), 0), np.float32), ()
    )
    tree = merge_tree(3, i, j, p, floor=floor)
    three = np.arange(3)
    nodes = Nodes(three, three, three, np.eye(3, dtype=np.float32), np.ones(3, np.int64), three)
    rows = tuple(Headline(title) for title in "abc")
    trees = {"wording": tree, "story": tree}
    return Deduplication(rows, nodes, judged, trees, {"wording": 0.05, "story": 0.05}, "central", floor, True)


def test_a_loose_story_is_flagged_and_a_firm_one_is_not():
    loose = judged_chain([0.9, 0.3])
    assert loose.labels("story").tolist() == [0, 0, 0] and loose.stories[0].cohesion == 0
    assert loose.probabilities.tolist() == pytest.approx([0.6, 0.45, 0.15])
    assert [(c.code, c.positions) for c in loose.warnings] == [("loose-story", (0, 1, 2))]
    assert judged_chain([0.9, 0.8]).warnings == ()


def test_a_very_large_story_is_flagged(fake_encoder):
    letters = "abcdefghijklmnopqrstuvwxyz"
    titles = [f"Two ferries collide in heavy fog off Port Calder {x}{y}" for x in letters[:3] for y in letters[:18]]
    found = {caution.code: caution.positions for caution in deduplicate(titles, story_threshold=0.05).warnings}
    assert len(found["large-story"]) == len(titles) > 50


def test_foreign_vectors_meet_the_judge_rescaled(fake_encoder):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 384)).astype(np.float32)
    titles = ["".join(rng.choice(list("abcdefghij "), 30)) for _ in range(60)]
    raw = deduplicate(titles, embeddings=vectors + 5)  # every cosine over 0.9
    assert len(raw.stories) == 60


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"story_threshold": 1.5}, InputError, "story threshold 1.5"),
        ({"window": -1}, InputError, "window must be a positive time"),
        ({"keep": "newest"}, InputError, "keep must be one of central, earliest, complete"),
        ({"embeddings": np.ones((2, 3))}, InputError, "must be a matrix of 8 rows"),
        ({"embeddings": np.full((8, 3), np.nan)}, InputError, "is not finite"),
        ({"embeddings": np.ones((8, 3)), "encoder": FakeEncoder()}, ModelError, "3 numbers a row, but .* have 256"),
        ({"level": "exact"}, InputError, "level must be one of wording, story, not 'exact'"),
    ],
)
def test_bad_settings(fake_encoder, options, error, said):
    with pytest.raises(error, match=said):
        deduplicate(ROWS, **options)


def test_bad_headlines():
    with pytest.raises(InputError, match="one str"):
        deduplicate("Rates rise")
    with pytest.raises(InputError, match="headline 1 is a int"):
        deduplicate(["Rates rise", 7])
    with pytest.raises(InputError, match="level must be one of"):
        deduplicate([]).labels("topic")


def test_nothing_in_nothing_out():
    result = deduplicate([])
    assert len(result) == 0 and result.stories == [] and result.rows() == [] and result.kept("story").tolist() == []
    only_empty = deduplicate(["", " "])
    assert only_empty.labels("story").tolist() == [0, 1]


def test_compare(fake_encoder):
    assert compare("Rates rise again", "RATES RISE AGAIN").verdict == "exact"
    near = compare("Two ferries collide in fog off Port Calder", "Ferries collide off Port Calder in fog, 14 hurt")
    far = compare("Two ferries collide in fog off Port Calder", "Bakery chain to close 40 shops")
    assert near.story > 0.5 > far.story and far.verdict == "different"
    assert any("both say" in reason for reason in near.reasons)
    with pytest.raises(InputError, match="empty"):
        compare("", "x")


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
