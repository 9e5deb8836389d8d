"""What a run returns: frozen; arrays inside, objects at the edge.

`Deduplication` holds the merge trees, so another threshold is a cut: nothing is encoded, searched or judged again.

The output columns, one row per input row, after the row's own, whatever the format:

=========================  ==========================================================================================
`title`                    the title as it was given
`dedupe_story`             int, the story, numbered by first appearance
`dedupe_wording`           int, the wording group, numbered by first appearance; nests in the story
`dedupe_representative`    true for the one headline kept of its story
`dedupe_probability`       mean probability of being one story with the other members; 1.0 when alone
`dedupe_flag`              "" or comma-joined codes, see `Caution`
`dedupe_file`              the input that the row came from; only where there were several
=========================  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedupe.clustering.merge_tree import MergeTree
from dedupe.clustering.representatives import Nodes, representatives
from dedupe.errors import InputError
from dedupe.headlines import Headline
from dedupe.levels import LEVELS
from dedupe.result.columns import OutputRows
from dedupe.result.pairs import JudgedNodes, JudgedPairs, check_thresholds

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_TEXTS = ("title", "dedupe_flag", "dedupe_file")
_LARGE = 50  # distinct titles in a story beyond which an editor should look
_LOOSE = 0.2  # a member whose mean probability is below this hangs on by a thread


@dataclass(frozen=True, slots=True)
class Caution:
    """Something a careful reader should know: a `code`, one line for people, and the input positions it is about.

    Codes: `empty-title`, `long-title`, `control-characters`, `bad-date`, `duplicate-id`, `not-english`, `large-story`,
    `loose-story`, `crowded`, `uncorrected`, `uncalibrated`.
    """

    code: str
    message: str
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording group: headlines that say the same news in other words."""

    id: int
    representative: Headline
    headlines: list[Headline]
    positions: Ints


@dataclass(frozen=True, slots=True)
class Story:
    """Headlines that report one event. `cohesion` is the probability of the weakest pair inside, 0 if never judged."""

    id: int
    representative: Headline
    headlines: list[Headline]
    positions: Ints
    wordings: list[Wording]
    cohesion: float


