"""A news page -> a `Source`."""

from __future__ import annotations

from datetime import datetime

from dedupe.dates import DateRules
from dedupe.errors import InputError
from dedupe.readers.pages import Page, page_of
from dedupe.readers.source import Source

_SHOWN = 3  # headlines of a page in a warning


def read_page(
    html_or_text: str, url: str | None = None, *, layout: bool = True, now: datetime | str | None = None
) -> Source:
    """Return the headlines of a news page, given as HTML, MHTML, Markdown or copied text.

    Args:
        html_or_text: the page.
        url: its address, to which its links are relative; by default the one that it states itself.
        layout: let headlines keep the `record` that they share, which is evidence for one wording.
        now: the moment at which the page was taken, from which relative dates such as "5 h ago" count, and from which others lie
            in the future; by default what the page says, or else the clock.

    A headline has in `extra` its `position` (of HTML the number of its link or heading, of text that of its line, from 1) and its
    `group`, the heading above it; and its address, date and source, each where the page has one. The `report` of the source
    says what was taken and what was left out. Raises `InputError` where no text of the page may be a headline.
    """
    return page_source(page_of(html_or_text, url, layout=layout, dates=DateRules(now=now)), url or "the page", "")


def page_source(page: Page, name: str, encoding: str) -> Source:
    """Return the headlines of a page that was read; `InputError` where it has none. `encoding`: what notes say of it."""
    if not page.headlines:
        raise InputError(
            f"{name}: no headline found in it, read as {page.how} ({page.report}): name its format with --input-format"
        )
    skipped = len(page.report.left_out)
    rest = f", {skipped:,} other line{'s' * (skipped > 1)} skipped" if skipped else ""
    notes = [f"read {name} as {page.how}{encoding}: {len(page.headlines):,} headlines{rest}", *page.origin.said(name)]
    likeliest = ", ".join(repr(headline.title) for headline in page.headlines[:_SHOWN])
    unsure = (
        f"{name}: nothing in it surely is a headline; {len(page.headlines):,} taken, such as {likeliest}: check them"
    )
    warnings = [] if page.report.sure else [f"{unsure} with --dry-run"]
    return Source(page.headlines, "page", notes=notes, warnings=warnings, report=page.report)
