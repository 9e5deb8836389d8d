"""Noticed pairs -> judged pairs: each in the company that its titles keep, and those of crowds that are settled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dedupe.result.pairs import JudgedNodes
from dedupe.scoring.context import CONTEXT, Company
from dedupe.scoring.model import Ints
from dedupe.scoring.pair_features import EVIDENCE, evidence
from dedupe.scoring.prefilter import Notice, NoticedPairs, joined
from dedupe.scoring.reasons import CORRECTED

_TOGETHER = 500_000  # pairs whose context is made at a time


def decide(
    notice: Notice, pairs: NoticedPairs, settled: NoticedPairs, corrected: NoticedPairs, floor: float
) -> JudgedNodes:
    """Return the pairs whose probability reaches `floor` at the level of the run, and those settled, by (i, j).

    `settled`: pairs that need no company, since one of the two stands for the other in all that is joined.
    `corrected`: pairs whose probability people have said, which is what counts.
    """
    judgement = notice.judge.in_company(len(notice.titles.texts), pairs.i, pairs.j, pairs.alone)
    likely = judgement.probability[notice.level] >= floor
    kept = np.flatnonzero(likely & ~_among(pairs, corrected, len(notice.rows)))
    own = replace(pairs.where(kept), alone={level: values[kept] for level, values in judgement.probability.items()})
    context = _context(judgement.company, kept)
    del pairs, judgement, likely, kept  # there may be very many
    settled = joined([settled, corrected.where(corrected.alone[notice.level] >= floor)])
    if len(settled):
        order = np.lexsort((np.concatenate([own.j, settled.j]), np.concatenate([own.i, settled.i])))
        context = np.concatenate([context, np.zeros((len(settled), len(CONTEXT)), np.float16)])[order]
        own = joined([own, settled])
    return _judged(notice, own, context, _among(own, corrected, len(notice.rows)))


def _context(company: Company, kept: Ints) -> NDArray[np.float16]:
    """The context of the kept pairs, (kept, len(CONTEXT)), as explanations need it; some at a time."""
    context = np.empty((len(kept), len(CONTEXT)), np.float16)
    for start in range(0, len(kept), _TOGETHER):
        part = slice(start, start + _TOGETHER)
        context[part] = company.of(kept[part])
    return context


def _among(pairs: NoticedPairs, others: NoticedPairs, nodes: int) -> NDArray[np.bool_]:
    """Which pairs are among others, (pairs,)."""
    if not len(others):
        return np.zeros(len(pairs), bool)
    one, other = (some.i.astype(np.int64) * nodes + some.j for some in (pairs, others))
    return np.isin(one, other)


def _judged(
    notice: Notice, pairs: NoticedPairs, context: NDArray[np.float16], corrected: NDArray[np.bool_]
) -> JudgedNodes:
    def explain(at: Ints) -> NDArray[np.float32]:
        scaled = notice.scale(pairs.similarity[at]), notice.scale(pairs.wording_similarity[at])
        found = evidence(notice.titles, pairs.i[at], pairs.j[at], *scaled)
        return np.hstack([found, context[at], corrected[at, None].astype(np.float32)])

    i, j = pairs.i.astype(np.int64), pairs.j.astype(np.int64)
    chance = {level: values.astype(np.float64) for level, values in pairs.alone.items()}
    return JudgedNodes(i, j, pairs.similarity, chance, explain, (*EVIDENCE, *CONTEXT, CORRECTED))
