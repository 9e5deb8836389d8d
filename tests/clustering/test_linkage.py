"""The sparse linkage against scipy's dense one, and the properties that grouping promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from dedupe.clustering.linkage import merge_tree
from dedupe.clustering.merge_tree import MergeTree


def random_pairs(n: int, share: float, seed: int):
    """A random sparse similarity: upper-triangle pairs with distinct probabilities."""
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(n, 1)
    chosen = rng.random(len(i)) < share
    return i[chosen], j[chosen], rng.uniform(0.05, 1, chosen.sum())


def same_partition(a, b) -> bool:
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


@settings(deadline=None, max_examples=60)
@given(n=st.integers(2, 40), share=st.floats(0.05, 1), seed=st.integers(0, 10_000), threshold=st.floats(0.1, 0.95))
def test_equals_dense_average_linkage(n, share, seed, threshold):
    i, j, p = random_pairs(n, share, seed)
    dense = np.zeros((n, n))
    dense[i, j] = dense[j, i] = p
    oracle = fcluster(linkage(squareform(1 - dense - np.eye(n), checks=False), "average"), 1 - threshold, "distance")
    assert same_partition(merge_tree(n, i, j, p, floor=1e-6).cut(threshold).tolist(), oracle.tolist())


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), threshold=st.floats(0.1, 0.9))
def test_does_not_depend_on_the_order_of_pairs(seed, threshold):
    i, j, p = random_pairs(25, 0.4, seed)
    p = p.round(1)  # many ties
    shuffled = np.random.default_rng(seed).permutation(len(i))
    expected = merge_tree(25, i, j, p).cut(threshold)
    labels = merge_tree(25, j[shuffled], i[shuffled], p[shuffled]).cut(threshold)
    assert labels.tolist() == expected.tolist()


def test_heights_never_rise_and_lower_thresholds_only_join():
    i, j, p = random_pairs(60, 0.3, 7)
    tree = merge_tree(60, i, j, p)
    assert (np.diff(tree.height) <= 1e-12).all()
    fine, coarse = tree.cut(0.6), tree.cut(0.2)
    assert len(set(zip(fine, coarse, strict=True))) == len(set(fine)) > len(set(coarse))


def test_a_chain_of_strong_links_does_not_become_one_group():
    n = 30
    i = np.arange(n - 1)
    labels = merge_tree(n, i, i + 1, np.full(n - 1, 0.95)).cut(0.4)
    assert np.bincount(labels).max() <= 3


def test_a_clique_becomes_one_group_and_unlinked_nodes_stay_alone():
    i, j = np.triu_indices(20, 1)
    labels = merge_tree(22, i, j, np.full(len(i), 0.9)).cut(0.5)
    assert len(set(labels[:20])) == 1 and len(set(labels)) == 3


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), window=st.floats(1, 60))
def test_no_group_spans_more_than_the_window(seed, window):
    rng = np.random.default_rng(seed)
    n = 30
    i, j, p = random_pairs(n, 0.6, seed)
    hours = rng.uniform(0, 100, n)
    hours[rng.random(n) < 0.2] = np.nan
    labels = merge_tree(n, i, j, p, spans=(hours, hours), window=window).cut(0.05)
    for label in set(labels.tolist()):
        dated = hours[(labels == label) & ~np.isnan(hours)]
        assert not len(dated) or dated.max() - dated.min() <= window


def test_the_cut_at_a_threshold_is_what_stopping_there_gives():
    i, j, p = random_pairs(40, 0.5, 3)
    hours = np.random.default_rng(3).uniform(0, 100, 40)
    down = merge_tree(40, i, j, p, spans=(hours, hours), window=30)
    stopped = merge_tree(40, i, j, p, spans=(hours, hours), window=30, floor=0.4)
    assert down.cut(0.4).tolist() == stopped.cut(0.4).tolist()


@pytest.mark.parametrize("n", [0, 1, 3])
def test_without_pairs_every_node_is_alone(n):
    none = np.zeros(0, np.int64)
    assert merge_tree(n, none, none, np.zeros(0)).cut(0.5).tolist() == list(range(n))


@settings(deadline=None, max_examples=60)
@given(n=st.integers(2, 9), share=st.floats(0.3, 1), seed=st.integers(0, 10_000), threshold=st.floats(0.1, 0.95))
def test_a_weight_counts_as_so_many_equal_members(n, share, seed, threshold):
    rng = np.random.default_rng(seed)
    i, j, p = random_pairs(n, share, seed)
    weights = rng.integers(1, 4, n)
    of = np.repeat(np.arange(n), weights)
    chance = np.zeros((n, n))
    chance[i, j] = chance[j, i] = p
    np.fill_diagonal(chance, 1)
    a, b = np.triu_indices(len(of), 1)
    inner = chance[of[a], of[b]]
    scored = inner > 0
    members = merge_tree(len(of), a[scored], b[scored], inner[scored], floor=0.01).cut(threshold)
    weighted = merge_tree(n, i, j, p, weights=weights, floor=0.01).cut(threshold)
    assert same_partition(weighted[of].tolist(), members.tolist())


ROUNDS_ONLY, HEAP_ONLY = 1 << 40, 0
THRESHOLDS = (0.05, 0.2, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0)


@st.composite
def tied(draw):
    """Arguments of `merge_tree` with many equal means, windows, constraints and owners; probabilities as the judge gives them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, share = draw(st.integers(2, 50)), draw(st.sampled_from([0.5, 1.5, 4.0, 50.0]))
    i, j = np.triu_indices(n, 1)
    chosen = rng.random(len(i)) < share / n
    values = draw(st.sampled_from([(0.5,), (0.25, 0.5, 0.75), (0.1, 0.2, 0.3, 0.4, 0.7, 0.9)]))
    probability = rng.choice(np.array(values, np.float32), chosen.sum()).astype(np.float64)
    arguments = {"i": i[chosen], "j": j[chosen], "probability": probability}
    if draw(st.booleans()):
        arguments["weights"] = rng.integers(1, 4, n)
    if draw(st.booleans()):
        hours = np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 40, n).astype(float))
        arguments |= {"spans": (hours, hours), "window": 20}
    if draw(st.booleans()):
        must, cannot = random_constraints(n, draw(st.integers(0, 10_000)))
        arguments |= {"must_link": must, "cannot_link": cannot}
    if draw(st.booleans()):
        arguments["owners"] = [frozenset(rng.choice(9, rng.integers(0, 2)).tolist()) for _ in range(n)]
    return n, arguments


