"""The usual names of columns, by which those that the user does not name are found."""

from __future__ import annotations

SURE_TITLES = (
    *("dedupe_title", "title", "headline", "headlines", "headline_text", "news_title", "news_headline"),
    *("article_title", "post_title", "page_title", "heading", "titel", "schlagzeile", "titre", "titulo", "titolo"),
)
"""Names that a title column has, the best first. An earlier run has called its own `dedupe_title`."""
POSSIBLE_TITLES = ("header", "text", "name", "subject", "tweet", "full_text", "post", "message", "summary", "content")
"""Names that other columns have, too: one counts where its values look like titles."""
USUAL_NAMES = {
    "title": (*SURE_TITLES, *POSSIBLE_TITLES),
    "date": (
        *("published", "date", "published_at", "pubdate", "published_date", "publish_date", "publication_date"),
        *("date_published", "created_at", "created_utc", "datetime", "timestamp", "time", "seendate", "first_seen"),
    ),
    "source": (
        *("source", "publisher", "outlet", "publication", "source_name", "news_source", "media_name"),
        *("site", "domain", "hostname", "feed"),
    ),
    "id": ("id", "guid", "uuid", "article_id", "news_id"),
    "url": ("url", "link", "href", "web_url", "article_url"),
}
"""The usual names of the column for each field of `Columns`, the best first. Case, and signs between words, do not count."""


def folded(name: str) -> str:
    """Return a name without what does not count: "Published At" and "published_at" are the same."""
    return "".join(filter(str.isalnum, name.casefold()))


def usual_columns(available: list[str], field: str) -> list[str]:
    """Return the available columns that have a usual name of a field, the best first."""
    by_name = {folded(column): column for column in reversed(available)}
    return [by_name[name] for name in map(folded, USUAL_NAMES[field]) if name in by_name]


def lines_of_names() -> list[str]:
    """Return a line for each field: the usual names of its column."""
    return [f"{field}: {', '.join(names)}" for field, names in USUAL_NAMES.items()]
