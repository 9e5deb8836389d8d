"""A scraped news page as HTML -> its headlines: headings, and the links of articles and lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dedupe.readers.page_text import is_title

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN_TAGS = ["script", "style", "noscript", "template"]
_DROPPED_TAGS = [*_UNSEEN_TAGS, *"iframe nav footer aside form button figcaption svg".split()]
_DROPPED = "[hidden], [role=navigation], [role=contentinfo], header li"
_HEADINGS = ("h1", "h2", "h3", "h4")
_CANDIDATES = "h1, h2, h3, h4, article a, li a, [class*=headline] a, [class*=title] a"
_MAX_WORDS_BESIDE = 3  # a link beside more words of its parent stands in prose
_BLOCKS = ", ".join((*_HEADINGS, "p", "li", "figcaption", "div", "a"))


def titles_of_html(text: str) -> list[str]:
    """Return the headlines of an HTML page in order, each distinct text once."""
    tree = _parse(text)
    own_title, is_article = _title_in_head(tree)
    tree.strip_tags(_DROPPED_TAGS)
    for node in tree.css(_DROPPED):
        node.decompose()
    titles = [line for line in (_text(node) for node in tree.css(_CANDIDATES) if _is_item(node)) if is_title(line)]
    if own_title and not tree.css_first("h1") and (is_article or not titles):
        titles.insert(0, own_title)
    return list(dict.fromkeys(titles))


def count_texts(text: str) -> int:
    """Return how many distinct pieces of text an HTML page shows."""
    tree = _parse(text)
    tree.strip_tags(_UNSEEN_TAGS)
    leaves = (node for node in tree.css(_BLOCKS) if len(node.css(_BLOCKS)) <= 1)  # `css` also returns the node itself
    return len({_text(node) for node in leaves} - {""})


def _parse(text: str) -> LexborHTMLParser:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(text)


def _text(node: LexborNode | None) -> str:
    return " ".join(node.text(separator=" ").split()) if node else ""


def _title_in_head(tree: LexborHTMLParser) -> tuple[str, bool]:
    """The title in the page's head, "" if there is none, and whether it is declared to be that of an article."""
    properties = {node.attributes.get("property"): node.attributes.get("content") for node in tree.css("meta")[::-1]}
    title = " ".join((properties.get("og:title") or "").split())
    return (title, properties.get("og:type") == "article") if title else (_text(tree.css_first("title")), False)


def _is_item(node: LexborNode) -> bool:
    """Whether a heading or link can name an item: no link in prose or in a heading, no subheading of an article."""
    ancestors = list(_ancestors(node))
    if node.tag in _HEADINGS:
        linked = node.css_first("a") is not None or any(parent.tag in ("a", "li") for parent in ancestors)
        article = next((parent for parent in ancestors if parent.tag == "article"), None)
        return node.tag == "h1" or linked or article is None or article.css_first("h1") is None
    if any(parent.tag in (*_HEADINGS, "p", "blockquote") for parent in ancestors):
        return False
    words_beside = (node.parent.text(deep=False) or "").split() if node.parent else []
    return node.css_first("h1, h2, h3, h4, p") is None and len(words_beside) <= _MAX_WORDS_BESIDE


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent
