"""Scraped pages: which lines are headlines and which are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dedupe import read_headlines, read_page
from dedupe.readers.pages import looks_like_page
from dedupe.readers.pages.lines import kind_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "news-page.txt"


def titles_of(page):
    return [headline.title for headline in read_page(page).headlines]


def is_title(line):
    return kind_of(line) == "title"


EXPECTED = """Governor tours flooded Arden valley as dam repairs begin
Two ferries collide in fog off Port Calder, injuring 14 passengers
Fog Chaos at Sea: Two Ferries Slam Together off Port Calder, 14 Hurt
Winter storm to bring heavy snow to northern Rockies on Thursday
Brace Yourselves: Massive Winter Storm Set to Bury Northern Rockies in Snow Thursday
Tropical storm Odile floods streets in coastal Yucatan towns
Streets Turn to Rivers as Tropical Storm Odile Floods Coastal Yucatan Towns
Bakery chain Crumb & Co. to close 40 shops by spring
Crumb & Co. Bakery Chain Will Shut 40 Shops Before Spring
Streaming service Volta raises monthly price to $14.99
Volta Hikes Streaming Price Again, Subscribers to Pay $14.99 a Month
Goalkeeper Ines Duarte announces retirement after 19 seasons
After 19 Seasons, Goalkeeper Ines Duarte Hangs Up Her Gloves
Nurses at Halden hospital begin three-day strike over pay
Nurses Walk Out at Halden Hospital, Kicking Off Three-Day Pay Strike
Teachers in Corvale call off strike after late-night deal
Corvale Teachers Cancel Strike Following Last-Minute Midnight Deal
Passenger ferries crash near Port Calder in heavy fog, more than a dozen hurt
Terror in the Fog as Passenger Ferries Crash near Port Calder, Leaving over a Dozen Hurt""".splitlines()

FRONT = """Search
World
Minister resigns over harbour contract
The minister said on Tuesday that she had...

Heat record falls in three northern cities
By Jane Doe
Forecasters expect the heat to last until...

Is the two-day week really coming?
5 min read
Unions and owners disagree about what the trial...
"""

HTML = """<!doctype html><html><head><title>Paper</title><style>h2 {}</style></head><body>
<nav><a href="/">All the news of the world today</a></nav>
<article><h1>Bridge over the Wend reopens after repairs</h1><p>It reopened on Monday after two years.</p></article>
<ul><li><a href="/a"><h3>Two boats collide near Port Calder in fog</h3></a></li>
<li><a href="/b">Bakery chain to close forty shops by spring</a></li><li><a href="/c">More</a></li></ul>
<footer><a href="/d">Terms of the use of this page apply</a></footer></body></html>"""


def test_example_page():
    source = read_headlines(EXAMPLE)
    titles = [headline.title for headline in source.headlines]
    assert source.format == "page"
    assert titles == EXPECTED and len(titles) == 19
    lines = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert source.skipped_lines == len(lines) - len(titles)


def test_a_front_page_without_a_list_marker():
    assert looks_like_page(FRONT)
    assert titles_of(FRONT) == [
        "Minister resigns over harbour contract",
        "Heat record falls in three northern cities",
        "Is the two-day week really coming?",
    ]


def test_an_article_without_a_list_gives_its_own_headline_only():
    paragraph = "The council met on Monday evening and decided, " + "after a long debate, " * 4 + "that it stays.\n\n"
    assert titles_of("Old bridge stays, council decides\n\n" + paragraph * 3 + "People at the old bridge\n") == [
        "Old bridge stays, council decides"
    ]


def test_html():
    assert titles_of(HTML) == [
        "Bridge over the Wend reopens after repairs",
        "Two boats collide near Port Calder in fog",
        "Bakery chain to close forty shops by spring",
    ]


def test_html_by_content_and_not_by_ending(tmp_path):
    path = tmp_path / "saved"
    path.write_text(HTML, encoding="utf-8")
    source = read_headlines(path)
    assert source.format == "page" and len(source.headlines) == 3


@pytest.mark.parametrize(
    "line",
    [
        "Share and Follow",
        "You May Also Like",
        "By Jane Doe",
        "Posted: Dec 28, 2025 / 12:59 PM CST Updated: Dec 28, 2025…",
        "Read more about this story",
        "Gambling content 21+. We may receive a commission…",
        "Log in",
        "Monday, August 4 2025",
        "This content may earn us an affiliate commission today",
        "(Handout photo by the regional water office)",
        "Forecasters expect up to forty centimetres above…",
        "The office published it.",
    ],
)
def test_not_a_title(line):
    assert not is_title(line)


@pytest.mark.parametrize(
    "line",
    ["Senate passes bill in the U.S.", "Who won the big race on Sunday?", "Rates rise, again, in “surprise” move"],
)
def test_a_title(line):
    assert is_title(line)


def test_a_list_of_titles_is_not_a_page():
    assert not looks_like_page(
        "Minister resigns over contract\nHeat record falls in north\nIs the two-day week coming?\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "By a narrow margin, voters approve the new stadium",
        "Source: Harbour club agrees to trade with Calder",
        "Cookie maker recalls 40,000 boxes",
        "Terms of ceasefire still unclear, officials say",
        "Advertisers flee the platform after report",
        "More in town killed by flu than last year",
        "Friday the 13th: Why the date scares us",
        "Search for missing hiker enters third day",
        "Two killed in crash near St. Paul, Minn.",
        "Man arrested at 5 a.m.",
    ],
)
def test_a_title_that_begins_or_ends_like_other_lines(line):
    assert is_title(line)


@pytest.mark.parametrize(
    "line",
    [
        "By Jane Doe, Staff Writer",
        "More from The Daily Post",
        "Oct. 3, 2025 at 4:00 PM",
        "Updated: Oct 3, 2025, 4 PM EDT",
        "Photo by Jane Doe for the Post",
        "Sign up for our morning newsletter",
        "Teasers are cut with three dots too...",
        "12 min read on this topic",
    ],
)
def test_more_that_is_not_a_title(line):
    assert not is_title(line)


ARTICLE = """Menu
World News Politics Business
Mayor quits
By Jane Doe
Monday, August 4 2025
The mayor of the town said on Monday that she would leave her office after nine years, and that a vote would follow.

