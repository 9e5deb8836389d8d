import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedupe.index.stable_ids import NO_KEY, Continuity, continued


def run(old, groups, next_key=100, order=None):
    order = np.arange(len(old)) if order is None else np.array(order)
    return continued(np.array(old, np.int64), np.array(groups, np.int64), order, next_key)


def changes_of(continuity: Continuity):
    return [(change.kind, change.old, change.new, change.rows.tolist()) for change in continuity.changes]


def test_new_groups_get_keys_in_the_order_of_their_earliest_headlines():
    found = run([NO_KEY] * 4, [7, 3, 7, 5], order=[3, 2, 0, 1])
    assert found.keys.tolist() == [100, 102, 100, 101]
    assert found.created.tolist() == [100, 101, 102]
    assert found.first.tolist() == [2, 3, 1]
    assert not found.changes


def test_a_group_that_grows_keeps_its_id():
    found = run([4, 4, NO_KEY], [0, 0, 0])
    assert found.keys.tolist() == [4, 4, 4]
    assert not found.changes and not len(found.created)


def test_of_two_that_merge_the_older_stays():
    found = run([9, 4, 4], [0, 0, 0])
    assert found.keys.tolist() == [4, 4, 4]
    assert changes_of(found) == [("merged", 9, 4, [0])]


def test_of_a_split_the_part_with_the_earliest_headline_keeps_the_id():
    found = run([4, 4, 4], [1, 0, 0], order=[2, 0, 1])
    assert found.keys.tolist() == [100, 4, 4]
    assert changes_of(found) == [("split", 4, 100, [0])]


def test_a_headline_that_goes_over_to_another_story_is_told():
    found = run([4, 4, 6], [0, 1, 1], order=[0, 2, 1])
    assert found.keys.tolist() == [4, 6, 6]
    assert changes_of(found) == [("moved", 4, 6, [1])]


def test_an_id_whose_earliest_headline_leaves_stays_with_the_rest():
    found = run([2, 5, 5, 5], [0, 0, 1, 1])
    assert found.keys.tolist() == [2, 2, 5, 5]
    assert changes_of(found) == [("moved", 5, 2, [1])]


def test_an_id_leads_on_where_most_of_its_headlines_went():
    found = run([2, 5, 5, 5], [0, 0, 0, 1])
    assert found.keys.tolist() == [2, 2, 2, 100]
    assert changes_of(found) == [("merged", 5, 2, [1, 2]), ("split", 5, 100, [3])]


def test_parts_of_one_story_can_go_different_ways():
    found = run([2, 5, 5, 5], [0, 0, 1, 2])
    assert found.keys.tolist() == [2, 2, 5, 100]
    assert changes_of(found) == [("moved", 5, 2, [1]), ("split", 5, 100, [3])]


def test_nothing_in_nothing_out():
    found = run([], [])
    assert len(found.keys) == 0 and not found.changes


@st.composite
def runs(draw):
    rows = draw(st.integers(1, 12))
    old = draw(st.lists(st.integers(-1, 5), min_size=rows, max_size=rows))
    groups = draw(st.lists(st.integers(0, 4), min_size=rows, max_size=rows))
    return old, groups, draw(st.permutations(range(rows)))


@given(runs())
def test_ids_follow_groups_and_every_change_is_told(run_):
    old, groups, order = run_
    found = run(old, groups, 100, order)
    by_group = {}
    for key, group in zip(found.keys.tolist(), groups, strict=True):
        assert by_group.setdefault(group, key) == key
    assert len(set(by_group.values())) == len(by_group)  # no two groups share an id
    told = {row: (change.old, change.new) for change in found.changes for row in change.rows.tolist()}
    changed = {
        row: (before, after)
        for row, (before, after) in enumerate(zip(old, found.keys.tolist(), strict=True))
        if before not in (NO_KEY, after)
    }
    assert told == changed
    assert all(key < 100 or key in found.created for key in found.keys.tolist())
    ended = {change.old: change.new for change in found.changes if change.kind == "merged"}
    for key in set(old) - {
        NO_KEY
    }:  # each id goes on in one group, or ends in an older one; neither is left without a headline
        earliest = min((row for row in range(len(old)) if old[row] == key), key=lambda row: order[row])
        assert found.keys[earliest] <= key
        own = [k for before, k in zip(old, found.keys.tolist(), strict=True) if before == key]
        assert (key in ended) != (key in own)
        assert ended.get(key, key) in own and ended.get(key, -1) < key


@given(runs(), st.randoms())
def test_the_order_of_rows_and_the_names_of_groups_do_not_matter(run_, random):
    old, groups, order = run_
    places = list(range(len(old)))
    random.shuffle(places)
    names = random.sample(range(100), 5)
    shuffled = run([old[k] for k in places], [names[groups[k]] for k in places], 100, [order[k] for k in places])
    assert shuffled.keys.tolist() == [run(old, groups, 100, order).keys[k] for k in places]


@given(runs())
def test_the_same_groups_again_change_nothing(run_):
    old, groups, order = run_
    first = run(old, groups, 100, order)
    again = run(first.keys.tolist(), groups, 200, order)
    assert again.keys.tolist() == first.keys.tolist()
    assert not again.changes and not len(again.created)
