"""Titles changed by rules: edits that tell another event, and rewrites that tell the same."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dedupe.training import edits
from dedupe.training.edits import change_fact, name_words, replace_names
from dedupe.training.rewrites import decorate, rewrite

NAMES = ["Chile", "Oslo"]


@pytest.mark.parametrize(
    ("change", "text", "possible"),
    [
        (edits._change_counter, "Actors return for Season 3", r"Actors return for Season (1|2|4|5|6)"),
        (edits._change_counter, "Update to iOS 18.1 is out", r"Update to iOS (?!18\.1 )\d+\.\d+ is out"),
        (edits._change_counter, "Court rules on #0 of the list", r"Court rules on #[1-3] of the list"),
        (edits._change_counter, "Toll rises to 14", r"Toll rises to 14"),
        (edits._change_day, "Strike set for Monday", r"Strike set for (?!Monday)\w+day"),
        (edits._change_name, "Quake hits Peru", r"Quake hits (Chile|Oslo)"),
        (edits._swap_names, "Peru beats Chile in final", r"Chile beats Peru in final"),
        (edits._use_opposite, "Shares rise in London", r"Shares (fall|drop) in London"),
        (edits._use_opposite, "Team wins cup", r"Team loses cup"),
        (edits._use_opposite, "Minister confirmed the deal", r"Minister denied the deal"),
        (edits._contradict, "Storm hits north coast", r"Storm hits south coast"),
        (edits._contradict, "Halts work at plant", r"Resumes work at plant"),
        (edits._contradict, "Women's final moved", r"Men's final moved"),
        (edits._negate, "Mayor will resign", r"Mayor will not resign"),
    ],
)
def test_an_edit_changes_one_fact(change, text, possible):
    for seed in range(20):
        edited = change(text, NAMES, np.random.default_rng(seed))
        assert re.fullmatch(possible, edited), edited


@pytest.mark.parametrize("text", ["the long wait", "", "14"])
def test_a_title_with_nothing_to_edit_stays(text):
    assert all(change_fact(text, NAMES, np.random.default_rng(seed)) == text for seed in range(20))


def test_whatever_can_be_changed_is():
    for seed in range(50):
        assert change_fact("Mayor will resign", [], np.random.default_rng(seed)) == "Mayor will not resign"


def test_names_are_replaced_in_both_titles_alike():
    first, second = "Quake hits Peru and Lima", "Lima and Cusco shaken as quake hits Peru"
    seen = set()
    for seed in range(30):
        new = replace_names(first, second, NAMES, np.random.default_rng(seed))
        kept = [[name for name in ("Peru", "Lima") if name in text] for text in new]
        assert kept[0] == kept[1] or set(kept[0]) == set(kept[1])
        assert "Cusco" in new[1], "a name of one title alone stays"
        seen.add(len(kept[0]))
    assert seen == {0, 1}
    assert replace_names(first, second, [], np.random.default_rng(0)) == (first, second)


def test_names_to_choose_from_occur_twice():
    assert name_words(["Quake hits Peru", "Peru shaken", "Floods in Chile"]) == ["Peru"]


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        (
            "Bridge closed for repairs until spring, officials say",
            r"Officials say bridge closed for repairs until spring",
        ),
        ("After long talks, unions accept the pay offer", r"unions accept the pay offer after long talks"),
        ("Unions accept pay offer after long talks", r"After long talks, Unions accept pay offer"),
    ],
)
def test_the_parts_of_a_title_are_turned(text, possible, monkeypatch):
    monkeypatch.setattr("dedupe.training.rewrites.SYNONYMS", [])
    found = {rewrite(text, np.random.default_rng(seed)) for seed in range(30)}
    assert found == {text, possible}


def test_words_are_replaced_whole_and_at_most_three():
    text = "police say fire near homes kills two after storm, report warns government"
    for seed in range(40):
        new = rewrite(text, np.random.default_rng(seed))
        assert "homes" in new
    assert rewrite("quiet evening", np.random.default_rng(0)) == "quiet evening"


def test_a_decorated_title_holds_the_title():
    made = {decorate("Ferry sinks", ["The Daily Post"], np.random.default_rng(seed)) for seed in range(60)}
    assert all("Ferry sinks" in text and text != "Ferry sinks" for text in made)
    assert {"Ferry sinks - The Daily Post", "LIVE: Ferry sinks"} <= made
