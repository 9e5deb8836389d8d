"""The one place that knows the order of the steps, from headlines to groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.join import CandidatePairs, Join, Times
from dedupe.candidates.products import cosines
from dedupe.clustering.constraints import Rules, rules_of
from dedupe.clustering.copies import ExactGroups, exact_groups
from dedupe.clustering.corrections import Given
from dedupe.clustering.crowds import Crowds, find_crowds
from dedupe.clustering.linkage import merge_tree
from dedupe.clustering.merge_tree import MergeTree
from dedupe.clustering.representatives import Nodes, tie_ranks
from dedupe.embedding import encoders as encoders
from dedupe.embedding.cache import VectorCache
from dedupe.embedding.vectors import Vectors, unit_rows
from dedupe.errors import InputError
from dedupe.headlines import Headline, as_headlines
from dedupe.levels import KEEP_RULES, SCORED_LEVELS
from dedupe.readers.inputs import read_table
from dedupe.result.cautions import crowded, input_cautions, uncorrected
from dedupe.result.deduplication import Deduplication
from dedupe.result.judged import decide
from dedupe.result.pairs import JudgedNodes, JudgedPair, check_thresholds, judged_pair
from dedupe.runtime.arrow import is_frame
from dedupe.runtime.progress import Progress, bars, silent
from dedupe.scoring.model import Judge, judge_of
from dedupe.scoring.prefilter import Notice, NoticedPairs, joined, notice
from dedupe.scoring.similarity_scale import IDENTITY, scale_of
from dedupe.scoring.title_features import Titles, describe
from dedupe.text.normalize import MAX_LENGTH, key_of_normalized, normalize

Row = str | Mapping[str, Any] | Headline
Frame = Any
"""A frame of pandas or polars, or an Arrow table: whatever exports itself as Arrow."""


def deduplicate(
    headlines: Iterable[Row] | Frame,
    *,
    encoder: encoders.Encoder | None = None,
    embeddings: NDArray[np.floating[Any]] | None = None,
    cache: VectorCache | None = None,
    level: str = "story",
    window: timedelta | float | None = None,
    story_threshold: float | None = None,
    wording_threshold: float | None = None,
    keep: str = KEEP_RULES[0],
    corrections: Given = (),
    progress: bool | Progress = False,
) -> Deduplication:
    """Group headlines into exact copies, wordings and stories.

    Args:
        headlines: titles, mappings with the key `title`, or `Headline`s; any iterable. Or a frame of pandas or polars or an
            Arrow table, whose columns are found by their usual names (`read_table` lets you name them).
        encoder: anything with `encode(list[str]) -> (n, d)` floats; the bundled model if not given.
        embeddings: one row per headline, (n, d), used instead of encoding; normalised here. With `encoder`, they are
            taken for its vectors.
        cache: where vectors of the encoder are looked up first, and kept.
        level: "story", or "wording" to look no further than that, which takes a fraction of the time on very many
            headlines; each wording then counts as a story of its own.
        window: the dated members of any group span at most this, a timedelta or hours. Rows without a date are not cut.
        story_threshold: probability from which headlines are one story, 0.05 to 1; the judge's own default if not given.
        wording_threshold: likewise for one wording.
        keep: which member represents its group: "central" (closest to all others), "earliest", or "complete" (states
            most facts). Ties go by date, then title, then id.
        corrections: `Correction`s, or tuples of two titles and the verdict "wording", "story" or "different", that hold
            whatever the judge thinks; see `read_corrections`.
        progress: True for bars on a terminal, or a `Progress` to be told.

    The result does not depend on the order of the input. With a foreign encoder, or embeddings alone, the similarities
    are rescaled to the base model's and the result says `calibrated=False`. Raises `InputError` for what cannot be
    used and `ModelError` where the encoder fails.
    """
    rows = rows_of(headlines)
    hours = hours_of(window)
    _check_choice("keep", keep, KEEP_RULES)
    _check_choice("level", level, SCORED_LEVELS)
    if encoder is None and embeddings is None:
        encoder = encoders.load_encoder(None)
    judge, calibrated = judge_of(encoder)
    thresholds = check_thresholds(_thresholds(judge, story_threshold, wording_threshold), judge.floor)
    with ExitStack() as stack:
        report = stack.enter_context(bars()) if progress is True else (progress or silent)
        texts, keys, groups = _prepare(rows, hours)
        rules = rules_of(corrections, keys, texts, groups.of)
        del keys  # of a million titles they are 0.1 GB
        aside = stack.enter_context(ThreadPoolExecutor(1))  # what needs no vectors is done while they are made
        titles, seen = (
            aside.submit(_describe, rows, texts, groups),
            aside.submit(lambda: list(input_cautions(rows, texts, calibrated))),
        )
        if encoder is None or embeddings is not None:
            vectors = unit_rows(embeddings, len(texts), groups.row, texts)
        else:
            vectors = _encoded(texts, groups, encoder, cache, report)
        scale = IDENTITY if calibrated else scale_of(vectors)
        looks = notice(judge, titles.result(), vectors, scale, level)
        times = None if hours is None else Times(groups.first, groups.last, hours)
        crowds = find_crowds(looks, times, rules.nodes)
        join = Join(looks.rows, looks.floor, times, only=crowds.outside)
        noticed, recall = [crowds.neighbors, *_noticed(looks, join, report)], join.recall
        del join  # of a million titles it holds half a gigabyte
        judged = decide(looks, joined(noticed), crowds.settled, rules.pairs(looks, times), judge.floor)
        levels = SCORED_LEVELS if level == "story" else (level,)
        trees = {one: _tree(judged, crowds, rules, groups, one, hours, judge.floor, report) for one in levels}
    return Deduplication(
        headlines=tuple(rows),
        nodes=Nodes(groups.of, groups.row, crowds.stands, vectors, looks.titles.facts, groups.ties),
        judged=judged,
        trees=trees,
        thresholds=thresholds,
        keep_rule=keep,
        floor=judge.floor,
        calibrated=calibrated,
        recall=recall,
        given_up=judge.given_up[level],
        corrections=rules.applied,
        input_cautions=(
            *seen.result(),
            *crowded(np.isin(groups.of, crowds.thin), crowds.unmet),
            *uncorrected(np.isin(groups.of, rules.unmet(trees))),
        ),
    )


def compare(one: Row, other: Row, *, encoder: encoders.Encoder | None = None) -> JudgedPair:
    """Judge one pair of headlines at the default thresholds, with the evidence in words; positions are 0 and 1.

    Takes what `deduplicate` takes. An empty title is an `InputError`.
    """
    rows = as_headlines([one, other])
    encoder = encoder or encoders.load_encoder(None)
    judge, _ = judge_of(encoder)
    if any(not normalize(row.title) for row in rows):
        raise InputError("a title is empty: give two titles to compare")
    texts, _, groups = _prepare(rows, None)
    titles_given = (rows[0].title, rows[1].title)
    if len(groups.row) == 1:
        certain = {"wording": 1.0, "story": 1.0}
        return judged_pair((0, 1), titles_given, 1.0, certain, judge.thresholds, {}, exact=True)
    vectors = _encoded(texts, groups, encoder, None, silent)
    looks = notice(judge, _describe(rows, texts, groups), vectors, IDENTITY, "story", least=0)
    i, j = np.array([0]), np.array([1])
    pair = looks.among(CandidatePairs(i, j, np.clip(cosines(vectors, i, j), -1, 1)))
    judged = decide(looks, pair, joined([]), joined([]), floor=0)
    chance = {level: float(value[0]) for level, value in judged.probability.items()}
    names = dict(zip(judged.names, judged.evidence(i)[0].tolist(), strict=True))
    return judged_pair((0, 1), titles_given, float(judged.similarity[0]), chance, judge.thresholds, names)


def rows_of(given: Iterable[Row] | Frame) -> list[Headline]:
    """Return what `deduplicate` takes as headlines."""
    return read_table(given) if is_frame(given) else as_headlines(given)


def _prepare(rows: list[Headline], window: float | None) -> tuple[list[str], list[str], ExactGroups]:
    """Normalized texts, fingerprints and exact groups."""
    texts = [normalize(row.title) for row in rows]
    keys = [key_of_normalized(text, row.source) for text, row in zip(texts, rows, strict=True)]
    hours = np.array([row.published.timestamp() / 3600 if row.published else np.nan for row in rows], float)
    groups = exact_groups(keys, texts, hours, tie_ranks(rows), window)
    return [text[:MAX_LENGTH] for text in texts], keys, groups


def _encoded(
    texts: list[str], groups: ExactGroups, encoder: encoders.Encoder, cache: VectorCache | None, report: Progress
) -> Vectors:
    """One unit row a node."""
    return encoders.embed(encoder, [texts[row] for row in groups.text.tolist()], report, cache)


def _describe(rows: list[Headline], texts: list[str], groups: ExactGroups) -> Titles:
    chosen = [texts[k] for k in groups.text.tolist()]
    return describe(chosen, groups.first, groups.last, [rows[k].source for k in groups.row.tolist()])


def _noticed(looks: Notice, join: Join, report: Progress) -> Iterator[NoticedPairs]:
    report("judging", 0, join.pieces)
    for done, part in enumerate(looks.all_of(join), 1):
        yield part
        report("judging", done, join.pieces)


def _tree(
    judged: JudgedNodes,
    crowds: Crowds,
    rules: Rules,
    groups: ExactGroups,
    level: str,
    window: float | None,
    floor: float,
    report: Progress,
) -> MergeTree:
    """Group those that stand for themselves, then let each be followed by those it stands for."""
    report(f"grouping {level}", 0, 1)
    chance = judged.probability[level]
    used = (chance >= floor) & (crowds.stands[judged.i] != crowds.stands[judged.j])
    tree = merge_tree(
        len(groups.row),
        judged.i[used],
        judged.j[used],
        chance[used],
        weights=crowds.weights(),
        spans=crowds.spans(groups.first, groups.last),
        window=window,
        together=rules.together[level],
        apart=rules.apart[level],
        floor=floor,
    )
    report(f"grouping {level}", 1, 1)
    return tree.after(*crowds.merges(level))


def _check_choice(name: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        raise InputError(f"{name} must be one of {', '.join(known)}, not {given!r}")


def _thresholds(judge: Judge, story: float | None, wording: float | None) -> dict[str, float]:
    given = {"story": story, "wording": wording}
    return {level: judge.thresholds[level] if value is None else float(value) for level, value in given.items()}


def hours_of(window: timedelta | float | None) -> float | None:
    """Return a time span in hours, None where there is none; `InputError` for what is no positive time."""
    if window is None:
        return None
    try:
        hours = window / timedelta(hours=1) if isinstance(window, timedelta) else float(window)
    except (TypeError, ValueError):
        hours = 0.0  # a text, say: that of the command line is "72h"
    if not 0 < hours < float("inf"):
        raise InputError(f"window must be a positive time, not {window!r}: give hours or a timedelta")
    return hours
