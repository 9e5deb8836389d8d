"""The pages: their commands and code run, their links resolve, their tables are complete."""

from __future__ import annotations

import ast
import io
import json
import re
import shlex
import shutil
import sqlite3
import threading
import tokenize
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from feedgen.feed import FeedGenerator
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dedupe.cli import cli
from dedupe.embedding.model_folder import BUNDLED
from dedupe.result.cautions import Caution
from dedupe.writers.rows import format_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.labelled_news import clear_rows

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
CORRECTIONS = ROOT / "docs" / "corrections.md"
RUN = [*PAGES, ROOT / "README.md"]
LINKED = [*RUN, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
PROGRAM = "headline-dedupe"
TESTED_ELSEWHERE = {
    "follow": "ends by a signal; see tests/cli/test_follow.py",
    "make": ".ci/run runs it",
    "pip": ".ci/run runs it",
    "--engine": "starts a cluster; see tests/distributed/test_ray.py",
    "train": "takes minutes; see tests/training/test_training.py",
}
MAX_WORDS = 650  # of a page
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
HEADLINES = [
    ("Ferry sinks off Oslo, 3 dead", "Fjord Herald"),
    ("Three dead as ferry sinks off Oslo", "Nordic Wire"),
    ("FERRY SINKS OFF OSLO, 3 DEAD", "Harbour Times"),
    ("Bank of Norway raises rates", "Fjord Herald"),
    ("Norway's central bank raises its interest rate", "Nordic Wire"),
    ("Museum of Lisbon reopens after flood", "Harbour Times"),
    ("Lisbon museum reopens a year after flood", "Nordic Wire"),
    ("Rotterdam port shut by storm", "Fjord Herald"),
    ("Storm closes port of Rotterdam", "Harbour Times"),
    ("Chess club of Reykjavik wins northern cup", "Fjord Herald"),
    ("Baker in Ghent sells bread of acorns", "Nordic Wire"),
    ("=1+1 on stamps puzzles collectors in Riga", "Harbour Times"),
]
NEW = [
    ("Ferry sinks off Oslo, 3 dead", "Coast Daily"),
    ("Oslo ferry sinks, three dead", "Coast Daily"),
    ("Storm over Rotterdam: port stays closed for a second day", "Coast Daily"),
    ("Glacier hut in Bergen gets a library", "Coast Daily"),
]
PAGE_TITLES = [HEADLINES[k][0] for k in (0, 1, 5, 6, 9)]


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8"))


def fences(page: Path) -> list[tuple[str, str]]:
    """The kind and the text of each block of code."""
    return [(token.info.strip(), token.content) for token in tokens(page) if token.type == "fence"]


def commands(block: str) -> list[str]:
    return [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


# The folder that a page runs in


def table(rows: list[tuple[str, str]], start: datetime = START) -> pd.DataFrame:
    dates = [(start + timedelta(hours=k)).isoformat() for k in range(len(rows))]
    titles, outlets = zip(*rows, strict=True)
    ids = [f"{start:%d}-{k}" for k in range(len(rows))]
    return pd.DataFrame({"id": ids, "headline": titles, "published": dates, "outlet": outlets})


def feed(outlet: str, rows: list[tuple[str, str]]) -> FeedGenerator:
    generator = FeedGenerator()
    generator.id(f"https://{outlet.split()[0].lower()}.example/")
    generator.title(outlet)
    generator.link(href=f"https://{outlet.split()[0].lower()}.example/")
    generator.description(f"All of {outlet}")
    for k, (title, _) in enumerate(rows):
        entry = generator.add_entry(order="append")
        entry.id(f"{outlet}/{k}")
        entry.title(title)
        entry.link(href=f"https://{outlet.split()[0].lower()}.example/{k}")
        entry.published(START + timedelta(hours=k))
        entry.updated(START + timedelta(hours=k))
    return generator


def headlines_of(outlet: str) -> list[tuple[str, str]]:
    return [row for row in HEADLINES if row[1] == outlet]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a feed of new headlines."""
    body = feed("Coast Daily", NEW).rss_str()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/rss"
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the files that the pages name."""
    monkeypatch.chdir(tmp_path)
    news = table(HEADLINES)
    news.to_csv("news.csv", index=False)
    news.to_json("news.jsonl", orient="records", lines=True)
    for name in ("news", "corpus", "archive"):
        news.to_parquet(f"{name}.parquet")
    news.to_excel("news.xlsx", sheet_name="March", index=False)
    with closing(sqlite3.connect("news.db")) as connection:
        news.to_sql("headlines", connection, index=False)
    table(NEW, START + timedelta(days=1)).to_csv("new.csv", index=False)
    pd.DataFrame(clear_rows()).to_csv("labelled.csv", index=False)
    Path("titles.txt").write_text("".join(f"{title}\n" for title, _ in HEADLINES), "utf-8")
    Path("corrections.csv").write_text(next(block for kind, block in fences(CORRECTIONS) if kind == "text"), "utf-8")
    write_feeds(address)
    write_page()
    shutil.copytree(ROOT / "examples", "examples")
    Path("model").symlink_to(BUNDLED)
    return tmp_path


def write_feeds(address: str) -> None:
    Path("feeds").mkdir()
    feed("Nordic Wire", headlines_of("Nordic Wire")).rss_file("feeds/nordic.xml")
    feed("Harbour Times", headlines_of("Harbour Times")).atom_file("feeds/harbour.xml")
    outline = f'<outline type="rss" text="Coast Daily" xmlUrl="{address}"/>'
    Path("feeds.opml").write_text(f'<opml version="2.0"><head/><body>{outline}</body></opml>', "utf-8")


def write_page() -> None:
    articles = "".join(f'<article><h2><a href="/{k}">{t}</a></h2></article>' for k, t in enumerate(PAGE_TITLES))
    menu = "<nav><a href='/'>Home</a><a href='/sport'>Sport</a></nav>"
    Path("page.html").write_text(f"<!doctype html><html><body>{menu}<main>{articles}</main></body></html>", "utf-8")


# Commands and code


def invoke(*args: str | Path, input: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(arg) for arg in args], input=input, prog_name=PROGRAM)


def run_command(line: str) -> None:
    """Run a documented line: the program, perhaps with a file as its standard input."""
    words = shlex.split(line, comments=True)
    standard_input = None
    if words[0] == "cat" and words[2] == "|":
        standard_input, words = Path(words[1]).read_text("utf-8"), words[3:]
    if words[1:2] == ["label"]:
        standard_input = "w" * 20 + "q"
    if words[0] in TESTED_ELSEWHERE:
        return
    assert words[0] == PROGRAM, f"the tests cannot run this command: {line}"
    if not TESTED_ELSEWHERE.keys().isdisjoint(words[1:]):
        cli.commands[words[1]].make_context(words[1], words[2:], parent=click.Context(cli, **cli.context_settings))
        return
    outcome = invoke(*words[1:], input=standard_input)
    assert outcome.exit_code == 0, f"{line}\n{outcome.output}"


def run_code(block: str, names: dict[str, Any]) -> None:
    """Run a block; a comment that is a literal must equal the value of the expression before it."""
    parts = tokenize.generate_tokens(io.StringIO(block).readline)
    comments = {part.end[0]: part.string.lstrip("# ") for part in parts if part.type == tokenize.COMMENT}
    for statement in ast.parse(block).body:
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), "docs", "exec"), names)
            continue
        value = eval(compile(ast.Expression(statement.value), "docs", "eval"), names)
        expected = comments.get(statement.end_lineno or 0, "")
        if is_literal(expected):
            assert repr(value) == expected, f"the page shows another value of {ast.unparse(statement)}"


