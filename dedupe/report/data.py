"""A result -> plain data for the page: counts, rows in columns, merge trees, pairs and their reasons."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.levels import LEVELS, SCORED_LEVELS
from dedupe.report.selection import PageNodes, PagePairs, select_nodes, select_pairs
from dedupe.result.deduplication import Deduplication
from dedupe.result.display import counted
from dedupe.result.lasting import Lasting
from dedupe.runtime.arrays import Ints

_BINS = 50  # of the histogram of probabilities
_CERTAIN = 65_535  # a probability of 1, in the two bytes that the page has for each
_TYPES = {"u1": "Uint8Array", "u2": "Uint16Array", "u4": "Uint32Array", "f4": "Float32Array", "f8": "Float64Array"}


def page_data(result: Deduplication, max_rows: int, max_pairs: int) -> dict[str, Any]:
    """Return what the template needs besides the result.

    `payload`: data for the scripts. `left_out`: a sentence for each thing left out. `period`, `sources`: text, "" if unknown.
    """
    nodes = select_nodes(result, max_rows)
    trees = {level: nodes.within(tree) for level, tree in result.trees.items()}
    pairs = select_pairs(result, nodes, trees[result.level], max_pairs)
    payload = {
        "level": result.level,
        "thresholds": {level: result.thresholds[level] for level in trees},
        "floor": result.floor,
        "headlines": len(result),
        "nodes": len(nodes),
        "rows": _rows(result, nodes),
        "trees": {
            level: {side: pack(getattr(trees[level], side)) for side in ("left", "right", "height")} for level in trees
        },
        "pairs": _pairs(result, pairs),
        "lasting": None if result.lasting is None else _lasting(result.lasting),
        "bins": {level: np.histogram(result.pair_table.p(level), _BINS, (0, 1))[0].tolist() for level in trees},
    }
    sources = len({headline.source for headline in result.headlines} - {None})
    return {
        "payload": payload,
        "figures": figures_of(result),
        "left_out": _left_out(result, nodes, pairs),
        "period": _period(result),
        "sources": counted(sources, "source") if sources else "",
    }


def figures_of(result: Deduplication) -> dict[str, int]:
    """Return the counts at the head of the page."""
    exact, wording, story = (np.bincount(result.labels(level)) for level in LEVELS)
    return {
        "headlines": len(result),
        "stories": len(story),
        "repeated": int(np.count_nonzero(story > 1)),
        "wordings": len(wording),
        "copies": len(result) - len(exact),
        "saved": len(result) - len(wording),
    }


def pack(values: NDArray[Any]) -> dict[str, str]:
    """Return `values`, (n,), as base64, and the name of the typed array that reads it.

    Integers, which must not be negative, are packed in as few bytes as hold the largest.
    """
    if values.dtype.kind != "f":
        values = values.astype(np.min_scalar_type(int(values.max(initial=0))))
    little = values.astype(values.dtype.newbyteorder("<"))
    return {"type": _TYPES[little.dtype.str[1:]], "base64": b64encode(little.tobytes()).decode("ascii")}


def _rows(result: Deduplication, nodes: PageNodes) -> dict[str, Any]:
    """Return the columns of the page's rows: source 0 is none, times are seconds since 1970, NaN without a date."""
    number = nodes.number[result.nodes.of_row]
    rows = np.flatnonzero(number >= 0)
    headlines = [result.headlines[k] for k in rows.tolist()]
    titles, title = _coded(headline.title for headline in headlines)
    sources, source = _coded(["", *(headline.source or "" for headline in headlines)])
    times = [headline.published.timestamp() if headline.published else np.nan for headline in headlines]
    urls, ids = [_web_address(headline.url) for headline in headlines], [headline.id for headline in headlines]
    return {
        "position": pack(rows),
        "node": pack(number[rows]),
        "copy": pack(result.labels("exact")[rows]),
        "title": pack(title),
        "titles": titles,
        "source": pack(source[1:]),
        "sources": sources,
        "time": pack(np.array(times, np.float64)),
        "urls": urls if any(urls) else [],
        "ids": ids if any(ids) else [],
        "story": pack(result.labels("story")[rows]),
        "kept": {level: pack(np.isin(rows, result.representatives(level))) for level in SCORED_LEVELS},
    }


def _lasting(lasting: Lasting) -> dict[str, Any]:
    """Return what an index knows of the stories, by label; `publishers`: places among the `names`, most frequent first."""
    stories = lasting.stories
    names, code = _coded(name for story in stories for name in story.publishers)
    ends = np.cumsum([len(story.publishers) for story in stories])
    return {
        "ids": [story.id for story in stories],
        "former": [list(story.former) for story in stories],
        "first": pack(np.array([story.first.timestamp() for story in stories], np.float64)),
        "changed": pack(np.array([story.changed.timestamp() for story in stories], np.float64)),
        "headlines": pack(np.array([story.headlines for story in stories], np.int64)),
        "names": names,
        "publishers": [part.tolist() for part in np.split(code, ends)[:-1]] if stories else [],
    }


def _coded(values: Iterable[str]) -> tuple[list[str], Ints]:
    """Return the distinct values by first appearance, and the place of each value among them."""
    places: dict[str, int] = {}
    codes = [places.setdefault(value, len(places)) for value in values]
    return list(places), np.array(codes, np.int64)


def _web_address(url: str | None) -> str | None:
    """Return an address that may become a link: http and https only, whatever the input holds."""
    address = (url or "").strip()
    return address if address.lower().startswith(("http://", "https://")) else None


def _pairs(result: Deduplication, pairs: PagePairs) -> dict[str, Any]:
    places = pairs.places[pairs.explained]
    scored = places[places < len(result.pairs)]
    reasons = {place: pair.reasons for place, pair in zip(scored.tolist(), result.pairs.at(scored), strict=True)}
    return {
        "i": pack(pairs.i),
        "j": pack(pairs.j),
        "probability": pack(np.round(pairs.probability * _CERTAIN).astype(np.int64)),
        "by_merge": pack(pairs.by_merge),
        "explained": pack(pairs.explained),
        "reasons": [reasons.get(place, ["a correction says so"]) for place in places.tolist()],
        "left_out": pairs.left_out,
    }


def _left_out(result: Deduplication, nodes: PageNodes, pairs: PagePairs) -> tuple[str, ...]:
    """Return a sentence, without its full stop, for each thing that the page leaves out."""
    sentences = []
    if nodes.rows_left_out:
        sentences.append(
            f"{nodes.rows_left_out:,} of {len(result):,} headlines are counted but not listed: they are in the smallest "
            f"groups, of at most {counted(nodes.largest, 'headline')} even at the lowest threshold"
        )
    if pairs.left_out:
        sentences.append(
            f"the {pairs.left_out:,} least probable scored pairs are not in the page, so “To check” may lack some pairs"
        )
    return tuple(sentences)


def _period(result: Deduplication) -> str:
    """Return the first and the last day of the headlines, in UTC."""
    days = [headline.published.date() for headline in result.headlines if headline.published]
    if not days:
        return ""
    first, last = min(days), max(days)
    month, year = f" {last:%B}", f" {last.year}"
    begin = f"{first.day} {first:%B} {first.year}".removesuffix(year).removesuffix(month)
    return f"{begin} – {last.day}{month}{year}" if first < last else f"{last.day}{month}{year}"
