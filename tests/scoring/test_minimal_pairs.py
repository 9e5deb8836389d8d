import numpy as np
import pytest

from dedupe import compare, deduplicate
from dedupe.candidates.pairs import PairTable
from dedupe.scoring.minimal_pairs import OTHER_EVENT, SAME_EVENT, difference_log_odds, with_difference


def added(first, second, similarity=0.95):
    texts = np.array([first.casefold(), second.casefold()], object)
    pairs = PairTable(np.array([0]), np.array([1]), np.array([similarity], np.float32))
    forth = difference_log_odds(texts, pairs)[0]
    assert difference_log_odds(texts[::-1], pairs)[0] == forth  # the order of the two makes no difference
    return forth


@pytest.mark.parametrize(
    "first, second",
    [
        ("Man bites dog in Leeds park", "Dog bites man in Leeds park"),
        ("Ferry line sues port of Oslo", "Port of Oslo sues ferry line"),
        ("Flights from Oslo to Bergen halted", "Flights from Bergen to Oslo halted"),
        ("Oil rises as dollar falls", "Oil falls as dollar rises"),
        ("Leeds beat Everton 2-1 with late header", "Everton beat Leeds 2-1"),
        ("Vaccine found safe for infants", "Vaccine found unsafe for infants"),
        ("Court rules levy legal", "Court rules levy illegal"),
        ("Bridge in Porto repaired by army", "Bridge in Porto damaged by army"),
        ("Krona rises against euro", "Krona falls against euro"),
        ("Rates held at May meeting", "Rates raised at May meeting"),
    ],
)
def test_what_tells_another_event(first, second):
    assert added(first, second) == OTHER_EVENT


@pytest.mark.parametrize(
    "first, second",
    [
        ("Chancellor meets mayor in Porto", "Mayor meets chancellor in Porto"),
        ("France and Spain sign fishing pact", "Spain and France sign fishing pact"),
        ("Ferry strike ends as talks resume", "Talks resume as ferry strike ends"),
        ("Leeds draw 1-1 with Everton", "Everton draw 1-1 with Leeds"),
    ],
)
def test_what_tells_the_same_event(first, second):
    assert added(first, second) == SAME_EVENT


@pytest.mark.parametrize(
    "first, second",
    [
        ("Mayor resigns after audit", "After audit, mayor resigns"),
        ("Police say ferry sank at dawn", "Ferry sank at dawn, police say"),
        ("Powerful storm hits Midwest", "Midwest hit by powerful storm"),
        ("Ferry sinks off Oslo", "Ferry sinks off Bergen"),
        ("Ferry sinks off Oslo", "Ferry sinks off Oslo"),
        ("Blaze at ferry port", "Fire at ferry port"),
        ("Everton beat Leeds after Leeds beat Everton", "Leeds beat Everton"),
        ("Norway vs Wales moved to Sunday", "Storm moves Wales vs Norway match"),
        ("", "Leeds beat Everton"),
    ],
)
def test_other_differences_are_left_to_the_judge(first, second):
    assert added(first, second) == 0


def test_only_titles_with_near_vectors_are_looked_at():
    assert added("Man bites dog", "Dog bites man", similarity=0.5) == 0


def test_probabilities_move_by_the_log_odds_and_only_there():
    p = np.array([0.9, 0.9, 0.0, 1.0], np.float32)
    moved = with_difference(p, np.array([0, OTHER_EVENT, SAME_EVENT, OTHER_EVENT]))
    assert moved[0] == p[0] and 0 <= moved[2] < 0.001 and moved[3] < 1
    assert moved[1] == pytest.approx(1 / (1 + np.exp(-OTHER_EVENT) / 9), rel=1e-4)


@pytest.mark.slow
def test_pairs_that_people_try_first():
    assert compare("Vaccine found safe for infants", "Vaccine found unsafe for infants").verdict == "different"
    assert compare("Man bites dog in Leeds park", "Dog bites man in Leeds park").verdict == "different"
    assert compare("Chancellor meets mayor in Porto", "Mayor meets chancellor in Porto").verdict == "wording"
    titles = ["Father rescues son in Porto", "Son rescues father in Porto", "Rain expected in Oslo"]
    assert len(deduplicate(titles).stories) == 3


@pytest.mark.slow
def test_the_reasons_name_the_difference_first():
    swapped = compare("Man bites dog in Leeds park", "Dog bites man in Leeds park")
    assert swapped.features["difference"] == OTHER_EVENT
    assert swapped.reasons[0].endswith("against: the same words, but two parts have changed places")
    opposite = compare("Vaccine found safe for infants", "Vaccine found unsafe for infants")
    assert opposite.reasons[0].endswith("against: alike, but one says the opposite of the other")
    assert not any("alike, but" in line for line in compare("Ferry sinks", "Ferry sinks off Oslo").reasons)
