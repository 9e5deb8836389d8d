"""What is read may not control the terminal, wherever it appears there."""

from __future__ import annotations

import json
import os
import pty
from pathlib import Path

import pytest

from dedupe.runtime.terminal import printable
from tests.cli.test_cli import start
from tests.support.command_line import json_lines, refused, run
from tests.support.fake_encoder import FakeEncoder

EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp\x7f"
CONTROL = [*range(0x20), 0x7F, *range(0x80, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]


def test_no_control_character_is_printable() -> None:
    text = "".join(map(chr, CONTROL))
    assert printable(text) == " " * len(text)
    assert printable(f"a\tb\n{text}", keep="\n\t").startswith("a\tb\n")
    assert printable("Köln – „Zug“ 列車") == "Köln – „Zug“ 列車"


def shown(*args: str, columns: int = 200) -> str:
    """What the command line puts on a terminal that knows no colours."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "dumb", "COLUMNS": str(columns)}
    with start(*args, more="", stdout=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        while part := _read(ours):
            seen += part
        errors = process.communicate(timeout=60)[1]
    os.close(ours)
    return seen.decode() + errors


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux tells the end of a terminal
        return b""


def harmless(text: str) -> bool:
    return not any(ord(character) in CONTROL and character not in "\r\n\t" for character in text)


@pytest.fixture
def news(tmp_path: Path) -> Path:
    folder = tmp_path / f"a{EVIL.replace('/', '')}b"
    folder.mkdir()
    rows = [{"title": f"Ferry {EVIL} sinks", "source": EVIL, EVIL: f"{EVIL}"} for _ in range(2)]
    (folder / f"news{EVIL}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return folder / f"news{EVIL}.jsonl"


@pytest.mark.parametrize("format", ["table", "csv", "tsv", "jsonl", "json"])
def test_no_output_controls_the_terminal(news: Path, format: str) -> None:
    text = shown("cluster", str(news), "--format", format)
    assert "Ferry" in text and harmless(text)
    if format == "jsonl":
        assert json.loads(text.splitlines()[0])["dedupe_story"] == 0


def test_plain_lines_do_not_either(news: Path) -> None:
    text = shown("dedupe", str(news), "--format", "lines")
    assert "sinks" in text and harmless(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ("cluster", "NEWS", "--title-column", EVIL + "x"),
        ("cluster", "NEWS" + EVIL),
        ("cluster", "NEWS", "-o", f"out{EVIL}.xls"),
        ("cluster", "NEWS", "--corrections", f"none{EVIL}"),
        ("cluster", "NEWS", "--window", EVIL),
        (EVIL,),
        (f"--{EVIL}",),
        ("cluster", f"--{EVIL}"),
    ],
)
def test_no_error_does(news: Path, arguments: tuple[str, ...]) -> None:
    assert refused(*(argument.replace("NEWS", str(news)) for argument in arguments)).isprintable()


def test_feeds_that_are_named_but_cannot_be_fetched_do_not(tmp_path: Path) -> None:
    outline = '<outline xmlUrl="nothing:&#x9b;31m&#x202e;gnp" />'
    (tmp_path / "feeds.opml").write_text(f"<opml><body>{outline}</body></opml>", "utf-8")
    assert refused("cluster", tmp_path / "feeds.opml", "--fetch").isprintable()


def test_a_file_has_every_character_as_it_was(news: Path, tmp_path: Path) -> None:
    assert "sinks" not in shown("cluster", str(news), "-o", str(tmp_path / "o.jsonl"))
    first = json.loads((tmp_path / "o.jsonl").read_text("utf-8").splitlines()[0])
    assert first["title"] == f"Ferry {EVIL} sinks" and first[EVIL] == EVIL


def test_a_narrow_table_cuts_nothing_and_has_the_numbers_of_the_files(
    tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    long = "Ferry sinks off Oslo in a storm, three dead, says the operator of the line, and divers go on searching the fjord"
    rows = [
        {
            "title": "Museum of Lisbon reopens a year after the flood that closed its galleries and its garden to visitors"
        },
        {"title": long, "source": "The Herald of the Northern Fjords"},
        {"title": f"{long}, police say", "source": "The Gazette of the Harbour and the Islands"},
        {"title": long.upper(), "source": "The Gazette of the Harbour and the Islands"},
    ]
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, rows)))
    lines = shown("cluster", str(tmp_path / "news.jsonl"), "--quiet", columns=80).splitlines()
    assert max(map(len, lines)) <= 80 and "…" not in "".join(lines)
    told = " ".join(" ".join(lines).split())
    for words in (long, rows[1]["source"], rows[0]["title"]):
        assert all(word in told for word in words.split())
    labels = [
        row["dedupe_story"] for row in json_lines(run("cluster", tmp_path / "news.jsonl", "--format", "jsonl").stdout)
    ]
    assert labels == [0, 1, 1, 1]
    assert next(line for line in lines if "★" in line).split()[:3] == ["1", "3", "★"]
    assert any(line.startswith("  0 Museum") for line in lines)
