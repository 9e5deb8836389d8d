"""Nodes of copies against the same written out group by group."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe import Headline
from dedupe.clustering.collapse import collapse_copies, copy_nodes, tie_ranks
from dedupe.text.normalize import MAX_LENGTH

HOURS = st.sampled_from([np.nan, 0.0, 1.0, 24.0, 25.0, 48.0])
ROWS = st.lists(st.tuples(st.sampled_from(["", "a", "é"]), st.sampled_from("xyX"), HOURS), max_size=9)


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
    nodes = copy_nodes(keys, texts.__getitem__, np.array(hours), np.array(ties, np.int64), window)
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