def merges_of(tree):
    return sorted(zip(tree.height.tolist(), tree.left.tolist(), tree.right.tolist(), strict=True))


def component_of(n: int, arguments, threshold: float):
    """The component of each node by the pairs of at least this probability, and the must-links."""
    kept = arguments["probability"] >= threshold
    must = arguments.get("must_link", np.empty((2, 0), np.int64))
    ends = np.append(arguments["i"][kept], must[0]), np.append(arguments["j"][kept], must[1])
    return connected_components(csr_matrix((np.ones(len(ends[0])), ends), (n, n)), directed=False)[1]


def part_of(members, arguments, n: int):
    """Arguments of `merge_tree` for some nodes alone, with all pairs and constraints inside."""
    place = np.full(n, -1)
    place[members] = np.arange(len(members))
    inside = (place[arguments["i"]] >= 0) & (place[arguments["j"]] >= 0)
    part = {name: place[arguments[name][inside]] for name in ("i", "j")}
    part["probability"] = arguments["probability"][inside]
    for name in arguments.keys() & {"must_link", "cannot_link"}:
        pairs = place[arguments[name]]
        part[name] = pairs[:, (pairs >= 0).all(axis=0)]
    if "weights" in arguments:
        part["weights"] = arguments["weights"][members]
    if "spans" in arguments:
        part |= {"spans": tuple(hours[members] for hours in arguments["spans"]), "window": arguments["window"]}
    if "owners" in arguments:
        part["owners"] = [arguments["owners"][node] for node in members.tolist()]
    return part | {"numbers": members}


def cut_by_parts(n: int, arguments, component, threshold: float):
    """The cut of the trees of all components, each linked alone."""
    labels = np.empty(n, np.int64)
    for members in (np.flatnonzero(component == k) for k in range(component.max() + 1)):
        labels[members] = members[merge_tree(len(members), **part_of(members, arguments, n)).cut(threshold)]
    return labels.tolist()


@settings(deadline=None, max_examples=150)
@given(graph=tied(), last_round=st.sampled_from([1, 3, 5, 64]))
def test_the_moment_at_which_rounds_end_changes_nothing(graph, last_round):
    n, arguments = graph
    expected = merges_of(merge_tree(n, **arguments, last_round=HEAP_ONLY))
    assert merges_of(merge_tree(n, **arguments, last_round=ROUNDS_ONLY)) == expected
    assert merges_of(merge_tree(n, **arguments, last_round=last_round)) == expected


