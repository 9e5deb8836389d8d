"""A news page as HTML -> its headlines: the kinds of links that are headlines, and the page's own title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from dedupe.readers.pages.blocks import SURE, TAKEN, Block, judged, likeness_of
from dedupe.readers.pages.found import Found, LeftOut, Reading
from dedupe.readers.pages.frames import without_label, without_outlets, without_ranks
from dedupe.readers.pages.head import Head, head_of
from dedupe.readers.pages.lines import ends_cut, is_prose, kind_of, without_bullet
from dedupe.readers.pages.pieces import HEADINGS, Piece, clean, pieces_of, strip_unseen
from dedupe.readers.pages.words import count_words

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_NO_ITEMS = ("button", "meta", "marker")
_MIN_TEASERS = 0.5  # of the pieces of a kind
_FEW = 5  # headlines; a page with text and so few others is an article, if its h1 is short


def read_html(text: str, url: str | None = None) -> Reading:
    """Return the headlines of an HTML page in order, each distinct text once. `url`: that of the page, for its links."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    head = head_of(tree, url)
    strip_unseen(tree)
    pieces = pieces_of(tree)
    kinds: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        kinds[piece.kind].append(piece)
    teasers = _before_teasers(pieces)
    blocks = [judged(of_kind, _share(of_kind, teasers) >= _MIN_TEASERS) for of_kind in kinds.values()]
    linked = [block for block in blocks if not block.pieces[0].kind.startswith("unlinked ")]
    taken = [block for block in linked if block.likeness >= TAKEN]
    own = _own_title(pieces, head, tree, [piece for block in taken for piece in block.pieces])
    return _reading(pieces, blocks, taken, own, head)


def _share(pieces: Sequence[Piece], places: set[int]) -> float:
    return sum(piece.place in places for piece in pieces) / len(pieces)


def _before_teasers(pieces: Sequence[Piece]) -> set[int]:
    """The places of pieces with running text behind them: in the same link, or in a paragraph."""
    found = set()
    for piece, after in zip(pieces, [*pieces[1:], None], strict=True):
        in_link = after is not None and after.record == piece.record and count_words(after.text) > count_words(piece.text)
        if in_link or _paragraph_after(piece.node):
            found.add(piece.place)
    return found


def _paragraph_after(node: LexborNode) -> bool:
    """Whether a paragraph of several words comes next in the record of a link."""
    current: LexborNode | None = node
    for _ in range(3):
        if current is None:
            return False
        after = _next_element(current)
        if after is not None:
            return after.tag == "p" and after.css_first("a") is None and count_words(after.text()) > 7
        current = current.parent
    return False


def _next_element(node: LexborNode) -> LexborNode | None:
    after = node.next
    while after is not None and after.tag in ("-text", "-comment"):
        after = after.next
    return after


def _own_title(pieces: Sequence[Piece], head: Head, tree: LexborHTMLParser, taken: Sequence[Piece]) -> Piece | str | None:
    """The title of the page's own article: its h1, or else what the head says; None if it has no article."""
    headings = [p for p in pieces if p.heading == "h1" and kind_of(p.text) not in _NO_ITEMS]
    key = _key(head.title)
    named = [p for p in headings if key and (_key(p.text) == key or key.startswith(_key(p.text)))]
    has_text = sum(count_words(node.text()) > 12 for node in tree.css("p")[:200]) >= 2
    for piece in [*named, *headings]:
        words = count_words(piece.text)
        if _key(piece.text) == _key(head.site) or is_prose(piece.text):
            continue
        if likeness_of(piece.text, words) >= 0.5 or (words > 1 and piece in named and (head.is_article or (has_text and len(taken) < _FEW))):
            return piece
    enough = (head.is_article or has_text) and count_words(head.title) > 3 and not headings
    return head.title if enough and kind_of(head.title) not in _NO_ITEMS else None


def _key(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _reading(
    pieces: Sequence[Piece], blocks: Sequence[Block], taken: Sequence[Block], own: Piece | str | None, head: Head
) -> Reading:
    why = {piece.place: block.why for block in blocks for piece in block.pieces}
    titles = dict(chain.from_iterable(_titles(block) for block in taken))
    if isinstance(own, Piece):
        titles[own.place] = own.text
    titles |= {piece.place: piece.text for piece in _rewordings(pieces, titles)}
    found: dict[str, Found] = {}
    left_out: list[LeftOut] = []
    if isinstance(own, str):
        found[own] = Found(own, 0, -1, head.base or None, None, head.published)
    section, seen = None, set()
    for piece in pieces:
        title = titles.get(piece.place)
        if title is None:
            if piece.heading and count_words(piece.text) < 8:
                section = piece.text
            if piece.text not in seen:
                left_out.append(LeftOut(piece.text, piece.place + 1, why.get(piece.place, "other text")))
            seen.add(piece.text)
        elif title not in found:
            is_own = piece is own
            address = (head.base or None) if is_own else head.absolute(piece.href)
            published = head.published if is_own else None
            found[title] = Found(title, piece.place + 1, piece.record, address, None if is_own else section, published)
    sure = own is not None or any(block.likeness >= SURE for block in taken)
    for title in [title for title in found if ends_cut(title)]:
        if any(other != title and other.startswith(title.rstrip(".… ")) for other in found):
            del found[title]
    return Reading(list(found.values()), [item for item in left_out if item.text not in found], sure, head.feeds)


def _titles(block: Block) -> Iterator[tuple[int, str]]:
    """The place and the bare title of each headline of a block."""
    texts = [without_bullet(_whole(piece)) for piece in block.pieces]
    texts = [without_label(text) for text in without_ranks(texts)]
    for piece, (title, _outlet) in zip(block.pieces, without_outlets(texts), strict=True):
        if title and not piece.in_prose and kind_of(title) not in _NO_ITEMS:
            yield piece.place, title


def _whole(piece: Piece) -> str:
    """The text of a piece; where it is cut, the whole title if its link has it."""
    whole = clean(piece.link_title)
    return whole if ends_cut(piece.text) and whole.startswith(piece.text.rstrip(".… ")) else piece.text


def _rewordings(pieces: Sequence[Piece], titles: dict[int, str]) -> Iterator[Piece]:
    """Unlinked headings right behind a linked one: titles in other words."""
    for before, piece in zip(pieces, pieces[1:], strict=False):
        if before.place in titles and before.heading and piece.kind.startswith("unlinked ") and piece.heading > before.heading:
            previous = piece.node.prev
            while previous is not None and previous.tag in ("-text", "-comment"):
                previous = previous.prev
            if previous is not None and previous.tag in HEADINGS and likeness_of(piece.text, count_words(piece.text)) >= 0.5:
                piece.record = before.record
                yield piece
