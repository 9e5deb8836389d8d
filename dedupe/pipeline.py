"""The order of the steps: `deduplicate`, `compare` and `match`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.join import rows_near
from dedupe.candidates.pairs import PairTable
from dedupe.clustering.collapse import Copies, collapse_copies, collapse_crowds
from dedupe.clustering.constraints import constraints_of, rows_named
from dedupe.clustering.corrections import CorrectionLike, as_corrections
from dedupe.clustering.linkage import link
from dedupe.embedding.cache import VectorCache
from dedupe.embedding.encoders import Encoder, as_encoder, embed
from dedupe.embedding.vectors import Vectors, rows_at, unit_rows
from dedupe.errors import InputError
from dedupe.headlines import Headline, Row
from dedupe.levels import SCORED_LEVELS
from dedupe.readers.columnar import rows_of
from dedupe.result.cautions import Caution, input_cautions, run_cautions, warn_caller
from dedupe.result.deduplication import Deduplication
from dedupe.result.matches import Matches, matches_of
from dedupe.result.pairs import ScoredPair, exact_pair, features_of_pairs, scored_pair
from dedupe.result.settings import RunOptions, Settings, Window
from dedupe.runtime.progress import Progress, reporting, silent
from dedupe.scoring.model import judge_of
from dedupe.scoring.scorer import Scorer
from dedupe.scoring.similarity_scale import IDENTITY, scale_of
from dedupe.scoring.title_features import TitleFeatures, describe_titles

Frame = Any
"""A frame of pandas or polars, or an Arrow table: whatever exports itself as Arrow."""


def deduplicate(
    headlines: Iterable[Row] | Frame,
    *,
    encoder: Encoder | str | Path | None = None,
    embeddings: NDArray[np.floating[Any]] | None = None,
    cache: VectorCache | None = None,
    level: str = "story",
    window: Window | None = None,
    story_threshold: float | None = None,
    wording_threshold: float | None = None,
    keep: str = "central",
    corrections: Iterable[CorrectionLike] = (),
    progress: bool | Progress = False,
) -> Deduplication:
    """Group headlines into exact copies, wordings and stories.

    Args:
        headlines: titles, mappings with the key `title`, or `Headline`s; any iterable. Or a frame of pandas or polars or an
            Arrow table, whose columns are found by their usual names (`read_table` lets you name them).
        encoder: anything with `encode(list[str]) -> (n, d)` floats, or what `load_encoder` takes; default: the bundled model.
        embeddings: one row per headline, (n, d), used instead of encoding; normalized here. With `encoder`, they are
            taken for its vectors.
        cache: where vectors of the encoder are looked up first, and kept.
        level: "story", or "wording" to look no further than that, which takes a fraction of the time on very many
            headlines; each wording then counts as a story of its own.
        window: the dated members of any group span at most this: a timedelta, hours, or text such as "72h". Rows without a
            date are not cut.
        story_threshold: probability from which headlines are one story, 0.05 to 1; the model's own if not given.
        wording_threshold: likewise for one wording.
        keep: which member represents its group: "central" (closest to all others), "earliest", or "complete" (states
            most facts). Ties go by date, then title, then id.
        corrections: `Correction`s, or tuples of two titles and the verdict "wording", "story" or "different", that hold
            whatever the model thinks; see `read_corrections`.
        progress: True for bars on a terminal, or a `Progress` to be called.

    The result does not depend on the order of the input. With a foreign encoder, or embeddings alone, similarities
    are rescaled to the base model's and the result says `calibrated=False`. Issues one `DedupeWarning` for what you should
    know about the input. Raises `InputError` for what cannot be used and `ModelError` where the encoder fails.
    """
    if embeddings is not None and cache is not None:
        raise InputError("cache has no effect beside embeddings, since nothing is encoded: give one of them")
    if encoder is not None or embeddings is None:
        encoder = as_encoder(encoder)
    judge, calibrated = judge_of(encoder)
    settings = Settings.of(judge, level, window, story_threshold, wording_threshold, keep)
    rows = rows_of(headlines)
    with reporting(progress) as report, ThreadPoolExecutor(1) as background:
        copies = collapse_copies(rows, settings.window)
        constraints = constraints_of(as_corrections(corrections), copies)
        titles = background.submit(_describe, rows, copies)  # needs no vectors, so it is done while they are made
        cautions = background.submit(lambda: tuple(input_cautions(rows, copies.texts, calibrated, settings.window)))
        vectors = _embed(copies, encoder, embeddings, cache, report)
        scale = IDENTITY if calibrated else scale_of(vectors)
        scorer = Scorer.of(judge, titles.result(), vectors, scale, level)
        crowds = collapse_crowds(copies.nodes, scorer, settings.window, copies.nodes.of_row[constraints.rows])
        nodes, scorer = crowds.nodes, crowds.scorer
        candidates = scorer.candidates(nodes.band(settings.window), crowds.sparse)
        pairs = scorer.score(candidates, report)
        trees = link(pairs, nodes, constraints, settings.levels, settings.window, settings.floor, report)
    result = Deduplication(
        headlines=tuple(rows),
        nodes=nodes,
        pair_table=pairs,
        trees=trees,
        settings=settings,
        vectors=scorer.vectors,
        facts=scorer.titles.facts,
        constraints=constraints,
        scale=scale,
        calibrated=calibrated,
        recall=candidates.recall,
        given_up=judge.given_up[level],
        cautions=(
            *cautions.result(),
            *run_cautions(crowds, candidates.skipped, constraints.violated(trees, nodes)),
        ),
    )
    warn_caller([*result.cautions, *_unused(cache, encoder)], "result.warnings")
    return result


def compare(first: Row, second: Row, *, encoder: Encoder | str | Path | None = None) -> ScoredPair:
    """Score one pair of headlines at the default thresholds, with reasons in words; its positions are 0 and 1.

    Takes what `deduplicate` takes. An empty title is an `InputError`.
    """
    encoder, headlines = as_encoder(encoder), rows_of([first, second])
    judge, copies = judge_of(encoder)[0], collapse_copies(headlines, None)
    if not all(copies.texts):
        raise InputError("a title is empty: give two titles to compare")
    if len(copies.nodes) == 1:
        return exact_pair()
    vectors = _embed(copies, encoder, None, None, silent)
    scorer = Scorer.of(judge, _describe(headlines, copies), vectors, IDENTITY, "story")
    pairs = scorer.context_probabilities(
        scorer.pair_probabilities(PairTable.of(np.array([0]), np.array([1])), min_probability=0), floor=0
    )
    features = features_of_pairs(scorer.titles, pairs, IDENTITY)[0].tolist()
    probability = {level: float(pairs.p(level)[0]) for level in SCORED_LEVELS}
    titles = (headlines[0].title, headlines[1].title)
    return scored_pair((0, 1), titles, float(pairs.similarity[0]), probability, judge.thresholds, features)


def match(
    headlines: Iterable[Row] | Frame, *, reference: Iterable[Row] | Frame, **options: Unpack[RunOptions]
) -> Matches:
    """Find for each headline the known one that it repeats; `reference` is what is known already.

    New headlines are grouped together with those of the reference that are candidates of any, as `deduplicate` does. A
    headline repeats what of the reference is in its group: the closest level counts, then the highest probability.
    `options`: `encoder`, `cache`, `window`, `story_threshold`, `wording_threshold`, `corrections` and `progress`, as for
    `deduplicate`. Raises `InputError` where the reference is empty, and what `deduplicate` raises.
    """
    for name in options.keys() - RunOptions.__annotations__:
        raise TypeError(f"match() got an unexpected keyword argument {name!r}")
    new, known = rows_of(headlines), rows_of(reference)
    if not known:
        raise InputError("the reference is empty: give at least one known headline")
    encoder, corrections = as_encoder(options.get("encoder")), as_corrections(options.get("corrections", ()))
    judge, calibrated = judge_of(encoder)
    thresholds = options.get("story_threshold"), options.get("wording_threshold")
    Settings.of(judge, "story", options.get("window"), *thresholds)  # what is wrong is said before the work
    cache = options.pop("cache", None)
    copies, count = collapse_copies([*known, *new], None), len(known)
    with reporting(options.get("progress", False)) as report:
        vectors = embed(encoder, copies.texts, report, cache)
        floor = (IDENTITY if calibrated else scale_of(vectors)).inverse(judge.candidate_floor["story"])
        similar = rows_near(vectors, np.arange(count, len(vectors)), np.arange(count), floor)
        near = np.union1d(similar, rows_named([c for c in corrections if c.verdict != "different"], copies, count))
        chosen = np.concatenate([near, np.arange(count, len(vectors))])
        options |= {"encoder": encoder, "corrections": corrections, "progress": report}
        rows = [*(known[k] for k in near.tolist()), *new]
        run = deduplicate(rows, embeddings=rows_at(vectors, chosen)[:] if vectors.shape[1] else None, **options)
    warn_caller([*run.cautions, *_unused(cache, encoder)], "matches.run.warnings")
    return matches_of(run, near, known)


def _unused(cache: VectorCache | None, encoder: Encoder | None) -> list[Caution]:
    if cache is None or isinstance(getattr(encoder, "identity", None), str):
        return []
    return [Caution("unused-cache", "the encoder has no `identity`, so its vectors were not cached")]


def _describe(headlines: Sequence[Headline], copies: Copies) -> TitleFeatures:
    nodes = copies.nodes
    texts = [copies.texts[row] for row in nodes.text_row.tolist()]
    return describe_titles(texts, nodes.first, nodes.last, [headlines[row].source for row in nodes.title_row.tolist()])


def _embed(
    copies: Copies, encoder: Encoder | None, embeddings: Any, cache: VectorCache | None, progress: Progress
) -> Vectors:
    """Return one unit row a node: of the embeddings where there are any, else encoded."""
    if encoder is None or embeddings is not None:
        return unit_rows(embeddings, len(copies.texts), copies.nodes.title_row, copies.texts)
    return embed(encoder, [copies.texts[row] for row in copies.nodes.text_row.tolist()], progress, cache)
