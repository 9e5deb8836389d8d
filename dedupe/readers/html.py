"""A scraped news page as HTML -> its headlines: headings, and the links of articles and lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dedupe.readers.page_text import is_title

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN_TAGS = frozenset("script style noscript template".split())
_DROPPED_TAGS = _UNSEEN_TAGS | frozenset("iframe nav footer aside form button figcaption svg".split())
_DROPPED_ROLES = ("navigation", "contentinfo")
_HEADINGS = ("h1", "h2", "h3", "h4")
_PROSE = ("p", "blockquote")
_AROUND = frozenset((*_HEADINGS, *_PROSE, "a", "li", "article", "header"))
_INSIDE = frozenset((*_HEADINGS, "p", "a"))
_MAX_WORDS_BESIDE = 3  # a link beside more words of its parent stands in prose
_MAX_WORDS = 220  # of a headline, and characters of a word of one
_BLOCKS = frozenset((*_HEADINGS, "p", "li", "figcaption", "div", "a"))
_MAX_DEPTH = 256  # of elements; pages have some thirty, and the parser takes the square of it
_STYLES = frozenset("b big code em font i nobr s small strike strong tt u".split())
_MAX_STYLES = 16  # of these open at once, since the parser repeats them in every paragraph
_MAX_ATTRIBUTES = 500  # words of them in one tag, for the same reason
_TAGS = re.compile(
    r"""<!--.*?(?:-->|\Z)
    | <(?P<raw>script|style|textarea|title)\b.*?(?:</(?P=raw)\b|\Z)
    | <(?P<end>/?)(?P<name>[a-z][^\s/>]*)(?P<attributes>[^>]*)>""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_UNCOUNTED = frozenset(  # tags that have no end, or whose end may be left out
    """area base br col embed hr img input link meta source track wbr p li option optgroup tr td th thead tbody tfoot
    colgroup caption rt rp html head body""".split()
)


@dataclass(slots=True)
class _Element:
    """An element of the page while it is read: what is around it, and what is in it."""

    tag: str = ""
    parent: _Element | None = None
    article: _Element | None = None  # the innermost around it
    inside: frozenset[str] = (
        frozenset()
    )  # the tags around it that matter, and "item" for those whose links are headlines
    start: int = 0  # its words among those of the page
    end: int = 0
    own_words: int = 0
    names_titles: bool = False  # by its class
    holds: set[str] = field(default_factory=set)  # the tags in it that matter


@dataclass(slots=True)
class _Page:
    """What a page shows, read in one walk: its words, possible headlines, and blocks without blocks in them, in order."""

    words: list[str] = field(default_factory=list)
    candidates: list[_Element] = field(default_factory=list)
    leaves: list[_Element] = field(default_factory=list)
    has_h1: bool = False

    def text(self, element: _Element) -> str:
        return " ".join(self.words[element.start : element.end])


def titles_of_html(text: str) -> list[str]:
    """Return the headlines of an HTML page in order, each distinct text once."""
    tree = _parse(text)
    own_title, is_article = _title_in_head(tree)
    page = _read(tree, navigation=False)
    short = (item for item in page.candidates if _is_item(item) and item.end - item.start <= _MAX_WORDS)
    titles = [line for line in map(page.text, short) if is_title(line)]
    if own_title and not page.has_h1 and (is_article or not titles):
        titles.insert(0, own_title)
    return list(dict.fromkeys(titles))


def count_texts(text: str) -> int:
    """Return how many distinct pieces of text an HTML page shows."""
    page = _read(_parse(text), navigation=True)
    return len({page.text(leaf) for leaf in page.leaves} - {""})


def _parse(text: str) -> LexborHTMLParser:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(_shallow(text))


