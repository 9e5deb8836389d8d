"""RSS, Atom and JSON Feed -> rows; OPML -> the addresses of feeds."""

from __future__ import annotations

import io
import json
import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from dedupe.errors import InputError

FEED_COLUMNS = ("title", "published", "source", "url", "id")
_JSON_FEED = re.compile(r'\s*\{.*?"version"\s*:\s*"https?://(?:www\.)?jsonfeed\.org/', re.DOTALL)
_MARKUP = re.compile(r"</?(?:a|b|br|cite|em|font|i|mark|p|q|small|span|strong|su[bp]|u)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_PROLOGUE = re.compile(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>", re.DOTALL | re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^[\ufeff\s]*<\?xml[^>]*\?>")  # its encoding no longer holds for decoded text
_BLANK_LINES = re.compile(r"[\r\n]\s+")
_SAMPLE = 4096  # characters


def detect_feed(text: str) -> str | None:
    """Return "feed" for RSS (also RDF), Atom and JSON Feed, "opml" for a list of feeds, None for other text."""
    sample = text[:_SAMPLE]
    if _JSON_FEED.match(sample):
        return "feed"
    root = re.match(r"[\ufeff\s]*<(rss|feed|rdf:rdf|opml)(?![\w:])", _PROLOGUE.sub("", sample), re.IGNORECASE)
    return root and ("opml" if root[1].lower() == "opml" else "feed")


def addresses_of_opml(text: str, name: str) -> list[str]:
    """Return the addresses of the feeds that OPML lists, each once."""
    try:
        root = ElementTree.fromstring(_XML_DECLARATION.sub("", text))
    except ElementTree.ParseError as error:
        raise InputError(f"{name} is not OPML ({error}): correct it, or give the feeds themselves") from None
    addresses = (outline.get("xmlUrl") or outline.get("xmlurl") or "" for outline in root.iter("outline"))
    return list(dict.fromkeys(address.strip() for address in addresses if address.strip()))


def read_feed(text: str, name: str) -> list[dict[str, Any]]:
    """Return a row with `FEED_COLUMNS` for each entry of a feed, None where an entry lacks one."""
    is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    entries = _json_entries(text, name) if is_json else _xml_entries(text, name)
    return [dict(zip(FEED_COLUMNS, values, strict=True)) for values in entries]


def _xml_entries(text: str, name: str) -> Iterator[tuple[Any, ...]]:
    import feedparser

    text = _BLANK_LINES.sub("\n", _XML_DECLARATION.sub("", text))  # feedparser takes the square of their number
    content = io.BytesIO(text.encode("utf-8", "replace"))
    feed = feedparser.parse(content, sanitize_html=False)
    if not feed.entries and feed.bozo:
        raise InputError(f"{name} is a feed that cannot be read ({feed.bozo_exception}): fetch it again")
    outlet = _without_markup(feed.feed.get("title"))
    for entry in feed.entries:
        source = _without_markup((entry.get("source") or {}).get("title")) or outlet
        yield _without_markup(entry.get("title")), _date(entry), source, entry.get("link"), entry.get("id")


def _date(entry: Any) -> str | None:
    """The date in ISO 8601, or as written if it cannot be parsed."""
    for field in ("published", "updated", "created"):
        parsed = entry.get(f"{field}_parsed")
        if parsed:
            return datetime.fromtimestamp(timegm(parsed), UTC).isoformat()
        if entry.get(field):
            return str(entry[field])
    return None


def _json_entries(text: str, name: str) -> Iterator[tuple[Any, ...]]:
    try:
        feed = json.loads(text)
        for item in feed["items"]:
            title = item.get("title") or item.get("summary") or item.get("content_text")
            date = item.get("date_published") or item.get("date_modified")
            yield title, date, feed.get("title"), item.get("url") or item.get("external_url"), item.get("id")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{name} is not a JSON Feed ({error!r}): correct it, or fetch it again") from None


def _without_markup(title: str | None) -> str | None:
    """A title without the markup that feeds may escape into it."""
    return title and _MARKUP.sub("", title).strip()
