"""An HTML document -> the pieces of text that can be headlines: its links, part by part, and its headings.

A link may hold a label, a title and a teaser. Each part that has an element of its own is a piece of its own. Pieces of one
`kind`, which is their path in the document with its classes, were written by one template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from dedupe.readers.pages.lines import kind_of
from dedupe.readers.pages.words import count_words

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
UNSEEN_TAGS = ["script", "style", "noscript", "template", "iframe", "svg", "select", "button"]
_DROPPED = (
    "[hidden], [role=navigation], [role=contentinfo], [role=dialog], [role=alertdialog], [role=menu], [role=search]"
)
_DROPPED_NAMES = re.compile(
    r"\b(?:cookies?|consent|gdpr|onetrust|visually-?hidden|sr-only|screen-reader(?:-text)?|offscreen|skip-?links?)",
    re.I,
)
_INLINE = frozenset(
    "b i em strong mark small sub sup abbr q cite u s wbr font br bdi bdo time ins del code big".split()
)
_PROSE = ("p", "blockquote", "dd", "figcaption")
_STATES = re.compile(
    r"^(?:first|last|odd|even|active|current|selected|open|left|right|is-\w+|has-\w+|no-?\w*|\w*clear\w*)$|^.$|^(?:first|last)-",
    re.I,
)
_MAX_WORDS_BESIDE = 3  # a link beside more words of its parent stands in prose
_PATH = 9  # elements of a path
_CLASSED = 4  # of these, the innermost have classes
_MAX_NODES = 1000  # of one link or heading
_MAX_NAMES = 200  # characters of a class or id
_MAX_ANCESTORS = 12  # looked at, so that deep documents take no longer


@dataclass(slots=True)
class Piece:
    """A piece of text that may be a headline.

    `look`: its kind as a line. `kind`: the path of its element, with classes. `place`: its number on the page. `record`: number
    of the link or heading that it is part of. `in_prose`: whether it is a link in running text. `heading`: the heading that it
    is, or is in, or "". `link_title`: what the link shows when pointed at.
    """

    text: str
    look: str
    kind: str
    place: int
    record: int
    node: LexborNode
    href: str | None = None
    heading: str = ""
    in_prose: bool = False
    link_title: str = ""


def strip_unseen(tree: LexborHTMLParser) -> None:
    """Remove what is no part of the page's content: scripts, navigation, footers, dialogs, consent."""
    tree.strip_tags([*UNSEEN_TAGS, "nav", "footer", "dialog"])
    for node in tree.css(_DROPPED):
        node.decompose()
    for node in tree.css("[class*=cookie], [id*=cookie], [class*=onsent], [id*=onsent], [class*=gdpr], [id*=gdpr], "
                         "[id*=onetrust], [class*=idden], [class*=sr-only], [class*=reader], [class*=skip]"):  # fmt: skip
        named = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
        if node.tag not in ("html", "body", "main", "article", "a", *HEADINGS) and _DROPPED_NAMES.search(named):
            node.decompose()


def pieces_of(tree: LexborHTMLParser) -> list[Piece]:
    """Return the pieces of all links and unlinked headings in order."""
    beside: dict[int, int] = {}
    found: list[Piece] = []
    for record, node in enumerate(tree.css(f"a, {', '.join(HEADINGS)}")):
        around = _Surroundings.of(node)
        if node.tag in HEADINGS:
            text = "" if around.linked else _unlinked_text(node)
            if text:
                found.append(
                    Piece(
                        text, kind_of(text), f"unlinked {around.path}", len(found), record, node, None, node.tag or ""
                    )
                )
            continue
        attributes = node.attributes
        href, link_title = attributes.get("href"), attributes.get("title") or ""
        prose = around.in_prose and _words_beside(node, beside) > _MAX_WORDS_BESIDE
        for container, text in _runs(node):
            inner = around if container is node else _Surroundings.of(container)
            found.append(
                Piece(text, kind_of(text), inner.path, len(found), record, node, href, inner.heading, prose, link_title)
            )
    return found


