"""Pages as HTML: links are judged by the block that they are in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe import InputError, read_headlines, read_page
from dedupe.readers.pages.shallow import shallow
from tests.support.page_layouts import ITEMS, OWN_TITLE, PARAGRAPHS
from tests.support.web_servers import response, serving

TITLES = [item.title for item in ITEMS]
HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Courier</title></head><body>'
ARTICLE = f"<article><h1>{OWN_TITLE}</h1>{''.join(f'<p>{paragraph}</p>' for paragraph in PARAGRAPHS)}</article>"
LIST = "".join(f'<li><a href="/2025/{k}">{title}</a></li>' for k, title in enumerate(TITLES))
FEED = b"""<rss version="2.0"><channel><title>Courier</title><item><title>Bell of Tilbrook rings again</title></item>
</channel></rss>"""


def titles(html):
    return [headline.title for headline in read_page(html).headlines]


def cards(template, texts=TITLES):
    return "".join(template.format(k=k, title=title) for k, title in enumerate(texts))


def test_links_in_an_aside_with_heading_and_teaser():
    card = '<div><a href="/{k}"><h2>{title}</h2><p>It was seen by some people early on Monday.</p></a></div>'
    assert titles(f"{HEAD}<main>{ARTICLE}<aside><h2>More</h2>{cards(card)}</aside></main>") == [OWN_TITLE, *TITLES]


def test_a_form_around_the_whole_page():
    page = f'{HEAD}<form method="post"><input type="hidden" name="s">{ARTICLE}<ul>{LIST}</ul></form>'
    assert titles(page) == [OWN_TITLE, *TITLES]


def test_a_title_in_the_caption_of_a_picture():
    card = '<figure><img src="x.jpg"><figcaption><a href="/{k}">{title}</a></figcaption></figure>'
    assert titles(HEAD + cards(card)) == TITLES


def test_a_menu_that_is_not_marked_as_one():
    menu = [
        "News from around the county",
        "Rowan's war on parking",
        "Law and order in Arden",
        "Jobs and cars and homes",
    ]
    page = f'{HEAD}<div class="menu"><ul>{cards("<li><a href=/m{k}>{title}</a></li>", menu)}</ul></div>{ARTICLE}<ul>{LIST}</ul>'
    assert titles(page) == [OWN_TITLE, *TITLES]


def test_links_in_spans_with_labels_and_alone_in_paragraphs():
    card = '<div><a href="/{k}"><span class="kicker">Local</span><span class="hl">{title}</span></a></div>'
    paragraph = '<p class="more"><a href="/p{k}">{title}</a></p>'
    assert titles(HEAD + cards(card, TITLES[:3]) + cards(paragraph, TITLES[3:])) == TITLES


def test_unlinked_subheads_consent_and_newsletters():
    page = f'{HEAD}<div class="consent"><h2>We care about your privacy a lot</h2></div><main><h1>{OWN_TITLE}</h1>'
    page += "".join(f"<p>{paragraph}</p><h2>The long way to the island</h2>" for paragraph in PARAGRAPHS)
    assert titles(page + "<div><h3>Get our free morning newsletter</h3></div></main>") == [OWN_TITLE]


def test_ranks_and_bullets():
    ranks = cards('<li><a href="/{k}"><span>{k}</span> {title}</a></li>', ["", *TITLES])
    bullets = cards('<li><a href="/{k}"><b>•</b>{title}</a></li>')
    assert titles(f"{HEAD}<ol>{ranks}</ol><h2>Shared</h2><ul>{bullets}</ul>") == TITLES


def test_a_number_is_no_rank_unless_it_counts_up():
    numbered = ["7 ways to mend a clock", "40 flights cancelled by Kestrel Air", "3 penalties saved by rookie keeper"]
    assert titles(f"{HEAD}<ul>{cards('<li><a href=/{k}>{title}</a></li>', numbered)}</ul>") == numbered


def test_short_titles_among_others():
    short = ["Rates held", "Osei quits", "Ferries run all winter", "Night buses saved", "Bell of Tilbrook rings again"]
    card = f'<article><h3><a href="/{{k}}">{{title}}</a></h3><p>{PARAGRAPHS[0]}</p></article>'
    assert titles(f"{HEAD}<main>{cards(card, short)}</main>") == short


def test_cut_titles():
    cut = [
        "Museum chief: we will not return the door to a town that has…",
        "Here's what the keeper will say...",
        TITLES[1],
    ]
    assert titles(f"{HEAD}<ul>{cards('<li><a href=/{k}>{title}</a></li>', cut)}</ul>") == cut
    whole = '<li><a href="/{k}" title="{title}">Clockmaker of Tilbrook repairs…</a></li>'
    assert titles(f"{HEAD}<ul>{cards(whole, TITLES[:1])}{LIST}</ul>") == TITLES
    assert titles(f"{HEAD}<ul>{LIST}<li><a href=/9>Clockmaker of Tilbrook repairs…</a></li></ul>") == TITLES


def test_scripts_without_spaces():
    page = "<h1>老钟匠修好沉默九十年的钟楼大钟</h1><ul><li><a href='/1'>干旱使水库中的村庄重见天日</a></li>"
    assert len(titles(f"{HEAD}{page}<li><a href='/2'>新人门将扑出三个点球</a></li></ul>")) == 3


def test_a_part_of_a_page():
    part = "\n".join(f'<h2><a href="/{k}">{title}</a></h2>\n<p>A few words…</p>' for k, title in enumerate(TITLES))
    assert titles(part) == TITLES


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
def test_mhtml(tmp_path, encoding):
    page = EmailMessage()
    page["From"], page["Subject"] = "<Saved by Blink>", "Courier"
    page["Snapshot-Content-Location"] = "https://courier.example/front"
    page.set_content(f"{HEAD}{ARTICLE}<ul>{LIST}</ul>", subtype="html", cte=encoding)
    page.make_related()
    path = tmp_path / "saved.mhtml"
    path.write_bytes(page.as_bytes())
    source = read_headlines(path)
    assert source.format == "page" and [h.title for h in source.headlines] == [OWN_TITLE, *TITLES]
    assert source.headlines[1].url == "https://courier.example/2025/0"


def test_mhtml_in_another_encoding(tmp_path):
    page = EmailMessage()
    page["From"], page["Subject"] = "<Saved by Blink>", "Courier"
    titles = [f"Café owners of {town} meet mayor on Monday" for town in ("Arden", "Tilbrook", "Ashby")]
    items = "".join(f'<li><a href="https://courier.example/{k}">{title}</a></li>' for k, title in enumerate(titles))
    page.set_content(f"<html><body><ul>{items}</ul></body></html>", subtype="html", charset="cp1252", cte="8bit")
    page.make_related()
    (tmp_path / "saved.mhtml").write_bytes(page.as_bytes())
    assert [h.title for h in read_headlines(tmp_path / "saved.mhtml").headlines] == titles


def test_a_list_of_articles_declares_none_to_be_the_page():
    listed = json.dumps(
        [{"@type": "NewsArticle", "headline": title, "datePublished": "2025-01-01"} for title in TITLES]
    )
    items = "".join(f'<li><a href="https://courier.example/{k}">{title}</a></li>' for k, title in enumerate(TITLES))
    page = (
        f'<html><head><script type="application/ld+json">{listed}</script></head><body><ul>{items}</ul></body></html>'
    )
    source = read_page(page, "https://courier.example/arden")
    assert [h.title for h in source.headlines] == TITLES
    assert {h.published for h in source.headlines} == {None}
    assert [h.url for h in source.headlines] == [f"https://courier.example/{k}" for k in range(len(TITLES))]


def test_the_name_of_the_site_never_becomes_a_headline():
    with pytest.raises(InputError, match="no headline found in it, read as an HTML page"):
        read_page(
            "<html><head><title>The Courier of Arden and the Valley</title></head><body><p>Hello</p></body></html>"
        )


def test_an_article_without_a_heading_has_the_title_that_it_declares():
    graph = '{"@graph": [{"@type": "NewsArticle", "headline": "Ferry runs all winter", "datePublished": "2025-06-13T09:00Z"}]}'
    page = (
        f'<html><head><script type="application/ld+json">{graph}</script><title>x</title></head><body><ul>{LIST}</ul>'
    )
    first = read_page(page, "https://courier.example/ferry").headlines[0]
    assert (first.title, first.published) == ("Ferry runs all winter", datetime(2025, 6, 13, 9, tzinfo=UTC))
    assert first.url == "https://courier.example/ferry"


def test_links_dates_sources_and_groups():
    card = ('<li><a href="{k}.html">{title}</a> <time datetime="2025-06-1{k}">June 1{k}</time>'
            '<span class="source">Skyline</span></li>')  # fmt: skip
    page = f"{HEAD}<h2>Most read</h2><ul>{cards(card)}</ul>"
    found = read_page(page, "https://courier.example/news/").headlines
    assert [h.title for h in found] == TITLES
    assert [h.url for h in found] == [f"https://courier.example/news/{k}.html" for k in range(len(TITLES))]
    assert [h.published.day for h in found] == [10, 11, 12, 13, 14, 15]
    assert {(h.source, h.extra["group"]) for h in found} == {("Skyline", "Most read")}
    assert [h.extra["position"] for h in found] == sorted(h.extra["position"] for h in found)
    assert {h.url for h in read_page(page).headlines} == {None}  # without the page's address no link is known


def test_a_heading_below_a_linked_one_is_the_title_in_other_words():
    card = '<li><h3><a href="/{k}">{title}</a></h3><h4>{title} again</h4></li>'
    found = read_page(f"{HEAD}<ul>{cards(card)}</ul>").headlines
    assert [h.title for h in found] == [t for title in TITLES for t in (title, f"{title} again")]
    assert [h.record for h in found[::2]] == [h.record for h in found[1::2]] and len({h.record for h in found}) == 6


def test_where_nothing_is_sure_the_likeliest_links_are_taken():
    short = ["Rates held", "Osei quits", "Buses saved now", "Bell rings"]
    source = read_page(f"{HEAD}<ul>{cards('<li><a href=/{k}>{title}</a></li>', short)}</ul>")
    assert [h.title for h in source.headlines] == short
    assert not source.report.sure and "surely" in source.warnings[0]


def test_the_report_names_menus():
    source = read_page(
        f"{HEAD}<ul class='topics'><li><a href=/s>Sport</a></li><li><a href=/c>Culture</a></li></ul><ul>{LIST}</ul>"
    )
    assert source.report.lines() == ["menu or section: Sport", "menu or section: Culture"]


@pytest.fixture
def server():
    """Serves a page at /page, which names the feed at /feed and one that is not there."""
    links = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    page = f"{HEAD.replace('</head>', links + '</head>')}<ul>{LIST}</ul>".encode()

    def answer(connection, path):
        connection.sendall(response(FEED if path == "/feed" else page))

    with serving(answer) as address:
        yield address


def test_a_page_by_address_and_the_feed_that_it_names(server):
    source = read_headlines(f"{server}/page")
    assert [h.title for h in source.headlines] == TITLES and source.headlines[0].url == f"{server}/2025/0"
    assert source.notes[1] == f"{server}/page has a feed, with dates: add --prefer-feed to read {server}/feed instead"
    feed = read_headlines(f"{server}/page", prefer_feed=True, allow_private=True)
    assert (feed.format, [h.title for h in feed.headlines]) == ("feed", ["Bell of Tilbrook rings again"])
    with pytest.raises(InputError, match="--allow-private"):
        read_headlines(f"{server}/page", prefer_feed=True)


@pytest.mark.parametrize(
    "html",
    ["<div>" * 60_000 + "<a href=/x>", "<h1><div>" * 30_000, "<a href=/x><div>" * 30_000, "<span>" * 60_000 + "<div>" * 60_000,
     "<a href=/x>" + "<span class=a>x " * 60_000, "<html><a>" + "a." * 300_000, "<!--" * 100_000, "<html " + "a=b " * 100_000,
     "<li><dd>x<p>y" * 20_000, "".join(f"<p><b a={k}>x" for k in range(20_000)), "<p " * 100_000,
     "<p " + " ".join(f"a{k}=1" for k in range(50_000)) + ">x", "<html><" + "a" * 600_000, "<html>" + "<a " * 200_000,
     "<html>" + "<div/>" * 60_000,
     "<html>" + "<rp>" * 60_000, "<html>" + "<rt>" * 60_000, "<html>" + "<optgroup>" * 60_000],
)  # fmt: skip
@pytest.mark.usefixtures("an_end")
def test_odd_documents_end_soon(html):
    """Deep nesting takes parsers quadratic time, minutes for these."""
    try:
        read_page(html)
    except InputError as error:
        assert "no headline" in str(error)


@given(st.text('<>/abdivpspn ="x\n-!', max_size=300))
def test_pages_that_parsers_bear_stay_as_they_are(text):
    assert shallow(f"<html><div>{text}") == f"<html><div>{text}"


def test_many_terms_without_ends_lose_nothing_else():
    terms = "".join(f"<dt><a href=/{k}>{item}</a>" for k, item in enumerate(TITLES * 60))
    assert titles(f"{HEAD}<dl>{terms}</dl><ul>{LIST}</ul>") == TITLES
