"""RSS, Atom and JSON Feed -> rows; OPML -> the addresses of feeds."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from dedupe.dates import DateRules
from dedupe.errors import InputError
from dedupe.headlines import Headline
from dedupe.readers.delimited import FIELDS, array_start, headlines_of
from dedupe.readers.entry_titles import clean_title, first_sentence
from dedupe.readers.xml_text import cut_feed, root_name, with_plain_doctype

FEED_COLUMNS = ("title", "published", "source", "url", "id")
_JSON_FEED = re.compile(r'\s*\{.*?"version"\s*:\s*"https?://(?:www\.)?jsonfeed\.org/', re.DOTALL)
_ITEMS = re.compile(r'"items"\s*:\s*\[')
_FORMAT_OF_ROOT = {"rss": "feed", "feed": "feed", "rdf": "feed", "opml": "opml"}
_GOOGLE = re.compile(r"https?://news\.google\.", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^[\ufeff\s]*<\?xml[^>]*\?>")  # its encoding no longer holds for decoded text
_REFERENCE = re.compile(r"&(?:amp;)?#(?:x([\da-f]+)|([0-9]+));?", re.IGNORECASE)  # to a character; perhaps escaped
_BLANK_LINES = re.compile(r"[\r\n]\s+")
_SAMPLE = 4096  # characters
_MAX_REASON = 200  # characters


def detect_feed(text: str) -> str | None:
    """Return "feed" for RSS (also RDF), Atom and JSON Feed, "opml" for a list of feeds, None for other text."""
    if _JSON_FEED.match(text[:_SAMPLE]) or _is_json_feed(text):
        return "feed"
    return _FORMAT_OF_ROOT.get(root_name(text).lower().rpartition(":")[2])


def _is_json_feed(text: str) -> bool:
    """Whether a JSON object says late that it is a feed."""
    if not text.lstrip("\ufeff \t\r\n").startswith("{") or "jsonfeed.org/version/" not in text:
        return False
    try:
        feed = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return False
    version = feed.get("version")
    return isinstance(version, str) and "jsonfeed.org/version/" in version and isinstance(feed.get("items"), list)


def addresses_of_opml(text: str, name: str) -> list[str]:
    """Return the addresses of the feeds that OPML lists, each once."""
    try:
        root = ElementTree.fromstring(_XML_DECLARATION.sub("", text))
    except (ElementTree.ParseError, ValueError) as error:  # ValueError: half a surrogate pair
        raise InputError(f"{name} is not OPML ({error}): correct it, or give the feeds themselves") from None
    addresses = (outline.get("xmlUrl") or outline.get("xmlurl") or "" for outline in root.iter("outline"))
    return list(dict.fromkeys(address.strip() for address in addresses if address.strip()))


def feed_headlines(
    text: str, name: str, dates: DateRules, *, skip_bad: bool = False
) -> tuple[list[Headline], str | None]:
    """Return a headline for each entry of a feed, whose row has `FEED_COLUMNS`, and None for a whole feed.

    An entry without a title has the first sentence of its text instead, and `title_made`. `dates`: the rules for dates; in a
    row, those that can be read are in ISO 8601, the others as they are written. A feed that was cut off is an `InputError`, or
    with `skip_bad` its whole entries and what follows them.
    """
    is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    entries, rest = (_json_entries if is_json else _xml_entries)(text, name, skip_bad)
    rows, made = list[dict[str, Any]](), list[bool]()
    for *values, title_made in entries:
        rows.append(dict(zip(FEED_COLUMNS, values, strict=True)))
        made.append(title_made)
    headlines = headlines_of(rows, FIELDS, dates)  # its columns are called as the fields
    for row, headline in zip(rows, headlines, strict=True):
        row["published"] = headline.published.isoformat() if headline.published else row["published"]
    return [replace(h, title_made=True) if m else h for h, m in zip(headlines, made, strict=True)], rest


def _xml_entries(text: str, name: str, skip_bad: bool) -> tuple[Iterator[tuple[Any, ...]], str | None]:
    feed, rest = _parsed(text, name), None
    if feed.bozo and (cut := cut_feed(text)):
        end, root = cut
        whole = _parsed(f"{text[:end]}{'</channel>' * (root.lower() == 'rss')}</{root}>", name)
        if not (skip_bad and whole.entries):
            problem = f"it ends after {len(whole.entries):,} whole entries, without </{root}>"
            advice = "fetch it again" + ", or add --skip-bad to read those" * bool(whole.entries)
            raise InputError(f"{name} is a feed that cannot be read to its end ({problem}): {advice}")
        feed, rest = whole, text[end:]
    if not feed.entries and (feed.bozo or not feed.get("version")):
        reason = feed.get("bozo_exception") or "no root element of a feed"
        raise InputError(f"{name} is a feed that cannot be read ({reason}): fetch it again")
    return _entries_of(feed), rest


def _parsed(text: str, name: str) -> Any:
    import feedparser

    text = _BLANK_LINES.sub("\n", _XML_DECLARATION.sub("", text))  # feedparser takes the square of their number
    text = _REFERENCE.sub(_checked_reference, text)
    try:
        return feedparser.parse(io.BytesIO(with_plain_doctype(text).encode("utf-8", "replace")), sanitize_html=False)
    except Exception as error:  # it has no errors of its own, but fails in many ways on odd input
        reason = f"{type(error).__name__}: {error}"[:_MAX_REASON]
        raise InputError(f"{name} is a feed that cannot be read ({reason}): fetch it again") from error


def _entries_of(feed: Any) -> Iterator[tuple[Any, ...]]:
    outlet = clean_title(feed.feed.get("title") or "") or None
    for entry in feed.entries:
        title = clean_title(entry.get("title") or "")
        source = clean_title((entry.get("source") or {}).get("title") or entry.get("news_source") or "")
        if not source and _GOOGLE.match(entry.get("link") or ""):  # whose titles end in the outlet
            source = title.rpartition(" - ")[2].strip() if " - " in title else ""
        made = "" if title else _made_title(entry)
        yield title or made or None, _date(entry), source or outlet, entry.get("link"), entry.get("id"), bool(made)


def _made_title(entry: Any) -> str:
    """The first sentence of the description of an entry, or of its content."""
    texts = (entry.get("summary"), *(content.get("value") for content in entry.get("content") or ()))
    return next(filter(None, (first_sentence(text, html=True) for text in texts if text)), "")


def _checked_reference(match: re.Match[str]) -> str:
    """A numeric reference, or the replacement character for one to no character, on which parsers fail."""
    hexadecimal, decimal = match.groups()
    digits = (hexadecimal or decimal).lstrip("0")
    code = int(digits, 16 if hexadecimal else 10) if 0 < len(digits) < 9 else 0
    return match[0] if 0 < code < 0xD800 or 0xE000 <= code <= sys.maxunicode else "\ufffd"


def _date(entry: Any) -> str | None:
    """The date as it is written: feedparser reads other dates than ours out of several forms, and zones it takes for UTC."""
    fields = ("published", "updated", "created")
    return next((entry[field] for field in fields if dict.get(entry, field)), None)


def _json_entries(text: str, name: str, skip_bad: bool) -> tuple[list[tuple[Any, ...]], str | None]:
    rest: str | None = None
    try:
        feed = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        items = _ITEMS.search(text)
        values, end = array_start(text, items.end() - 1) if items else ([], 0)
        if not (skip_bad and values):
            advice = "correct it, or fetch it again" + ", or add --skip-bad to read its start" * bool(values)
            raise InputError(f"{name} is not a JSON Feed ({error!r}): {advice}") from None
        feed, rest = _before_items(text[: items.start()] if items else "") | {"items": values}, text[end:]
    try:
        return [_json_entry(item, feed) for item in feed["items"]], rest
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name} is not a JSON Feed ({error!r}): correct it, or fetch it again") from None


def _before_items(start: str) -> dict[str, Any]:
    """What a JSON Feed says of itself before its items, such as its title."""
    try:
        said = json.loads(start.lstrip("\ufeff").rstrip().rstrip(",") + "}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _json_entry(item: Any, feed: Any) -> tuple[Any, ...]:
    title, made = item.get("title"), ""
    title = clean_title(title) if isinstance(title, str) else title
    if not title:
        texts = ((item.get(key), key == "content_html") for key in ("summary", "content_text", "content_html"))
        sentences = (first_sentence(text, html=html) for text, html in texts if isinstance(text, str))
        made = next(filter(None, sentences), "")
    date = item.get("date_published") or item.get("date_modified")
    url = item.get("url") or item.get("external_url")
    return title or made or None, date, feed.get("title"), url, item.get("id"), bool(made)
