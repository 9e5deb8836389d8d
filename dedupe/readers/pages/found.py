"""What was found on a page: its headlines, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

MAX_LISTED = 200  # characters of a text that was left out


@dataclass(slots=True)
class Found:
    """One headline of a page.

    `place`: of HTML the number of its link or heading on the page, of text that of its line, both from 1. `section`: the
    heading or marker line above it. `record`: the number of its item; an item may have a title and a reworded title.
    """

    title: str
    place: int
    record: int
    url: str | None = None
    section: str | None = None
    published: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A text of a page that is no headline, its place, and what it is instead."""

    text: str
    place: int
    why: str


@dataclass(slots=True)
class Reading:
    """A page that was read.

    `sure`: whether any of its headlines surely is one. `feeds`: addresses of feeds that it names. `shown`: the last moment at
    which it was shown, by times that it gives both as a date and as "5 h ago".
    """

    found: list[Found]
    left_out: list[LeftOut]
    sure: bool = True
    feeds: list[str] = field(default_factory=list)
    shown: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageReport:
    """What was taken from pages, and what was left out: how many texts of each kind, and each of them with its kind."""

    taken: int
    left_out: tuple[LeftOut, ...] = ()
    sure: bool = True

    @property
    def counts(self) -> dict[str, int]:
        """How many texts of each kind were left out, most first."""
        return dict(Counter(item.why for item in self.left_out).most_common())

    def __str__(self) -> str:
        kinds = ", ".join(f"{number:,} {why}" for why, number in self.counts.items())
        return f"{self.taken:,} taken" + (f"; left out: {kinds}" if kinds else "")

    def lines(self) -> list[str]:
        """Return a line for each text that was left out, in order: its kind, then the text, shortened."""
        return [f"{item.why}: {item.text[:MAX_LISTED]}{'…' * (len(item.text) > MAX_LISTED)}" for item in self.left_out]


def joined(reports: Sequence[PageReport]) -> PageReport | None:
    """Return the report of several pages together, None if there are none."""
    if not reports:
        return None
    left_out = tuple(item for report in reports for item in report.left_out)
    return PageReport(sum(report.taken for report in reports), left_out, all(report.sure for report in reports))
