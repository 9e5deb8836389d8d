"""One row per story: the same in every format, and a digest that shows titles as they are."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dedupe import deduplicate, read_headlines
from dedupe.result.story_table import StorySummary, summaries_of
from dedupe.writers import STORY_FORMATS, write_story_table
from dedupe.writers.digest import digest_lines, escaped
from tests.support.command_line import json_lines, refused, run

ROWS = [
    ("Ferry sinks off Oslo, three dead", "Fjord Herald", "2026-03-01T08:00:00Z", "https://fjord.example/1"),
    ("FERRY SINKS OFF OSLO, THREE DEAD", "fjord herald ", "2026-03-02T21:00:00Z", "https://fjord.example/2"),
    (
        "Ferry sinks off Oslo, three dead - Nordic Wire",
        "Nordic Wire",
        "2026-03-01T06:00:00Z",
        "https://nordic.example/9",
    ),
    ("Bank of Norway raises rates", "", "", "javascript:alert(1)"),
]
COLUMNS = (
    "id",
    "representative",
    "url",
    "size",
    "publishers",
    "first",
    "last",
    "wordings",
    "publisher_names",
    "wording_titles",
)


@pytest.fixture
def news(tmp_path, fake_encoder):
    with (tmp_path / "news.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("title", "source", "published", "url"), *ROWS])
    return tmp_path / "news.csv"


def test_a_row_says_what_the_story_is(news):
    result = deduplicate(read_headlines(news).headlines)
    first, second = result.stories_table()
    assert tuple(first) == tuple(second) == COLUMNS
    assert (first["id"], first["size"], first["publishers"], first["wordings"]) == (
        0,
        3,
        2,
        len(first["wording_titles"]),
    )
    assert first["publisher_names"] == ["Fjord Herald", "Nordic Wire"], "each once, whatever its case"
    assert first["first"] == datetime(2026, 3, 1, 6, tzinfo=UTC) and first["last"] == datetime(
        2026, 3, 2, 21, tzinfo=UTC
    )
    assert first["representative"] == result.stories[0].representative.title == first["wording_titles"][0]
    assert (second["publishers"], second["first"], second["last"], second["publisher_names"]) == (0, None, None, [])


def test_rows_are_as_the_stories(news):
    result = deduplicate(read_headlines(news).headlines * 2 + ["Museum reopens"])
    rows = result.stories_table()
    assert [row["id"] for row in rows] == [story.id for story in result.stories]
    assert sum(row["size"] for row in rows) == len(result)
    assert all(a["size"] >= b["size"] for a, b in pairwise(rows))
    labels = result.labels("story").tolist()
    for row in rows:
        members = [headline for headline, label in zip(result.headlines, labels, strict=True) if label == row["id"]]
        assert len(members) == row["size"] and row["representative"] in {headline.title for headline in members}
        dates = [headline.published for headline in members if headline.published]
        assert (row["first"], row["last"]) == (min(dates, default=None), max(dates, default=None))


@pytest.mark.parametrize("command", ["cluster", "dedupe"])
@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "jsonl", "parquet", "xlsx", "db", "md", "csv.gz"])
def test_every_format_is_written_beside_the_output(news, tmp_path, command, ending):
    stories, out = tmp_path / f"s.{ending}", tmp_path / "o.csv"
    done = run(command, news, "-o", out, "--stories", stories)
    assert done.exit_code == 0, done.output
    assert out.exists()
    if ending == "json":
        rows = json.loads(stories.read_text("utf-8"))
    elif ending == "jsonl":
        rows = json_lines(stories.read_text("utf-8"))
    elif ending == "parquet":
        rows = pq.read_table(stories).to_pylist()
    elif ending == "xlsx":
        sheet = openpyxl.load_workbook(stories).worksheets[0]
        header, *lines = sheet.iter_rows(values_only=True)
        rows = [dict(zip(header, line, strict=True)) for line in lines]
        assert sheet.title == "stories"
    elif ending == "db":
        with closing(sqlite3.connect(stories)) as connection:
            cursor = connection.execute("SELECT * FROM stories")
            rows = [dict(zip(COLUMNS, row, strict=True)) for row in cursor]
    elif ending in ("csv", "tsv"):
        with stories.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="," if ending == "csv" else "\t"))
    else:
        return
    assert [tuple(row) for row in rows] == [COLUMNS] * len(rows)
    assert [str(row["size"]) for row in rows] == ["3", "1"]
    assert [row["representative"] for row in rows][1] == "Bank of Norway raises rates"


def test_the_table_and_the_output_appear_together(news, tmp_path):
    (tmp_path / "s.md").write_text("mine")
    assert "s.md exists" in refused("cluster", news, "-o", tmp_path / "o.csv", "--stories", tmp_path / "s.md")
    assert not (tmp_path / "o.csv").exists()
    assert "named twice" in refused("cluster", news, "-o", tmp_path / "o.csv", "--stories", tmp_path / "o.csv")
    assert "no format has this ending" in refused("cluster", news, "--stories", tmp_path / "stories")
    assert "cannot be written" in refused("cluster", news, "--stories", tmp_path / "s.txt")
    assert "is also the input" in refused("cluster", news, "--stories", news, "--force")
    shown = run("cluster", news, "-o", tmp_path / "o.csv", "--stories", tmp_path / "t.md", "--dry-run").stdout
    assert f"stories {tmp_path}/t.md" in shown and not (tmp_path / "t.md").exists()


def test_formulas_in_a_table_of_stories_are_harmless(tmp_path, fake_encoder):
    (tmp_path / "a.txt").write_text("=1+1 on stamps\nRates rise again\n", "utf-8")
    assert run("cluster", tmp_path / "a.txt", "-o", tmp_path / "o", "--stories", tmp_path / "s.csv").exit_code == 0
    assert "'=1+1 on stamps" in (tmp_path / "s.csv").read_text("utf-8")


def test_no_stories_are_an_empty_table(tmp_path):
    for format in STORY_FORMATS:
        if format != "sqlite":  # which has no table without columns
            write_story_table([], str(tmp_path / format), format)
    assert json.loads((tmp_path / "json").read_text()) == []
    assert "0 stories in 0 headlines." in (tmp_path / "markdown").read_text()


def test_a_digest(news, tmp_path):
    assert run("cluster", news, "-o", tmp_path / "o.csv", "--stories", tmp_path / "s.md").exit_code == 0
    assert (tmp_path / "s.md").read_text("utf-8").splitlines() == [
        "# Stories",
        "",
        "2 stories in 4 headlines, 1 to 2 March 2026.",
        "",
        "## Reported more than once",
        "",
        "- [**Ferry sinks off Oslo, three dead**](https://nordic.example/9) (3 headlines; Fjord Herald, Nordic Wire;"
        " 1 to 2 March 2026)",
        "",
        "## Reported once",
        "",
        "- **Bank of Norway raises rates** (no date)",
    ]
    assert run("cluster", news, "--stories", "-", "-o", tmp_path / "p.csv").stdout.startswith("# Stories\n")


def story(title: str, *, url: str | None = None, publishers=(), wordings=(), size=2) -> StorySummary:
    return StorySummary(0, title, url, size, tuple(publishers), None, None, (title, *wordings))


def rendered(text: str) -> list[str]:
    """What a reader sees of each line of a list; fails on any element that is not of the digest."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    allowed = {"bullet_list", "list_item", "paragraph", "inline", "heading"}
    assert {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} <= allowed, tokens
    shown = []
    for token in tokens:
        if token.type == "inline":
            kinds = {child.type for child in token.children}
            assert kinds <= {"text", "text_special", "strong_open", "strong_close", "link_open", "link_close"}, kinds
            shown.append("".join(child.content for child in token.children))
    return shown


