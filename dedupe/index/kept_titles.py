"""`KeptTitles`: what was found out about titles, for the next run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dedupe.clustering.collapse import Copies, copies_of, hour_of
from dedupe.headlines import Headline, tie_key
from dedupe.text.decorations import Undecorated, undecorated
from dedupe.text.normalize import key_of_core, normalize
from dedupe.text.outlets import NO_OUTLETS, Marks, Outlets

_MANY_MARKS = 50  # outlets that came or went, from which all titles are undecorated again

Titled = tuple[str, str | None]
"""A normalized title and its source."""


class KeptTitles:
    """Normalizes and undecorates the titles of one run after another, each as often as needed."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._cores: dict[Titled, tuple[Undecorated, str]] = {}
        self._outlets, self._marks = NO_OUTLETS, Marks()
        self._dates: dict[int, tuple[Headline, Any, float]] = {}  # by address in memory, that of the headline held

    def copies(self, headlines: Sequence[Headline], window: float | None) -> Copies:
        """Return what `collapse_copies` returns."""
        self._texts = {title: self._normalized(title) for title in {headline.title for headline in headlines}}
        texts = [self._texts[headline.title] for headline in headlines]
        titled = [(text, headline.source) for text, headline in zip(texts, headlines, strict=True)]
        self._marks.update(set(self._texts.values()))
        outlets = self._marks.outlets(source for _, source in titled)
        known = self._unchanged(outlets)
        self._cores = {title: known.get(title) or _core_of(title, outlets) for title in dict.fromkeys(titled)}
        self._outlets = outlets
        cores, fingerprints = [self._cores[title][0] for title in titled], [self._cores[title][1] for title in titled]
        self._dates = {id(row): self._dates.get(id(row)) or (row, tie_key(row), hour_of(row)) for row in headlines}
        dates = [self._dates[id(row)] for row in headlines]
        ties, hours = [key for _, key, _ in dates], [hour for *_, hour in dates]
        return copies_of(headlines, window, texts, cores, fingerprints, outlets, ties, hours)

    def _normalized(self, title: str) -> str:
        known = self._texts.get(title)
        return normalize(title) if known is None else known

    def _unchanged(self, outlets: Outlets) -> dict[Titled, tuple[Undecorated, str]]:
        """Return the cores that are the same with these outlets: those of titles without a mark that came or went."""
        marks = (outlets.sources ^ self._outlets.sources) | (outlets.names ^ self._outlets.names)
        if not marks:
            return self._cores
        if len(marks) > _MANY_MARKS:
            return {}
        return {title: core for title, core in self._cores.items() if not _has_any(title[0], marks)}


def _has_any(text: str, marks: frozenset[str]) -> bool:
    folded = text.casefold()
    return any(mark in folded for mark in marks)


def _core_of(title: Titled, outlets: Outlets) -> tuple[Undecorated, str]:
    core = undecorated(*title, outlets)
    return core, key_of_core(core.core)
