"""Inputs made to take long: each is of about `size` characters, of a kind whose reader once took the square of it or more.

    python benchmarks/worst_inputs.py --out FILE [--size 100000] [--only NAME]...

Each input is read, normalized and collapsed in a process of its own at a size, twice and four times that size. Written are the
processor seconds, and the exponent of their growth: 1 where twice the input takes twice the time.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import count, islice
from math import log2
from pathlib import Path
from string import ascii_lowercase
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import click
from records import circumstances, write_json

TIMEOUT = 300.0  # seconds


def _filled(piece: str, before: str = "", after: str = "") -> Callable[[int], str]:
    return lambda size: before + piece * (max(size - len(before) - len(after), 0) // len(piece) + 1) + after


def _each(line: str, before: str = "", step: int = 1) -> Callable[[int], str]:
    """Return what makes lines that differ by a number."""
    return lambda size: before + "".join(line.format(k=k // step) for k in range(size // len(line) + 1))


def _wide(size: int) -> str:
    columns = size // 16
    header = ",".join(f"c{k}" for k in range(columns))
    return f"title,{header}\n" + "".join(f"Ferry {row} sinks{',' * columns}\n" for row in range(8))


def _names(size: int) -> str:
    """Return lines of very many outlets, three of each, whose names have no digits."""
    letters = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in ascii_lowercase]
    lines = (
        f"Ferry {k % 3} sinks off Oslo - Oslo {letters[k // 3 % 1560].title()} {letters[k // 4680].title()}\n"
        for k in count()
    )
    return "".join(islice(lines, size // 40 + 1))


_ITEM = "<item><title>Ferry sinks off Oslo</title></item>"
_RSS = "<rss><channel><title>t</title>"
INPUTS: dict[str, tuple[str, Callable[[int], str]]] = {
    "comments": ("page.txt", _filled("<!-- -->", after="Ferry sinks off Oslo today")),
    "open comments": ("page.html", _filled("<!--", "<html>")),
    "open scripts": ("page.html", _filled("<script ", "<html>")),
    "brackets": ("page.html", _filled("<", "<html>")),
    "divisions": ("page.html", _filled("<div>")),
    "lists": ("page.html", _filled("<ul><li>x ")),
    "paragraphs in divisions": ("page.html", _filled("<div><p>x</p>")),
    "paragraphs in spans": ("page.html", _filled("<span><p>x</p>", "<html>")),
    "terms in items": ("page.html", _filled("<li><dd>x<p>y", "<html>")),
    "headings in items": ("page.html", _filled("<h1><li>x<p>y", "<html>")),
    "headings": ("page.html", _filled("<h1><div>a b c d ", "<html>")),
    "links in lists": ("page.html", _filled("<ul><li><a>a b c d</a>")),
    "links in one item": ("page.html", _filled("<a>one two three four</a>", "<ul><li>")),
    "headings of an article": ("page.html", _filled("<h2>one two three four</h2>", "<html><article>")),
    "bold": ("page.html", lambda size: "<html>" + "".join(f"<p><b a={k}>x" for k in range(size // 12))),
    "attributes": ("page.html", lambda size: "<html><p " + " ".join(f"a{k}=1" for k in range(size // 9)) + ">x"),
    "dots": ("page.txt", _filled(".", "More from x\nmore from ", "(\n")),
    "initials": (
        "page.txt",
        _filled("A.", "More from x\n", "x\n" + "A long line that ends as a teaser does, with a stop.\n" * 9),
    ),
    "stray quotes": ("news.csv", _filled('",x"y,"z\n', "title,b,c\n")),
    "stray quotes, closed": ("news.csv", _filled('",x"y,"z\n', "title,b,c\n", '"')),
    "quotes": ("news.csv", _filled('""', 'title,b\n"', '",x\n')),
    "a stray quote": ("news.csv", _filled("Ferry sinks,x\n", 'title,b\n"Rates,x\n')),
    "columns": ("news.csv", _wide),
    "keys": ("news.jsonl", _each('{{"title": "Ferry {k}", "k{k}": 1}}\n')),
    "brackets of JSON": ("news.jsonl", _filled("[")),
    "digits": ("news.jsonl", _filled("1", '{"title": "a", "date": ', "}\n")),
    "marks": ("news.txt", _filled("\u0301\u0316", "Ferry", "\nRates rise\n")),
    "words of one character": ("news.txt", _filled("\ufdfa", "Ferry", "\nRates rise\n")),
    "ampersands": ("news.txt", _filled("&amp;", "Ferry", "\nRates rise\n")),
    "mojibake": ("news.txt", _filled("Ã¢â‚¬â„¢", "Ferry", "\nRates rise\n")),
    "emoji": ("news.txt", _filled("\U0001f600 ", "Ferry sinks ", "\nRates rise\n")),
    "separators": ("news.txt", _filled(" - CNN", "Ferry sinks", "\nRates rise\n")),
    "outlets": ("news.txt", _each("Ferry sinks off Oslo on day {k} - The Oslo Daily {k}\n", step=3)),
    "names of outlets": ("news.txt", _names),
    "address": ("news.csv", _filled("/amp", "title,url\nFerry sinks,https://example.org", "x\n")),
    "line ends": ("news.xml", _filled("\n", "<?xml version='1.0'?>", f"{_RSS}{_ITEM}</channel></rss>")),
    "comments of a feed": ("news.xml", _filled("<!-- -->", _RSS, f"{_ITEM}</channel></rss>")),
    "open items": ("news.xml", _filled("<item><title>Ferry sinks", _RSS)),
    "entities": ("news.xml", _filled("&x;", f"{_RSS}<item><title>", "</title></item></channel></rss>")),
    "tags in a title": ("news.xml", _filled("&lt;a ", f"{_RSS}<item><title>", "</title></item></channel></rss>")),
    "nested elements": ("news.xml", _filled("<b>", f"{_RSS}<item><title>")),
    "items": ("news.xml", _filled(_ITEM, _RSS, "</channel></rss>")),
}
"""The name of a file, and what makes its content for a size."""
FORMATS = {"line ends": "feed"}  # those that are named


def read(path: Path, name: str) -> int:
    """Read one of `INPUTS`, normalize and collapse it; return how many headlines it has, 0 where it is refused."""
    from dedupe import InputError, read_headlines
    from dedupe.clustering import collapse_copies
    from dedupe.text.address import clean_address

    try:
        headlines = read_headlines(path, input_format=FORMATS.get(name), skip_bad=True).headlines
    except InputError:
        return 0
    [clean_address(headline.url) for headline in headlines]
    return len(collapse_copies(headlines, None).texts)


def seconds(name: str, size: int, folder: Path) -> float | None:
    """Return the processor seconds of `read` in a process of its own; None where it takes too long."""
    path = folder / INPUTS[name][0]
    path.write_text(INPUTS[name][1](size), encoding="utf-8", newline="")
    command = [sys.executable, __file__, "--measure", name, "--file", str(path)]
    try:
        return float(subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout)
    except subprocess.TimeoutExpired:
        return None


@click.command(help=__doc__)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--size", type=click.IntRange(min=1000), default=100_000, show_default=True)
@click.option("--only", type=click.Choice(list(INPUTS)), multiple=True)
@click.option("--measure", type=click.Choice(list(INPUTS)), hidden=True)
@click.option("--file", type=click.Path(path_type=Path), hidden=True)
def main(out: Path | None, size: int, only: tuple[str, ...], measure: str | None, file: Path | None) -> None:
    if measure and file:
        read(Path(__file__).parent / "README.md", "")  # what is imported late is imported now
        began = process_time()
        read(file, measure)
        print(process_time() - began)
        return
    results: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        for name in only or INPUTS:
            took = [seconds(name, size * factor, Path(folder)) for factor in (1, 2, 4)]
            known = None not in took
            growth = round(log2(max(took[2], 0.01) / max(took[1], 0.01)), 2) if known else None
            results[name] = {"seconds": [value and round(value, 3) for value in took], "exponent": growth}
            print(f"{name}: {results[name]}", flush=True)
            if out:
                write_json(circumstances(0) | {"size": size, "inputs": results}, out)


if __name__ == "__main__":
    main()