def is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True


def run_block(kind: str, block: str, names: dict[str, Any]) -> None:
    if kind == "console":
        assert commands(block), f"no command in this block begins with $:\n{block}"
        for line in commands(block):
            run_command(line)
    elif kind == "python":
        run_code(block, names)
    elif kind == "toml":
        name = block.splitlines()[0].removeprefix("# ")
        Path(name).write_text(block, "utf-8")
    else:
        assert kind in ("", "text"), f"the tests cannot run a block of {kind}"


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_what_a_page_shows_runs(page: Path, folder: Path, address: str) -> None:
    names: dict[str, Any] = {}
    for kind, block in fences(page):
        block = block.replace("--fetch ", "--fetch --allow-private ")  # the feeds of the tests are on this machine
        run_block(kind, re.sub(r"https?://[^\s\"']+", address, block), names)


def test_a_wrong_page_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, block in (
        ("console", "$ headline-dedupe cluster nowhere.csv"),
        ("console", "$ headline-dedupe train stories.jsonl --epoch 3"),
        ("console", "$ rm -r everything"),
        ("console", "headline-dedupe cluster news.csv"),
        ("python", "sum([1, 1])  # 3"),
        ("python", "[\n    1,\n]  # [2]"),
        ("ruby", "puts 1"),
    ):
        with pytest.raises(Exception):  # noqa: B017 - any exception fails the test of the page
            run_block(kind, block, {})


# Text


def headings(page: Path) -> Iterator[str]:
    for token, inline in pairwise(tokens(page)):
        if token.type == "heading_open":
            yield inline.content


