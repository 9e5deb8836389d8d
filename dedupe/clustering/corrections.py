"""Corrections: pairs of titles that a person puts together or keeps apart, whatever the model says.

A correction names two titles and the closest level they share: "wording" (one wording), "story" (one story, but not one
wording) or "different" (two stories). A file of corrections has the columns `title_a`, `title_b` and `verdict`; the command
`label` writes such files. Titles are looked up by fingerprint: case, publisher marks and the like do not matter.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dedupe.errors import EmptyInput, InputError
from dedupe.levels import JOINING_VERDICTS, SEPARATING_VERDICTS, SKIPPED, VERDICT_COLUMNS, VERDICTS
from dedupe.readers.delimited import Columns
from dedupe.readers.inputs import read_headlines
from dedupe.text.normalize import key_of_normalized, normalize


@dataclass(frozen=True, slots=True)
class Correction:
    """Two titles and the verdict on them: "wording", "story" or "different". `where`: the file and row, for messages."""

    title_a: str
    title_b: str
    verdict: str
    where: str = ""

    def __post_init__(self) -> None:
        where = self.where or f"correction {self.title_a!r}, {self.title_b!r}"
        if not all(isinstance(part, str) for part in (self.title_a, self.title_b, self.verdict)):
            raise InputError(f"{where}: a correction is two titles and a verdict, all text: give all three")
        object.__setattr__(self, "verdict", self.verdict.strip().lower())
        if self.verdict not in VERDICTS:
            raise InputError(f"{where}: verdict must be one of {', '.join(VERDICTS)}, not {self.verdict!r}")
        for column, title in (("title_a", self.title_a), ("title_b", self.title_b)):
            if not normalize(title):
                raise InputError(f"{where}: {column} is empty: give two titles")

    def __str__(self) -> str:
        return f"{self.title_a!r} and {self.title_b!r}" + (f" ({self.where})" if self.where else "")

    @property
    def keys(self) -> tuple[str, str]:
        """The fingerprints of both titles."""
        return key_of_normalized(normalize(self.title_a)), key_of_normalized(normalize(self.title_b))


CorrectionLike = Correction | tuple[str, str, str]


def read_corrections(paths: str | Path | Iterable[str | Path]) -> list[Correction]:
    """Read corrections from files (CSV, TSV, JSON Lines, Parquet) with the columns `title_a`, `title_b` and `verdict`.

    Rows without a verdict, or with the verdict "skipped", are left out; a file may have no rows. Raises `InputError`, with
    the row, where a row cannot be used or corrections contradict each other.
    """
    files = [paths] if isinstance(paths, (str, Path)) else paths
    corrections = [correction for path in files for correction in _read(str(path))]
    check_consistent(corrections)
    return corrections


def _read(path: str) -> Iterator[Correction]:
    try:
        source = read_headlines([path], columns=Columns(title=VERDICT_COLUMNS[0]))
    except EmptyInput:
        return
    for column in VERDICT_COLUMNS[1:]:
        if column not in source.columns:
            raise InputError(f"{path} has no column {column!r}: corrections need {', '.join(VERDICT_COLUMNS)}")
    yield from corrections_in(
        [{**headline.own, VERDICT_COLUMNS[0]: headline.title} for headline in source.headlines], path
    )


def corrections_in(rows: Iterable[Mapping[str, Any]], path: str) -> Iterator[Correction]:
    """Yield the corrections in rows with `title_a`, `title_b` and `verdict`; see `read_corrections`. `path`: for messages."""
    for number, row in enumerate(rows, 1):
        title_a, title_b, verdict = (str(row.get(column) or "").strip() for column in VERDICT_COLUMNS)
        if verdict.lower() not in ("", SKIPPED):
            yield Correction(title_a, title_b, verdict, f"{path}, row {number}")


def as_corrections(corrections: Iterable[CorrectionLike]) -> list[Correction]:
    """Check corrections, or tuples of two titles and a verdict, as `read_corrections` does, and leave out "skipped" ones."""
    if isinstance(corrections, (str, Path)):
        raise InputError(f"corrections is a string or path, {str(corrections)!r}: pass it to read_corrections first")
    checked = [c for c in map(_correction, corrections) if c is not None]
    check_consistent(checked)
    return checked


def _correction(value: Any) -> Correction | None:
    if isinstance(value, Correction):
        return value
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != len(VERDICT_COLUMNS):
        raise InputError(f"a correction is a tuple of two titles and a verdict, not {value!r}: give all three")
    return None if value[2] == SKIPPED else Correction(*value)


def check_consistent(corrections: Sequence[Correction], same: Mapping[str, str] | None = None) -> None:
    """Raise `InputError` for a correction that separates what others put together, naming them all.

    `same`: the fingerprint in the run for each fingerprint of a correction; copies of one title share it.
    """
    for level, verdicts in JOINING_VERDICTS.items():
        links = Links(corrections, verdicts, same)
        for correction in (c for c in corrections if c.verdict in SEPARATING_VERDICTS[level]):
            if (chain := links.between(*correction.keys)) is not None:
                raise InputError(_conflict(correction, level, chain))


def _conflict(correction: Correction, level: str, chain: Sequence[Correction]) -> str:
    if not chain:
        return f"{correction} must not be one {level}, but they are copies of one title: leave that correction out"
    why = "; ".join(f"{link} are one {link.verdict}" for link in chain)
    return (
        f"{correction} must not be one {level}, but other corrections imply that they are: {why}: change one of these"
    )


class Links:
    """The corrections with these verdicts as a graph of fingerprints. `same`: as for `check_consistent`."""

    def __init__(
        self, corrections: Sequence[Correction], verdicts: Sequence[str], same: Mapping[str, str] | None = None
    ) -> None:
        self._same = same or {}
        self._links: dict[str, list[tuple[str, Correction]]] = defaultdict(list)
        for correction in corrections:
            if correction.verdict in verdicts:
                a, b = (self._same.get(key, key) for key in correction.keys)
                self._links[a].append((b, correction))
                self._links[b].append((a, correction))

    def between(self, first: str, second: str) -> list[Correction] | None:
        """Return the shortest chain of corrections between two fingerprints, or None."""
        start, end = self._same.get(first, first), self._same.get(second, second)
        chains: dict[str, list[Correction]] = {start: []}
        queue = deque([start])
        while queue and end not in chains:
            key = queue.popleft()
            for neighbor, link in self._links[key]:
                if neighbor not in chains:
                    chains[neighbor] = [*chains[key], link]
                    queue.append(neighbor)
        return chains.get(end)

    def nearest(self, key: str, present: Collection[str]) -> set[str]:
        """Return the fingerprint itself if it is present, else what `beyond` returns."""
        return {key} if key in present else self.beyond(key, present)

    def beyond(self, key: str, present: Collection[str]) -> set[str]:
        """Return the present fingerprints that are linked to this one directly or through absent ones."""
        seen, queue, neighbors = {key}, deque([key]), set[str]()
        while queue:
            for neighbor, _ in self._links.get(queue.popleft(), ()):
                if neighbor not in seen:
                    seen.add(neighbor)
                    (neighbors.add if neighbor in present else queue.append)(neighbor)
        return neighbors
