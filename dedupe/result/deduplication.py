"""`Deduplication`: what a run returns. Arrays inside, objects at the edge.

It holds the merge trees, so another threshold is a cut: nothing is encoded, searched or scored again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from dedupe.candidates.pairs import PairTable
from dedupe.clustering.collapse import Nodes
from dedupe.clustering.constraints import Constraints, with_must_links
from dedupe.clustering.merge_tree import MergeTree
from dedupe.clustering.representatives import first_of_each
from dedupe.embedding.vectors import Vectors
from dedupe.headlines import Headline
from dedupe.levels import LEVELS, SCORED_LEVELS
from dedupe.result.cautions import Caution, contradiction_cautions, story_cautions
from dedupe.result.columns import OutputRows, rows_of_run
from dedupe.result.display import html, summary
from dedupe.result.groups import ShortList, Story, stories_of
from dedupe.result.keeping import (
    Dropped,
    KeepOptions,
    KeepRules,
    contradicting,
    dropped_rows,
    kept_of_each,
    rows_best_first,
)
from dedupe.result.lasting import Lasting, names_of
from dedupe.result.pairs import ScoredPairs
from dedupe.result.publishers import publishers_of
from dedupe.result.settings import Settings, check_choice
from dedupe.result.shared import shared_addresses, shared_records
from dedupe.result.story_table import summaries_of
from dedupe.runtime.arrays import Floats, Ints, codes, pairs_within
from dedupe.scoring.model import Judge
from dedupe.scoring.reader import PairsRead
from dedupe.scoring.similarity_scale import Scale
from dedupe.text.outlets import NO_OUTLETS, Outlets

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, eq=False, repr=False)
class Deduplication:
    """The groups of a run, at three levels that nest: exact, wording, story.

    `pair_table`: the scored pairs, by node; `pairs` has them by input position. `trees`: the merge tree of each level.
    `vectors`, `facts`: unit rows and number of facts of each node. `judge`: what scored the pairs. `pairs_read`: how many
    pairs were scored, how many of these the reader read, and how many `reader="auto"` left unread. `recall`: the share of
    pairs above the candidate floor that the search returned, 1.0 except for very many headlines, where it is measured on a
    sample. `given_up`: the share of pairs that belong together but lie below that floor, as measured when the model was
    fitted. `outlets`: those that the input makes known, and that were dropped from around its titles. `lasting`: the ids that
    an index has given to the groups; other runs, other thresholds and saved results have none, but numbers.
    """

    headlines: tuple[Headline, ...]
    nodes: Nodes
    pair_table: PairTable
    trees: Mapping[str, MergeTree]
    settings: Settings
    vectors: Vectors
    facts: Ints
    constraints: Constraints
    judge: Judge
    scale: Scale
    calibrated: bool
    pairs_read: PairsRead
    recall: float = 1.0
    given_up: float = 0.0
    cautions: tuple[Caution, ...] = ()
    outlets: Outlets = NO_OUTLETS
    lasting: Lasting | None = None

    def __len__(self) -> int:
        return len(self.headlines)

    def __repr__(self) -> str:
        return summary(self)

    def _repr_html_(self) -> str:
        return html(self)

    def __getstate__(self) -> dict[str, Any]:
        return {column.name: getattr(self, column.name) for column in fields(self)}  # what is computed is left out

    @property
    def level(self) -> str:
        """The widest level of the run: "story", or "wording", where each wording counts as a story."""
        return self.settings.level

    @property
    def thresholds(self) -> dict[str, float]:
        """The probability at which the tree of each level is cut."""
        return self.settings.thresholds

    @property
    def floor(self) -> float:
        """The lowest threshold there can be."""
        return self.settings.floor

    @property
    def corrections(self) -> int:
        """How many corrections apply: both their titles are in the input."""
        return self.constraints.applied

    def labels(self, level: str) -> Ints:
        """Return one group number per input row, int64, (n,), numbered by first appearance.

        `level` is "exact", "wording" or "story"; anything else is an `InputError`.
        """
        check_choice("level", level, LEVELS)
        return self._labels[level]

    def cophenetic(self, i: Ints, j: Ints, level: str = "story") -> Floats:
        """Return the highest threshold of `level` at which two rows are in one group, for each pair, (pairs,).

        `i` and `j` hold input positions, (pairs,). It is 1 for exact copies. It is 0 where no threshold down to the floor
        joins two rows, and at level "wording" also where their stories differ. Any level but "story" and "wording" is an
        `InputError`.
        """
        check_choice("level", level, self.trees)
        a, b = self.nodes.of_row[i], self.nodes.of_row[j]
        heights = self.trees[level].cophenetic(a, b)
        if level != self.level:
            heights[self._node_stories[a] != self._node_stories[b]] = 0.0
        return heights

    def kept(self, level: str = "wording", **rules: Unpack[KeepOptions]) -> Ints:
        """Return the input positions to keep, ascending: one per group of `level`, and more where the rules say so.

        `drop_contradictions`: at level "wording", titles that contradict the one that is kept, in numbers, days, opposites or
        negation, are kept as well, unless this is set. `strict`: titles whose probability with the kept one is under 0.8 are
        kept. `one_per_source`: one row of each publisher is kept in each group.
        """
        return np.flatnonzero(self.repeats(level, **rules) == np.arange(len(self)))

    def repeats(self, level: str = "wording", **rules: Unpack[KeepOptions]) -> Ints:
        """Return for each row the kept row that it repeats, (n,), with the rules of `kept`; a kept row repeats itself."""
        return kept_of_each(self, level, KeepRules.of(**rules))

    def dropped(self, level: str = "wording", **rules: Unpack[KeepOptions]) -> ShortList[Dropped]:
        """Return the rows that `kept` leaves out, each with the kept row that it repeats and why; reasons take the most time."""
        return dropped_rows(self, level, KeepRules.of(**rules))

    def representatives(self, level: str = "wording") -> Ints:
        """Return the input position that represents each group of `level`, (groups,), by label."""
        return first_of_each(self.best_first(level), self.labels(level))

    def best_first(self, level: str = "wording") -> Ints:
        """Return all input positions, (n,), group by group of `level`, by label, and in each the one to keep first."""
        return rows_best_first(self, level)

    def regroup(self, *, story_threshold: float | None = None, wording_threshold: float | None = None) -> Deduplication:
        """Return the same run cut at other thresholds; nothing is encoded, searched or scored again.

        A threshold under the floor of the run, or over 1, is an `InputError`.
        """
        settings = self.settings.with_thresholds(story_threshold, wording_threshold)
        return replace(self, settings=settings, lasting=self.lasting if settings == self.settings else None)

    def save(self, path: str | Path) -> None:
        """Write the result to one file, which `load_result` reads; the file appears whole or not at all.

        Raises `OutputError` if it cannot be written, `InputError` if a headline has a value that cannot be kept.
        """
        from dedupe.result.storage import save_result

        save_result(self, path)

    @cached_property
    def pairs(self) -> ScoredPairs:
        """The scored pairs, by input position, one per pair of nodes; copies are implied."""
        return ScoredPairs(self)

    @cached_property
    def corrected(self) -> dict[tuple[int, int], str]:
        """The verdict of corrections on pairs of rows, the smaller row first."""
        must_link, cannot_link = self.constraints.must_link, self.constraints.cannot_link
        links = {"different": cannot_link["story"], "story": must_link["story"], "wording": must_link["wording"]}
        return {(min(a, b), max(a, b)): verdict for verdict, pairs in links.items() for a, b in pairs.T.tolist()}

    @cached_property
    def publishers(self) -> Ints:
        """A number for the publisher of each row, (n,), by its source or else its address; -1 where neither tells."""
        rules = self.settings.sources
        return publishers_of(self.headlines, rules.publishers, rules.others)

    @cached_property
    def shared_addresses(self) -> dict[tuple[int, int], str]:
        """The cleaned address of each pair of titles that share one, by the rows that name them, the smaller row first."""
        return shared_addresses(self)

    @cached_property
    def shared_records(self) -> frozenset[tuple[int, int]]:
        """The pairs of titles that share an item of a news page, by the rows that name them, the smaller row first."""
        return shared_records(self)

    @cached_property
    def stories(self) -> ShortList[Story]:
        """The stories, largest first, ties by first appearance."""
        rows = {level: self.representatives(level) for level in SCORED_LEVELS}
        names = {level: names_of(self, level) for level in SCORED_LEVELS}
        return stories_of(self.headlines, self._labels, rows, names, self._cohesion)

    @cached_property
    def probabilities(self) -> Floats:
        """The mean probability of each row to belong with the other rows of its story, (n,); 1.0 for a single row."""
        labels, counts = self._node_stories, np.bincount(self.nodes.of_row, minlength=len(self.nodes))
        i, j, p = self._inside
        total = counts - 1.0
        np.add.at(total, i, p * counts[j])
        np.add.at(total, j, p * counts[i])
        others = np.bincount(labels, weights=counts, minlength=1)[labels] - 1
        mean = np.divide(total, others, out=np.ones_like(total), where=others > 0)
        by_node: Floats = np.minimum(mean, 1.0)
        return by_node[self.nodes.of_row]

    @cached_property
    def warnings(self) -> tuple[Caution, ...]:
        """The warnings about the input and about suspicious groups."""
        return (*self.cautions, *contradiction_cautions(contradicting(self)), *self._story_cautions)

    def flags(self, some: Ints | None = None) -> list[str]:
        """Return one string per row: "" or the comma-joined codes of the cautions about it.

        `some`: rows, by input position, ascending, of which alone this is asked; that takes less time.
        """
        if some is None:
            flags, cautions = {row: list[str]() for row in range(len(self))}, self.warnings
        else:
            flags = {row: [] for row in some.tolist()}
            cautions = *self.cautions, *contradiction_cautions(contradicting(self, some)), *self._story_cautions
        for caution in cautions:
            for position in flags.keys() & caution.positions if some is not None else caution.positions:
                flags[position].append(caution.code)
        return list(map(",".join, flags.values()))

    def rows(self) -> list[dict[str, Any]]:
        """Return one output row per headline: its own columns, then those of `docs/columns.md`."""
        return list(self.output)

    def stories_table(self) -> list[dict[str, Any]]:
        """Return one row per story, in the order of `stories`: what `--stories` writes, see `docs/columns.md`."""
        return [story.row() for story in summaries_of(self.stories)]

    def to_arrow(self) -> pa.Table:
        """Return the output rows as an Arrow table; columns that came as Arrow or Parquet keep their types."""
        return self.output.to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """Return the output rows as a pandas frame, with the index of the frame that the headlines came from.

        Raises `ModuleNotFoundError` if pandas is not installed.
        """
        return self.output.to_pandas()

    @property
    def output(self) -> OutputRows:
        """One output row per headline, made one at a time."""
        return rows_of_run(self)

    @cached_property
    def _story_cautions(self) -> tuple[Caution, ...]:
        labels = self._labels["story"]
        distinct = np.bincount(labels[self.nodes.title_row], self.nodes.weight)
        return tuple(story_cautions(labels, distinct, self.probabilities, self._cohesion < self.floor))

    @cached_property
    def _labels(self) -> dict[str, Ints]:
        story = self._node_stories
        wording = self.trees["wording"].cut(self.thresholds["wording"])
        nested = np.unique(story * story.size + wording, return_inverse=True)[1]
        of = self.nodes.of_row
        by_row = {"exact": self.nodes.exact_of_row, "wording": nested[of], "story": story[of]}
        return {level: codes(labels) for level, labels in by_row.items()}

    @cached_property
    def _node_stories(self) -> Ints:
        return self.trees[self.level].cut(self.thresholds[self.level])

    @cached_property
    def _inside(self) -> tuple[Ints, Ints, Floats]:
        """The scored pairs of nodes inside one story, and their probability; that of a must-link is 1."""
        must_link = self.nodes.of_row[self.constraints.must_link[self.level]]
        i, j, p = with_must_links(self.pair_table, self.level, must_link, len(self.nodes))
        inside = self._node_stories[i] == self._node_stories[j]
        return i[inside], j[inside], p[inside]

    @cached_property
    def _cohesion(self) -> Floats:
        """The weakest pair of each story, by label; a pair that was never scored counts as 0."""
        node_story = self._labels["story"][self.nodes.title_row]
        i, _, p = self._inside
        weakest = np.ones(int(node_story.max(initial=-1)) + 1)
        sizes = np.bincount(node_story, minlength=weakest.size)
        np.minimum.at(weakest, node_story[i], p)
        scored = np.bincount(node_story[i], minlength=weakest.size)
        return np.where(scored < pairs_within(sizes), 0.0, weakest)
