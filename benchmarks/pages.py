"""How well the headlines of news pages are found.

`--data DIR`: pages as `NAME.html` or `NAME.txt`, and beside each `NAME.expected`, its headlines, one a line, and perhaps
`NAME.optional`, lines that count neither way. A title counts as found when it is equal but for white space and quotes;
one that has more glued to it is wrong, and counted apart as well.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import mean
from typing import Any

import dedupe

FIGURES = ("precision", "recall", "f1")
PAGE_SUFFIXES = (".html", ".txt", ".mhtml")
_QUOTES = re.compile("[\"'`‘’‚‛“”„‟«»‹›「」『』]")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, required=True, help="folder of pages")
    arguments.add_argument("--out", type=Path, help="JSON file to write")
    arguments.add_argument("--show", nargs="*", default=[], metavar="NAME", help="pages whose mistakes to print")
    options = arguments.parse_args()
    pages = sorted(path for path in options.data.iterdir() if path.suffix in PAGE_SUFFIXES)
    if not pages:
        raise SystemExit(
            f"{options.data} has no pages: give a folder of .html and .txt files with .expected beside them"
        )
    scores = {path.name: score(path, show=path.stem in options.show) for path in pages}
    result = {kind: means(row for name, row in scores.items() if name.endswith(kind)) for kind in PAGE_SUFFIXES[:2]}
    for name, row in [*scores.items(), *result.items()]:
        print(f"{name:12}", "  ".join(f"{key} {value:g}" for key, value in row.items()))
    if options.out:
        machine = {"machine": platform.processor() or platform.machine(), "python": platform.python_version()}
        versions = {"selectolax": version("selectolax"), "date": datetime.now(UTC).date().isoformat()}
        options.out.write_text(json.dumps({**machine, **versions, "mean": result, "pages": scores}, indent=1) + "\n")


def score(path: Path, *, show: bool = False) -> dict[str, Any]:
    """Return the figures of one page, and print what was missed and what is wrong where asked."""
    expected = {key(line): line for line in lines_beside(path, ".expected")}
    optional = {key(line) for line in lines_beside(path, ".optional")} - expected.keys()
    start = time.perf_counter()
    try:
        titles = [headline.title for headline in dedupe.read_headlines(path).headlines]
    except dedupe.InputError as error:
        print(f"{path.name}: {error}")
        titles = []
    seconds = time.perf_counter() - start
    found = {key(title): title for title in titles if key(title) not in optional}
    right = found.keys() & expected.keys()
    wrong, missed = [found[k] for k in found if k not in right], [expected[k] for k in expected if k not in right]
    if show:
        print(*(f"  wrong  {title}" for title in wrong), *(f"  missed {title}" for title in missed), sep="\n")
    precision, recall = len(right) / max(len(found), 1), len(right) / len(expected)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    glued = sum(any(name in key(title) for name in map(key, missed)) for title in wrong)
    figures = dict(zip(FIGURES, (round(value, 4) for value in (precision, recall, f1)), strict=True))
    return {**figures, "titles": len(expected), "glued": glued, "seconds": round(seconds, 3)}


def means(rows: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Return the mean of each figure over pages."""
    rows = list(rows)
    return {name: round(mean(row[name] for row in rows), 4) for name in FIGURES} if rows else {}


def lines_beside(path: Path, suffix: str) -> list[str]:
    """Return the lines of the file beside a page, none if there is no such file."""
    beside = path.with_suffix(suffix)
    return [line for line in beside.read_text("utf-8").splitlines() if line.strip()] if beside.exists() else []


def key(title: str) -> str:
    """Return a title without white space and quotes."""
    return "".join(_QUOTES.sub("", title).split())


if __name__ == "__main__":
    main()
