import numpy as np
import pytest

from dedupe import compare, deduplicate
from dedupe.candidates.pairs import PairTable
from dedupe.scoring.minimal_pairs import OTHER_EVENT, SAME_EVENT, difference_log_odds, with_difference
from dedupe.scoring.title_features import describe_titles
from dedupe.text.kinds import read_title


def added(first, second, similarity=0.95, labels=()):
    pairs = PairTable(np.array([0]), np.array([1]), np.array([similarity], np.float32))
    forth, back = (
        difference_log_odds(describe_titles(texts, labels=[frozenset(labels)] * 2), pairs)[0]
        for texts in ([first, second], [second, first])
    )
    assert forth == back  # the order of the two makes no difference
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
        ("Tin up 3 percent", "Zinc rises 3%"),
        ("Balloon lands in Leeds", "Balloon takes off from Leeds"),
        ("Nine hurt in bus crash near Turin", "Bus crash near Porto injures nine"),
        ("Otters promoted to first league", "Otters relegated from first league"),
        ("Zoo opens in Bergen", "Zoo closes in Bergen"),
        ("Danish foreign minister warns Iceland", "Iceland warns Danish foreign minister"),
        ("Deputy head teacher believes pupil", "Pupil believes deputy head teacher"),
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
        ("Porto zoo reopens", "Porto zoo opens again"),
        ("Blaze at ferry port", "Fire at ferry port"),
        ("Council says ferry line faces closure", "Ferry line faces closure, says council"),
        ("Ferry captain resigns", "Ferry captain steps down"),
        ("Study finds otters safe for ducks", "Otters safe for ducks, finds study"),
        ("Mayor opens lido in Leeds", "Mayor opened lido in Leeds"),
        ("Ferry captain to meet mayor", "Mayor to meet ferry captain"),
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
        ("Ferry sinks off Oslo", "Ferry sinks off Alta"),
        ("Ferry sinks off Oslo", "Ferry sinks off Norway"),
        ("Ferry sinks off Oslo", "Ferry sinks off Oslo"),
        ("Riot at ferry port", "Fire at ferry port"),
        ("Everton beat Leeds after Leeds beat Everton", "Leeds beat Everton"),
        ("Norway vs Wales moved to Sunday", "Storm moves Wales vs Norway match"),
        ("", "Leeds beat Everton"),
        ("Mayor warns storm nears coast", "Storm nears coast, warns mayor"),
        ("Police fear arson in Leeds", "Arson in Leeds, fear police"),
        ("Chancellor refuses to meet mayor", "Mayor refuses to meet chancellor"),
        ("Conservative club wins lawsuit over park", "Conservation club wins lawsuit over park"),
        ("Author sued over ban on ferries", "Authority sued over ban on ferries"),
        ("Council executes order", "Council executive ordered"),
        ("Mayor denies wrongdoing in ferry deal", "Mayor admits no wrongdoing in ferry deal"),
        ("Council fails to pass budget bill", "Council rejects budget bill"),
        ("President Duarte visits Porto", "PM Duarte visits Porto"),
        ("Brewer sues over ferry deal", "Brewer sued over ferry deal"),
    ],
)
def test_other_differences_are_left_to_the_judge(first, second):
    assert added(first, second) == 0


def test_only_short_titles_are_looked_at_where_vectors_are_not_near():
    assert added("Man bites dog", "Dog bites man", similarity=0.5) == OTHER_EVENT
    assert added("Man bites dog in a park in Leeds", "Dog bites man in a park in Leeds", similarity=0.5) == 0
    assert added("Fire contained", "Fire out of control", similarity=0.4) == OTHER_EVENT


def test_a_live_page_is_renamed_as_things_turn():
    assert added("Krona rises before vote", "Krona falls before vote") == OTHER_EVENT
    assert added("Krona rises before vote", "Krona falls before vote", labels=["live"]) == 0


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
    assert compare("Balloon lands in Leeds", "Balloon takes off from Leeds").verdict == "different"
    assert compare("Porto zoo reopens", "Porto zoo opens again").verdict == "wording"
    metals = deduplicate(
        ["Gold rises 1%", "Silver rises 1%", "Gold up 1 percent", "Dow ends higher", "Nikkei ends higher"]
    )
    assert sorted(metals.labels("story").tolist()) == [0, 0, 1, 2, 3]
    titles = ["Father rescues son in Porto", "Son rescues father in Porto", "Rain expected in Oslo"]
    assert len(deduplicate(titles).stories) == 3


@pytest.mark.slow
def test_the_reasons_name_the_difference_first():
    swapped = compare("Man bites dog in Leeds park", "Dog bites man in Leeds park")
    assert swapped.features["difference"] == OTHER_EVENT
    assert swapped.reasons[0].endswith("against: the same words, but two parts have changed places")
    opposite = compare("Vaccine found safe for infants", "Vaccine found unsafe for infants")
    assert opposite.reasons[0].endswith("against: alike, but one says the opposite of the other")
    metals = compare("Gold rises 1%", "Silver rises 1%")
    assert metals.reasons[0].endswith("against: alike, but one says Gold, the other Silver")
    again = compare("Porto zoo reopens", "Porto zoo opens again")
    assert any(line.endswith("for: the same words, apart from endings and synonyms") for line in again.reasons)
    assert not any("alike, but" in line for line in compare("Ferry sinks", "Ferry sinks off Oslo").reasons)


def test_each_title_is_read_once(monkeypatch):
    read = []

    def reads(text):
        read.append(text)
        return read_title(text)

    monkeypatch.setattr("dedupe.scoring.minimal_pairs.read_title", reads)
    titles = ["Tin up 3 percent", "Zinc rises 3%", "Copper up 3 percent", "Storm nears Porto, mayor flees zoo at dawn"]
    i, j = np.triu_indices(len(titles), 1)
    found = difference_log_odds(describe_titles(titles), PairTable(i, j, np.full(len(i), 0.95, np.float32)))
    assert (found < 0).tolist() == [True, True, False, True, False, False]
    assert sorted(read) == sorted(title.casefold() for title in titles[:3])  # the last one has no thing of their kinds
