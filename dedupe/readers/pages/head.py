"""The head of an HTML page -> what it says of the page itself: title, date, address, feeds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_SEPARATORS = (" | ", " – ", " — ", " - ", " · ", " : ", " » ")
_MAX_JSON = 1_000_000  # characters
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Head:
    """`title`: of the page without the site's name, "" if unknown. `is_article`: whether it is declared to be an article.

    `base`: the address that links are relative to, "" if unknown.
    """

    title: str
    site: str
    is_article: bool
    published: str | None
    base: str
    feeds: list[str]

    def absolute(self, href: str | None) -> str | None:
        """Return the address of a link, None for one to this page, to no page, or to an unknown place."""
        try:
            address = urljoin(self.base, (href or "").strip())
            parts, page = urlsplit(address), urlsplit(self.base)
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or not parts.netloc:
            return None
        same = (parts.netloc, parts.path.rstrip("/"), parts.query) == (page.netloc, page.path.rstrip("/"), page.query)
        return None if same else address


def head_of(tree: LexborHTMLParser, url: str | None) -> Head:
    """Return what the head of a page says; `url`: the page's address if it is known."""
    meta: dict[str, str] = {}
    for node in tree.css("meta")[::-1]:
        name = node.attributes.get("property") or node.attributes.get("name") or node.attributes.get("itemprop")
        if name:
            meta[name.lower()] = " ".join((node.attributes.get("content") or "").split())
    links = [(node.attributes.get("rel") or "", node.attributes) for node in tree.css("link[href]")]
    canonical = next((at.get("href") or "" for rel, at in links if rel.lower() == "canonical"), "")
    address = url or canonical or meta.get("og:url", "")
    base_node = tree.css_first("base[href]")
    base = _joined(address, (base_node.attributes.get("href") or "") if base_node else "")
    articles = list(_articles(tree))
    if len({str(article.get("headline")) for article in articles}) > 1:  # of a list of them, none is this page
        articles = []
    shown = tree.css_first("title")
    title = next((a["headline"] for a in articles if isinstance(a.get("headline"), str)), "") or meta.get(
        "og:title", ""
    )
    site = meta.get("og:site_name", "")
    published = meta.get("article:published_time") or next(
        (a["datePublished"] for a in articles if isinstance(a.get("datePublished"), str)), None
    )
    feeds = [_joined(base, at.get("href") or "") for rel, at in links if (at.get("type") or "").lower() in _FEED_TYPES]
    return Head(
        _without_site(" ".join(title.split()) or (" ".join(shown.text().split()) if shown else ""), site),
        site,
        meta.get("og:type") == "article" or bool(articles),
        published,
        base,
        [feed for feed in dict.fromkeys(feeds) if feed.startswith(("http://", "https://"))],
    )


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return base


def _without_site(title: str, site: str) -> str:
    """A title without the name of its site behind it."""
    for separator in _SEPARATORS:
        if site and title.casefold().endswith(f"{separator}{site}".casefold()):
            return title[: -len(separator + site)].strip()
    return title


def _articles(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """The articles of JSON-LD that are not inside other things: this page, or a list of others."""
    for node in tree.css('script[type="application/ld+json"]'):
        text = node.text()
        if len(text) > _MAX_JSON:
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        yield from _typed(data, 0)


def _typed(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if isinstance(data, list) and depth < _MAX_DEPTH:
        for item in data:
            yield from _typed(item, depth + 1)
    elif isinstance(data, dict):
        kinds = data.get("@type")
        names = kinds if isinstance(kinds, list) else [kinds]
        if any(isinstance(name, str) and name.endswith(("Article", "BlogPosting")) for name in names):
            yield data
        elif "@graph" in data:
            yield from _typed(data["@graph"], depth + 1)
