"""The one place that knows the order of the steps, from headlines to groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe import encoders
from dedupe.cautions import input_cautions
from dedupe.context import CONTEXT, LEVELS
from dedupe.errors import InputError
from dedupe.evidence import EVIDENCE, Titles, describe, evidence
from dedupe.exact import ExactGroups, exact_groups
from dedupe.grouping import merge_tree
from dedupe.headlines import Headline, as_headlines
from dedupe.judging import NOTICED, Judge, load_fallback, load_judge
from dedupe.neighbors import CandidatePairs, candidate_pairs, cosines
from dedupe.pairs import JudgedNodes, JudgedPair, check_thresholds, judged_pair
from dedupe.progress import Progress, bars, silent
from dedupe.result import KEEPS, Deduplication, Nodes, tie_ranks
from dedupe.scaling import IDENTITY, Scale, scale_of
from dedupe.text import MAX_LENGTH, fingerprint, normalize
from dedupe.trees import MergeTree

Floats = NDArray[np.float64]
Row = str | Mapping[str, Any] | Headline


def deduplicate(
    headlines: Iterable[Row],
    *,
    encoder: encoders.Encoder | None = None,
    embeddings: NDArray[np.floating[Any]] | None = None,
    window: timedelta | float | None = None,
    story: float | None = None,
    wording: float | None = None,
    keep: str = KEEPS[0],
    progress: bool | Progress = False,
) -> Deduplication:
    """Group headlines into exact copies, wordings and stories.

    Args:
        headlines: titles, mappings with the key `title`, or `Headline`s; any iterable.
        encoder: anything with `encode(list[str]) -> (n, d)` floats; the bundled model if not given.
        embeddings: one row per headline, (n, d), used instead of encoding; normalised here.
        window: the dated members of any group span at most this, a timedelta or hours. Rows without a date are not cut.
        story: probability from which headlines are one story, 0.05 to 1; the judge's own default if not given.
        wording: likewise for one wording.
        keep: which member represents its group: "central" (closest to all others), "earliest", or "complete" (states
            most facts). Ties go by date, then title, then id.
        progress: True for bars on a terminal, or a `Progress` to be told.

    The result does not depend on the order of the input. With a foreign encoder or given embeddings the similarities
    are rescaled to the base model's and the result says `calibrated=False`. Raises `InputError` for what cannot be
    used and `ModelError` where the encoder fails.
    """
    rows = as_headlines(headlines)
    if encoder is not None and embeddings is not None:
        raise InputError("give either encoder= or embeddings=, not both")
    hours = _hours(window)
    if keep not in KEEPS:
        raise InputError(f"keep must be one of {', '.join(KEEPS)}, not {keep!r}")
    if encoder is None and embeddings is None:
        encoder = encoders.load_encoder(None)
    judge, calibrated = _judge_of(encoder)
    thresholds = check_thresholds(_thresholds(judge, story, wording), judge.floor)
    with ExitStack() as stack:
        report = stack.enter_context(bars()) if progress is True else (progress or silent)
        texts, groups = _prepare(rows, hours)
        vectors = _vectors(texts, groups, encoder, embeddings, report)
        titles = _describe(rows, texts, groups)
        scale = IDENTITY if calibrated else scale_of(vectors)
        pairs = candidate_pairs(vectors, scale.inverse(judge.candidate_floor))
        judged = _judge(judge, titles, vectors, pairs, scale, report)
        trees = {level: _tree(judge, judged, groups, level, hours, report) for level in LEVELS}
    return Deduplication(
        headlines=tuple(rows),
        nodes=Nodes(groups.of, groups.row, vectors, titles.facts),
        judged=judged,
        trees=trees,
        thresholds=thresholds,
        keep_rule=keep,
        floor=judge.floor,
        calibrated=calibrated,
        input_cautions=tuple(input_cautions(rows, texts, calibrated)),
    )


def compare(one: Row, other: Row, *, encoder: encoders.Encoder | None = None) -> JudgedPair:
    """Judge one pair of headlines at the default thresholds, with the evidence in words; positions are 0 and 1.

    Takes what `deduplicate` takes. An empty title is an `InputError`.
    """
    rows = as_headlines([one, other])
    encoder = encoder or encoders.load_encoder(None)
    judge, _ = _judge_of(encoder)
    if any(not normalize(row.title) for row in rows):
        raise InputError("a title is empty: give two titles to compare")
    texts, groups = _prepare(rows, None)
    titles_given = (rows[0].title, rows[1].title)
    if len(groups.row) == 1:
        certain = {"wording": 1.0, "story": 1.0}
        return judged_pair((0, 1), titles_given, 1.0, certain, judge.thresholds, {}, exact=True)
    vectors = _vectors(texts, groups, encoder, None, silent)
    i, j = np.array([0]), np.array([1])
    pair = CandidatePairs(i, j, np.clip(cosines(vectors, i, j), -1, 1))
    judged = _judge(judge, _describe(rows, texts, groups), vectors, pair, IDENTITY, silent, alone=True)
    chance = {level: float(value[0]) for level, value in judged.probability.items()}
    names = dict(zip(judged.names, judged.evidence[0].tolist(), strict=True))
    return judged_pair((0, 1), titles_given, float(judged.similarity[0]), chance, judge.thresholds, names)


def _prepare(rows: list[Headline], window: float | None) -> tuple[list[str], ExactGroups]:
    """Normalized texts and exact groups."""
    texts = [normalize(row.title) for row in rows]
    keys = [fingerprint(row.title, row.source) for row in rows]
    hours = np.array([row.published.timestamp() / 3600 if row.published else np.nan for row in rows], float)
    groups = exact_groups(keys, texts, hours, tie_ranks(rows), window)
    return [text[:MAX_LENGTH] for text in texts], groups


def _vectors(
    texts: list[str],
    groups: ExactGroups,
    encoder: encoders.Encoder | None,
    embeddings: NDArray[np.floating[Any]] | None,
    report: Progress,
) -> NDArray[np.float32]:
    """One unit row a node; each distinct text is encoded once, an empty one not at all."""
    if encoder is None:
        return encoders.unit_rows(embeddings, len(texts))[groups.row]
    wanted = [texts[row] for row in groups.text.tolist()]
    distinct = sorted(set(wanted) - {""})
    if not distinct:
        return np.zeros((len(wanted), 1), np.float32)
    encoded = encoders.embed(encoder, distinct, report)
    place = {text: k for k, text in enumerate(distinct)}
    vectors = np.zeros((len(wanted), encoded.shape[1]), np.float32)
    filled = [k for k, text in enumerate(wanted) if text]
    vectors[filled] = encoded[[place[wanted[k]] for k in filled]]
    return vectors


def _describe(rows: list[Headline], texts: list[str], groups: ExactGroups) -> Titles:
    chosen = [texts[k] for k in groups.text.tolist()]
    return describe(chosen, groups.first, groups.last, [rows[k].source for k in groups.row.tolist()])


def _judge(
    judge: Judge,
    titles: Titles,
    vectors: NDArray[np.float32],
    pairs: CandidatePairs,
    scale: Scale,
    report: Progress,
    *,
    alone: bool = False,
) -> JudgedNodes:
    """Judge pairs and keep those whose probability reaches the floor on some level; all of them where `alone`."""
    report("judging", 0, len(pairs))
    similarity = scale(pairs.similarity)
    turned = vectors if judge.head is None or not len(pairs) else judge.wording_rows(vectors)
    wording = similarity if turned is vectors else cosines(turned, pairs.i, pairs.j)
    found = evidence(titles, pairs.i, pairs.j, similarity, wording)
    judgement = judge.probability(len(titles.texts), pairs.i, pairs.j, found, least=0 if alone else NOTICED)
    kept = judgement.probability["story"] >= (0 if alone else judge.floor)
    report("judging", len(pairs), len(pairs))
    rows = judgement.noticed[kept]
    return JudgedNodes(
        pairs.i[rows],
        pairs.j[rows],
        pairs.similarity[rows],
        {level: values[kept] for level, values in judgement.probability.items()},
        np.column_stack([found[rows], judgement.context[kept]]),
        (*EVIDENCE, *CONTEXT),
    )


def _tree(
    judge: Judge, judged: JudgedNodes, groups: ExactGroups, level: str, window: float | None, report: Progress
) -> MergeTree:
    report(f"grouping {level}", 0, 1)
    chance = judged.probability[level]
    kept = chance >= judge.floor
    tree = merge_tree(
        len(groups.row),
        judged.i[kept],
        judged.j[kept],
        chance[kept],
        spans=(groups.first, groups.last),
        window=window,
        floor=judge.floor,
    )
    report(f"grouping {level}", 1, 1)
    return tree


def _judge_of(encoder: encoders.Encoder | None) -> tuple[Judge, bool]:
    """The judge that was fitted on this encoder, in the folder it names, or the one for all others; and which it is."""
    folder = getattr(encoder, "folder", None)
    return (load_fallback(), False) if folder is None else (load_judge(folder), True)


def _thresholds(judge: Judge, story: float | None, wording: float | None) -> dict[str, float]:
    given = {"story": story, "wording": wording}
    return {level: judge.thresholds[level] if value is None else float(value) for level, value in given.items()}


def _hours(window: timedelta | float | None) -> float | None:
    if window is None:
        return None
    hours = window / timedelta(hours=1) if isinstance(window, timedelta) else float(window)
    if not 0 < hours < float("inf"):
        raise InputError(f"window must be a positive time, not {window!r}: give hours or a timedelta")
    return hours