def _shallow(text: str) -> str:
    """Return HTML without the tags of elements nested too deeply, and without the attributes of a tag that has too many."""
    depth, styles = 0, 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth, styles
        name, attributes = (tag["name"] or "").lower(), tag["attributes"] or ""
        if name and name not in _UNCOUNTED and not attributes.endswith("/"):
            depth = max(depth + (-1 if tag["end"] else 1), 0)
            styles = max(styles + (-1 if tag["end"] else 1), 0) if name in _STYLES else styles
            if depth > _MAX_DEPTH or (name in _STYLES and styles > _MAX_STYLES):
                return ""
        many = len(attributes) > 2 * _MAX_ATTRIBUTES and len(attributes.split()) > _MAX_ATTRIBUTES
        return f"<{tag['end']}{name}>" if many else tag[0]

    return _TAGS.sub(kept, text)


def _read(tree: LexborHTMLParser, *, navigation: bool) -> _Page:
    """Read a page in one walk, with or without its `navigation`."""
    page, current, node = _Page(), _Element(), tree.root
    while node is not None:
        tag = node.tag or ""
        if tag == "-text":
            words = (node.text_content or "").split()
            page.words += [word[: _MAX_WORDS + 1] for word in words]
            current.own_words += len(words)
        elif not _is_dropped(node, tag, current, navigation):
            current = _entered(page, node, tag, current)
            if node.child is not None:
                node = node.child
                continue
            current = _left(page, current)
        while node.next is None:
            node = node.parent
            if node is None or current.parent is None:
                return page
            current = _left(page, current)
        node = node.next
    return page


def _is_dropped(node: LexborNode, tag: str, parent: _Element, navigation: bool) -> bool:
    if navigation or tag in _DROPPED_TAGS:
        return tag.startswith("-") or tag in (_UNSEEN_TAGS if navigation else _DROPPED_TAGS)
    attributes = node.attributes
    if "hidden" in attributes or attributes.get("role") in _DROPPED_ROLES:
        return True
    return tag.startswith("-") or (tag == "li" and ("header" in parent.inside or parent.tag == "header"))


def _entered(page: _Page, node: LexborNode, tag: str, parent: _Element) -> _Element:
    """Return an element of the page, with what is around it."""
    inside = parent.inside | {parent.tag} if parent.tag in _AROUND else parent.inside
    if parent.tag in ("article", "li") or parent.names_titles:
        inside |= {"item"}
    article = parent if parent.tag == "article" else parent.article
    element = _Element(tag, parent, article, inside, len(page.words))
    names = node.attributes.get("class") or ""
    element.names_titles = "headline" in names or "title" in names
    if tag in _HEADINGS or (tag == "a" and "item" in inside):
        page.candidates.append(element)
    page.has_h1 |= tag == "h1"
    return element


def _left(page: _Page, element: _Element) -> _Element:
    """Close an element and return its parent."""
    element.end, parent = len(page.words), element.parent
    assert parent is not None
    if element.tag in _BLOCKS:
        if "block" not in element.holds:
            page.leaves.append(element)
        parent.holds.add("block")
    if element.tag in _INSIDE:
        parent.holds.add(element.tag)
    parent.holds |= element.holds
    return parent


def _is_item(element: _Element) -> bool:
    """Whether a heading or link can name an item: no link in prose or in a heading, no subheading of an article."""
    if element.tag in _HEADINGS:
        linked = "a" in element.holds or not element.inside.isdisjoint(("a", "li"))
        return element.tag == "h1" or linked or element.article is None or "h1" not in element.article.holds
    if not element.inside.isdisjoint((*_HEADINGS, *_PROSE)):
        return False
    beside = element.parent.own_words if element.parent else 0
    return element.holds.isdisjoint((*_HEADINGS, "p")) and beside <= _MAX_WORDS_BESIDE


def _title_in_head(tree: LexborHTMLParser) -> tuple[str, bool]:
    """The title in the page's head, "" if there is none, and whether it is declared to be that of an article."""
    properties = {node.attributes.get("property"): node.attributes.get("content") for node in tree.css("meta")[::-1]}
    title = " ".join((properties.get("og:title") or "").split())
    own = tree.css_first("title")
    return (title, properties.get("og:type") == "article") if title else (_text(own), False)


def _text(node: LexborNode | None) -> str:
    return " ".join(node.text(separator=" ").split()) if node else ""
