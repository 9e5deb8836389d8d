"""Which slices are held back, learned from, or neither."""

from __future__ import annotations

import pytest

from dedupe.errors import InputError
from dedupe.training.hold_back import slice_names, split_slices
from dedupe.training.stories import read_stories
from tests.support.tiny import write


def stories(tmp_path, starts, names=None):
    """One story of two titles a slice, published on two days from each start on."""
    rows = [
        {"title": f"t{k}", "story": f"{s}", "wording": f"{s}", "slice": names[s] if names else f"s{s}"}
        | ({"published": f"2025-01-{start + k:02d}"} if start else {})
        for s, start in enumerate(starts)
        for k in range(2)
    ]
    return read_stories(write(tmp_path / "stories.jsonl", rows))


def test_the_middle_third_is_held_back_and_its_neighbours_are_on_neither_side(tmp_path):
    """Slices of two days; those that end or begin within two days of the block are too near."""
    data = stories(tmp_path, [1, 4, 6, 10, 12, 14, 18, 21, 24])
    split = split_slices(data)
    assert split.held_back == [3, 4, 5]  # January 10 to 15
    assert split.learned == [0, 1, 2, 6, 7, 8]  # 7 is three days before the 10th, 18 three days after the 15th
    near = stories(tmp_path, [1, 3, 5, 8, 10, 12, 15, 18, 21, 24])
    assert split_slices(near, ("s3", "s5")).learned == [0, 1, 7, 8, 9], (
        "6 is two days before the 8th, 15 two after the 13th"
    )


def test_slices_are_in_order_of_time_whatever_their_order_in_the_file(tmp_path):
    data = stories(tmp_path, [24, 12, 1, 18, 6, 21, 14, 4, 10])
    assert split_slices(data, ("s8", "s6")).held_back == [8, 1, 6]
    with pytest.raises(InputError, match="0 held back"):
        split_slices(data, ("s6", "s8"))


def test_undated_slices_have_no_neighbours(tmp_path):
    split = split_slices(stories(tmp_path, [0] * 9))
    assert (split.learned, split.held_back) == ([0, 1, 2, 6, 7, 8], [3, 4, 5])


def test_what_an_encoder_has_seen_is_never_held_back(tmp_path):
    data = stories(tmp_path, [1, 4, 6, 10, 12, 14, 18, 21, 24, 26])
    split = split_slices(data, ("s2", "s6"), seen={"s4", "s3", "s0"})
    assert split.held_back == [2, 5, 6]
    assert split.learned == [0, 7, 8, 9] or split.learned == [0, 8, 9], "s3 and s4 lie inside the block"
    assert not set(split_slices(data, seen={"s4", "s0"}).held_back) & {0, 4}


@pytest.mark.parametrize(
    ("ends", "seen", "message"),
    [
        (("s1", "x"), (), "no slice 'x' to hold back: the slices are s0, s1"),
        (("s1", "s2"), (), "2 held back, but 3 of each are needed"),
        (("s1", "s7"), (), "slices to learn from and 7 held back"),
        (None, ("s0", "s1", "s2", "s3", "s4", "s5", "s6"), "and 2 held back"),
    ],
)
def test_splits_that_leave_too_little(tmp_path, ends, seen, message):
    with pytest.raises(InputError, match=message):
        split_slices(stories(tmp_path, [1, 4, 6, 10, 12, 14, 18, 21, 24]), ends, seen)


def test_slices_without_names_are_numbered(tmp_path):
    rows = [
        {"title": f"t{k}", "story": str(k), "wording": str(k), "published": f"2025-01-{k + 1:02d}"} for k in range(25)
    ]
    data = read_stories(write(tmp_path / "stories.jsonl", rows))
    assert slice_names(data) == [str(number) for number in range(1, len(data.slices) + 1)]
