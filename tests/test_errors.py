"""Errors: one line each, whatever they quote."""

from __future__ import annotations

import pickle

import pytest

from dedupe import InputError, read_headlines
from dedupe.errors import DedupeError, EmptyInput, ModelError, OutputError, one_line


@pytest.mark.parametrize("error", [DedupeError, InputError, EmptyInput, ModelError, OutputError])
def test_a_message_is_one_line(error):
    raised = error("no column among a\x0bb, c\u2028d,\r\ne: name it")
    assert str(raised) == "no column among a b, c d, e: name it"
    assert str(pickle.loads(pickle.dumps(raised))) == str(raised) and str(error()) == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "id,wo\x0brd,pla\u2028ce\n1,7,2\n"),
        ("b.csv", '"id","title","d\x0bate"\n1,Ferry sinks\n'),
        ("c.json", '{"version": "https://jsonfeed.org/version/1", "i\u2028tems": []}'),
    ],
    ids=["no column", "too few fields", "keys"],
)
def test_names_with_line_ends_stay_on_the_line(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_headlines(path)
    assert len(str(caught.value).splitlines()) == 1 and str(path) in str(caught.value)


def test_what_an_error_of_others_says_is_one_line():
    assert one_line(ValueError("a\n  b")) == "a b" and one_line(KeyError()) == "KeyError"