@settings(deadline=None, max_examples=100)
@given(graph=tied())
def test_a_component_alone_has_the_groups_that_it_has_among_all(graph):
    n, arguments = graph
    tree, component = merge_tree(n, **arguments), component_of(n, arguments, 0)
    for threshold in THRESHOLDS:
        assert tree.cut(threshold).tolist() == cut_by_parts(n, arguments, component, threshold)


@settings(deadline=None, max_examples=100)
@given(graph=tied(), threshold=st.sampled_from(THRESHOLDS[:-1]))
def test_pairs_below_a_threshold_between_components_change_no_group_at_it(graph, threshold):
    n, arguments = graph
    component = component_of(n, arguments, threshold)
    expected = merge_tree(n, **arguments).cut(threshold).tolist()
    assert cut_by_parts(n, arguments, component, threshold) == expected


@settings(deadline=None, max_examples=60)
@given(n=st.integers(2, 60), share=st.floats(0.05, 1), seed=st.integers(0, 10_000), window=st.sampled_from([20, 1e9]))
def test_rounds_join_what_one_by_one_joins(n, share, seed, window):
    i, j, p = random_pairs(n, share, seed)
    hours = np.random.default_rng(seed).uniform(0, 50, n)
    run = {"spans": (hours, hours), "window": window, "floor": 0.1}
    tree, heap = (merge_tree(n, i, j, p, **run, last_round=rounds) for rounds in (ROUNDS_ONLY, HEAP_ONLY))
    assert tree.height == pytest.approx(heap.height)
    assert tree.left.tolist() == heap.left.tolist() and tree.right.tolist() == heap.right.tolist()


def test_one_group_that_takes_in_all_others_one_at_a_time():
    """Each node goes best with the first, and only one can join it at a time: rounds would be as many as nodes."""
    n = 400
    i, j = np.triu_indices(n, 1)
    tree = merge_tree(n, i, j, 0.99 - j / n / 2, floor=0.05)
    assert tree.left.tolist() == [0] * (n - 1) and tree.right.tolist() == list(range(1, n))
    assert tree.height == pytest.approx([0.99 - k / n / 2 for k in range(1, n)])


def test_equal_pairs_are_not_joined_one_at_a_time(monkeypatch):
    n = 1000
    i, j = np.triu_indices(n, 1)
    monkeypatch.setattr("dedupe.clustering.linkage.one_by_one", no_links_left)  # rounds must have joined all
    assert len(merge_tree(n, i, j, np.full(len(i), 0.9)).height) == n - 1


def no_links_left(groups, links, floor):
    assert len(links.low) == 0
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)


def random_constraints(n: int, seed: int):
    """Must-links, and cannot-links between two halves, so that they never contradict each other."""
    rng = np.random.default_rng(seed)
    side = rng.random(n) < 0.5
    i, j = np.triu_indices(n, 1)
    drawn = rng.random(len(i)) < 2 / n
    must, cannot = drawn & (side[i] == side[j]), drawn & (side[i] != side[j])
    return np.array([i[must], j[must]]), np.array([i[cannot], j[cannot]])


@settings(deadline=None, max_examples=60)
@given(n=st.integers(2, 40), share=st.floats(0.05, 1), seed=st.integers(0, 10_000), threshold=st.floats(0.1, 1))
def test_constraints_hold_at_every_threshold(n, share, seed, threshold):
    i, j, p = random_pairs(n, share, seed)
    must, cannot = random_constraints(n, seed)
    tree = merge_tree(n, i, j, p, must_link=must, cannot_link=cannot)
    labels = tree.cut(threshold)
    assert (labels[must[0]] == labels[must[1]]).all() and (labels[cannot[0]] != labels[cannot[1]]).all()
    assert (tree.cophenetic(*must) == 1).all() and (tree.cophenetic(*cannot) == 0).all()
    assert (np.diff(tree.height) <= 1e-12).all()


