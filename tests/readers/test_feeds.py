"""RSS, Atom, JSON Feed and OPML."""

from __future__ import annotations

import gzip

import pytest

from dedupe import InputError, read_headlines
from tests.support.headline_files import DAY, TITLES, feed, titles

OPML = '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"><head/><body><outline text="News">{}</outline></body></opml>'


def opml(*addresses: str) -> str:
    return OPML.format("".join(f'<outline type="rss" xmlUrl="{address}"/>' for address in addresses))


@pytest.mark.parametrize("kind", ["rss", "atom", "json"])
@pytest.mark.parametrize("name", ["feed.xml", "feed"])
def test_feeds(tmp_path, kind, name):
    (tmp_path / name).write_bytes(feed(kind))
    source = read_headlines(tmp_path / name)
    assert source.format == "feed" and titles(source) == TITLES
    first = source.headlines[0]
    assert (first.published, first.source, first.url) == (DAY, "The Daily", "https://daily.example/0")
    assert list(first.columns) == source.columns == ["title", "published", "source", "url", "id"]


def test_an_entry_of_a_feed_of_feeds_names_its_own_outlet_and_loses_its_markup(tmp_path):
    (tmp_path / "a.rss").write_text(
        '<?xml version="1.0" encoding="latin-1"?><rss version="2.0"><channel><title>All</title><item>'
        "<title>Caf&#233; &lt;b&gt;owner&lt;/b&gt; wins</title><source url='https://a.example'>Herald</source>"
        "<pubDate>no date</pubDate></item></channel></rss>",
        "utf-8",
    )
    (headline,) = read_headlines(tmp_path / "a.rss").headlines
    assert (headline.title, headline.source, headline.bad_date) == ("Café owner wins", "Herald", "no date")


def test_a_broken_feed_is_refused(tmp_path):
    (tmp_path / "a.rss").write_text("<rss version='2.0'><channel><item", "utf-8")
    with pytest.raises(InputError, match=r"a\.rss is a feed that cannot be read"):
        read_headlines(tmp_path / "a.rss")
    (tmp_path / "b.json").write_text('{"version": "https://jsonfeed.org/version/1", "items": 3}', "utf-8")
    with pytest.raises(InputError, match=r"b\.json is not a JSON Feed"):
        read_headlines(tmp_path / "b.json")


def test_no_file_is_read_that_a_feed_names(tmp_path):
    """An XML entity that names a file is not resolved."""
    (tmp_path / "secret").write_text("secret words", "utf-8")
    (tmp_path / "a.rss").write_text(
        f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><rss version="2.0"><channel>'
        "<item><title>News &x; today</title></item></channel></rss>",
        "utf-8",
    )
    try:
        entries = titles(read_headlines(tmp_path / "a.rss", input_format="feed"))
    except InputError:
        entries = []
    assert not any("secret words" in title for title in entries)


def test_opml_is_fetched_only_on_request(tmp_path, server):
    folder, address = server
    (folder / "rss.xml").write_bytes(feed("rss"))
    (folder / "atom.xml").write_bytes(gzip.compress(feed("atom")))
    path = tmp_path / "feeds.opml"
    path.write_text(opml(f"{address}/rss.xml", f"{address}/atom.xml", f"{address}/none.xml"), "utf-8")
    with pytest.raises(InputError, match=r"lists feeds \(3\): add --fetch"):
        read_headlines(path)
    source = read_headlines(path, fetch=True)
    assert titles(source) == TITLES * 2
    assert "6 entries of 2 of 3 feeds" in source.notes[0] and "none.xml cannot be fetched" in source.notes[1]


def test_opml_without_feeds_or_whose_feeds_all_fail(tmp_path):
    path = tmp_path / "feeds.opml"
    path.write_text(opml(), "utf-8")
    with pytest.raises(InputError, match="lists no feeds"):
        read_headlines(path, fetch=True)
    path.write_text(opml("file:///etc/hostname"), "utf-8")
    with pytest.raises(
        InputError, match=r"none of 1 feeds could be read; the first: file:///etc/hostname is not an http"
    ):
        read_headlines(path, fetch=True)
