"""A run -> plain data for the page: figures, settings, rows in columns, merge trees, pairs and their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.clustering.merge_tree import MergeTree
from dedupe.report.packing import pack
from dedupe.report.selection import Pairs, choose_nodes, choose_pairs, rows_of, sentences
from dedupe.result.deduplication import Deduplication
from dedupe.result.pairs import ScoredPairs
from dedupe.runtime.arrays import Ints

BINS = 50  # of the distribution of probabilities, from 0 to 1
SHARES = 65_535  # what a probability of 1 is in the page, which holds two bytes of each
_WEB = ("http://", "https://")


@dataclass(frozen=True)
class Report:
    """What the page shows: `figures` and `settings` for its head, `payload` for its scripts, `left_out` in sentences,
    `period` and `sources` in words, "" where not known.
    """

    figures: Mapping[str, int]
    settings: Mapping[str, Any]
    payload: Mapping[str, Any]
    left_out: tuple[str, ...]
    period: str
    sources: str


def report_of(result: Deduplication, window: float | None, most_rows: int, most_pairs: int) -> Report:
    """Return the data of the page; `window`: hours, None where there was none."""
    choice = choose_nodes(result, most_rows)
    trees = {level: choice.within(tree) for level, tree in result.trees.items()}
    judged = result.pairs
    pairs = choose_pairs(result, judged, choice, trees[result.level], most_pairs)
    settings = settings_of(result, window)
    payload = {
        "settings": settings,
        "headlines": len(result),
        "nodes": len(choice.nodes),
        "rows": _rows(result, *rows_of(result, choice)),
        "trees": {level: _tree(tree) for level, tree in trees.items()},
        "pairs": _pairs(judged, pairs),
        "bins": {level: _bins(result, level) for level in trees},
    }
    return Report(
        figures_of(result),
        settings,
        payload,
        tuple(sentences(result, choice, pairs)),
        _period(result),
        _sources(result),
    )


def _period(result: Deduplication) -> str:
    """The first and the last day of the headlines, in UTC."""
    days = [headline.published.date() for headline in result.headlines if headline.published]
    if not days:
        return ""
    first, last = (f"{one.day} {one:%B} {one.year}" for one in (min(days), max(days)))
    return first if first == last else f"{first} – {last}"


def _sources(result: Deduplication) -> str:
    count = len({headline.source for headline in result.headlines} - {None})
    return f"{count:,} source{'' if count == 1 else 's'}" if count else ""


def figures_of(result: Deduplication) -> dict[str, int]:
    """Return the counts at the head of the page, of the whole run."""
    exact, wording, story = (np.bincount(result.labels(level)) for level in ("exact", "wording", "story"))
    return {
        "headlines": len(result),
        "stories": len(story),
        "told_again": int(np.count_nonzero(story > 1)),
        "wordings": len(wording),
        "copies": len(result) - len(exact),
        "saved": len(result) - len(wording),
    }


def settings_of(result: Deduplication, window: float | None) -> dict[str, Any]:
    """Return how the run was set, and what it says of itself."""
    return {
        "level": result.level,
        "thresholds": {level: result.thresholds[level] for level in result.trees},
        "floor": result.floor,
        "window": window,
        "keep": result.settings.keep,
        "calibrated": result.calibrated,
        "recall": result.recall,
        "given_up": result.given_up,
        "corrections": result.corrections,
        "cautions": [
            {"code": caution.code, "message": caution.message, "rows": len(caution.positions)}
            for caution in result.warnings
        ],
    }


def _rows(result: Deduplication, rows: Ints, node: Ints) -> dict[str, Any]:
    """The columns of the rows of the page; source 0 is none, a time is in seconds since 1970, NaN where there is none."""
    headlines = [result.headlines[k] for k in rows.tolist()]
    titles, title = _coded(headline.title for headline in headlines)
    sources, source = _coded(["", *(headline.source or "" for headline in headlines)])
    times = [headline.published.timestamp() if headline.published else np.nan for headline in headlines]
    links = [_web_address(headline.url) for headline in headlines]
    return {
        "position": pack(rows),
        "node": pack(node),
        "title": pack(title),
        "titles": titles,
        "source": pack(source[1:]),
        "sources": sources,
        "time": pack(np.array(times, np.float64)),
        "links": links if any(links) else [],
        "kept": {level: pack(_kept(result, level)[rows]) for level in ("wording", "story")},
    }


def _coded(values: Iterable[str]) -> tuple[list[str], Ints]:
    """Distinct values by first appearance, and the place of each value among them."""
    places: dict[str, int] = {}
    codes = [places.setdefault(value, len(places)) for value in values]
    return list(places), np.array(codes, np.int64)


def _web_address(url: str | None) -> str | None:
    """An address that may become a link: no scheme but that of web pages, whatever the input says."""
    address = (url or "").strip()
    return address if address.lower().startswith(_WEB) else None


def _kept(result: Deduplication, level: str) -> NDArray[np.int64]:
    """1 for each row that represents its group, (rows,)."""
    marks = np.zeros(len(result), np.int64)
    marks[result.kept(level)] = 1
    return marks


def _tree(tree: MergeTree) -> dict[str, Any]:
    return {"left": pack(tree.left), "right": pack(tree.right), "height": pack(tree.height)}


def _pairs(judged: ScoredPairs, pairs: Pairs) -> dict[str, Any]:
    words = ["\n".join(pair.reasons) for pair in judged.at(pairs.places[pairs.explained])]
    return {
        "i": pack(pairs.i),
        "j": pack(pairs.j),
        "story": pack(np.round(pairs.story * SHARES).astype(np.int64)),
        "wording": pack(np.round(pairs.wording * SHARES).astype(np.int64)),
        "links": pack(pairs.links),
        "explained": pack(pairs.explained),
        "words": words,
        "left_out": pairs.left_out,
    }


def _bins(result: Deduplication, level: str) -> list[int]:
    """How many of all judged pairs have each probability."""
    chances = result.pair_table.p(level)
    counts: list[int] = np.histogram(chances, BINS, (0, 1))[0].tolist()
    return counts
