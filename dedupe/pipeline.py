"""The order of the steps: `deduplicate`, `compare` and `match`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates import PairTable, rows_near
from dedupe.clustering import Collapsed, Constraints, Copies, collapse_copies, collapse_crowds, constraints_of, link
from dedupe.clustering.constraints import rows_named
from dedupe.clustering.corrections import Correction, CorrectionLike, as_corrections
from dedupe.clustering.merge_tree import MergeTree
from dedupe.embedding import Encoder, Vectors, VectorStore, as_encoder, embed, unit_rows
from dedupe.embedding.cache import VectorCache
from dedupe.errors import InputError
from dedupe.headlines import Headline, Row
from dedupe.levels import READING, SCORED_LEVELS
from dedupe.readers.columnar import rows_of
from dedupe.result.cautions import Caution, cache_cautions, input_cautions, run_cautions, warn_caller
from dedupe.result.deduplication import Deduplication
from dedupe.result.generic_pairs import generic_reasons, kept_apart
from dedupe.result.matches import Matches, matches_of
from dedupe.result.pairs import ScoredPair, features_of_pairs, scored_pairs
from dedupe.result.publishers import linked_owners
from dedupe.result.settings import RunOptions, Settings, SourceRules, Window, check_choice
from dedupe.runtime.arrays import Float32s, Ints
from dedupe.runtime.progress import Progress, reporting, silent
from dedupe.scoring import IDENTITY, Judge, PairsRead, ReadingStore, Scorer, TitleFeatures, describe_titles, judge_of
from dedupe.scoring.addresses import rows_at_addresses
from dedupe.scoring.contributions import Contributions
from dedupe.text.address import clean_address

Frame = Any
"""A pandas or polars frame, or an Arrow table: anything that exports itself as Arrow."""


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
    prefer_sources: Sequence[str] = (),
    publishers: Mapping[str, str] | None = None,
    never_same_source: bool = False,
    reader: str = "auto",
    corrections: Iterable[CorrectionLike] = (),
    progress: bool | Progress = False,
) -> Deduplication:
    """Group headlines into exact copies, wordings and stories.

    Args:
        headlines: titles, mappings with the key `title`, or `Headline`s; any iterable. Or a frame of pandas or polars or an
            Arrow table, whose columns are found by their usual names (`read_table` lets you name them).
        encoder: anything with `encode(list[str]) -> (n, d)` floats, or what `load_encoder` takes; default: the bundled model.
        embeddings: one row per headline, (n, d), of any length, used instead of encoding. With `encoder`, they must be
            vectors of that encoder.
        cache: where vectors are looked up before they are encoded, and stored afterwards.
        level: "story", or "wording" to stop there, which takes a fraction of the time on very many headlines; each
            wording then counts as a story of its own.
        window: the longest time between dated members of a group: a timedelta, hours, or text such as "72h". Rows
            without a date fit into any group.
        story_threshold: probability from which headlines are one story, 0.05 to 1; default: the model's own.
        wording_threshold: the same for one wording.
        keep: which member represents its group: "central" (closest to all others), "earliest", "latest", "first" (of the
            input), or "complete" (states most facts). Ties are broken by date, then title, then id.
        prefer_sources: sources whose headline represents a group before any other, best first.
        publishers: the publisher of each of several sister outlets, by outlet, so that they count as one.
        never_same_source: keep titles of one publisher apart; copies of one title stay together.
        reader: which pairs a second model reads word by word: "all", "off", or "auto": all of a run with up to 20,000
            pairs, and in a larger one the least certain, `pairs_read` says how many.
        corrections: `Correction`s, or tuples of two titles and the verdict "wording", "story" or "different", which
            override the model; see `read_corrections`.
        progress: True for progress bars on a terminal, or a `Progress` to be called.

    The result does not depend on the order of the input, except with keep="first". With any other encoder, or embeddings alone,
    similarities are rescaled to those of the base model, and the result has `calibrated=False`. Issues one `DedupeWarning` about
    oddities of the input. Raises `InputError` for input that cannot be used and `ModelError` where the encoder fails.
    """
    if embeddings is not None and cache is not None:
        raise InputError("cache has no effect with embeddings, since nothing is encoded: give one of them")
    encoder = as_encoder(encoder) if encoder is not None or embeddings is None else None
    judge = judge_of(encoder)
    sources = SourceRules.of(prefer_sources, publishers, never_same_source)
    settings = Settings.of(judge, level, window, story_threshold, wording_threshold, keep, reader, sources)
    rows, checked = rows_of(headlines), as_corrections(corrections)
    with reporting(progress) as report:
        result = grouped(
            rows, judge, settings, encoder, report, embeddings=embeddings, store=cache, corrections=checked
        )
    warn_caller([*result.cautions, *cache_cautions(cache, encoder)], "result.warnings")
    return result


def grouped(
    rows: Sequence[Headline],
    judge: Judge,
    settings: Settings,
    encoder: Encoder | None,
    progress: Progress = silent,
    *,
    embeddings: Any = None,
    store: VectorStore | None = None,
    readings: ReadingStore | None = None,
    corrections: Sequence[Correction] = (),
) -> Deduplication:
    """Return the groups of headlines, as `deduplicate` does, which checks and documents the arguments.

    `store`, `readings`: where vectors, and what the reader said of pairs, are looked up and stored.
    """
    with ThreadPoolExecutor(1) as background:
        copies = collapse_copies(rows, settings.window, encoder.outlets if isinstance(encoder, _Encoded) else None)
        constraints = constraints_of(corrections, copies)
        titles = background.submit(describe, copies)  # this and the next two need no vectors: done while these are made
        addresses = background.submit(cleaned_addresses, rows)
        oddities = background.submit(lambda: [*input_cautions(copies, judge.calibrated, settings.window)])
        vectors = _embed(copies, encoder, embeddings, store, progress)
        scale, reading = judge.scale(vectors), settings.reader
        scorer = Scorer.of(judge, titles.result(), vectors, scale, settings.level, encoder, reading, readings)
        exempt = np.arange(len(copies.nodes)) if settings.sources.never_same else copies.nodes.of_row[constraints.rows]
        crowds = collapse_crowds(copies.nodes, scorer, settings.window, exempt)
        scorer, band = crowds.scorer, crowds.nodes.band(settings.window)
        candidates = scorer.candidates(band, crowds.sparse)
        generic = copies.generic[crowds.nodes.title_row]
        scorer = scorer.with_addresses(addresses.result(), crowds.nodes.of_row, band, generic)
        scorer = scorer.with_records([row.record for row in rows], crowds.nodes.of_row, band)
        pairs, read, sampled = scorer.score(candidates, progress)
        owners = linked_owners(rows, settings.sources, crowds.nodes.of_row, generic, pairs)
        levels, window, floor = settings.levels, settings.window, settings.floor
        trees = link(pairs, crowds.nodes, constraints, levels, window, floor, progress, owners)
    violated = constraints.violated(trees, crowds.nodes)
    cautions = *oddities.result(), *run_cautions(crowds, candidates.skipped, sampled, violated)
    return result_of(copies, settings, cautions, constraints, crowds, candidates.recall, pairs, read, trees)


def compare(
    first: Row,
    second: Row,
    *,
    encoder: Encoder | str | Path | None = None,
    reader: str = "auto",
    level: str = "story",
) -> ScoredPair:
    """Score two headlines at the default thresholds, with reasons in words. Raises `InputError` for an empty title.

    `level`: what the reasons are about, "story" or "wording".
    """
    check_choice("reader", reader, READING)
    check_choice("level", level, SCORED_LEVELS)
    encoder, headlines = as_encoder(encoder), rows_of([first, second])
    judge, copies = judge_of(encoder), collapse_copies(headlines, None)
    if not all(copies.texts):
        raise InputError("one of the titles is empty: give two titles to compare")
    if len(copies.nodes) == 1:
        reason = "the same title, apart from case, punctuation and what is put around it"
        return ScoredPair(0, 1, 1.0, 1.0, 1.0, "exact", {}, (reason, *generic_reasons(copies.generic)))
    titles, vectors = describe(copies), embed(encoder, [title.core for title in copies.node_titles])
    scorer = Scorer.of(judge, titles, vectors, IDENTITY, "story", encoder, reader)
    generic = copies.generic[copies.nodes.title_row]
    scorer = scorer.with_addresses(cleaned_addresses(headlines), copies.nodes.of_row, None, generic)
    scorer = scorer.with_records([headline.record for headline in headlines], copies.nodes.of_row)
    alone = scorer.pair_probabilities(PairTable.of(np.array([0]), np.array([1])), min_probability=0)
    pairs = scorer.context_probabilities(scorer.read(alone, min_probability=0)[0], floor=0)
    features = features_of_pairs(titles, pairs, IDENTITY)
    shared = dict(zip([(0, 1)], scorer.same_address.address, strict=False))
    together = [(0, 1)] if len(scorer.same_record) else []
    weigh = Contributions(judge, scorer.crowd, level)
    run = pairs, features, headlines, judge.thresholds
    pair = next(scored_pairs(*run, {}, shared, together, copies.outlets, weigh))
    return kept_apart(pair, copies.generic)


def match(
    headlines: Iterable[Row] | Frame, *, reference: Iterable[Row] | Frame, **options: Unpack[RunOptions]
) -> Matches:
    """Find for each headline the one in `reference` that it repeats.

    The headlines are grouped, as by `deduplicate`, together with those of the reference that are similar to any of them or
    share a web address with one.
    A headline repeats the member of its group from the reference with the closest level, then the highest probability.
    `options`: `encoder`, `cache`, `window`, `story_threshold`, `wording_threshold`, `reader`, `corrections` and `progress`,
    as for `deduplicate`. Raises `InputError` where the reference is empty, and what `deduplicate` raises.
    """
    for name in options.keys() - RunOptions.__annotations__:
        raise TypeError(f"match() got an unexpected keyword argument {name!r}")
    new, known = rows_of(headlines), rows_of(reference)
    if not known:
        raise InputError("the reference is empty: give at least one known headline")
    encoder, corrections = as_encoder(options.get("encoder")), as_corrections(options.get("corrections", ()))
    judge, cache, count = judge_of(encoder), options.pop("cache", None), len(known)
    thresholds = options.get("story_threshold"), options.get("wording_threshold")
    reading = options.get("reader", "auto")
    Settings.of(judge, "story", options.get("window"), *thresholds, reader=reading)  # reports a mistake before the work
    copies, addresses = collapse_copies([*known, *new], None), cleaned_addresses([*known, *new])
    with reporting(options.get("progress", False)) as report:
        vectors = embed(encoder, copies.encoded, report, cache)
        floor = judge.scale(vectors).inverse(judge.candidate_floor["story"])
        similar = rows_near(vectors, np.arange(count, len(vectors)), np.arange(count), floor)
        named = rows_named([c for c in corrections if c.verdict != "different"], copies, count)
        at_addresses = rows_at_addresses(addresses, copies.nodes.of_row, count)
        near = np.unique(np.concatenate([similar, named, at_addresses, _generic_copies(copies, count)]))
        options |= {"encoder": _Encoded(encoder, copies, vectors), "corrections": corrections, "progress": report}
        run = deduplicate([*(known[k] for k in near.tolist()), *new], **options)
    warn_caller([*run.cautions, *cache_cautions(cache, encoder)], "matches.run.warnings")
    return matches_of(run, near, known)


class _Encoded:
    """An encoder that looks up what another has encoded, so that a second run, over some of the rows, encodes nothing again."""

    def __init__(self, encoder: Encoder, copies: Copies, vectors: Vectors) -> None:
        self.folder = getattr(encoder, "folder", None)  # by which it gets the same judge
        self.outlets = copies.outlets  # of all rows, so that titles have the same cores
        self._vectors, self._row = vectors, {title.core: row for row, title in enumerate(copies.cores)}

    def encode(self, texts: list[str], /) -> Float32s:
        return self._vectors[[self._row[text] for text in texts]]


def _generic_copies(copies: Copies, count: int) -> Ints:
    """Return those of the first `count` rows whose titles say nothing and are copies of later rows, which no vector tells."""
    of_row = copies.nodes.of_row
    return np.flatnonzero(copies.generic[:count] & np.isin(of_row[:count], of_row[count:]))


def cleaned_addresses(headlines: Iterable[Headline]) -> list[str | None]:
    """Return the cleaned web address of each headline, None where it has none."""
    return [clean_address(headline.url) for headline in headlines]


def describe(copies: Copies) -> TitleFeatures:
    """Return the features of the title of each node."""
    nodes = copies.nodes
    sources = [copies.headlines[row].source for row in nodes.title_row.tolist()]
    titles = copies.node_titles
    texts, labels = [title.core for title in titles], [title.labels for title in titles]
    return describe_titles(texts, nodes.first, nodes.last, sources, labels)


def _embed(
    copies: Copies, encoder: Encoder | None, embeddings: Any, cache: VectorStore | None, progress: Progress
) -> Vectors:
    """Return one unit row per node, from the embeddings where there are any, else encoded; zeros for titles that say nothing."""
    if encoder is None or embeddings is not None:
        vectors = unit_rows(embeddings, len(copies.texts), copies.nodes.title_row, copies.texts)
        nothing = np.flatnonzero(copies.generic[copies.nodes.title_row])
        vectors[nothing] = np.zeros((len(nothing), vectors.shape[1]), np.float32)
        return vectors
    texts = copies.encoded
    texts = [texts[row] for row in copies.nodes.text_row.tolist()]
    return embed(encoder, texts, silent if isinstance(encoder, _Encoded) else progress, cache)


def result_of(
    copies: Copies,
    settings: Settings,
    cautions: tuple[Caution, ...],
    constraints: Constraints,
    crowds: Collapsed,
    recall: float,
    pairs: PairTable,
    read: PairsRead,
    trees: Mapping[str, MergeTree],
) -> Deduplication:
    """Return the result of the steps of a run."""
    scorer = crowds.scorer
    return Deduplication(
        headlines=tuple(copies.headlines),
        nodes=crowds.nodes,
        pair_table=pairs,
        trees=trees,
        settings=settings,
        vectors=scorer.vectors,
        facts=scorer.titles.facts,
        constraints=constraints,
        judge=scorer.judge,
        scale=scorer.scale,
        calibrated=scorer.judge.calibrated,
        pairs_read=read,
        recall=recall,
        given_up=scorer.judge.given_up[settings.level],
        cautions=cautions,
        outlets=copies.outlets,
    )
