"""`StorySummary`: one story in one row, for tables of stories and for digests, wherever its headlines are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dedupe.headlines import Headline

if TYPE_CHECKING:
    from dedupe.result.groups import Story


@dataclass(frozen=True, slots=True)
class StorySummary:
    """One story in one row.

    `id`: its number. `representative`, `url`: the title to show, and its address. `size`: how many headlines it has.
    `publishers`: their names, in the order in which they appear. `first`, `last`: when the first and the last headline was
    published, None where none is dated. `wordings`: a title for each, that of the representative first.
    """

    id: int | str
    representative: str
    url: str | None
    size: int
    publishers: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    wordings: tuple[str, ...]

    @classmethod
    def of(
        cls,
        id: int | str,
        representative: Headline,
        headlines: Sequence[Headline],
        wordings: Iterable[Headline],
    ) -> StorySummary:
        """Return the summary of a story: its id, representative and headlines, and the representatives of its wordings."""
        dates = [headline.published for headline in headlines if headline.published]
        titles = dict.fromkeys([representative.title, *(wording.title for wording in wordings)])
        return cls(
            id,
            representative.title,
            representative.url,
            len(headlines),
            publishers_of(headlines),
            min(dates, default=None),
            max(dates, default=None),
            tuple(titles),
        )

    def row(self) -> dict[str, Any]:
        """Return the columns of a table; see `docs/columns.md`."""
        return {
            "id": self.id,
            "representative": self.representative,
            "url": self.url,
            "size": self.size,
            "publishers": len(self.publishers),
            "first": self.first,
            "last": self.last,
            "wordings": len(self.wordings),
            "publisher_names": list(self.publishers),
            "wording_titles": list(self.wordings),
        }


def publishers_of(headlines: Iterable[Headline]) -> tuple[str, ...]:
    """Return the publishers of headlines, each once, whatever its case and the space around it."""
    names: dict[str, str] = {}
    for headline in headlines:
        if name := (headline.source or "").strip():
            names.setdefault(name.casefold(), name)
    return tuple(names.values())


def summaries_of(stories: Iterable[Story]) -> list[StorySummary]:
    """Return the summary of each story of a run, in their order."""
    return [
        StorySummary.of(
            story.id,
            story.representative,
            story.headlines,
            [wording.representative for wording in story.wordings],
        )
        for story in stories
    ]
