"""Noticed pairs -> judged pairs: each in the company that its titles keep, and those of crowds that are settled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dedupe.context import CONTEXT
from dedupe.evidence import EVIDENCE, evidence
from dedupe.explaining import CORRECTED
from dedupe.judging import Ints
from dedupe.matrices import let_go
from dedupe.noticing import Notice, NoticedPairs, joined
from dedupe.pairs import JudgedNodes


def decide(
    notice: Notice, pairs: NoticedPairs, settled: NoticedPairs, corrected: NoticedPairs, floor: float
) -> JudgedNodes:
    """Return the pairs whose probability reaches `floor` at the level of the run, and those settled, by (i, j).

    `settled`: pairs that need no company, since one of the two stands for the other in all that is joined.
    `corrected`: pairs whose probability people have said, which is what counts.
    """
    for rows in (notice.vectors, notice.turned):
        let_go(rows)
    judgement = notice.judge.in_company(len(notice.titles.texts), pairs.i, pairs.j, pairs.alone)
    said = _keys(notice, corrected)
    kept = (judgement.probability[notice.level] >= floor) & ~np.isin(_keys(notice, pairs), said)
    settled = joined([settled, corrected.where(corrected.alone[notice.level] >= floor)])
    chance = {level: values[kept] for level, values in judgement.probability.items()}
    own = replace(pairs.where(kept), alone=chance)
    context = np.zeros((len(own) + len(settled), len(CONTEXT)), np.float16)  # for explanations only
    context[: len(own)] = judgement.company.of(np.flatnonzero(kept))
    order = np.lexsort((np.concatenate([own.j, settled.j]), np.concatenate([own.i, settled.i])))
    judged = joined([own, settled])
    return _judged(notice, judged, context[order], np.isin(_keys(notice, judged), said))


def _keys(notice: Notice, pairs: NoticedPairs) -> Ints:
    """One number a pair."""
    return pairs.i.astype(np.int64) * len(notice.rows) + pairs.j


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
