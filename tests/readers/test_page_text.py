"""Pages as copied text: what each kind of line around titles must not become."""

from __future__ import annotations

import pytest

from dedupe import read_headlines, read_page
from dedupe.readers.pages import looks_like_page
from dedupe.readers.pages.lines import kind_of
from tests.support.page_layouts import ITEMS, OWN_TITLE, PARAGRAPHS

TITLES = [item.title for item in ITEMS]
TEASERS = [f"{item.teaser}, and nobody had expected it so soon." for item in ITEMS]
ARTICLE = [OWN_TITLE, "", *(line for paragraph in PARAGRAPHS for line in (paragraph, ""))]


def titles(*lines):
    page = "\n".join(lines) + "\n"
    assert looks_like_page(page)
    return [headline.title for headline in read_page(page).headlines]


def items(before=(), between=()):
    return [line for t, teaser in zip(TITLES, TEASERS, strict=True) for line in (*before, t, *between, teaser)]


def test_a_front_whose_teasers_are_whole_sentences_is_no_article():
    assert titles("Regional news", *(f"\n{line}" for line in items())) == TITLES


def test_teasers_without_blank_lines_between():
    assert titles(*items()) == TITLES


@pytest.mark.parametrize(
    "marker", ["Stories for You", "More to explore today", "Das könnte Sie auch interessieren", ""]
)
def test_the_heading_of_a_list_may_have_any_words(marker):
    listed = [line for item in ITEMS for line in (item.title, "", item.rewording, "", f"{item.teaser[:40]}…")]
    assert titles(*ARTICLE, marker, *listed) == [
        OWN_TITLE,
        *(t for item in ITEMS for t in (item.title, item.rewording)),
    ]


def test_the_heading_of_a_list_is_found_though_a_teaser_is_a_date():
    teasers = [f"{item.teaser[:40]}…" for item in ITEMS]
    teasers[1] = "Posted: Jun 12, 2025 / 12:59 PM CST Updated: Jun 12, 2025…"
    listed = [
        line for item, teaser in zip(ITEMS, teasers, strict=True) for line in (item.title, item.rewording, teaser)
    ]
    assert titles(*ARTICLE, "People are also reading", *listed) == [
        OWN_TITLE,
        *(t for item in ITEMS for t in (item.title, item.rewording)),
    ]


def test_long_menus_above_and_below():
    menu = ["Home", "Local", "World", "Money", "Traffic cameras", "Jobs", "Letters", "Puzzles"] * 5
    assert titles(*menu, "Most Read", *items(), *menu, "© 2025 Courier Media") == TITLES


def test_an_article_after_a_list_with_byline_captions_and_subheads():
    page = ["Most Read", *(f"{k}. {title}" for k, title in enumerate(TITLES, 1)), "", OWN_TITLE, "Mara Ostrow and Idris Vale",
            "", PARAGRAPHS[0], "", "The mail plane on its last flight (Picture: N. Harrow)", "", PARAGRAPHS[1], "",
            "Why the island waited so long", "", PARAGRAPHS[2], "",
            "Petra Quill, second from left, with pupils on the pier on Monday"]  # fmt: skip
    assert titles(*page) == [*TITLES, OWN_TITLE]


@pytest.mark.parametrize(
    "meta",
    ["Local / 5 h ago", "World 1 day ago By Mara Ostrow", "32 related · 41 min ago", "2025-06-12 19:25:00 UTC Courier |",
     "Mara Ostrow, Courier | Ferries | June 13, 2025", "1 of 12 |", "Posted: June 13, 2025", "By MARA OSTROW, Staff Writer"],
)  # fmt: skip
def test_lines_of_date_section_and_author(meta):
    assert titles("Latest news", *items(before=[meta])) == TITLES
    assert titles("Latest news", *items(between=[meta])) == TITLES


def test_ranks_outlets_labels_and_buttons_around_titles():
    outlets = ["Arden Daily", "The Beacon", "Skyline", "Courier"]
    ranked = [f"{k}. {t} - {o}\n{o}: 14 related\n" for k, (t, o) in enumerate(zip(TITLES, outlets, strict=False), 1)]
    more = [f"BREAKING NEWS : {TITLES[4]} Full Story", f"{TITLES[5]} (Capital Wire)", "", TEASERS[5]]
    source = read_page("\n".join(["Top stories", *ranked, *more]))
    assert [headline.title for headline in source.headlines] == TITLES
    assert [headline.source for headline in source.headlines] == [*outlets, None, "Capital Wire"]


def test_a_sentence_behind_each_title():
    listed = [f"  {k}. {t} - {teaser}" for k, (t, teaser) in enumerate(zip(TITLES, TEASERS, strict=True), 1)]
    assert titles("Here is what happened this morning:", "", "World", "", *listed) == TITLES


def test_markdown():
    source = read_page(f"# Courier\n\n## {TITLES[0]}\n\nA note that is cut…\n\n### [{TITLES[1]}](https://c.example/a)\n\n"
                       f"Another note…\n\n[{TITLES[2]}](https://c.example/b)\n\nAnd one more…\n")  # fmt: skip
    assert [(h.title, h.url) for h in source.headlines] == [
        (TITLES[0], None), (TITLES[1], "https://c.example/a"), (TITLES[2], "https://c.example/b")
    ]  # fmt: skip


def test_the_title_of_an_article_is_not_the_name_of_a_section_above_it():
    assert titles("Expand / Collapse search", "Letters to the Editor", "Wed, Mar 5, 2025 page1", *ARTICLE) == [
        OWN_TITLE
    ]


