from collections import Counter

from benchmarks.copies import EDITS, copies

TITLES = [
    "Storm hits Porto Alegre: 12 dead, police says",
    "Mayor opens new bridge after long dispute",
    "Ferry sinks off Oslo, 3 dead",
    "Kites",
]


def test_copies_are_seeded_new_and_of_a_kind_that_their_original_allows():
    made = list(copies(TITLES, 40, seed=1))
    titles = [copy.title for copy in made]
    assert made == list(copies(TITLES, 40, seed=1)) != list(copies(TITLES, 40, seed=2))
    assert len({*titles, *TITLES}) == len(made) + len(TITLES)
    assert set(Counter(copy.kind for copy in made)) == set(EDITS)
    assert {copy.kind for copy in made if TITLES[copy.original] == "Kites"} == {"publisher mark"}


def test_copies_end_where_nothing_new_can_be_made():
    assert 0 < len(list(copies(["Kites"], 10_000, seed=1))) < 200
