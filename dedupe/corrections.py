"""What people have decided: pairs of titles that must, or must never, be together, whatever the judge thinks.

A correction names two titles and the closest level they reach: "wording" (one wording), "story" (one story, but not one
wording) or "different" (two stories). A table of them has the columns `title_a`, `title_b` and `verdict`; what the
command `label` writes is one. Titles count as in exact groups: case, publisher marks and the like do not matter.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dedupe.errors import InputError
from dedupe.neighbors import CandidatePairs, Times
from dedupe.noticing import Notice, NoticedPairs
from dedupe.sources import Columns, read_headlines
from dedupe.text import key_of_normalized, normalize
from dedupe.tiles import cosines
from dedupe.trees import MergeTree
from dedupe.verdicts import COLUMNS, SKIPPED, VERDICTS

Ints = NDArray[np.int64]
_TOGETHER = {"wording": ("wording",), "story": ("wording", "story")}
_APART = {"wording": ("story", "different"), "story": ("different",)}
_NONE = np.empty((2, 0), np.int64)


@dataclass(frozen=True, slots=True)
class Correction:
    """Two titles and the verdict on them: "wording", "story" or "different". `where`: the file and row, for messages."""

    title_a: str
    title_b: str
    verdict: str
    where: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise InputError(f"{self._said}: verdict must be one of {', '.join(VERDICTS)}, not {self.verdict!r}")
        for column, title in (("title_a", self.title_a), ("title_b", self.title_b)):
            if not normalize(title):
                raise InputError(f"{self._said}: {column} is empty: give two titles")

    @property
    def _said(self) -> str:
        return self.where or f"correction {self.title_a!r}, {self.title_b!r}"

    @property
    def texts(self) -> tuple[str, str]:
        """Both titles, normalized."""
        return normalize(self.title_a), normalize(self.title_b)

    @property
    def keys(self) -> tuple[str, str]:
        """The fingerprints of both."""
        one, other = self.texts
        return key_of_normalized(one), key_of_normalized(other)


Given = Iterable[Correction | tuple[str, str, str]]


def read_corrections(path: str | Path) -> list[Correction]:
    """Return the corrections of a table (CSV, TSV, JSON Lines, Parquet) with the columns `COLUMNS`.

    Rows without a verdict, or with the verdict "skipped", say nothing. Raises `InputError`, with the row, for what cannot be
    used, and where corrections contradict each other.
    """
    source = read_headlines([str(path)], columns=Columns(title=COLUMNS[0]))
    for column in COLUMNS[1:]:
        if column not in source.columns:
            raise InputError(f"{path} has no column {column!r}: corrections need {', '.join(COLUMNS)}")
    found = []
    for number, headline in enumerate(source.headlines, 1):
        other, verdict = (str(headline.own.get(column) or "").strip() for column in COLUMNS[1:])
        if verdict.lower() not in ("", SKIPPED):
            found.append(Correction(headline.title, other, verdict.lower(), f"{path}, row {number}"))
    check(found)
    return found


def as_corrections(given: Given) -> list[Correction]:
    """Return corrections, or tuples of two titles and a verdict, checked; those with the verdict "skipped" say nothing.

    Raises `InputError` as `read_corrections` does.
    """
    found = []
    for one in given:
        if isinstance(one, Correction):
            found.append(one)
        elif one[2] != SKIPPED:
            found.append(Correction(*one))
    check(found)
    return found


def check(corrections: Sequence[Correction]) -> None:
    """Raise `InputError` for a correction that keeps apart what others put together, naming all of the chain."""
    for level, joining in _TOGETHER.items():
        links = _Links(corrections, joining)
        for one in corrections:
            if one.verdict in _APART[level] and (chain := links.between(*one.keys)) is not None:
                raise InputError(_conflict(one, level, chain))


def _conflict(one: Correction, level: str, chain: Sequence[Correction]) -> str:
    said = f"{_named(one)} may not be one {level}"
    if not chain:
        return f"{said}, but they are copies of one title: leave that correction out"
    why = "; ".join(f"{_named(link)} must ({link.verdict})" for link in chain)
    return f"{said}, but by other corrections they have to: {why}: correct one of these"


def _named(one: Correction) -> str:
    return f"{one.title_a!r} and {one.title_b!r}" + (f" ({one.where})" if one.where else "")


class _Links:
    """Which fingerprints some corrections put together."""

    def __init__(self, corrections: Sequence[Correction], verdicts: Sequence[str]) -> None:
        self.of: dict[str, list[tuple[str, Correction]]] = defaultdict(list)
        for one in corrections:
            if one.verdict in verdicts:
                a, b = one.keys
                self.of[a].append((b, one))
                self.of[b].append((a, one))

    def between(self, start: str, end: str) -> list[Correction] | None:
        """The shortest chain of corrections from one to the other, or None."""
        chains: dict[str, list[Correction]] = {start: []}
        queue = deque([start])
        while queue and end not in chains:
            here = queue.popleft()
            for other, link in self.of[here]:
                if other not in chains:
                    chains[other] = [*chains[here], link]
                    queue.append(other)
        return chains.get(end)


@dataclass(frozen=True, slots=True)
class Rules:
    """Corrections as pairs of the nodes of a run, (2, k) each, by level; `applied`: how many found both their titles."""

    together: dict[str, Ints]
    apart: dict[str, Ints]
    applied: int = 0

    @property
    def nodes(self) -> Ints:
        """The nodes that any of them is about."""
        return np.unique(np.concatenate([pairs.ravel() for pairs in (*self.together.values(), *self.apart.values())]))

    def pairs(self, notice: Notice, times: Times | None) -> NoticedPairs:
        """Return these pairs as far as they meet within the window, with the probability 1 or 0 that the verdict is."""
        i, j = np.hstack([self.together["story"], self.apart["story"]])
        if times is not None:
            meet = times.meet(i, j)
            i, j = i[meet], j[meet]
        found = replace(notice, least=0).among(CandidatePairs(i, j, cosines(notice.rows, i, j)))
        sure = {level: _in(found, pairs).astype(np.float32) for level, pairs in self.together.items()}
        return replace(found, alone=sure)

    def unmet(self, trees: Mapping[str, MergeTree]) -> Ints:
        """Return the nodes that belong together and are not even at threshold 1, as the window keeps them apart."""
        return np.unique(np.concatenate([_torn(tree.cut(1.0), self.together[level]) for level, tree in trees.items()]))


def _torn(labels: Ints, pairs: Ints) -> Ints:
    return pairs[:, labels[pairs[0]] != labels[pairs[1]]].ravel()


def _in(found: NoticedPairs, pairs: Ints) -> NDArray[np.bool_]:
    wanted = set(zip(*pairs.tolist(), strict=True))
    return np.array([pair in wanted for pair in zip(found.i.tolist(), found.j.tolist(), strict=True)], bool)


def rules_of(corrections: Given, keys: Sequence[str], texts: Sequence[str], of: Ints) -> Rules:
    """Return corrections as rules for nodes.

    `keys`, `texts`: (rows,), fingerprints and normalized titles; `of`: (rows,), the node of each row. A title that stands
    for several nodes, since the window cut its copies, is meant wherever it stands.
    """
    found = as_corrections(corrections)
    named = {text: key for one in found for text, key in zip(one.texts, one.keys, strict=True)}
    known = set(named.values())
    nodes: dict[str, set[int]] = defaultdict(set)
    for row, text in enumerate(texts if named else ()):
        key = named.get(text, keys[row])  # a fingerprint knows the row's source, which a correction does not
        if key in known:
            nodes[key].add(int(of[row]))
    both = [(one.verdict, nodes[a], nodes[b]) for one in found for a, b in [one.keys] if a in nodes and b in nodes]
    return Rules(
        {level: _pairs(both, verdicts) for level, verdicts in _TOGETHER.items()},
        {level: _pairs(both, verdicts) for level, verdicts in _APART.items()},
        len(both),
    )


def _pairs(both: Iterable[tuple[str, set[int], set[int]]], verdicts: Sequence[str]) -> Ints:
    """Every pair of nodes of corrections with one of these verdicts, the smaller node first."""
    found = {
        (min(a, b), max(a, b))
        for verdict, one, other in both
        if verdict in verdicts
        for a in one
        for b in other
        if a != b
    }
    return np.array(sorted(found), np.int64).T if found else _NONE
