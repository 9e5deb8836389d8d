"""What people have decided: pairs of titles that must, or must never, be together, whatever the judge thinks.

A correction names two titles and the closest level they reach: "wording" (one wording), "story" (one story, but not one
wording) or "different" (two stories). A table of them has the columns `title_a`, `title_b` and `verdict`; what the
command `label` writes is one. Titles count as in exact groups: case, publisher marks and the like do not matter.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dedupe.errors import EmptyInput, InputError
from dedupe.levels import APART, SKIPPED, TOGETHER, VERDICT_COLUMNS, VERDICTS
from dedupe.readers import Columns, read_headlines
from dedupe.text.normalize import key_of_normalized, normalize


@dataclass(frozen=True, slots=True)
class Correction:
    """Two titles and the verdict on them: "wording", "story" or "different". `where`: the file and row, for messages."""

    title_a: str
    title_b: str
    verdict: str
    where: str = ""

    def __post_init__(self) -> None:
        if not all(isinstance(part, str) for part in (self.title_a, self.title_b, self.verdict)):
            raise InputError(f"{self._said}: two titles and a verdict are needed, all text")
        object.__setattr__(self, "verdict", self.verdict.strip().lower())
        if self.verdict not in VERDICTS:
            raise InputError(f"{self._said}: verdict must be one of {', '.join(VERDICTS)}, not {self.verdict!r}")
        for column, title in (("title_a", self.title_a), ("title_b", self.title_b)):
            if not normalize(title):
                raise InputError(f"{self._said}: {column} is empty: give two titles")

    @property
    def _said(self) -> str:
        return self.where or f"correction {self.title_a!r}, {self.title_b!r}"

    @property
    def keys(self) -> tuple[str, str]:
        """The fingerprints of both titles."""
        return key_of_normalized(normalize(self.title_a)), key_of_normalized(normalize(self.title_b))


Given = Iterable[Correction | tuple[str, str, str]]


def read_corrections(paths: str | Path | Iterable[str | Path]) -> list[Correction]:
    """Return the corrections of one or several tables (CSV, TSV, JSON Lines, Parquet) with the columns `VERDICT_COLUMNS`.

    Rows without a verdict, or with the verdict "skipped", say nothing; nor does a file without rows. Raises `InputError`, with
    the row, for what cannot be used, and where corrections contradict each other.
    """
    given = [paths] if isinstance(paths, (str, Path)) else paths
    found = [one for path in given for one in _read(str(path))]
    check(found)
    return found


def _read(path: str) -> Iterator[Correction]:
    try:
        source = read_headlines([path], columns=Columns(title=VERDICT_COLUMNS[0]))
    except EmptyInput:
        return
    for column in VERDICT_COLUMNS[1:]:
        if column not in source.columns:
            raise InputError(f"{path} has no column {column!r}: corrections need {', '.join(VERDICT_COLUMNS)}")
    for number, headline in enumerate(source.headlines, 1):
        other, verdict = (str(headline.own.get(column) or "").strip() for column in VERDICT_COLUMNS[1:])
        if verdict.lower() not in ("", SKIPPED):
            yield Correction(headline.title, other, verdict, f"{path}, row {number}")


def as_corrections(given: Given) -> list[Correction]:
    """Return corrections, or tuples of two titles and a verdict, checked; those with the verdict "skipped" say nothing.

    Raises `InputError` as `read_corrections` does.
    """
    if isinstance(given, (str, Path)):
        raise InputError(f"corrections is a path, {str(given)!r}: give what read_corrections makes of it")
    found = [one if isinstance(one, Correction) else _correction(one) for one in given]
    said = [one for one in found if one is not None]
    check(said)
    return said


def _correction(given: Any) -> Correction | None:
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != len(VERDICT_COLUMNS):
        raise InputError(f"a correction is a {type(given).__name__}: give two titles and a verdict, in a tuple")
    return None if given[2] == SKIPPED else Correction(*given)


def check(corrections: Sequence[Correction], same: Mapping[str, str] | None = None) -> None:
    """Raise `InputError` for a correction that keeps apart what others put together, naming all of the chain.

    `same`: fingerprints that stand for one title in a run, each with one that stands for all of these.
    """
    for level, joining in TOGETHER.items():
        links = Links(corrections, joining, same)
        for one in corrections:
            if one.verdict in APART[level] and (chain := links.between(*one.keys)) is not None:
                raise InputError(_conflict(one, level, chain))


def _conflict(one: Correction, level: str, chain: Sequence[Correction]) -> str:
    said = f"{_named(one)} may not be one {level}"
    if not chain:
        return f"{said}, but they are copies of one title: leave that correction out"
    why = "; ".join(f"{_named(link)} must ({link.verdict})" for link in chain)
    return f"{said}, but by other corrections they have to: {why}: correct one of these"


def _named(one: Correction) -> str:
    return f"{one.title_a!r} and {one.title_b!r}" + (f" ({one.where})" if one.where else "")


class Links:
    """Which fingerprints some corrections put together."""

    def __init__(
        self, corrections: Sequence[Correction], verdicts: Sequence[str], same: Mapping[str, str] | None = None
    ) -> None:
        self._same = same or {}
        self.of: dict[str, list[tuple[str, Correction]]] = defaultdict(list)
        for one in corrections:
            if one.verdict in verdicts:
                a, b = map(self._known, one.keys)
                self.of[a].append((b, one))
                self.of[b].append((a, one))

    def _known(self, key: str) -> str:
        return self._same.get(key, key)

    def between(self, one: str, other: str) -> list[Correction] | None:
        """Return the shortest chain of corrections from one to the other, or None."""
        start, end = self._known(one), self._known(other)
        chains: dict[str, list[Correction]] = {start: []}
        queue = deque([start])
        while queue and end not in chains:
            here = queue.popleft()
            for there, link in self.of[here]:
                if there not in chains:
                    chains[there] = [*chains[here], link]
                    queue.append(there)
        return chains.get(end)

    def nearest(self, key: str, present: Collection[str]) -> set[str]:
        """Return the fingerprint itself where it is present, else those that are and come next by way of absent ones."""
        return {key} if key in present else self.beyond(key, present)

    def beyond(self, key: str, present: Collection[str]) -> set[str]:
        """Return the present fingerprints that come next, past absent ones only."""
        seen, queue, found = {key}, deque([key]), set[str]()
        while queue:
            for there, _ in self.of.get(queue.popleft(), ()):
                if there not in seen:
                    seen.add(there)
                    (found.add if there in present else queue.append)(there)
        return found