def names_around(node: LexborNode) -> str:
    """Return the classes and ids of the elements around one, in lower case."""
    names = []
    for element in upwards(node):
        if element.tag not in ("html", "body"):
            attributes = element.attributes
            names += [(attributes.get(name) or "")[:_MAX_NAMES] for name in ("class", "id")]
    return " ".join(names).lower()


def _unlinked_text(heading: LexborNode) -> str:
    """The text of a heading, "" if it has a link."""
    nodes = list(islice(heading.traverse(include_text=True), _MAX_NODES))
    if any(node.tag == "a" and node.attributes.get("href") for node in nodes):
        return ""
    return clean(" ".join(node.text(deep=False) for node in nodes if node.tag == "-text"))


def clean(text: str) -> str:
    """Return text with single spaces and none around it."""
    return " ".join(text.split())


@dataclass(slots=True)
class _Surroundings:
    """Where an element is: see `Piece`. `linked`: whether a link is around it."""

    path: str
    heading: str = ""
    in_prose: bool = False
    linked: bool = False

    @classmethod
    def of(cls, node: LexborNode) -> _Surroundings:
        path: list[str] = []
        around = cls("")
        for depth, element in enumerate(upwards(node)):
            tag = element.tag or ""
            if depth < _CLASSED:
                path.append(tag + _template_of((element.attributes.get("class") or "")[:_MAX_NAMES]))
            elif depth < _PATH:
                path.append(tag)
            if tag in HEADINGS:
                around.heading = around.heading or tag
            elif tag in _PROSE:
                around.in_prose = True
            elif tag == "a" and depth:
                around.linked = True
        around.path = " < ".join(path)
        return around


def upwards(node: LexborNode, levels: int = _MAX_ANCESTORS) -> Iterator[LexborNode]:
    """Yield an element and the nearest of those around it, the body last."""
    current: LexborNode | None = node
    for _ in range(levels):
        if current is None or current.tag in ("html", "-undef"):
            return
        yield current
        current = current.parent


@lru_cache(maxsize=1 << 12)
def _template_of(classes: str) -> str:
    """The first classes of an element, without those that differ from item to item."""
    return "".join(f".{name}" for name in re.sub(r"\d+", "#", classes).split()[:4] if not _STATES.search(name))


def _runs(link: LexborNode) -> list[tuple[LexborNode, str]]:
    """The text of a link, run by run, each with the element that it is in; elements within running text make no new run."""
    runs: list[tuple[LexborNode, str]] = []
    for text in islice(link.traverse(include_text=True), _MAX_NODES):
        if text.tag != "-text" or not (words := clean(text.text(deep=False))):
            continue
        container = _container(text, link)
        same = next((k for k in range(len(runs) - 1, max(len(runs) - 3, -1), -1) if _is(runs[k][0], container)), None)
        if same is None:
            runs.append((container, words))
        else:
            runs[same:] = [(container, " ".join([*(run for _, run in runs[same:]), words]))]
    return runs


def _container(text: LexborNode, link: LexborNode) -> LexborNode:
    element = text.parent
    for _ in range(_MAX_ANCESTORS):
        if element is None or _is(element, link):
            return link
        plain_span = element.tag == "span" and not element.attributes.get("class")
        if not plain_span and element.tag not in _INLINE:
            return element
        element = element.parent
    return link


def _is(first: LexborNode, second: LexborNode) -> bool:
    return bool(first.mem_id == second.mem_id)


def _words_beside(link: LexborNode, known: dict[int, int]) -> int:
    """How many words of its parent a link stands beside; `known`: those of parents that were asked for before."""
    parent = link.parent
    if parent is None:
        return 0
    if parent.mem_id not in known:
        known[parent.mem_id] = count_words(parent.text(deep=False) or "")
    return known[parent.mem_id]
