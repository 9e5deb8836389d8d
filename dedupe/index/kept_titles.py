"""`KeptTitles`: what was found out about titles, for the next run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple, cast

import numpy as np

from dedupe.clustering.collapse import Copies, copies_of, hour_of
from dedupe.headlines import Headline, tie_key
from dedupe.runtime.arrays import Ints
from dedupe.text.decorations import Undecorated, undecorated
from dedupe.text.generic import is_generic
from dedupe.text.normalize import key_of_core, normalize
from dedupe.text.outlets import NO_OUTLETS, Marks, Outlets

_MANY_MARKS = 50  # outlets that came or went, from which all titles are undecorated again


Told = tuple[str, str | None, str, Undecorated, str]
"""A title and its source, then the same normalized, without decorations, and the key of this."""


class _Title(NamedTuple):
    """What is known of a headline, which is held here, so that its address in memory stays its own.

    `generic`: whether it says nothing by itself. `number`: another one whenever anything else is.
    """

    headline: Headline
    text: str
    core: Undecorated
    fingerprint: str
    generic: bool
    tie: Any
    hour: float
    number: int


class KeptTitles:
    """Normalizes and undecorates the titles of one run after another, each as often as needed."""

    def __init__(self) -> None:
        self._known: dict[int, _Title] = {}  # by address in memory
        self.outlets, self._marks, self._next = NO_OUTLETS, Marks(), count()

        self._tell: Callable[[], Iterable[Told]] | None = None

    @property
    def said(self) -> Iterable[Told]:
        """What was found out about the titles of the last run."""
        if self._tell is not None:
            return self._tell()
        titles = self._known.values()
        return ((t.headline.title, t.headline.source, t.text, t.core, t.fingerprint) for t in titles)

    def know(self, tell: Callable[[], Iterable[Told]], outlets: Outlets) -> None:
        """Take over what another process found out with these outlets, once it is needed."""
        self._tell, self.outlets = tell, outlets

    def copies(self, headlines: Sequence[Headline], window: float | None) -> tuple[Copies, Ints]:
        """Return what `collapse_copies` returns, and a number for each row, (rows,).

        It is that of a run before where this had the row, with the same decorations.
        """
        titles = [*map(self._known.get, map(id, headlines))]
        missing = [k for k, title in enumerate(titles) if title is None]
        told = {title[:2]: title for title in self._tell()} if self._tell else {}
        for k in missing:
            titles[k] = self._as_told(headlines[k], told)
        texts = {k: normalize(headlines[k].title) for k in missing if titles[k] is None}
        self._marks.update({title.text for title in titles if title is not None}.union(texts.values()))
        outlets = self._marks.outlets(row.source for row in headlines)
        is_other = self._changes(outlets)
        if is_other is not None:
            texts |= {k: title.text for k, title in enumerate(titles) if title is not None and is_other(title)}
        found = cast(list[_Title], titles)
        for k, text in texts.items():
            found[k] = self._title(headlines[k], text, outlets)
        self._known = dict(zip(map(id, headlines), found, strict=True))
        self.outlets, self._tell = outlets, None
        columns = map(list, zip(*found, strict=True)) if found else ([] for _ in _Title._fields)
        _, normalized, cores, fingerprints, says_nothing, ties, hours, numbers = columns
        nothing = {key for key, generic in zip(fingerprints, says_nothing, strict=True) if generic}
        generic = np.fromiter((key in nothing for key in fingerprints), bool, len(fingerprints))
        copies = copies_of(headlines, window, normalized, cores, fingerprints, outlets, ties, hours, generic)
        return copies, np.array(numbers, np.int64)

    def _as_told(self, row: Headline, told: Mapping[tuple[str, str | None], Told]) -> _Title | None:
        if not told or (row.title, row.source) not in told:
            return None
        _, _, text, core, fingerprint = told[row.title, row.source]
        return self._found(row, text, core, fingerprint, self.outlets)

    def _title(self, row: Headline, text: str, outlets: Outlets) -> _Title:
        core = undecorated(text, row.source, outlets)
        return self._found(row, text, core, key_of_core(core.core), outlets)

    def _found(self, row: Headline, text: str, core: Undecorated, fingerprint: str, outlets: Outlets) -> _Title:
        generic = is_generic(core.core, row.source, outlets)
        return _Title(row, text, core, fingerprint, generic, tie_key(row), hour_of(row), next(self._next))

    def _changes(self, outlets: Outlets) -> Callable[[_Title], bool] | None:
        """Return whether a title may have another core with these outlets: one with a mark that came or went; None: none has."""
        marks = (outlets.sources ^ self.outlets.sources) | (outlets.names ^ self.outlets.names)
        if len(marks) > _MANY_MARKS:
            return lambda title: True
        return (lambda title: any(mark in title.text.casefold() for mark in marks)) if marks else None
