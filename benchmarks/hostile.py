"""Seeded hostile inputs of every format: whole ones with hostile titles, whose rows are known, and damaged ones."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

MAX_BYTES = 60_000  # of an input; a pipe holds so many
_WORDS = "Ferry sinks off Oslo as rates rise again in May storm 3 dead says mayor Café naïve über 東京 Москва".split()
_ODD = [
    *("", " ", "\u00a0", "\u200b", "\u2028", "\u0085", "\x0b", "\x1c", "\0", "\x7f", "\x1b[2J", "\ufeff", "\u202e"),
    *('"', '""', "'", ",", ";", "\t", "|", "\\", "=1+1", "@x", "-", "{", "}", "[", "]", "null", "NaN", "1e999", "true"),
    *("<b>", "</title>", "<!--", "-->", "<![CDATA[", "]]>", "&amp;", "&#0;", "&#xD800;", "&lol;", "<script>", "<?xml"),
    *("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩‍👩‍👧", "ﷺ", "ı", "ß", "ﬁ", "\U0010ffff", "x" * 300, "e" + "\u0301" * 40, "PAR1", "%PDF"),
    *("1,2,3", "2025-08-16", "12345678901234567890"),
]  # fmt: skip
_LINE_ENDS = ["\n", "\r", "\r\n", '"\n"', "\n\n"]
_TOKENS = [
    token.encode() for token in (*_ODD, *_LINE_ENDS, "<item>", "</item>", "</rss>", '{"title": ', "title,", '"version"')
]
_TOKENS += [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"PAR1", b"\x80" * 9]
_LINES_OF_A_PAGE = ("You may also like", "By Jane Doe", "The mayor said on Monday that it would stay open until...", "")
_ENDINGS = {"jsonl": ".jsonl", "csv": ".csv", "tsv": ".tsv", "lines": ".txt", "page": ".html", "opml": ".opml"}


@dataclass(frozen=True)
class Case:
    """An input. `options`: for `read_headlines`. `titles`: what must be read; `rows`: only how many; None where nobody knows."""

    kind: str
    suffix: str
    content: bytes
    options: dict[str, Any]
    titles: list[str] | None = None
    rows: int | None = None


def whole(chance: Random) -> Case:
    """Return an input that says what it is, with hostile titles."""
    kind = chance.choice(list(_MAKERS))
    case = _MAKERS[kind](chance)
    content = case.content
    if kind != "parquet" and chance.random() < 0.3:
        content = content.decode().encode(chance.choice(("utf-16", "utf-8-sig", "utf-32")))
    packed, ending = _packed(content, chance)
    if len(packed) > MAX_BYTES:
        return whole(chance)
    return Case(kind, case.suffix + ending, packed, case.options, case.titles, case.rows)


def damaged(chance: Random) -> Case:
    """Return an input that was changed in a few places, cut, or spliced with another; often under a wrong name."""
    case = _MAKERS[chance.choice(list(_MAKERS))](chance)
    content = case.content
    for _ in range(chance.randint(1, 6)):
        content = chance.choice(_MUTATIONS)(content, chance)[:MAX_BYTES]
    content, ending = _packed(content, chance)
    if ending and chance.random() < 0.5:
        content = chance.choice(_MUTATIONS)(content, chance)
    suffix = case.suffix if chance.random() < 0.7 else chance.choice([*_ENDINGS.values(), "", ".parquet", ".xml"])
    options = case.options if chance.random() < 0.2 else {}
    return Case(f"damaged {case.kind}", suffix + ending, content[:MAX_BYTES], options)


def _title(chance: Random, ends: bool = False) -> str:
    pool = [*_WORDS, *_WORDS, *_ODD, *(_LINE_ENDS if ends else ())]
    return " ".join(chance.choices(pool, k=chance.randint(0, 12)))


def _titles(chance: Random, ends: bool = False) -> list[str]:
    return [_title(chance, ends) for _ in range(chance.randint(1, 12))]


def _read_back(titles: list[str]) -> list[str]:
    """Titles as readers of tables return them: blank ones are empty."""
    return [title if title.strip() else "" for title in titles]


def _lines(chance: Random) -> Case:
    titles = ["Rates rise", *(title.strip().lstrip("\ufeff").strip() for title in _titles(chance))]
    text = chance.choice(("\n", "\r\n", "\r")).join(titles)
    return Case("lines", ".txt", text.encode(), {"input_format": "lines"}, [title for title in titles if title])


def _table(chance: Random) -> Case:
    delimiter = chance.choice(",;|\t")
    titles, out = _titles(chance, ends=True), io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=chance.choice(("\n", "\r\n")))
    writer.writerows([("id", "title", "date"), *((k, title, _title(chance)) for k, title in enumerate(titles))])
    kind = "tsv" if delimiter == "\t" else "csv"
    options = {"input_format": kind, "delimiter": delimiter}
    return Case(kind, _ENDINGS[kind], out.getvalue().encode(), options, _read_back(titles))


def _json_rows(chance: Random) -> Case:
    titles = _titles(chance, ends=True) + ["lone \ud800 surrogate"] * chance.randint(0, 1)
    rows = [json.dumps({"title": title, "tags": [1, None, {"x": title}]}) for title in titles]
    as_array = chance.random() < 0.3
    text = f"[{', '.join(rows)}]" if as_array else "\n".join(rows)
    return Case("jsonl", ".jsonl", text.encode(), {"input_format": "jsonl"}, _read_back(titles))


def _json_feed(chance: Random) -> Case:
    titles = [f"Ferry {title}" for title in _titles(chance, ends=True)]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"title": title} for title in titles]}
    return Case("json feed", ".json", json.dumps(feed).encode(), {}, rows=len(titles))


def _rss(chance: Random) -> Case:
    items = "".join(f"<item><title>{escape(_legal(title))}</title></item>" for title in _titles(chance))
    start = chance.choice(("", '<?xml version="1.0"?>\n', '<!DOCTYPE rss [<!ENTITY nbsp "&#160;">]>\n'))
    text = f'{start}<rss version="2.0"><channel><title>All</title>{items}</channel></rss>'
    return Case("rss", ".xml", text.encode(), {}, rows=items.count("</item>"))


def _atom(chance: Random) -> Case:
    entries = "".join(f"<entry><title>{escape(_legal(title))}</title></entry>" for title in _titles(chance))
    text = f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'
    return Case("atom", ".xml", text.encode(), {}, rows=entries.count("</entry>"))


def _legal(text: str) -> str:
    """Text without characters that XML forbids."""
    return "".join(
        c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )


def _opml(chance: Random) -> Case:
    outlines = "".join(f'<outline text="{escape(_legal(title))}"/>' for title in _titles(chance))
    return Case("opml", ".opml", f"<opml><body>{outlines}</body></opml>".encode(), {"fetch": False})


def _page(chance: Random) -> Case:
    items = "".join(f"<li><a href='/x'><h3>{escape(title)}</h3></a></li>" for title in _titles(chance))
    return Case("html", ".html", f"<!doctype html><html><body><ul>{items}</ul></body></html>".encode(), {})


def _page_text(chance: Random) -> Case:
    lines = [line for title in _titles(chance) for line in (title, chance.choice(_LINES_OF_A_PAGE))]
    return Case("page", ".txt", "\n".join(["Rates rise again this year", *lines]).encode(), {"input_format": "page"})


def _parquet(chance: Random) -> Case:
    titles = [title if chance.random() < 0.9 else None for title in _titles(chance, ends=True)]
    table = pa.table(
        {"title": pa.array(titles, pa.string()), "date": list(range(len(titles))), "x": [[1]] * len(titles)}
    )
    out = io.BytesIO()
    pq.write_table(
        table, out, row_group_size=chance.randint(1, 5), compression=chance.choice(("zstd", "none", "snappy"))
    )
    return Case("parquet", ".parquet", out.getvalue(), {}, _read_back([title or "" for title in titles]))


_MAKERS: dict[str, Callable[[Random], Case]] = {
    "lines": _lines,
    "table": _table,
    "json": _json_rows,
    "json feed": _json_feed,
    "rss": _rss,
    "atom": _atom,
    "opml": _opml,
    "html": _page,
    "page": _page_text,
    "parquet": _parquet,
}


def _packed(content: bytes, chance: Random) -> tuple[bytes, str]:
    way = chance.random()
    if way < 0.15:
        return gzip.compress(content, mtime=0), ".gz"
    if way < 0.3:
        buffer = pa.BufferOutputStream()
        with pa.CompressedOutputStream(buffer, "zstd") as stream:
            stream.write(content)
        return buffer.getvalue().to_pybytes(), ".zst"
    return content, ""


def _flip(content: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(content) + 1)
    return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]


def _cut(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _drop(content: bytes, chance: Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + content[end:]


def _double(content: bytes, chance: Random) -> bytes:
    start, end = _span(content, chance)
    return content[:end] + content[start:end] * chance.choice((1, 2, 50)) + content[end:]


def _insert(content: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(content) + 1)
    return content[:place] + chance.choice(_TOKENS) * chance.choice((1, 1, 2, 200)) + content[place:]


def _splice(content: bytes, chance: Random) -> bytes:
    other = _MAKERS[chance.choice(list(_MAKERS))](chance).content
    return _cut(content, chance) + other[chance.randrange(len(other) + 1) :]


def _span(content: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.choice((1, 2, 10, 100)))


_MUTATIONS = (_flip, _flip, _cut, _drop, _double, _insert, _insert, _splice)
