"""Nodes of copies against the same written out group by group, and crowds against comparing each with each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import Headline, deduplicate
from dedupe.clustering.collapse import CrowdSettings, collapse_copies, collapse_crowds, copy_nodes, tie_ranks
from dedupe.clustering.constraints import constraints_of
from dedupe.clustering.linkage import link
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.progress import silent
from dedupe.scoring.model import load_fallback
from dedupe.scoring.scorer import Scorer
from dedupe.scoring.similarity_scale import IDENTITY
from dedupe.scoring.title_features import describe_titles
from dedupe.text.normalize import MAX_LENGTH
from tests.support.crowds import crowd_of, other_numbers, same_news

HOURS = st.sampled_from([np.nan, 0.0, 1.0, 24.0, 25.0, 48.0])
ROWS = st.lists(st.tuples(st.sampled_from(["", "a", "é"]), st.sampled_from("xyX"), HOURS), max_size=9)
SMALL = CrowdSettings(size=40)
NONE = np.empty(0, np.int64)


def parts_of(rows, hours, window):
    """Cut the rows of one fingerprint."""
    dated = sorted((k for k in rows if not np.isnan(hours[k])), key=lambda k: hours[k])
    if window is None or not dated:
        return [rows]
    parts = [[dated[0]]]
    for k in dated[1:]:
        if hours[k] - hours[parts[-1][0]] > window:
            parts.append([])
        parts[-1].append(k)
    parts[0] += [k for k in rows if np.isnan(hours[k])]
    return parts


@settings(deadline=None)
@given(ROWS, st.sampled_from([None, 1, 24]), st.randoms())
def test_copies_are_grouped_as_one_by_one(rows, window, random):
    keys, texts, hours = ([row[k] for row in rows] for k in range(3))
    ties = random.sample(range(len(rows)), len(rows))
    nodes = copy_nodes(keys, texts, np.array(hours), np.array(ties, np.int64), window)
    of_key = {key: [k for k in range(len(rows)) if keys[k] == key] for key in sorted(set(keys) - {""})}
    expected = [part for members in of_key.values() for part in parts_of(members, hours, window)]
    expected += [[k] for k in sorted(range(len(rows)), key=ties.__getitem__) if not keys[k]]
    assert len(nodes) == len(nodes.title_row) == len(nodes.text_row) == len(expected)
    for node, members in enumerate(expected):
        assert sorted(members) == np.flatnonzero(nodes.of_row == node).tolist()
        assert nodes.title_row[node] == min(members, key=lambda k: (texts[k], ties[k]))
        assert nodes.text_row[node] == min(of_key.get(keys[members[0]], members), key=lambda k: (texts[k], ties[k]))
        dated = [hours[k] for k in members if not np.isnan(hours[k])] or [np.nan]
        assert np.array_equal([nodes.first[node], nodes.last[node]], [min(dated), max(dated)], equal_nan=True)
    assert nodes.exact_of_row.tolist() == nodes.of_row.tolist() and (nodes.weight == 1).all()


def test_copies_of_headlines():
    rows = [
        Headline("Rates rise - CNN", source="CNN", published="2025-08-16T12:00Z"),
        Headline("RATES RISE", published="2025-08-16T02:00Z"),
        Headline("long " * MAX_LENGTH),
        Headline(" "),
    ]
    copies = collapse_copies(rows, None)
    assert copies.nodes.of_row[0] == copies.nodes.of_row[1] and len(copies.nodes) == 3
    assert copies.nodes.last[copies.nodes.of_row[0]] - copies.nodes.first[copies.nodes.of_row[0]] == 10
    assert len(copies.texts[2]) == MAX_LENGTH and copies.fingerprints[3] == copies.texts[3] == ""
    assert len(collapse_copies(rows, 9.0).nodes) == 4


def test_cores_are_what_later_steps_see():
    titles = [
        "Live: Rates rise again",
        "Rates rise again - Fjord Radio",
        "Ferry sinks | Fjord Radio",
        "Mayor resigns - Fjord Radio",
    ]
    rows = [
        Headline(title, source=source) for title, source in zip(titles, [None, None, "Fjord Radio", None], strict=True)
    ]
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        copies = collapse_copies([rows[k] for k in order], None)
        cores = ["Ferry sinks", "Mayor resigns", "Rates rise again"]
        assert [title.core for title in copies.node_titles] == cores
        assert [title.labels for title in copies.node_titles] == [frozenset(), frozenset(), {"live"}]
        assert copies.texts == [titles[k] for k in order]
        assert copies.outlets.sources == {"fjord radio"}
    plain = collapse_copies([*rows, Headline("Rates rise again")], None)
    assert not plain.node_titles[2].labels, "the plainest copy stands for the others"
    assert plain.nodes.title_row[2] == 4


def test_ties_go_by_date_then_title_and_never_by_place():
    rows = [Headline("b", published="2025-08-16"), Headline("a"), Headline("c", published="2025-08-15"), Headline("b")]
    assert tie_ranks(rows).tolist() == [1, 2, 0, 3]
    assert tie_ranks(rows[::-1]).tolist() == [3, 0, 2, 1]


class Run:
    """The steps of a run from its copies to its trees, with crowds of a size that tests can afford."""

    def __init__(self, titles, vectors, *, hours=None, window=None, exempt=(), settings=SMALL):
        dates = [hour and hour * 3600 for hour in hours or [None] * len(titles)]
        rows = [Headline(title, published=date) for title, date in zip(titles, dates, strict=True)]
        copies = collapse_copies(rows, window)
        self.copies, nodes = copies.nodes, copies.nodes
        texts = [copies.texts[row] for row in nodes.text_row.tolist()]
        described = describe_titles(texts, nodes.first, nodes.last)
        scorer = Scorer.of(load_fallback(), described, vectors[nodes.title_row], IDENTITY, "story")
        crowds = collapse_crowds(nodes, scorer, window, nodes.of_row[np.array(exempt, np.int64)], settings)
        self.nodes, self.crowds = crowds.nodes, crowds
        self.join = crowds.scorer.candidates(self.nodes.band(window), crowds.sparse)
        self.pairs, _ = crowds.scorer.score(self.join, silent)
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
    result = deduplicate(titles, embeddings=vectors)
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
    result = deduplicate(titles, embeddings=vectors)
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
    result = deduplicate(titles, embeddings=vectors, corrections=corrections)
    for threshold in (0.05, 0.5, 1.0):
        labels = result.regroup(story_threshold=threshold).labels("story")
        assert labels[3] != labels[40] and labels[5] == labels[1200]
    assert not {3, 5, 40} & set(cautions(result)["collapsed"].positions)


@pytest.mark.slow
def test_the_order_of_the_input_does_not_matter():
    titles, vectors = crowd_of(same_news(1100) + other_numbers(1100), others=700)
    order = np.random.default_rng(1).permutation(len(titles))
    result = deduplicate(titles, embeddings=vectors)
    shuffled = deduplicate([titles[k] for k in order], embeddings=vectors[order])
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
    result = deduplicate(rows, embeddings=vectors, window=24)
    assert len(cautions(result)["collapsed"].positions) >= 1000
    for level in ("exact", *SCORED_LEVELS):
        labels = result.labels(level)
        first, last = np.full(labels.max() + 1, np.inf), np.full(labels.max() + 1, -np.inf)
        np.minimum.at(first, labels, hours)
        np.maximum.at(last, labels, hours)
        assert (last - first).max() <= 24