NASTY = [
    "*",
    "_",
    "`",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "#",
    "+",
    "-",
    "=",
    "~~",
    "|",
    "!",
    "&amp;",
    "&",
    "\\",
    "\n",
    "\t",
    "1.",
    "2)",
    "$",
]
NASTY += [
    " ",
    "a",
    "B",
    "é",
    "http://x.example",
    "www.x.example",
    "<script>",
    "<b>",
    "](javascript:x)",
    "![",
    ":",
    "@",
    "—",
    "\x1b[31m",
    "\u202e",
]


@given(st.lists(st.lists(st.sampled_from(NASTY), max_size=8).map("".join), min_size=3, max_size=3))
@settings(deadline=None, max_examples=300)
def test_a_digest_shows_titles_as_text_whatever_they_hold(texts):
    title, wording, publisher = texts
    lines = list(digest_lines([story(title, publishers=[publisher] if publisher.strip() else [], wordings=[wording])]))
    shown = rendered("\n".join(lines))[3:]
    plain = [" ".join("".join(c if c.isprintable() else " " for c in text).split()) for text in texts]
    names = f"; {plain[2]}" if publisher.strip() and plain[2] else ""
    for text, found, rest in ((plain[0], shown[0], f" (2 headlines{names})"), (plain[1], shown[1], "")):
        known = {text, text.removesuffix(f" - {plain[2]}")}
        assert found in {f"{each or '(no title)'}{rest}" for each in known}, (found, lines)
    assert escaped(title).count("\n") == 0


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://a.example/x?b=1&c=2#d", "https://a.example/x?b=1&amp;c=2#d"),
        ("https://a.example/(x) <y>", "https://a.example/%28x%29%20%3Cy%3E"),
        (" HTTPS://a.example/é", "HTTPS://a.example/%C3%A9"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://a.example/%20x", "https://a.example/%20x"),
        ("https://a.example/\n)[x](javascript:y)", "https://a.example/%0A%29%5Bx%5D%28javascript:y%29"),
    ],
)
def test_a_digest_links_to_the_web_only(url, address):
    html = MarkdownIt("commonmark").render("\n".join(digest_lines([story("Ferry sinks", url=url)])))
    assert (f'<a href="{address}">' in html) if address else ("<a " not in html)
    assert html.count("<a ") == (address is not None)


def test_the_same_rows_can_be_made_of_stories_kept_elsewhere(news):
    result = deduplicate(read_headlines(news).headlines)
    first = result.stories[0]
    made = StorySummary.of(
        first.id, first.representative, list(first.headlines), [w.representative for w in first.wordings]
    )
    assert made == summaries_of(result.stories)[0]


def test_the_types_of_parquet_are_the_same_each_day(tmp_path, news):
    days = [summaries_of(deduplicate(read_headlines(news).headlines).stories), [story("\ud800")], []]
    for day, stories in enumerate(days):
        write_story_table(stories, str(tmp_path / f"{day}.parquet"), "parquet")
    schemas = [pq.read_schema(tmp_path / f"{day}.parquet") for day in range(len(days))]
    assert schemas[0] == schemas[1] == schemas[2] and tuple(schemas[0].names) == COLUMNS
    assert pq.read_table(tmp_path / "1.parquet")["representative"].to_pylist() == ["\\ud800"]
