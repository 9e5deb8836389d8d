"""Exact groups, against the same written out group by group."""

from __future__ import annotations

import numpy as np
from dedupe.clustering.copies import exact_groups
from hypothesis import given
from hypothesis import strategies as st

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


@given(ROWS, st.sampled_from([None, 1, 24]), st.randoms())
def test_groups_are_those_made_one_by_one(rows, window, random):
    keys, texts, hours = ([row[k] for row in rows] for k in range(3))
    ties = random.sample(range(len(rows)), len(rows))
    found = exact_groups(keys, texts, np.array(hours), np.array(ties, np.int64), window)
    of_key = {key: [k for k in range(len(rows)) if keys[k] == key] for key in sorted(set(keys) - {""})}
    nodes = [part for members in of_key.values() for part in parts_of(members, hours, window)]
    nodes += [[k] for k in sorted(range(len(rows)), key=ties.__getitem__) if not keys[k]]
    assert len(found.row) == len(found.text) == len(nodes)
    for node, members in enumerate(nodes):
        assert sorted(members) == np.flatnonzero(found.of == node).tolist()
        assert found.row[node] == min(members, key=lambda k: (texts[k], ties[k]))
        assert found.text[node] == min(of_key.get(keys[members[0]], members), key=lambda k: (texts[k], ties[k]))
        dated = [hours[k] for k in members if not np.isnan(hours[k])] or [np.nan]
        assert np.array_equal([found.first[node], found.last[node]], [min(dated), max(dated)], equal_nan=True)