The council thanked her for her work and will meet on Friday to choose somebody for the time until the vote is held.
The mayor in her office
"""


@pytest.mark.parametrize(
    "marker",
    ["You may also like", "Recommended", "Related", "Related articles", "More from The Post", "Trending", "Most read",
     "Most popular", "Up next", "Read next:", "Suggested", "TOP STORIES"],
)  # fmt: skip
def test_article_then_lists(marker):
    page = f"""{ARTICLE}{marker}
1. Rates rise again
Bank Raises Rates Again in Surprise Move
The bank said on Tuesday that rates would go up by a quarter of a point.
2. Who won the big race on Sunday?
Related stories
• Two boats collide in fog off Port Calder!
Advertisement
"""
    assert looks_like_page(page)
    assert titles_of(page) == [
        "Mayor quits",
        "Rates rise again",
        "Bank Raises Rates Again in Surprise Move",
        "Who won the big race on Sunday?",
        "Two boats collide in fog off Port Calder!",
    ]


def test_a_front_page_keeps_the_titles_before_its_list():
    assert titles_of(FRONT + "\nMost read\nBakery chain to close forty shops by spring\n")[0::3] == [
        "Minister resigns over harbour contract",
        "Bakery chain to close forty shops by spring",
    ]


def test_windows_line_ends_make_no_difference():
    assert titles_of(FRONT.replace("\n", "\r\n")) == titles_of(FRONT)
    assert looks_like_page(FRONT.replace("\n", "\r\n"))


def test_a_list_of_titles_that_has_a_markers_words_is_not_a_page():
    assert not looks_like_page("Trending\n" + "Some plain headline about a town\n" * 20 + "Senate acts.\n")


def test_input_format_overrides_detection(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(FRONT, encoding="utf-8")
    lines = read_headlines(path, input_format="lines")
    assert lines.format == "lines" and len(lines.headlines) == len([x for x in FRONT.splitlines() if x.strip()])
    path.write_text("Rates rise again this year\nLog in\n", encoding="utf-8")
    page = read_headlines(path, input_format="page")
    assert len(page.headlines) == 1 and page.skipped_lines == 1
    assert "1 other line skipped" in page.notes[0]


ITEMS = """<html><head><title>Paper</title></head><body>
<header><ul><li><a href="/">World news of the whole day</a></li></ul></header>
<article><h1>Bridge over the Wend reopens again</h1>
<p>According to <a href="/s">a new study from the university</a> it holds.</p>
<h2>What we know about the bridge</h2></article>
<aside><h3>Something that stands in the aside</h3></aside>
<ul><li><a href="/1" title="A title attribute that nobody sees"><img alt="Two boats collide in fog today">
<h3>Two boats collide in fog today</h3><p>The boats met near the harbour</p></a></li>
<li><a href="/1">Two boats collide in fog today</a></li>
<li><h3><a href="/2">Bakery chain to close forty shops</a></h3><h4>Forty Bakeries Shut for Good Soon</h4></li></ul>
</body></html>"""


def test_html_items_without_teasers_subheadings_and_repeats():
    assert titles_of(ITEMS) == [
        "Bridge over the Wend reopens again",
        "Two boats collide in fog today",
        "Bakery chain to close forty shops",
        "Forty Bakeries Shut for Good Soon",
    ]


def test_html_head_names_an_article_only_where_no_heading_does():
    head = '<meta property="og:title" content="A declared title of a story"><meta property="og:type" content="article">'
    item = "<ul><li><a>Bakery chain to close forty shops</a></li></ul>"
    assert titles_of(f"<html><head>{head}</head><body>{item}") == [
        "A declared title of a story",
        "Bakery chain to close forty shops",
    ]
    assert titles_of(f"<html><head>{head}</head><body><h1>The title that is shown</h1>{item}")[0][:9] == "The title"
    assert titles_of(f"<html><head><title>The Paper</title></head><body>{item}") == [
        "Bakery chain to close forty shops"
    ]
