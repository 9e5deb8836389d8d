"""`NearRun`: what a run over the active headlines and a few new ones would say of the new ones, from what is near them.

The pairs of new titles are scored, read and put into context with all partners of their partners, as in a run. All others
keep the probability that they had, since a few more titles hardly change it. What is linked anew are the stories that a new
title is in touch with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dedupe.candidates import PairTable, concatenate
from dedupe.clustering import Collapsed, Correction, collapse_copies, constraints_of, link
from dedupe.embedding import VectorStore
from dedupe.headlines import Headline
from dedupe.index.kept_context import KeptContext
from dedupe.index.kept_nodes import KeptNodes
from dedupe.index.near_pairs import NearPairs, NewNodes
from dedupe.levels import SCORED_LEVELS
from dedupe.pipeline import cleaned_addresses, result_of
from dedupe.result.cautions import input_cautions, run_cautions
from dedupe.result.deduplication import Deduplication
from dedupe.result.publishers import linked_owners
from dedupe.runtime.arrays import Bools, Ints
from dedupe.runtime.progress import silent
from dedupe.scoring import PairsRead, Scorer, TitleFeatures
from dedupe.scoring.addresses import AddressPairs
from dedupe.scoring.context import Context, Matrices, Sums, sums_of
from dedupe.scoring.title_features import stacked


@dataclass(frozen=True)
class NearRun:
    """A run and what it left, with which new headlines are compared.

    `generic`: (nodes,), which titles say nothing. `scorer`: of the run. `least_doubt`: the product of probability and its
    complement from which a pair is read.
    """

    last: Deduplication
    fingerprints: list[str]
    generic: Bools
    nodes: KeptNodes
    context: KeptContext
    scorer: Scorer
    least_doubt: float
    store: VectorStore | None

    @cached_property
    def _addresses(self) -> list[str | None]:
        return cleaned_addresses(self.last.headlines)

    @cached_property
    def _nodes_named(self) -> dict[str, set[int]]:
        """The nodes of each fingerprint."""
        named: dict[str, set[int]] = defaultdict(set)
        for key, node in zip(self.fingerprints, self.last.nodes.of_row.tolist(), strict=True):
            named[key].add(node)
        return named

    @cached_property
    def _stories(self) -> Ints:
        """The story of each node."""
        return self.last.trees[self.last.level].cut(self.last.thresholds[self.last.level])

    def of(self, headlines: Sequence[Headline], corrections: Sequence[Correction]) -> tuple[Deduplication, Ints]:
        """Return the groups of some active headlines and then the new ones, and the places of the former."""
        new = NewNodes.of(headlines, self.last, self.nodes, self.scorer, self.store)
        pairs = NearPairs.of(new, self.last, self.nodes, self.generic, self.scorer, self._addresses)
        read, count = self._read(pairs)
        scored = self._in_context(new, pairs, read)
        touched = [scored.i[scored.i < len(self.nodes)], self._named(new, corrections)]
        together = np.isin(self._stories, self._stories[np.unique(np.concatenate(touched))])
        rows = np.flatnonzero(together[self.last.nodes.of_row])
        return self._linked(new, rows, scored, corrections, PairsRead(len(read), count, 0)), rows

    def _named(self, new: NewNodes, corrections: Sequence[Correction]) -> Ints:
        """Return the active nodes that new headlines are copies of, and those that corrections join with something."""
        keys = {*new.copies.fingerprints, *(key for c in corrections if c.verdict != "different" for key in c.keys)}
        return np.array([node for key in sorted(keys) for node in self._nodes_named.get(key, ())], np.int64)

    def _read(self, near: NearPairs) -> tuple[PairTable, int]:
        """Return the pairs with what the reader says of those that a run would read, and how many these are."""
        pairs, scorer = near.pairs, near.scorer
        doubt = np.maximum(*(p * (1 - p) for p in map(pairs.p_pair, SCORED_LEVELS))) if len(pairs) else np.zeros(0)
        alike = scorer.scale(pairs.similarity) >= scorer.judge.candidate_floor["story"]
        places = np.flatnonzero(alike & (doubt >= self.least_doubt)) if len(pairs) else np.empty(0, np.int64)
        if len(places):
            pairs = pairs.updated(places, scorer.as_read(pairs.take(places)))
        return pairs, len(places)

    def _in_context(self, new: NewNodes, near: NearPairs, read: PairTable) -> PairTable:
        """Return the pairs of new nodes in context; the new ones have numbers after all active ones."""
        old, pair = near.near, self.context.matrices.pair
        partners = np.unique(old[read.i[read.i < len(old)]])
        kept = self.context.table.take(np.unique(pair[partners].data))
        nodes = np.unique(np.concatenate([kept.i, kept.j, partners]))
        table = replace(kept, i=np.searchsorted(nodes, kept.i), j=np.searchsorted(nodes, kept.j))
        number = np.concatenate([np.searchsorted(nodes, old), len(nodes) + np.arange(len(new))])
        table = concatenate([table, replace(read, i=number[read.i], j=number[read.j])])
        scorer = replace(
            near.scorer,
            titles=stacked(self.nodes.titles.take(nodes), new.titles),  # whose sources are no context
            same_address=_renumbered(near.scorer.same_address, number, len(old)),
            same_record=_renumbered(near.scorer.same_record, number, len(old)),
        )
        is_new = table.j >= len(nodes)

        def context(titles: TitleFeatures, table: PairTable) -> Context:
            matrices = Matrices(len(titles.texts), table.i, table.j)
            sums, at = sums_of(titles, table, matrices, np.flatnonzero(is_new)), np.cumsum(is_new) - 1
            at[~is_new] = 0  # of the others, nothing is asked
            common = {level: values[at] for level, values in sums.common.items()}
            return Context(titles, table, matrices, Sums(common, sums.said[at], sums.mass[at]))

        if not is_new.any():
            return table.take(is_new)
        scored = scorer.context_probabilities(table, scorer.judge.floor, context)
        scored = scored.take(scored.j >= len(nodes))
        of_all = np.concatenate([nodes, len(self.nodes) + np.arange(len(new))])
        return replace(scored, i=of_all[scored.i], j=of_all[scored.j])

    def _linked(
        self, new: NewNodes, rows: Ints, scored: PairTable, corrections: Sequence[Correction], read: PairsRead
    ) -> Deduplication:
        """Return the groups of active rows and then the new ones, of which these are the pairs."""
        last, settings = self.last, self.last.settings
        headlines = [*(last.headlines[row] for row in rows.tolist()), *new.copies.headlines]
        copies = collapse_copies(headlines, settings.window, last.outlets)
        constraints = constraints_of(corrections, copies)
        before = np.concatenate([last.nodes.of_row[rows], len(self.nodes) + new.copies.nodes.of_row])
        node = np.full(len(self.nodes) + len(new), -1)
        node[before[::-1]] = copies.nodes.of_row[::-1]
        of = np.full(len(copies.nodes), -1)
        of[copies.nodes.of_row[::-1]] = before[::-1]  # an active node where it has one
        pairs = _of_nodes(last.pair_table, scored, node, of)
        generic = copies.generic[copies.nodes.title_row]
        owners = linked_owners(headlines, settings.sources, copies.nodes.of_row, generic, pairs)
        trees = link(pairs, copies.nodes, constraints, settings.levels, settings.window, settings.floor, silent, owners)
        old = np.minimum(of, len(self.nodes) - 1)
        is_old, k = of < len(self.nodes), of - len(self.nodes)
        vectors, facts = self.scorer.vectors[old], self.scorer.titles.facts[old]
        vectors[~is_old], facts[~is_old] = new.vectors[k[~is_old]], new.titles.facts[k[~is_old]]
        scorer = replace(self.scorer.take(old[:0]), titles=replace(new.titles, facts=facts), vectors=vectors)
        oddities = input_cautions(copies, last.calibrated, settings.window)
        crowds = Collapsed(copies.nodes, scorer, (), np.zeros(len(headlines), bool))
        cautions = *oddities, *run_cautions(crowds, 0, np.empty(0, np.int64), constraints.violated(trees, copies.nodes))
        return result_of(copies, settings, cautions, constraints, crowds, 1.0, pairs, read, trees)


def _renumbered(pairs: AddressPairs, number: Ints, old: int) -> AddressPairs:
    """Return the pairs with a new node, with other numbers."""
    kept = pairs.take(np.flatnonzero(pairs.j >= old))
    return AddressPairs(number[kept.i], number[kept.j], kept.address)


def _of_nodes(active: PairTable, scored: PairTable, node: Ints, of: Ints) -> PairTable:
    """Return the pairs of active nodes and the scored ones, by the number `node` of each; `of`: what each number stands for."""
    parts = []
    for table in (active, scored):
        i, j = node[table.i], node[table.j]
        inside = (i >= 0) & (j >= 0) & (i != j)
        inside[inside] &= (of[i[inside]] == table.i[inside]) & (of[j[inside]] == table.j[inside])
        i, j = i[inside], j[inside]
        part = replace(table.take(inside), i=np.minimum(i, j).astype(np.int32), j=np.maximum(i, j).astype(np.int32))
        parts.append(part)
    return concatenate(parts)
