"""The features of a pair in words."""

from __future__ import annotations

import numpy as np
import pytest

from dedupe.scoring.context import CONTEXT_FEATURES
from dedupe.scoring.pair_features import FEATURES, pair_features
from dedupe.scoring.reasons import reasons
from dedupe.scoring.title_features import describe_titles


def explained(a, b, *, hours=None, common=0.0, corrected=False, labels=None, read=()):
    times = None if hours is None else np.array([0.0, hours])
    half = np.array([0.5], np.float32)
    values = pair_features(
        describe_titles([a, b], times, times, labels=labels), np.array([0]), np.array([1]), half, half
    )[0].tolist()
    features = dict.fromkeys(CONTEXT_FEATURES, 0.0) | dict(zip(FEATURES, values, strict=True))
    features |= {"story_of_fewer": common} | dict(zip(("read_wording", "read_story"), read, strict=False))
    return reasons(a, b, 0.876, features, corrected=corrected)


def test_words_that_both_say_and_only_one():
    assert explained("Ferry sinks off Oslo", "Oslo ferry rescued") == [
        "similarity of meaning: 0.88 (cosine)",
        "both say: Oslo, ferry",
        "only the first says: sinks",
        "only the second says: rescued",
    ]


@pytest.mark.parametrize(
    ("read", "opinion"),
    [
        ((3.0, 5.0), "surely one wording"),
        ((0.5, 5.0), "probably one wording"),
        ((-0.5, 5.0), "surely one story"),
        ((-3.0, 0.5), "probably one story"),
        ((-3.0, -0.5), "probably two events"),
        ((-9.0, -5.0), "surely two events"),
    ],
)
def test_what_the_reader_says(read, opinion):
    assert f"read side by side: {opinion}" in explained("Ferry sinks off Oslo", "Oslo ferry rescued", read=read)


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        ("Episode 101: Storms", "Episode 102: Storms", "episode 101 against episode 102"),
        ("Tides for July 14", "Tides for July 15", "July 14 against July 15"),
        ("Brindle v1.2.0 is out", "Brindle v1.2.0 released", "both say brindl 1.2.0"),
        ("Port 8080 closed", "Port 8080 shut", "same number: 8080"),
        ("Port 8080 closed", "Port 8081 closed", "different numbers: 8080 and 8081"),
        ("Storm on Monday", "Storm on Friday", "different days: Monday and Friday"),
        ("Mayor resigns", "Mayor does not resign", "only the second has a negative word"),
        ("Is the mayor ill?", "Mayor is ill", "only the first is a question"),
        ("Mayor resigns", "Mayor will resign", "only the second is about the future"),
        ("Shares rise in Oslo", "Oslo shares fall", "one says the opposite of the other"),
    ],
)
def test_facts_that_agree_or_differ(a, b, sentence):
    assert sentence in explained(a, b)
    assert not {"only the first", "one says"} & {reason[: len(sentence)] for reason in explained(a, a)}


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [(0.2, "less than an hour apart"), (1, "1 hour apart"), (49, "49 hours apart")],
)
def test_time_between_both(hours, sentence):
    assert explained("Ferry sinks", "Ferry sinks off Oslo", hours=hours)[-1] == sentence


def test_labels_of_other_forms():
    sentence = "their labels name different forms of piece, such as live or opinion"
    live, exclusive = frozenset({"live"}), frozenset({"exclusive"})
    assert sentence in explained("Ferry sinks", "Ferry sinks off Oslo", labels=[live, exclusive])
    assert sentence not in explained("Ferry sinks", "Ferry sinks off Oslo", labels=[exclusive, frozenset()])


def test_other_headlines_and_corrections():
    assert "other headlines match both" in explained("Ferry", "Ferry sinks", common=0.8)
    assert "other headlines match both" not in explained("Ferry", "Ferry sinks", common=0.1)
    assert explained("Ferry", "Ferry sinks", corrected=True)[0] == "a correction says so"
