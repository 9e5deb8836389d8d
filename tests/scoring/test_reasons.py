"""The reasons of a pair in words, what weighs most first, with its share."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from dedupe import Headline, compare, deduplicate
from dedupe.scoring.context import CONTEXT_FEATURES
from dedupe.scoring.contributions import COLUMNS, NEUTRAL, Contributions, without
from dedupe.scoring.model import crowdedness, sigmoid
from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.reasons import reasons, shares
from dedupe.scoring.title_features import describe_titles
from tests.support.labelled_news import clear_rows


def explained(a, b, *, hours=None, common=0.0, added=None, labels=None, read=(), **options):
    """The reasons where every aspect that can be named weighs the same, or those in `added`."""
    times = None if hours is None else np.array([0.0, hours])
    half = np.array([0.5], np.float32)
    values = pair_features(
        describe_titles([a, b], times, times, labels=labels), np.array([0]), np.array([1]), half, half
    )[0].tolist()
    features = dict.fromkeys(CONTEXT_FEATURES, 0.0) | dict(zip(FEATURES, values, strict=True))
    features |= {"story_of_fewer": common} | dict(zip(("read_wording", "read_story"), read, strict=False))
    return reasons(a, b, 0.876, features, dict.fromkeys(NEUTRAL, 0.0) | (added or {}), **options)


def only(aspect, a, b, weight=1.0, **options):
    """The sentence about an aspect that weighs alone."""
    (reason,) = explained(a, b, added={aspect: weight}, **options)
    return reason


# What is said


def test_words_that_both_say_and_only_one():
    line = only("words", "Ferry sinks off Oslo", "Oslo ferry rescued")
    assert line == "100 % for: both say Oslo, ferry; only the first says sinks; only the second says rescued"


def test_no_single_letters_and_no_function_words():
    line = only("words", "It's the U.S. and a B sample of de Vries", "What's in the E.U. for a de Vries")
    assert line.startswith("100 % for: both say Vries")
    words = re.findall(r"[\w.']+", line.partition(": ")[2].replace("only the", ""))
    assert not {word for word in words if len(word) == 1} and not {"the", "and", "de", "of", "It's"} & set(words)
    assert only("words", "A", "The") == "100 % for: hardly a word to compare"


def test_many_common_words_that_speak_against_are_explained():
    titles = "Ferry sinks off Oslo", "Ferry sinks off Oslo again"
    assert only("words", *titles, -1).startswith(
        "100 % against: as alike as titles of two events that look alike: both"
    )
    assert "look alike" not in only("words", *titles, 1)


def test_words_beyond_five_are_counted():
    line = only("words", "Ferry", "Ferry harbour museum bridge union valley storm")
    assert re.search(r"only the second says (\w+, ){4}\w+ and 1 more$", line)


@pytest.mark.parametrize(
    ("read", "opinion"),
    [
        ((3.0, 5.0), "surely one wording"),
        ((0.5, 5.0), "probably one wording"),
        ((-0.5, 5.0), "surely one story, but probably two wordings"),
        ((-3.0, 0.5), "probably one story, but surely two wordings"),
        ((-3.0, -0.5), "probably two events"),
        ((-9.0, -5.0), "surely two events"),
    ],
)
def test_what_the_reader_says(read, opinion):
    line = only("reader", "Ferry sinks off Oslo", "Oslo ferry rescued", read=read)
    assert line == f"100 % for: read side by side: {opinion}"


@pytest.mark.parametrize(
    ("aspect", "a", "b", "sentence"),
    [
        ("counters", "Episode 101: Storms", "Episode 102: Storms", "episode 101 against episode 102"),
        ("counters", "Tides for July 14", "Tides for July 15", "July 14 against July 15"),
        ("counters", "Brindle v1.2.0 is out", "Brindle v1.2.0 released", "both say Brindle 1.2.0"),
        ("numbers", "Port 8080 closed", "Port 8080 shut", "same number: 8080"),
        ("numbers", "Port 8080 closed", "Port 8081 closed", "different numbers: 8080 and 8081"),
        ("numbers", "Port 8080 closed", "Port closed", "only the first has the number 8080"),
        ("days", "Storm on Monday", "Storm on Friday", "different days: Monday and Friday"),
        ("negation", "Mayor resigns", "Mayor does not resign", "only the second has a negative word"),
        ("question", "Is the mayor ill?", "Mayor is ill", "only the first is a question"),
        ("future", "Mayor resigns", "Mayor will resign", "only the second is about the future"),
        ("opposites", "Shares rise in Oslo", "Oslo shares fall", "one says rise, the other fall"),
        ("opposites", "Oslo shares fall", "Shares rise in Oslo", "one says fall, the other rise"),
        ("source", "Ferry", "Ferry", "both are from one source"),
    ],
)
def test_facts_that_agree_or_differ(aspect, a, b, sentence):
    assert only(aspect, a, b, -1) == f"100 % against: {sentence}"


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [(0.2, "less than an hour apart"), (1, "1 hour apart"), (49, "49 hours apart")],
)
def test_time_between_both(hours, sentence):
    assert only("hours", "Ferry sinks", "Ferry sinks off Oslo", -2, hours=hours) == f"100 % against: {sentence}"


def test_labels_of_other_forms():
    live, exclusive = frozenset({"live"}), frozenset({"exclusive"})
    line = only("labels", "Ferry sinks", "Ferry sinks off Oslo", labels=[live, exclusive])
    assert line.endswith("their labels name different forms of piece, such as live or opinion")


@pytest.mark.parametrize(
    ("common", "weight", "sentence"),
    [
        (0.8, 1, "other headlines match both"),
        (0.1, 1, "other headlines about it use the same words"),
        (0.1, -1, "other headlines match only one of them"),
    ],
)
def test_other_headlines(common, weight, sentence):
    assert only("context", "Ferry", "Ferry sinks", weight, common=common).endswith(f": {sentence}")


def test_what_weighs_most_is_first_and_what_is_under_half_a_per_cent_is_left_out():
    lines = explained("Ferry 8 sinks", "Ferry 8 rescued", added={"words": 1.0, "meaning": -3.0, "numbers": 0.01})
    assert [line.partition(":")[0] for line in lines] == ["75 % against", "25 % for"]


def test_corrections_addresses_and_records_are_always_named():
    plain = explained("Ferry", "Ferry sinks", added={"words": 1.0})
    assert explained("Ferry", "Ferry sinks", added={"words": 1.0}, corrected=True) == ["a correction says so", *plain]
    named = explained("Ferry", "Ferry sinks", added={"words": 1.0}, address="herald.example/1")
    assert named == [*plain, "adds nothing: the same address, herald.example/1"]
    decided = explained("Ferry", "Ferry sinks", added={"address": 1.0}, address="herald.example/1")
    assert decided == ["100 % for: the same address, herald.example/1"]


def test_where_nothing_weighs_meaning_and_words_are_named():
    assert explained("Ferry", "Ferry sinks") == [
        "similar in meaning (cosine 0.88)",
        "both say Ferry; only the second says sinks",
    ]


@pytest.mark.parametrize("values", [[1, 1, 1], [0.004, 5, -3.3], [1e-9, 0, 0], [-7] * 16, [0.5, 0.5, 99]])
def test_shares_are_whole_per_cent_that_sum_to_100(values):
    added = {str(k): value for k, value in enumerate(values)}
    percent = shares(added)
    assert sum(percent.values()) == 100
    exact = np.abs(values) / np.abs(values).sum() * 100
    assert np.abs(np.array(list(percent.values())) - exact).max() < 1
    assert shares(dict.fromkeys("ab", 0.0)) == {}


# What is measured


def test_every_column_belongs_to_one_aspect():
    assert sorted(name for columns in NEUTRAL.values() for name in columns) == sorted(COLUMNS)


@pytest.fixture(scope="module")
def run():
    """A run of the model that ships, with dates, sources and an address that two rewritten titles share."""
    rows = [
        Headline(row["title"], published=f"2026-03-0{1 + k % 3}T{k % 24:02}:00Z", source=f"s{k % 5}")
        for k, row in enumerate(clear_rows())
    ]
    page = "https://herald.example/story/17"
    return deduplicate(
        [*rows, Headline("Harbour mourns its crew", url=page), Headline("Ferry sinks off Oslo", url=page)]
    )


def matrix(pairs):
    """The values of pairs, by `COLUMNS`."""
    return np.array([[pair.features.get(name, math.nan) for name in COLUMNS] for pair in pairs], np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("level", ["story", "wording"])
def test_the_judge_says_again_what_it_said_in_the_run(run, level):
    weigh = Contributions(run.judge, crowdedness(len(run.nodes)), level)
    again = sigmoid(weigh.log_odds(matrix(run.pairs)))
    assert len(again) > 50
    np.testing.assert_allclose(again, run.pairs.p(level), atol=2e-3)  # context is kept in float16


@pytest.mark.slow
def test_without_the_first_reason_the_probability_changes_most(run):
    """Of the reasons on one side; the log odds, of all."""
    weigh = Contributions(run.judge, crowdedness(len(run.nodes)))
    pairs = list(run.pairs)[::5]
    for pair in pairs:
        values = matrix([pair])
        whole, moved = weigh.log_odds(values), {}
        for aspect in NEUTRAL:
            changed, neutral = without(values, aspect)
            moved[aspect] = float((whole - weigh.log_odds(neutral))[0]) if len(changed) else 0.0
        percent = shares(moved)
        heads = [re.match(r"(\d+) % (for|against): ", reason) for reason in pair.reasons]
        assert sum(int(head[1]) for head in heads if head) == 100
        ranked = sorted((aspect for aspect in percent if percent[aspect]), key=lambda aspect: -abs(moved[aspect]))
        assert [f"{percent[aspect]} % {'for' if moved[aspect] > 0 else 'against'}" for aspect in ranked] == [
            head[0][:-2] for head in heads if head
        ]
        for sign in (1, -1):
            side = [aspect for aspect in ranked if moved[aspect] * sign > 0]
            change = [abs(sigmoid(whole) - sigmoid(whole - moved[aspect]))[0] for aspect in side]
            assert change == sorted(change, reverse=True)


@pytest.mark.slow
def test_hours_weigh_what_their_dates_change():
    """The two titles without dates are the pair without its hours."""
    titles = "Mayor resigns over the budget", "Mayor quits after row about the budget"
    dates = "2026-03-01T08:00Z", "2026-03-04T08:00Z"
    dated = compare(*({"title": t, "published": d} for t, d in zip(titles, dates, strict=True)))
    bare = compare(*titles)
    weigh = Contributions(deduplicate([*titles]).judge, 0.0)
    added = dict(zip(NEUTRAL, weigh.of(matrix([dated]))[0].tolist(), strict=True))
    odds = [math.log(pair.p_story / (1 - pair.p_story)) for pair in (dated, bare)]
    assert added["hours"] == pytest.approx(odds[0] - odds[1], abs=1e-3) and added["hours"] < -0.5
    assert dated.reasons[0].endswith("against: 72 hours apart") or "72 hours apart" in " ".join(dated.reasons)
    assert not any("apart" in reason for reason in bare.reasons)


def test_a_level_must_be_one_that_is_scored():
    from dedupe import InputError

    with pytest.raises(InputError, match="level"):
        compare("Ferry", "Ferry sinks", level="exact")
