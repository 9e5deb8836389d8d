"""Stories -> a digest in Markdown, to read, to mail or to publish. Titles and names are shown as text, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from dedupe.result.display import counted
from dedupe.result.story_table import StorySummary
from dedupe.runtime.terminal import printable

_MARKS = re.compile(r"[\\`*_{}\[\]<>|~$&#!]")  # that may begin markup anywhere in a line
_LINK = re.compile(r"(?<=[a-z])(:)(?=//)|(?<=www)(\.)", re.IGNORECASE)  # of an address that some readers make a link
_MAIL = re.compile("@")
_START = re.compile(r"^(\d{1,9})([.)])|^([-+=])")  # of a list item or an underline
_SEPARATORS = (" - ", " – ", " — ", " | ")
_IN_ADDRESS = "!#$%&'*+,-./:;=?@_~"  # what stays as it is in the address of a link


def digest_lines(stories: Sequence[StorySummary], title: str = "Stories") -> Iterator[str]:
    """Yield the lines of a digest: stories of several headlines first, with their other wordings, then single headlines."""
    yield f"# {escaped(title)}"
    yield ""
    headlines = counted(sum(story.size for story in stories), "headline")
    yield f"{counted(len(stories), 'story', 'stories')} in {headlines}{_span(stories)}."
    several = [story for story in stories if story.size > 1]
    single = [story for story in stories if story.size == 1]
    for heading, part in (("Reported more than once", several), ("Reported once", single)):
        if part:
            yield from ("", f"## {heading}", "")
            for story in part:
                yield from _story(story)


def escaped(text: str) -> str:
    """Return text on one line that Markdown shows as it is."""
    text = " ".join(printable(text).split())
    text = _MARKS.sub(lambda mark: f"\\{mark[0]}", text)
    text = _MAIL.sub(r"\\@", _LINK.sub(lambda mark: f"\\{mark[0]}", text))
    return _START.sub(lambda mark: f"{mark[1] or ''}\\{mark[2] or mark[3]}", text)


def _story(story: StorySummary) -> Iterator[str]:
    title = f"**{escaped(_without_outlet(story.representative, story.publishers)) or '(no title)'}**"
    details = filter(
        None, [counted(story.size, "headline") if story.size > 1 else "", _publishers(story), _days(story)]
    )
    address = _address(story.url)
    yield f"- {f'[{title}]({address})' if address else title} ({'; '.join(details) or 'no date'})"
    for wording in story.wordings[1:]:
        yield f"  - {escaped(_without_outlet(wording, story.publishers)) or '(no title)'}"


def _publishers(story: StorySummary) -> str:
    return ", ".join(map(escaped, story.publishers))


def _without_outlet(title: str, publishers: Sequence[str]) -> str:
    """The title without the name of its publisher at the end, as the digest names it anyway."""
    for name in publishers:
        for separator in _SEPARATORS:
            if title.endswith(separator + name):
                return title.removesuffix(separator + name)
    return title


def _address(url: str | None) -> str:
    """An address as Markdown can hold it in brackets; "" for what is not one of the web."""
    if url is None or not url.strip().lower().startswith(("http://", "https://")):
        return ""
    return quote(url.strip().encode("utf-8", "backslashreplace"), safe=_IN_ADDRESS)


def _days(story: StorySummary) -> str:
    if story.first is None or story.last is None:
        return ""
    return _days_between(story.first, story.last)


def _span(stories: Sequence[StorySummary]) -> str:
    dates = [date for story in stories for date in (story.first, story.last) if date]
    if not dates:
        return ""
    return f", {_days_between(min(dates), max(dates))}"


def _days_between(first: datetime, last: datetime) -> str:
    start, end = first.astimezone(UTC), last.astimezone(UTC)
    until = f"{end.day} {end:%B %Y}"
    if start.date() == end.date():
        return until
    same_month = (start.year, start.month) == (end.year, end.month)
    return f"{start.day} to {until}" if same_month else f"{start.day} {start:%B %Y} to {until}"
