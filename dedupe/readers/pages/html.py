"""A news page as HTML -> its headlines: the kinds of links that are headlines, and the page's own title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise, zip_longest
from typing import TYPE_CHECKING

from dedupe.readers.pages.blocks import SURE, TAKEN, Block, judged, likeness_of
from dedupe.readers.pages.details import details_of
from dedupe.readers.pages.found import Found, LeftOut, Reading
from dedupe.readers.pages.frames import without_cut, without_label, without_marks, without_outlets, without_ranks
from dedupe.readers.pages.head import Head, head_of
from dedupe.readers.pages.lines import MAX_TITLE, ends_cut, is_prose, kind_of, without_bullet
from dedupe.readers.pages.pieces import HEADINGS, Piece, clean, pieces_of, strip_unseen
from dedupe.readers.pages.shallow import shallow
from dedupe.readers.pages.shown_dates import last_shown
from dedupe.readers.pages.words import count_words

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_NO_ITEMS = ("button", "meta", "marker")
_NO_ELEMENTS = ("-text", "-comment")
_ITEM = 0.5  # the least likeness of one heading by itself
_MOST = 0.5  # of the pieces of a kind
_PERHAPS = 0.3  # the least likeness of the one kind that is taken where none reaches `TAKEN`
_SECTION_WORDS = 8  # a heading with as many is not the name of a section
_FEW = 5  # headlines; a page with text and so few others is an article, if its h1 is short


def read_html(text: str, url: str | None = None) -> Reading:
    """Return the headlines of an HTML page in order, each distinct text once. `url`: that of the page, for its links."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(shallow(text))
    head = head_of(tree, url)
    strip_unseen(tree)
    pieces = pieces_of(tree)
    kinds: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        kinds[piece.kind].append(piece)
    teasers, besides = _before_teasers(pieces), _beside_headings(pieces)
    blocks = [
        judged(of_kind, _share(of_kind, teasers) >= _MOST, _share(of_kind, besides) >= _MOST)
        for of_kind in kinds.values()
    ]
    linked = [block for block in blocks if not block.pieces[0].kind.startswith("unlinked ")]
    taken = [block for block in linked if block.likeness >= TAKEN]
    own = _own_title(pieces, head, tree, [piece for block in taken for piece in block.pieces])
    sure = own is not None or any(block.likeness >= SURE for block in taken)
    if not taken and own is None:
        taken = sorted(blocks, key=lambda block: -block.likeness)[:1]
        taken = [block for block in taken if block.likeness >= _PERHAPS]
    return _reading(pieces, blocks, taken, own, head, tree, sure)


def _share(pieces: Sequence[Piece], places: set[int]) -> float:
    return sum(piece.place in places for piece in pieces) / len(pieces)


def _before_teasers(pieces: Sequence[Piece]) -> set[int]:
    """The places of pieces with running text behind them: in the same link, or in a paragraph."""
    found = set()
    for piece, after in zip_longest(pieces, pieces[1:]):
        in_link = (
            after is not None and after.record == piece.record and count_words(after.text) > count_words(piece.text)
        )
        if in_link or _paragraph_after(piece.node):
            found.add(piece.place)
    return found


def _beside_headings(pieces: Sequence[Piece]) -> set[int]:
    """The places of pieces in a link with a heading, which they are not."""
    headed = {piece.record for piece in pieces if piece.heading}
    return {piece.place for piece in pieces if piece.record in headed and not piece.heading}


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
    while after is not None and after.tag in _NO_ELEMENTS:
        after = after.next
    return after


def _own_title(
    pieces: Sequence[Piece], head: Head, tree: LexborHTMLParser, taken: Sequence[Piece]
) -> Piece | str | None:
    """The title of the page's own article: its h1, or else what the head says; None if it has no article."""
    headings = [p for p in pieces if p.heading == "h1" and p.look not in _NO_ITEMS]
    key = _key(head.title)
    named = [p for p in headings if key and (_key(p.text) == key or key.startswith(_key(p.text)))]
    has_text = sum(count_words(node.text()) > 12 for node in tree.css("p")[:200]) >= 2
    article = head.is_article or (has_text and len(taken) < _FEW)
    for piece in [*named, *headings]:
        words = count_words(piece.text)
        if _key(piece.text) == _key(head.site) or is_prose(piece.text):
            continue
        if likeness_of(piece.text, words) >= _ITEM or (words > 1 and piece in named and article):
            return piece
    enough = (head.is_article or has_text) and count_words(head.title) > 3 and not headings
    return head.title if enough and kind_of(head.title) not in _NO_ITEMS else None


