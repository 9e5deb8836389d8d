"""Invented news pages: the same items in many layouts, as text and as HTML."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Item:
    """One item of a page: its title, the title in other words, and the start of its text."""

    title: str
    rewording: str
    teaser: str
    section: str
    author: str


OWN_TITLE = "Ferry line to Sorrel Island to run all winter"
PARAGRAPHS = (
    "The county board voted on Wednesday to pay for a daily crossing from November to March, after two winters in which the "
    "island could be reached only by a mail plane.",
    "Some four hundred people live on Sorrel Island all year, and its school has eleven pupils, whose parents had gathered "
    "signatures since the spring.",
    "The line will cost about two million a year, a third of which the board expects to get back from fares and from freight.",
)
ITEMS = (
    Item(
        "Clockmaker of Tilbrook repairs tower bell after ninety years",
        "Silent Since the Thirties, Tilbrook Tower Bell Rings Again",
        "The mechanism had been kept in a barn since a storm threw down the roof of the old tower",
        "Local",
        "Mara Ostrow",
    ),
    Item(
        "Kestrel Air cancels forty flights as pilots call in sick",
        "Pilot Sickout Forces Kestrel Air to Scrap Forty Flights",
        "Passengers slept on camp beds at two airports while the union denied that it had planned anything",
        "Business",
        "Idris Vale",
    ),
    Item(
        "Drought lays bare a drowned village in the Lune reservoir",
        "Drowned Village Emerges From Lune Reservoir in Record Drought",
        "Its church and the arches of a bridge had not been seen since the valley was flooded for the dam",
        "Nature",
        "Petra Quill",
    ),
    Item(
        "Rookie keeper saves three penalties to send Ashby to final",
        "Ashby Reach Final on Rookie Keeper's Three Penalty Saves",
        "He had been told only an hour before that he would play because of an injury in training",
        "Sport",
        "Noel Harrow",
    ),
    Item(
        "Beekeepers blame new spray for loss of a third of hives",
        "A Third of Hives Lost, and Beekeepers Point at a New Spray",
        "The maker says that its own trials over four seasons found no harm to insects of any kind",
        "Science",
        "Anja Birk",
    ),
    Item(
        "Museum returns carved door to hill town of Senna",
        "Senna Gets Its Carved Door Back From Museum",
        "It was bought from a dealer in good faith and will hang again in the hall that it was made for",
        "Culture",
        "Tomas Reed",
    ),
)
_MARKERS = ("You May Also Like", "Stories for You", "Most Read", "More from the Courier", "Picked for you", "Related",
            "Keep reading", "Readers are looking at", "From the same desk", "")  # fmt: skip
_MENU = ("Home", "Local", "World", "Business", "Sport", "Culture", "Weather", "Log in", "Subscribe")
_COOKIES = ("We use cookies to make this site work and to see how it is used.", "Accept all", "Cookie settings")
_FOOTER = ("About us", "Contact", "Terms of use", "© 2025 The Courier")
_AGES = ("5 h ago", "2 days ago", "41 min ago", "June 13, 2025", "2025-06-12 19:25", "1 hour ago")


@dataclass(frozen=True)
class Layout:
    """How a page is laid out. `order`: of the parts of an item; `blank`: "none", "records" or "all"."""

    marker: str
    order: tuple[str, ...]
    teaser_end: str
    blank: str
    number: str
    menu: bool
    cookies: bool
    footer: bool
    article: str
    meta_form: int


def layouts(count: int, seed: int) -> Iterator[Layout]:
    """Yield layouts; in each, dates or teasers stand between titles, since nothing else tells a page from a list of titles."""
    chance = random.Random(seed)
    orders = (
        ("meta", "title", "rewording", "teaser"), ("title", "rewording", "teaser"), ("title", "teaser"), ("meta", "title"),
        ("title", "meta", "teaser"), ("title", "rewording", "meta", "teaser"), ("title", "rewording", "teaser", "meta"),
        ("meta", "title", "teaser"), ("title", "meta"), ("title", "rewording", "meta"),
    )  # fmt: skip
    for _ in range(count):
        yield Layout(
            chance.choice(_MARKERS),
            chance.choice(orders),
            chance.choice((".", "…", "...", "")),
            chance.choice(("none", "records", "all")),
            chance.choice(("", "", "{}. ", "{}) ", "• ", "- ")),
            *(chance.random() < 0.5 for _ in range(3)),
            chance.choice(("none", "before", "before", "after")),
            chance.randrange(4),
        )


def expected(layout: Layout) -> set[str]:
    """Return the titles of a page."""
    own = {OWN_TITLE} if layout.article != "none" else set()
    return own | {getattr(item, part) for item in ITEMS for part in layout.order if part in ("title", "rewording")}


def as_text(layout: Layout) -> str:
    """Return a page as somebody would copy it."""
    blocks: list[list[str]] = []
    if layout.cookies:
        blocks.append(list(_COOKIES))
    if layout.menu:
        blocks.append(list(_MENU))
    article = [[OWN_TITLE], [f"By {ITEMS[0].author}"], *([paragraph] for paragraph in PARAGRAPHS)]
    listed = [[layout.marker]] if layout.marker else []
    listed += [_item(layout, item, k) for k, item in enumerate(ITEMS)]
    blocks += {"none": listed, "before": [*article, *listed], "after": [*listed, *article]}[layout.article]
    if layout.footer:
        blocks.append(list(_FOOTER))
    between = {"none": "\n", "records": "\n", "all": "\n\n"}[layout.blank]
    return ("\n" if layout.blank == "none" else "\n\n").join(between.join(block) for block in blocks) + "\n"


def _item(layout: Layout, item: Item, k: int) -> list[str]:
    lines = []
    for part in layout.order:
        if part == "meta":
            lines.append(_meta(layout, item, k))
        elif part == "teaser":
            lines.append(item.teaser + layout.teaser_end)
        else:
            lines.append(getattr(item, part))
    first = layout.order.index("title")
    lines[first] = layout.number.format(k + 1) + lines[first]
    return lines


def _meta(layout: Layout, item: Item, k: int) -> str:
    age = _AGES[k]
    return (f"{item.section} / {age}", f"{age} | By {item.author}", f"{item.section} · {age}", f"{item.author}, {age}")[
        layout.meta_form
    ]


def as_html(layout: Layout, *, cards: str) -> str:
    """Return a page as HTML; `cards`: how an item is marked up, "heading", "span", "list" or "paragraph"."""
    menu = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in _MENU) if layout.menu else ""
    body = f'<div class="main-menu"><ul>{menu}</ul></div>'
    if layout.cookies:
        body += f'<div class="cookie-banner"><h2>{_COOKIES[0]}</h2><a href="/c">{_COOKIES[2]}</a></div>'
    paragraphs = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in PARAGRAPHS)
    article = f"<article><h1>{OWN_TITLE}</h1>{paragraphs}<h2>What it will cost the county</h2>{paragraphs}</article>"
    listed = (
        f"<section><h2>{layout.marker}</h2>{''.join(_card(item, k, cards) for k, item in enumerate(ITEMS))}</section>"
    )
    body += {"none": listed, "before": article + listed, "after": listed + article}[layout.article]
    foot = "".join(f'<a href="/f{k}">{escape(line)}</a>' for k, line in enumerate(_FOOTER))
    return (
        f"<!doctype html><html><head><title>The Courier</title></head><body>{body}<footer>{foot}</footer></body></html>"
    )


def _card(item: Item, k: int, cards: str) -> str:
    title, link, teaser = escape(item.title), f"/2025/06/{k}-story", escape(item.teaser) + "."
    return {
        "heading": f'<div class="card"><h3><a href="{link}">{title}</a></h3><p>{teaser}</p>'
        f'<a href="/s">{item.section}</a></div>',
        "span": f'<div><a href="{link}"><span class="kick">{item.section}</span><span class="hl">{title}</span>'
        f'<span class="txt">{teaser}</span></a></div>',
        "list": f'<li><a href="{link}"><b>{k + 1}</b> {title}</a> <time datetime="2025-06-1{k}">June 1{k}</time></li>',
        "paragraph": f'<p><a href="{link}">{title}</a></p><p>{teaser}</p>',
    }[cards]