@settings(deadline=None, max_examples=60)
@given(n=st.integers(2, 40), share=st.floats(0.05, 1), seed=st.integers(0, 10_000), threshold=st.floats(0.1, 0.99))
def test_constraints_join_what_a_plain_loop_joins(n, share, seed, threshold):
    i, j, p = random_pairs(n, share, seed)
    must, cannot = random_constraints(n, seed)
    dense = np.zeros((n, n))
    dense[i, j] = dense[j, i] = p
    groups = [{k} for k in range(n)]
    for a, b in must.T.tolist():
        first, second = (next(group for group in groups if k in group) for k in (a, b))
        if first is not second:
            groups = [group for group in groups if group not in (first, second)] + [first | second]
    barred = {tuple(pair) for pair in cannot.T.tolist()}
    while True:
        best = max(
            (
                (float(dense[np.ix_(list(a), list(b))].mean()), k, m)
                for k, a in enumerate(groups)
                for m, b in enumerate(groups[:k])
                if not any((min(x, y), max(x, y)) in barred for x in a for y in b)
            ),
            default=(0.0, 0, 0),
        )
        if best[0] < threshold:
            break
        groups[best[2]] |= groups.pop(best[1])
    labels = np.zeros(n, int)
    for number, group in enumerate(groups):
        labels[list(group)] = number
    tree = merge_tree(n, i, j, p, must_link=must, cannot_link=cannot, floor=0.05)
    assert same_partition(tree.cut(threshold).tolist(), labels.tolist())


def test_the_window_goes_before_a_must_link():
    hours, none = np.array([0.0, 50.0]), np.zeros(0, np.int64)
    must = np.array([[0], [1]])
    apart = merge_tree(2, none, none, np.zeros(0), spans=(hours, hours), window=24, must_link=must)
    joined = merge_tree(2, none, none, np.zeros(0), spans=(hours, hours), window=72, must_link=must)
    assert len(apart.height) == 0 and joined.height.tolist() == [1.0]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), floor=st.floats(0.2, 0.7))
def test_a_floor_leaves_out_merges_and_changes_none(seed, floor):
    rng = np.random.default_rng(seed)
    i, j, p = random_pairs(40, 0.04, seed)
    hours = rng.uniform(0, 50, 40)
    down = merge_tree(40, i, j, p, spans=(hours, hours), window=20)
    above = merge_tree(40, i, j, p, spans=(hours, hours), window=20, floor=floor)
    assert above.cut(floor).tolist() == down.cut(floor).tolist()
    assert len(above.height) == (down.height >= floor).sum()


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 30), share=st.floats(0.05, 1), seed=st.integers(0, 10_000))
def test_the_joining_merge_is_the_last_that_two_nodes_need(n, share, seed):
    tree = merge_tree(n, *random_pairs(n, share, seed), floor=0.1)
    i, j = (side.ravel() for side in np.indices((n, n)))
    place, height = tree.joining_merge(i, j), tree.cophenetic(i, j)
    heights = np.append(tree.height, 0.0)
    np.testing.assert_array_equal(height[i != j], heights[place[i != j]])
    for count in range(len(tree.left) + 1):
        labels = MergeTree(n, tree.left[:count], tree.right[:count], tree.height[:count]).cut(0)
        together = (i == j) | ((place >= 0) & (place < count))
        np.testing.assert_array_equal(labels[i] == labels[j], together)


@settings(deadline=None, max_examples=60)
@given(n=st.integers(2, 40), share=st.floats(0.05, 1), seed=st.integers(0, 10_000))
def test_nodes_of_one_owner_are_kept_apart_as_by_cannot_links(n, share, seed):
    i, j, p = random_pairs(n, share, seed)
    rng = np.random.default_rng(seed)
    owners = [frozenset(rng.choice(6, rng.integers(0, 3), replace=False).tolist()) for _ in range(n)]
    a, b = np.triu_indices(n, 1)
    shared = np.array([bool(owners[x] & owners[y]) for x, y in zip(a.tolist(), b.tolist(), strict=True)], bool)
    tree = merge_tree(n, i, j, p, owners=owners)
    expected = merge_tree(n, i, j, p, cannot_link=np.array([a[shared], b[shared]]))
    for column in ("left", "right", "height"):
        assert getattr(tree, column).tolist() == getattr(expected, column).tolist()


def test_must_links_go_before_owners():
    owners = [frozenset([1]), frozenset([1]), frozenset([1])]
    i, j, p = np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([0.9, 0.9, 0.9])
    tree = merge_tree(3, i, j, p, must_link=np.array([[0], [1]]), owners=owners)
    assert same_partition(tree.cut(0.1).tolist(), [0, 0, 1])