def _key(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _reading(
    pieces: Sequence[Piece],
    blocks: Sequence[Block],
    taken: Sequence[Block],
    own: Piece | str | None,
    head: Head,
    tree: LexborHTMLParser,
    sure: bool,
) -> Reading:
    titles = dict(chain.from_iterable(_titles(block) for block in taken))
    if isinstance(own, Piece):
        titles[own.place] = own.text, None
    titles |= {piece.place: (piece.text, None) for piece in _rewordings(pieces, titles)}
    details = details_of(tree, (piece for piece in pieces if piece.place in titles))
    found: dict[str, Found] = {}
    if isinstance(own, str):
        found[own] = Found(own, 0, -1, head.base or None, None, head.published)
    section = None
    for piece in pieces:
        if piece.place not in titles:
            section = piece.text if piece.heading and count_words(piece.text) < _SECTION_WORDS else section
            continue
        (title, outlet), (published, source) = titles[piece.place], details[piece.place]
        if piece is own:
            date = head.published or published
            found.setdefault(title, Found(title, piece.place + 1, -1, head.base or None, None, date))
        else:
            address = head.absolute(piece.href)
            item = Found(title, piece.place + 1, piece.record, address, section, published, outlet or source)
            found.setdefault(title, item)
    whole = without_cut(found)
    left_out = _left_out(pieces, blocks, titles, set(found))
    return Reading([found[title] for title in whole], left_out, sure, head.feeds, last_shown(tree))


def _left_out(
    pieces: Sequence[Piece], blocks: Sequence[Block], titles: Mapping[int, object], found: set[str]
) -> list[LeftOut]:
    """The texts that are no headlines, each once, with what their block is."""
    why = {piece.place: block.why for block in blocks for piece in block.pieces}
    left: dict[str, LeftOut] = {}
    for piece in pieces:
        if piece.place not in titles and piece.text not in found:
            left.setdefault(piece.text, LeftOut(piece.text, piece.place + 1, why[piece.place]))
    return list(left.values())


def _titles(block: Block) -> Iterator[tuple[int, tuple[str, str | None]]]:
    """The place, the bare title and perhaps the outlet of each headline of a block."""
    texts = [without_bullet(_whole(piece)[: MAX_TITLE + 1]) for piece in block.pieces]
    texts = without_marks([without_label(text) for text in without_ranks(texts)])
    for piece, (title, outlet) in zip(block.pieces, without_outlets(texts), strict=True):
        look = piece.look if title == piece.text else kind_of(title)
        if title and len(title) <= MAX_TITLE and not piece.in_prose and look not in _NO_ITEMS:
            yield piece.place, (title, outlet)


def _whole(piece: Piece) -> str:
    """The text of a piece; where it is cut, the whole title if its link has it."""
    whole = clean(piece.link_title)
    return whole if ends_cut(piece.text) and whole.startswith(piece.text.rstrip(".… ")) else piece.text


def _rewordings(pieces: Sequence[Piece], titles: Mapping[int, object]) -> Iterator[Piece]:
    """Unlinked headings right behind a linked one, and below it: titles in other words."""
    for before, piece in pairwise(pieces):
        unlinked = before.place in titles and piece.kind.startswith("unlinked ")
        if unlinked and before.heading and piece.heading > before.heading:
            previous = piece.node.prev
            while previous is not None and previous.tag in _NO_ELEMENTS:
                previous = previous.prev
            follows = previous is not None and previous.tag in HEADINGS
            if follows and piece.look not in _NO_ITEMS and likeness_of(piece.text, count_words(piece.text)) >= _ITEM:
                piece.record = before.record
                yield piece
