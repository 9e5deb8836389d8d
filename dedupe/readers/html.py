"""A scraped news page as HTML -> its headlines: headings, and the links of articles and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe.readers.page_text import is_title

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_DROPPED = (
    *("script", "style", "noscript", "template", "iframe", "nav", "footer", "aside", "form", "button", "figcaption"),
    *("svg", "[hidden]", "[role=navigation]", "[role=contentinfo]", "header li"),
)
_HEADINGS = ("h1", "h2", "h3", "h4")
_CANDIDATES = "h1, h2, h3, h4, article a, li a, [class*=headline] a, [class*=title] a"
_BLOCKS = ", ".join((*_HEADINGS, "p", "li", "figcaption", "div", "a"))


def titles_of_html(text: str) -> list[str]:
    """Return the headlines of an HTML page in order, each distinct text once."""
    tree = _parse(text)
    own = _declared(tree)
    tree.strip_tags([tag for tag in _DROPPED if tag.isalpha()])
    for node in tree.css(", ".join(tag for tag in _DROPPED if not tag.isalpha())):
        node.decompose()
    found = [_text(node) for node in tree.css(_CANDIDATES) if _counts(node)]
    titles = [line for line in found if is_title(line)]
    if own and not tree.css_first("h1") and (own[1] or not titles):
        titles.insert(0, own[0])
    return list(dict.fromkeys(titles))


def texts_of_html(text: str) -> int:
    """Return how many distinct pieces of text the page shows: what its headlines are counted against."""
    tree = _parse(text)
    tree.strip_tags(["script", "style", "noscript", "template"])
    leaves = (node for node in tree.css(_BLOCKS) if len(node.css(_BLOCKS)) <= 1)  # a node finds itself
    return len({_text(node) for node in leaves} - {""})


def _parse(text: str) -> LexborHTMLParser:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(text)


def _text(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())


def _declared(tree: LexborHTMLParser) -> tuple[str, bool] | None:
    """The title in the page's head, and whether it is declared to be an article's."""
    declared = tree.css_first('meta[property="og:title"]')
    kind = tree.css_first('meta[property="og:type"]')
    title = " ".join((declared.attributes.get("content") or "").split()) if declared else ""
    if title:
        return title, bool(kind and kind.attributes.get("content") == "article")
    heading = tree.css_first("title")
    line = _text(heading) if heading else ""
    return (line, False) if line else None


def _counts(node: LexborNode) -> bool:
    """Whether a heading or link can name an item: no link within prose or a heading, no subheading of an article."""
    above = list(_above(node))
    if node.tag in _HEADINGS:
        linked = node.css_first("a") is not None or any(parent.tag in ("a", "li") for parent in above)
        article = next((parent for parent in above if parent.tag == "article"), None)
        return node.tag == "h1" or linked or article is None or article.css_first("h1") is None
    if any(parent.tag in (*_HEADINGS, "p", "blockquote") for parent in above):
        return False
    return node.css_first("h1, h2, h3, h4, p") is None and not _in_prose(node)


def _in_prose(link: LexborNode) -> bool:
    """Whether words stand directly beside the link."""
    parent = link.parent
    return parent is not None and len((parent.text(deep=False) or "").split()) > 3


def _above(node: LexborNode) -> list[LexborNode]:
    found, parent = [], node.parent
    while parent is not None:
        found.append(parent)
        parent = parent.parent
    return found