def test_teasers_without_a_stop_are_found_by_their_place_in_the_record():
    listed = [line for item in ITEMS for line in (item.title, item.rewording, item.teaser)]
    assert titles(*ARTICLE, "Stories for you", *listed) == [
        OWN_TITLE,
        *(t for i in ITEMS for t in (i.title, i.rewording)),
    ]


def test_two_titles_of_a_record_are_kept_together():
    listed = [line for item in ITEMS for line in (item.title, item.rewording, item.teaser + "…")]
    page = "\n".join([*ARTICLE, "You may also like", *listed])
    records = [headline.record for headline in read_page(page).headlines]
    assert records[0] is None and len(set(records[1:])) == len(ITEMS)
    assert records[1::2] == records[2::2]
    assert not any(headline.record for headline in read_page(page, layout=False).headlines)
    other = [headline.record for headline in read_page(page + "\nHome\n").headlines]
    assert not set(other[1:]) & set(records[1:])  # records of two pages are never the same


def test_titles_in_a_row_are_items_of_their_own():
    source = read_page("\n".join(["Most read", *TITLES, *ARTICLE]))
    assert len(source.headlines) == 7 and not any(headline.record for headline in source.headlines)


def test_position_and_group():
    first, second = read_page(f"Latest news\n\n{TITLES[0]}\n{TEASERS[0]}\n{TITLES[1]}\n{TEASERS[1]}\n").headlines
    assert first.extra == {"position": 3, "group": "Latest news"} and second.extra["position"] == 5


@pytest.mark.parametrize("order", ["before", "between", "after"])
def test_dates_of_a_list_stand_above_or_below_its_titles(order):
    dates = [
        "2025-06-12 19:25",
        "Local / June 13, 2025",
        "14 June 2025 | By Mara Ostrow",
        "5 h ago",
        "Sport · Jun 16, 2025",
    ]
    page = ["Latest news"]
    for title, teaser, date in zip(TITLES, TEASERS, dates, strict=False):
        page += {"before": [date, title, teaser], "between": [title, date, teaser], "after": [title, teaser, date]}[
            order
        ]
    found = read_page("\n".join(page), now="2025-06-17T10:30Z").headlines
    days = [headline.published and headline.published.isoformat()[:16] for headline in found]
    assert days == ["2025-06-12T19:25", "2025-06-13T00:00", "2025-06-14T00:00", "2025-06-17T05:30", "2025-06-16T00:00"]


def test_the_date_of_a_line_has_its_time_and_zone():
    lines = [OWN_TITLE, "Friday, 22 Nov 2024 4:55 PM MYT | By Mara Ostrow", *ARTICLE[1:]]
    (own,) = read_page("\n".join(lines)).headlines
    assert own.published.isoformat() == "2024-11-22T08:55:00+00:00"


def test_an_article_has_the_date_below_its_title():
    (own,) = read_page("\n".join([OWN_TITLE, "By Mara Ostrow", "March 3, 2025", *ARTICLE[1:]])).headlines
    assert own.published.isoformat()[:10] == "2025-03-03"


def test_a_date_is_that_of_its_item_alone():
    found = read_page("\n".join(["Latest news", "June 13, 2025", *items()])).headlines
    assert [headline.published is not None for headline in found] == [True, False, False, False, False, False]


def test_the_report_says_what_was_left_out_and_why():
    source = read_page("\n".join(["Home", "Most Read", *items(before=["Local / 5 h ago"]), "© 2025 Courier Media"]))
    report = source.report
    assert report.taken == 6 and report.sure and not source.warnings
    assert report.counts == {"date or byline": 6, "running text": 6, "button or notice": 2, "heading of a list": 1}
    assert report.taken + sum(report.counts.values()) == 21 and source.skipped_lines == 15
    assert report.lines()[0] == "button or notice: Home"
    assert str(report).startswith("6 taken; left out: 6 date or byline, 6 running text")


def test_a_page_on_which_nothing_is_sure_says_so(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text("Some words that may be a title\n\nOther words that may be one too\n", "utf-8")
    source = read_headlines(path, input_format="page")
    assert not source.report.sure
    assert "nothing in it surely is a headline; 2 taken, such as 'Some words that may be a title'" in source.warnings[0]


def test_lines_that_look_like_parts_of_a_page_are_hinted_at(tmp_path):
    path = tmp_path / "titles.txt"
    path.write_text("\n".join([*TITLES * 5, "Share", "2 hours ago", "Sign in"]), "utf-8")
    source = read_headlines(path)
    assert source.format == "lines" and "3 lines look like parts of a news page" in source.notes[1]
    assert len(read_headlines(path, input_format="lines").notes) == 1


@pytest.mark.parametrize(
    "line",
    ["Open letter to the mayor of Tilbrook", "Close race in Ashby ends in a draw", "Credit Suisse to close two branches",
     "Updated vaccines approved for the winter", "Reported Lune leak was a false alarm", "Copyright law goes before judges",
     "Privacy fears grow over street cameras", "Best in show goes to a mongrel", "Watch: Kestrel lands on goal line",
     "Show some mercy, bishop tells judges", "Investors may get to buy shares in May", "By George, the king drops in on Ashby",
     "On Air Force One, a quarrel over seats", "Manage your garden without a drop of water"],
)  # fmt: skip
def test_titles_that_begin_like_buttons_and_credits(line):
    assert kind_of(line) == "title"


@pytest.mark.usefixtures("an_end")
def test_kinds_take_a_bounded_time_for_any_line():
    for line in ("a." * 200_000, "By " + "Aa " * 100_000, "A" * 400, "via " + "a" * 390 + " !", "open " + "a" * 390 + "!",
                 "[a" * 100_000, "(" * 100_000, "you may " + "also like " * 40, "| " * 100_000):  # fmt: skip
        kind_of(line)
