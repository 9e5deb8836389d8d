"""`page_of`: the text of a page, in any of its formats -> a `Page` of headlines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from dedupe.dates import NO_RULES, DateRules, Origin, read_dates
from dedupe.dates import Reading as DateReading
from dedupe.headlines import Headline
from dedupe.readers.pages.formats import html_of_mhtml, looks_like_html, looks_like_mhtml
from dedupe.readers.pages.found import Found, PageReport, Reading
from dedupe.readers.pages.html import read_html
from dedupe.readers.pages.taken import counted_from_page, saved_at
from dedupe.readers.pages.text import read_text


@dataclass(frozen=True, slots=True)
class Page:
    """The headlines of a page in order.

    `how`: what it was read as, for messages. `feeds`: addresses of feeds that it names. `origin`: from where its relative dates
    count.
    """

    headlines: list[Headline]
    report: PageReport
    how: str
    feeds: list[str]
    origin: Origin


def page_of(text: str, url: str | None = None, *, layout: bool = True, dates: DateRules = NO_RULES) -> Page:
    """Return the headlines of a page: HTML, a part of it, MHTML, Markdown or copied text.

    Args:
        text: the page.
        url: its address, to which links are relative; by default the one that the page states.
        layout: whether headlines keep the `record` that they share with another.
        dates: the rules for dates. Without `now`, relative ones count from when the page says that it was saved, or else from
            `dates.origin`, if other dates of the page go with that.

    A headline has in `extra` its `position` (of HTML the number of its link or heading, of text that of its line, from 1)
    and its `group`, the heading above it, if there is one; and its link, date and source where the page has them.
    """
    saved = None
    if looks_like_mhtml(text):
        html, address, saved = html_of_mhtml(text)
        reading, how = read_html(html, url or address), "a saved HTML page"
    elif looks_like_html(text):
        reading, how, saved = read_html(text, url), "an HTML page", saved_at(text)
    else:
        reading, how = read_text(text), "a news page"
    report = PageReport(len(reading.found), tuple(reading.left_out), reading.sure)
    known = dates.origin or Origin(datetime.now(UTC), "when it was read")
    rules = counted_from_page(dates, reading, saved, known)
    return Page(_headlines(reading, text, layout, rules), report, how, reading.feeds, rules.origin or known)


def _headlines(reading: Reading, text: str, layout: bool, rules: DateRules) -> list[Headline]:
    members = Counter(found.record for found in reading.found)
    page = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
    dates = read_dates((found.published for found in reading.found), rules, least_relative=1)
    headlines = []
    for found, date in zip(reading.found, dates, strict=True):
        shared = layout and members[found.record] > 1
        record = f"{page}:{found.record}" if shared else None
        headlines.append(_headline(found, record, date))
    return headlines


def _headline(found: Found, record: str | None, date: DateReading) -> Headline:
    extra: dict[str, Any] = {"position": found.place}
    if found.section:
        extra["group"] = found.section
    return Headline(found.title, None, date.when, found.source, found.url, extra, bad_date=date.bad, record=record)
