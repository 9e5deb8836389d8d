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

COLUMNS = ("title", "published", "source", "url", "id")
_JSON_FEED = re.compile(r'\s*\{.*?"version"\s*:\s*"https?://(?:www\.)?jsonfeed\.org/', re.DOTALL)
_MARKUP = re.compile(r"</?(?:a|b|br|cite|em|font|i|mark|p|q|small|span|strong|su[bp]|u)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_SNIFFED = 4096  # characters


def looks_like_feed(text: str) -> bool:
    """Whether text begins as RSS (also RDF), Atom or JSON Feed does."""
    start = text[:_SNIFFED]
    return _root(start) in ("rss", "feed", "rdf:rdf") or bool(_JSON_FEED.match(start))


def looks_like_opml(text: str) -> bool:
    """Whether text begins as a list of feeds does."""
    return _root(text[:_SNIFFED]) == "opml"


def read_feed(text: str, name: str) -> list[dict[str, Any]]:
    """Return an entry of a feed a row, with the columns `COLUMNS`; absent ones None."""
    return list(_json_feed(text, name) if text.lstrip("\ufeff \t\r\n").startswith("{") else _xml_feed(text, name))


def feeds_of(text: str, name: str) -> list[str]:
    """Return the addresses of the feeds that OPML lists, each once."""
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except ElementTree.ParseError as error:
        raise InputError(f"{name} is not OPML ({error}): correct it, or give the feeds themselves") from None
    found = [outline.get("xmlUrl") or outline.get("xmlurl") for outline in root.iter("outline")]
    return list(dict.fromkeys(address.strip() for address in found if address and address.strip()))


def _root(start: str) -> str:
    """The name of the root element, in small letters."""
    bare = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>", "", start, flags=re.DOTALL | re.IGNORECASE)
    found = re.match(r"[\ufeff\s]*<([\w:]+)", bare)
    return found[1].lower() if found else ""


def _xml_feed(text: str, name: str) -> Iterator[dict[str, Any]]:
    import feedparser

    declared = re.sub(r"^[\ufeff\s]*<\?xml[^>]*\?>", "", text)  # its encoding no longer holds
    parsed = feedparser.parse(io.BytesIO(declared.encode("utf-8", "replace")), sanitize_html=False)
    if not parsed.entries and parsed.bozo:
        raise InputError(f"{name} is a feed that cannot be read ({parsed.bozo_exception}): fetch it again")
    outlet = _words(parsed.feed.get("title"))
    for entry in parsed.entries:
        source = entry.get("source") or {}
        yield _row(
            _words(entry.get("title")),
            _date(entry),
            _words(source.get("title")) or outlet,
            entry.get("link"),
            entry.get("id"),
        )


def _date(entry: Any) -> str | None:
    """When it was published, in ISO 8601; as it is written where it cannot be read."""
    for field in ("published", "updated", "created"):
        parsed = entry.get(f"{field}_parsed")
        if parsed:
            return datetime.fromtimestamp(timegm(parsed), UTC).isoformat()
        if entry.get(field):
            return str(entry[field])
    return None


def _json_feed(text: str, name: str) -> Iterator[dict[str, Any]]:
    try:
        feed = json.loads(text)
        items = feed["items"]
        outlet = feed.get("title")
        for item in items:
            title = item.get("title") or item.get("summary") or item.get("content_text")
            date = item.get("date_published") or item.get("date_modified")
            yield _row(title, date, outlet, item.get("url") or item.get("external_url"), item.get("id"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{name} is not a JSON Feed ({error!r}): correct it, or fetch it again") from None


def _row(*values: Any) -> dict[str, Any]:
    return dict(zip(COLUMNS, values, strict=True))


def _words(title: str | None) -> str | None:
    """A title without markup, which feeds may escape into it."""
    return title and _MARKUP.sub("", title).strip()