def anchor(heading: str) -> str:
    """The name that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links(page: Path) -> list[str]:
    inline = [child for token in tokens(page) for child in token.children or []]
    targets = [child.attrs.get("href") or child.attrs.get("src") for child in inline]
    return [str(target) for target in targets if target and not re.match(r"https?:|mailto:", str(target))]


def resolves(page: Path, link: str) -> bool:
    path, _, part = link.partition("#")
    target = (page.parent / path) if path else page
    return target.exists() and (not part or part in map(anchor, headings(target)))


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.stem)
def test_links_resolve(page: Path) -> None:
    assert [link for link in links(page) if not resolves(page, link)] == []


def test_a_dead_link_does_not_resolve() -> None:
    index = ROOT / "docs" / "index.md"
    assert resolves(index, "tuning.md#flags")
    assert not resolves(index, "tuning.md#no-such-part")
    assert not resolves(index, "no-such-page.md")


def test_the_index_links_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    assert {page.name for page in PAGES} - {index.name} <= {link.partition("#")[0] for link in links(index)}


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "api"], ids=lambda page: page.stem)
def test_a_page_is_short(page: Path) -> None:
    words = [word for word in page.read_text("utf-8").split() if re.search(r"\w", word)]
    assert len(words) <= MAX_WORDS


def all_commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        yield from all_commands(each)


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_options_that_a_page_names_exist(page: Path) -> None:
    parameters = [parameter for command in all_commands(cli) for parameter in command.params]
    known = {option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text("utf-8")))
    assert named - known - {"--help"} == set()


# Tables


def first_column(page: str, heading: str) -> list[str]:
    """The code in the first column of the table under a heading."""
    under, column, names = "", 0, list[str]()
    for token, inline in pairwise(tokens(ROOT / "docs" / page)):
        if token.type == "heading_open":
            under = inline.content
        column = 0 if token.type == "tr_open" else column + (token.type == "td_open")
        if token.type == "td_open" and column == 1 and under == heading:
            names += [child.content for child in inline.children or [] if child.type == "code_inline"]
    return names


@pytest.fixture
def runs(tmp_path: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the commands write for two inputs that have only titles, in a column `headline`."""
    monkeypatch.setattr(FakeEncoder, "identity", "fake", raising=False)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    pd.DataFrame({"headline": [title for title, _ in HEADLINES[:6]]}).to_csv(first, index=False)
    pd.DataFrame({"headline": [title for title, _ in HEADLINES[6:]]}).to_csv(second, index=False)
    pairs, nested = tmp_path / "pairs.jsonl", tmp_path / "nested.json"
    for args in (
        (
            "cluster",
            first,
            second,
            "-o",
            tmp_path / "rows.jsonl",
            "--explain",
            pairs,
            "--stories",
            tmp_path / "s.jsonl",
        ),
        ("cluster", first, "-o", nested),
        ("dedupe", first, "-o", tmp_path / "kept.txt", "--dropped", tmp_path / "dropped.jsonl"),
        ("match", first, "--against", first, "--against", second, "-o", tmp_path / "matches.jsonl"),
        ("index", "add", tmp_path / "desk.index", first, "-o", tmp_path / "batch.jsonl"),
    ):
        assert invoke(*args).exit_code == 0, args
    return tmp_path


def keys(path: Path) -> list[str]:
    return list(json.loads(path.read_text("utf-8").splitlines()[0]))


@pytest.mark.parametrize(
    ("page", "heading", "file"),
    [
        ("columns.md", "cluster", "rows.jsonl"),
        ("columns.md", "explain", "pairs.jsonl"),
        ("columns.md", "stories", "s.jsonl"),
        ("dropping.md", "dropped", "dropped.jsonl"),
        ("match.md", "Columns", "matches.jsonl"),
        ("index-tables.md", "Rows", "batch.jsonl"),
    ],
)
def test_the_documented_columns_are_those_written(runs: Path, page: str, heading: str, file: str) -> None:
    own = ["headline"] if file in ("rows.jsonl", "matches.jsonl", "batch.jsonl", "dropped.jsonl") else []
    assert sorted([*own, *first_column(page, heading)]) == sorted(keys(runs / file))
    assert keys(runs / file)[: len(own)] == own


def test_the_keys_of_the_nested_document_are_documented(runs: Path) -> None:
    story = json.loads((runs / "nested.json").read_text("utf-8"))["stories"][0]
    wording = story["wordings"][0]
    assert set(first_column("columns.md", "json")) == set(story) | set(wording)
    assert "dedupe_position" in wording["headlines"][0]


def test_every_flag_is_explained() -> None:
    codes = set(re.findall(r"`([a-z]+-?[a-z]*)`", str(Caution.__doc__).partition("Codes:")[2]))
    assert set(first_column("tuning.md", "Flags")) == codes - {"uncalibrated", "undated", "unused-cache"}


def test_the_documented_endings_are_known() -> None:
    formats = (ROOT / "docs" / "formats.md").read_text("utf-8").partition("## Formats")[2].partition("## ")[0]
    endings = re.findall(r"`(\.\w+)`", formats)
    assert endings
    assert [ending for ending in endings if format_of(f"out{ending}") is None] == []
