"""Files of headlines, as the tests of readers write them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from feedgen.feed import FeedGenerator

from dedupe.readers import Source

TITLES = ["Ferry sinks off Oslo, three dead", "Central bank raises rates", "Museum reopens <after> flood & fire"]
DAY = datetime(2025, 8, 16, 9, 30, tzinfo=UTC)


def titles(source: Source) -> list[str]:
    """Return the titles that were read."""
    return [headline.title for headline in source.headlines]


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    """Write `content` to `path` and return the path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def feed(kind: str) -> bytes:
    """Return `TITLES` as RSS, Atom or JSON Feed."""
    if kind == "json":
        items = [{"id": str(k), "title": title, "url": f"https://daily.example/{k}"} for k, title in enumerate(TITLES)]
        items[0]["date_published"] = DAY.isoformat()
        content = {"version": "https://jsonfeed.org/version/1.1", "title": "The Daily", "items": items}
        return json.dumps(content, indent=1).encode()
    generator = FeedGenerator()
    generator.id("urn:feed")
    generator.title("The Daily")
    generator.link(href="https://daily.example/")
    generator.description("News")
    for k, title in enumerate(TITLES):
        entry = generator.add_entry(order="append")
        entry.id(f"urn:{k}")
        entry.title(title)
        entry.link(href=f"https://daily.example/{k}")
        entry.published(DAY)
        entry.updated(DAY)
    return generator.rss_str() if kind == "rss" else generator.atom_str()