@dataclass(frozen=True, eq=False)
class Deduplication:
    """The groups of a run, at three levels that nest: exact, wording, story.

    `recall`: the share of the pairs above the candidate floor that were found, 1.0 unless there were very many headlines;
    then measured on a sample. `given_up`: the share of same-story pairs (or same-wording, as `level` is) below that
    floor, as measured where the judge was fitted. In a run that looked for wordings only, `level` is "wording" and a
    story is one wording. `corrections`: how many of those given found both their titles.
    """

    headlines: tuple[Headline, ...]
    nodes: Nodes
    judged: JudgedNodes
    trees: dict[str, MergeTree]
    thresholds: dict[str, float]
    keep_rule: str
    floor: float
    calibrated: bool
    recall: float = 1.0
    given_up: float = 0.0
    corrections: int = 0
    input_cautions: tuple[Caution, ...] = ()

    def __len__(self) -> int:
        return len(self.headlines)

    @property
    def level(self) -> str:
        """The level up to which the run looked: "story", or "wording"."""
        return "story" if "story" in self.trees else "wording"

    def labels(self, level: str) -> Ints:
        """Return one group number per input row, int64, (n,), numbered by first appearance.

        `level` is "exact", "wording" or "story"; anything else is an `InputError`.
        """
        if level not in LEVELS:
            raise InputError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
        return self._labels[level]

    def together(self, i: Ints, j: Ints, level: str = "story") -> Floats:
        """Return the highest threshold of `level` at which two rows are in one group, for each pair, (pairs,).

        `i` and `j` hold input positions, (pairs,). Exact copies are together at 1; what no threshold down to the floor
        puts together is 0. A wording lies within a story, so where the story threshold in force parts two rows, that
        is 0, too. `level` is "story" or "wording"; anything else is an `InputError`.
        """
        if level not in self.trees:
            raise InputError(f"level must be one of {', '.join(self.trees)}, not {level!r}")
        one, other = self.nodes.of[i], self.nodes.of[j]
        heights = self.trees[level].together(one, other)
        if level != self.level:
            heights[self._node_labels[one] != self._node_labels[other]] = 0.0
        return heights

    def kept(self, level: str = "wording") -> Ints:
        """Return the input positions to keep, ascending, one per group of `level`."""
        return np.sort(self._representatives(self.labels(level)))

    def regroup(self, *, story_threshold: float | None = None, wording_threshold: float | None = None) -> Deduplication:
        """Return the same run cut at other thresholds; nothing is encoded, searched or judged again.

        A threshold under the floor of the run, or over 1, is an `InputError`.
        """
        if story_threshold is not None and self.level != "story":
            raise InputError("this run looked for wordings only: run it with level='story' to regroup stories")
        given = {"story": story_threshold, "wording": wording_threshold}
        thresholds = self.thresholds | {level: float(value) for level, value in given.items() if value is not None}
        return replace(self, thresholds=check_thresholds(thresholds, self.floor))

    @property
    def pairs(self) -> JudgedPairs:
        """The judged pairs, by input position, one per pair of exact groups (copies are implied)."""
        return JudgedPairs(self.headlines, self.nodes.first, self.judged, self.thresholds)

    @cached_property
    def stories(self) -> list[Story]:
        """The stories, largest first, ties by first appearance."""
        labels, wordings = self._labels["story"], self._labels["wording"]
        representatives, of_wording = self._representatives(labels), self._representatives(wordings)
        stories = []
        for label, positions in enumerate(_members(labels)):
            inner = [
                Wording(int(v), self.headlines[of_wording[v]], self._at(where), where)
                for v in dict.fromkeys(wordings[positions].tolist())
                for where in [positions[wordings[positions] == v]]
            ]
            best = self.headlines[representatives[label]]
            cohesion = float(self._cohesion[label])
            stories.append(Story(label, best, self._at(positions), positions, inner, cohesion))
        return sorted(stories, key=lambda story: -len(story.positions))

    @cached_property
    def probabilities(self) -> Floats:
        """Mean probability of each row to be one story with its story's other rows, (n,); 1.0 when alone."""
        labels, counts = self._node_labels, np.bincount(self._stands[self.nodes.of], minlength=len(self.nodes.first))
        i, j, chance = self._inside
        total = counts - 1.0
        np.add.at(total, i, chance * counts[j])
        np.add.at(total, j, chance * counts[i])
        others = np.bincount(labels, weights=counts, minlength=1)[labels] - 1
        mean = np.divide(total, others, out=np.ones_like(total), where=others > 0)
        by_node: Floats = np.minimum(mean, 1.0)
        return by_node[self._stands[self.nodes.of]]

    @cached_property
    def warnings(self) -> tuple[Caution, ...]:
        """What a careful reader should know of the input and of suspicious groups."""
        return self.input_cautions + tuple(self._suspicious())

    def flags(self) -> list[str]:
        """Return one string per row: "" or the comma-joined codes of the cautions about it."""
        codes: list[list[str]] = [[] for _ in self.headlines]
        for caution in self.warnings:
            for position in caution.positions:
                codes[position].append(caution.code)
        return [",".join(found) for found in codes]

    def rows(self) -> list[dict[str, Any]]:
        """Return one output row per input row: its own columns, then those of `docs/columns.md`."""
        return list(self.output)

    def to_arrow(self) -> pa.Table:
        """Return the output rows as an Arrow table; columns that came as Arrow or Parquet keep their types."""
        return self.output.to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """Return the output rows as a pandas frame; `ModuleNotFoundError` where pandas is not installed."""
        return self.to_arrow().to_pandas()

    @property
    def output(self) -> OutputRows:
        """The output rows, to be made one at a time."""
        keep = np.zeros(len(self), bool)
        keep[self.kept("story")] = True
        added = {
            "title": [headline.title for headline in self.headlines],
            "dedupe_story": self._labels["story"].tolist(),
            "dedupe_wording": self._labels["wording"].tolist(),
            "dedupe_representative": keep.tolist(),
            "dedupe_probability": self.probabilities.round(4).tolist(),
            "dedupe_flag": self.flags(),
        }
        files = [headline.file for headline in self.headlines]
        return OutputRows(self.headlines, added | ({"dedupe_file": files} if any(files) else {}), _TEXTS)

    @cached_property
    def _labels(self) -> dict[str, Ints]:
        story = self._node_labels
        wording = self.trees["wording"].cut(self.thresholds["wording"])
        nested = np.unique(story * story.size + wording, return_inverse=True)[1]
        by_node = {"exact": np.arange(story.size), "wording": nested, "story": story}
        return {level: _by_appearance(labels[self.nodes.of]) for level, labels in by_node.items()}

    @cached_property
    def _node_labels(self) -> Ints:
        return self.trees[self.level].cut(self.thresholds[self.level])

    @cached_property
    def _stands(self) -> Ints:
        """The node that stands for each inside its story."""
        together = self._node_labels[self.nodes.stands] == self._node_labels
        return np.where(together, self.nodes.stands, np.arange(together.size))

    @cached_property
    def _inside(self) -> tuple[Ints, Ints, Floats]:
        """The judged pairs inside one story, of nodes that stand for themselves there, and their probability."""
        i, j = self._stands[self.judged.i], self._stands[self.judged.j]
        inside = (self._node_labels[i] == self._node_labels[j]) & (i != j)
        return i[inside], j[inside], self.judged.probability[self.level][inside]

    @cached_property
    def _cohesion(self) -> Floats:
        """Weakest pair of each story, by story label; a pair that was never judged counts as 0."""
        node_story = self._labels["story"][self.nodes.first]
        i, _, chance = self._inside
        weakest = np.ones(int(node_story.max(initial=-1)) + 1)
        sizes = np.bincount(node_story[np.unique(self._stands)], minlength=weakest.size)
        np.minimum.at(weakest, node_story[i], chance)
        judged = np.bincount(node_story[i], minlength=weakest.size)
        return np.where(judged < sizes * (sizes - 1) // 2, 0.0, weakest)

    def _representatives(self, labels: Ints) -> Ints:
        """The row to keep of each group, (groups,)."""
        return representatives(labels, self.nodes, self.keep_rule)

    def _suspicious(self) -> Iterator[Caution]:
        labels = self._labels["story"]
        distinct = np.bincount(labels[self.nodes.first])
        thin = np.zeros(distinct.size, bool)
        thin[labels[self.probabilities < _LOOSE]] = True
        for code, marked, why in (
            ("large-story", distinct > _LARGE, f"over {_LARGE} distinct titles"),
            ("loose-story", thin & (self._cohesion < self.floor), f"a member with a mean probability under {_LOOSE:g}"),
        ):
            found = np.flatnonzero(marked)
            if found.size:
                ids = ", ".join(map(str, found[:8])) + (", ..." if found.size > 8 else "")
                count = f"{found.size} {'story' if found.size == 1 else 'stories'}"
                rows = tuple(np.flatnonzero(np.isin(labels, found)).tolist())
                yield Caution(code, f"{count} with {why}, worth a look: {ids}", rows)

    def _at(self, positions: Ints) -> list[Headline]:
        return [self.headlines[k] for k in positions.tolist()]


def _by_appearance(labels: Ints) -> Ints:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[inverse.reshape(-1)]


def _members(labels: Ints) -> list[Ints]:
    """The positions of each label 0..k-1, ascending."""
    if not labels.size:
        return []
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
