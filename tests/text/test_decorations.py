"""What is put around a title leaves no trace in its core, and what belongs to a title stays."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedupe.text.decorations import FORMS, undecorated
from dedupe.text.normalize import fingerprint, normalize
from dedupe.text.outlets import NO_OUTLETS, Outlets

TITLE = "Dam closes after flood"
TITLES = [
    TITLE,
    "Ten dead in bus crash near Oslo",
    "10 dead in bus crash near Oslo",
    "'We will rebuild': mayor speaks at the ruined dam",
    "Ferry war: what both sides want",
    "Why is the harbour of Anna's town closed?",
    "Norway lowers rates to 4.5% - and may go on",
]
SOURCE = "Daily Pebble"
DECORATIONS = {
    "{} - Daily Pebble": (),
    "{} — Daily Pebble": (),
    "{} | The Daily Pebble": (),
    "{} (Daily Pebble)": (),
    "Daily Pebble: {}": (),
    "Daily Pebble - {}": (),
    "{} - CNN": (),
    "{} | Reuters": (),
    "{} — WaPo": (),
    "{} | PressTV": (),
    "{} • NPR": (),
    "{} (AP)": (),
    "{} - riverside.com": (),
    "Reuters: {}": (),
    "The New York Times: {}": (),
    "BBC News - {}": (),
    "OSLO (AP) - {}": (),
    "Live: {}": ("live",),
    "Live updates: {}": ("live",),
    "LIVE BLOG | {}": ("live",),
    "{} - live updates": ("live",),
    "{} (Live Coverage)": ("live",),
    "{} - as it happened": ("live",),
    "{}, live": ("live",),
    "BREAKING: {}": ("breaking",),
    "Just in - {}": ("breaking",),
    "UPDATE 2-{}": ("update",),
    "Updated: {}": ("update",),
    "{} [Update #3]": ("update",),
    "{} (Update1)": ("update",),
    "Exclusive | {}": ("exclusive",),
    "SCOOP: {}": ("exclusive",),
    "Watch: {}": ("video",),
    "Video - {}": ("video",),
    "[VIDEO] {}": ("video",),
    "{} (+video)": ("video",),
    "{} - video": ("video",),
    "In pictures: {}": ("photos",),
    "{} [Gallery]": ("photos",),
    "Opinion | {}": ("opinion",),
    "Editorial: {}": ("opinion",),
    "Analysis: {}": ("analysis",),
    "EXPLAINER-{}": ("explainer",),
    "Podcast: {}": ("podcast",),
    "[Subscriber-only] {}": ("subscribers",),
    "(Subscribers only) {}": ("subscribers",),
    "Premium | {}": ("subscribers",),
    "{} [Premium]": ("subscribers",),
    "09:41 {}": (),
    "9:41 am - {}": (),
    "21:41 {}": (),
    "14.05 | {}": (),
    "[18:30] {}": (),
    "RT @pebble: {}": (),
    "{} via @pebble": (),
    "• {}": (),
    "- {}": (),
    "* {}": (),
    "► {}": (),
    "\U0001f534 {}": (),
    "{} \U0001f4f0\U0001f1f3\U0001f1f4": (),
    "{} #dam #flood": (),
    "{} https://pebble.example/dam?id=1": (),
    "{} (arXiv:2601.01234v1 [cs.CL])": (),
    "{}. (arXiv:2601.01234v2 [cs.LG] UPDATED)": (),
    "{} (arXiv:2601.01234v1 [cs.CL] CROSS LISTED)": (),
    "{} [cs.LG] UPDATED": (),
    "[2601.01234] {}": (),
}
KEPT = [
    "Trump: the dam stays closed",
    "Ukraine war: three dams hit",
    "Gulf crisis live: ships turn back",
    "Oslo live updates: the dam has opened",
    "NFL - season starts on Sunday",
    "Economist: rates will rise by June",
    "Atlantic: three storms form at once",
    "Report: mayor to step down",
    "Watch out: ice on the roads",
    "Live Nation: tickets cost more",
    "Update on the dam is due",
    "10 dead in bus crash",
    "1. FC Berg wins the cup",
    "3:10 to Yuma returns to cinemas",
    "2.50 a litre is too much",
    "Fjord tunnel (Norway) opens",
    "Berg wins seat (Independent)",
    "Rates will rise further - Fed official",
    "Dam closes after flood #dam",
    "We all love @pebble",
    "Big news: the good news",
    "-5 degrees in Oslo tonight",
]
SECTIONS = [
    "Live",
    "Video",
    "CNN",
    "AP News",
    "Corrections",
    "Live updates",
    "Breaking news",
    "Live updates - CNN",
    "World News | Reuters",
    "Top stories - BBC News",
    "CNN | Reuters",
    "BBC News - AP News",
    "Wordle - CNN",
    "Opinion: Video",
    "• CNN",
    "\U0001f534",
    "Live: \U0001f534",
    "09:41",
    "arXiv:2601.01234",
]


def core_of(title, source=None, outlets=NO_OUTLETS):
    return undecorated(normalize(title), source, outlets)


@pytest.mark.parametrize("decoration", DECORATIONS)
def test_one_decoration_leaves_no_trace(decoration):
    for title in TITLES:
        plain, decorated = core_of(title, SOURCE), core_of(decoration.format(title), SOURCE)
        assert plain == (normalize(title), frozenset())
        assert decorated == (plain.core, frozenset(DECORATIONS[decoration]))
        assert fingerprint(decoration.format(title), SOURCE) == fingerprint(title, SOURCE)


@given(st.sampled_from(TITLES), st.lists(st.sampled_from(sorted(DECORATIONS)), max_size=5))
def test_several_decorations_leave_no_trace(title, decorations):
    decorated, labels = title, set()
    for decoration in decorations:
        decorated = decoration.format(decorated)
        labels |= set(DECORATIONS[decoration])
    assert core_of(decorated, SOURCE) == (normalize(title), labels)


@pytest.mark.parametrize("title", KEPT)
def test_topics_and_facts_stay(title):
    assert core_of(title) == (title, frozenset())


@pytest.mark.parametrize("title", SECTIONS)
def test_a_title_that_is_only_a_mark_stays(title):
    assert core_of(title) == (normalize(title), frozenset())


PIECES = [
    "Live",
    "CNN",
    "Dam",
    "closes",
    "the",
    "a",
    ":",
    "|",
    " - ",
    " ",
    "[",
    "]",
    "(",
    ")",
    "09:41",
    "•",
    "@x",
    "RT ",
    "#",
    "\U0001f534",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text())
@example("RT @x: @x: Live - a b - CNN, Live")
@example("a b, LIVE")
def test_removing_twice_removes_nothing_more(title):
    once = core_of(title)
    assert undecorated(once.core) == (once.core, frozenset())
    assert fingerprint(once.core) == fingerprint(title)


def test_other_outlets_of_the_input_are_removed():
    outlets = Outlets(sources=frozenset({"pebble"}), names=frozenset({"fjord radio"}))
    assert core_of(f"Pebble: {TITLE}", None, outlets).core == core_of(f"{TITLE} - Pebble", None, outlets).core == TITLE
    assert core_of(f"{TITLE} | Fjord Radio", None, outlets).core == TITLE
    assert core_of(f"Fjord Radio: {TITLE}", None, outlets).core == f"Fjord Radio: {TITLE}", "known behind titles only"


def test_forms_are_labels():
    assert set(FORMS) < {label for labels in DECORATIONS.values() for label in labels}


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["Live: ", "• ", " - Dam | CNN", " (AP)", "RT @x: ", "[Video] ", " #a", "09:41 ", "\U0001f534"]
)
def test_a_megabyte_of_decorations_takes_little_time(piece):
    title = piece * (1_000_000 // len(piece))
    assert len(undecorated(f"Dam closes {title} after flood {title}").core) >= len("Dam closes")
