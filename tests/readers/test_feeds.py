"""RSS, Atom, JSON Feed and OPML."""

from __future__ import annotations

import gzip
import json

import pytest

from dedupe import InputError, read_headlines
from dedupe.readers.xml_text import cut_feed, root_name, with_plain_doctype
from tests.support.headline_files import DAY, TITLES, feed, titles
from tests.support.web_servers import redirect, response, serving

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
    with pytest.raises(InputError, match=r"none of 3 feeds could be read; .* add --allow-private"):
        read_headlines(path, fetch=True)
    source = read_headlines(path, fetch=True, allow_private=True)
    assert titles(source) == TITLES * 2
    assert "6 entries of 2 of 3 feeds" in source.notes[0]
    (warning,) = source.warnings
    assert "none.xml cannot be fetched" in warning


ITEM = "<item><title>Ferry sinks off Oslo</title></item>"


def rss(*items: str) -> bytes:
    """Items as a feed, however odd they are."""
    return f'<rss version="2.0"><channel><title>The Daily</title>{"".join(items)}</channel></rss>'.encode()


BAD_FEEDS = {
    "status-line": b"no protocol\r\n\r\n",
    "silence": b"",
    "missing": response(status="404 Not Found"),
    "incomplete": response(rss(ITEM * 50), length=10_000),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<rss><cha",
    "empty": response(),
    "page": response(b"<html><body><h1>Sign in</h1></body></html>"),
    "binary": response(b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    "packed": response(gzip.compress(rss(ITEM))[:-9]),
    "xml": response(b"<rss version='2.0'><channel><item"),
    "json": response(b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"title": "One"}, 7]}'),
    "cut": response(rss(ITEM * 200)[:5000]),
    "ftp": redirect("ftp://127.0.0.1/feed"),
    "loop": redirect("/loop"),
}
BAD_ADDRESSES = ("http://[::1", "http://a b/", "http://127.0.0.1:99999/", "https://", "ftp://127.0.0.1/", "feed.xml")


@pytest.mark.parametrize("skip_bad", [False, True])
def test_bad_feeds_do_not_end_a_list_and_are_named(tmp_path, skip_bad):
    def answer(connection, path):
        name = path.strip("/")
        connection.sendall(response(feed("rss")) if name.startswith("good") else BAD_FEEDS[name])

    with serving(answer) as address:
        names = ["good-1", *BAD_FEEDS, "good-2"]
        path = tmp_path / "feeds.opml"
        path.write_text(opml(*(f"{address}/{name}" for name in names), *BAD_ADDRESSES), "utf-8")
        source = read_headlines(path, fetch=True, allow_private=True, skip_bad=skip_bad)
    whole = BAD_FEEDS["cut"].count(b"</item>") + 1 if skip_bad else 0  # and the one that was packed
    assert titles(source) == [*TITLES, *["Ferry sinks off Oslo"] * whole, *TITLES]
    assert f"{2 + 2 * skip_bad} of {len(names) + len(BAD_ADDRESSES)} feeds" in source.notes[0]
    for bad in [*(f"{address}/{name}" for name in BAD_FEEDS), *BAD_ADDRESSES]:
        assert sum(f"{bad} " in f"{line} " for line in source.warnings) == 1, bad


def test_a_feed_that_was_cut_off_is_refused_or_read_up_to_there(tmp_path):
    content = rss(*(f"<item><title>Storm {k}</title></item>" for k in range(20)))
    with serving(response(content[: content.index(b"Storm 7") + 3])) as address:
        with pytest.raises(InputError, match=rf"{address} .*7 whole entries.*--skip-bad"):
            read_headlines(address)
        source = read_headlines(address, skip_bad=True)
    assert titles(source) == [f"Storm {k}" for k in range(7)]
    assert len(source.rejects) == 1 and any(address in line for line in source.warnings)


@pytest.mark.parametrize(
    "date",
    ["9999-12-31T23:59:59-23:00", "0000-00-00", "0001-01-01T00:00:00+23:00", "99 Foo 2025 99:99", "1e400", "-" * 50],
)
def test_an_impossible_date_is_kept_as_it_is_written(tmp_path, date):
    (tmp_path / "a.rss").write_bytes(rss(f"<item><title>Storm</title><pubDate>{date}</pubDate></item>"))
    (headline,) = read_headlines(tmp_path / "a.rss").headlines
    assert (headline.title, headline.published, headline.bad_date) == ("Storm", None, date)


@pytest.mark.parametrize(
    "reference",
    ["&#99999999999;", "&#x110000;", "&#xD800;", "&#0;", f"&#{'9' * 5000};", f"&#x{'f' * 5000}", "&#1114112"],
)
def test_a_reference_to_no_character_is_replaced(tmp_path, reference):
    escaped = f"<item><title>Rates &amp;{reference[1:]} rise</title></item>"
    plain = f"<item><title>Rain {reference} falls &#8211; caf&#xE9;</title></item>"
    (tmp_path / "a.rss").write_bytes(rss(plain, escaped))
    first, second = titles(read_headlines(tmp_path / "a.rss"))
    assert first == "Rain \ufffd falls – café"
    assert second.startswith("Rates ") and second.endswith(" rise")


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


CLOSING = {"rss": "</rss>", "atom": "</feed>", "json": "]"}


@pytest.mark.parametrize("kind", ["rss", "atom", "json"])
def test_a_feed_cut_anywhere_is_never_taken_for_a_whole_one(tmp_path, kind):
    whole, path = feed(kind), tmp_path / "feed"
    end = whole.rindex(CLOSING[kind].encode())
    for size in range(whole.index(TITLES[0].encode()), end + 1, 7):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError):
            read_headlines(path, input_format="feed")
        try:
            source = read_headlines(path, input_format="feed", skip_bad=True)
        except InputError:
            assert TITLES[1].encode() not in whole[:size]  # no entry is whole
            continue
        count = len(source.headlines)
        assert count > 0 and titles(source) == TITLES[:count]
        assert f"only the {count} headlines before" in source.warnings[0], size


@pytest.mark.parametrize("odd", ["<![CDATA[</item></channel></rss>", "<!-- </item></channel></rss>"])
def test_a_closing_tag_inside_a_section_does_not_close_a_feed(tmp_path, odd):
    item = "<item><title>Rates rise again</title></item>"
    path = tmp_path / "feed.xml"
    path.write_text(f"<rss version='2.0'><channel><title>All</title>{item}<item><title>{odd}", "utf-8")
    with pytest.raises(InputError, match=r"it ends after 1 whole entries, without </rss>.*--skip-bad"):
        read_headlines(path)
    assert titles(read_headlines(path, skip_bad=True)) == ["Rates rise again"]


@pytest.mark.parametrize(
    "after", ["", "\n<!-- made by a plugin -->", "<script>track()</script>", "\nWarning: no cache"]
)
def test_a_feed_that_is_not_well_formed_may_be_whole(tmp_path, after):
    path = tmp_path / "feed.xml"
    path.write_text(
        f"<rss version='2.0'><channel><item><title>Rates & rain</title></item></channel></rss>{after}", "utf-8"
    )
    source = read_headlines(path)
    assert titles(source) == ["Rates & rain"] and source.warnings == []


DTD = """<!DOCTYPE rss [
  <!ELEMENT rss (channel)> <!-- it's > and ] -->
  <!ENTITY nbsp "&#160;"> <!ENTITY outlet 'The ] > Daily'>
  <!ATTLIST rss version CDATA #FIXED "2.0"> <?pi ]> ?>
]>"""
DOCTYPES = [
    DTD,
    '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">',
    '<!DOCTYPE rss SYSTEM "rss>.dtd" [ <!ENTITY % HTML "a"> %HTML; ] >',
    "<!DOCTYPE rss [" + "".join(f'<!ENTITY e{k} "&#{k};">' for k in range(161, 800)) + "]>",
    "<!-- <rss> -->" * 400 + "<!DOCTYPE rss>",
]


@pytest.mark.parametrize("doctype", DOCTYPES)
@pytest.mark.parametrize("kind", ["rss", "atom", "opml"])
def test_a_document_type_is_no_obstacle(tmp_path, kind, doctype):
    path = tmp_path / "feed"
    if kind == "opml":
        path.write_text(OPML.replace("<opml", f"{doctype}\n<opml").format(""), "utf-8")
        with pytest.raises(InputError, match=r"lists no feeds|is not OPML"):
            read_headlines(path)
        return
    head, start, rest = feed(kind).decode().partition("<rss" if kind == "rss" else "<feed")
    path.write_text(f"{head}{doctype}\n{start}{rest}", "utf-8")
    source = read_headlines(path)
    assert source.format == "feed" and titles(source) == TITLES


def test_an_entity_of_a_document_type_is_read(tmp_path):
    path = tmp_path / "feed"
    path.write_text(
        f"{DTD}<rss version='2.0'><channel><item><title>Rates&nbsp;rise</title></item></channel></rss>", "utf-8"
    )
    assert titles(read_headlines(path)) == ["Rates\xa0rise"]


def test_entities_of_entities_do_not_grow(tmp_path):
    laughs = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 12))
    title = "Rates rise &a11;" + "&a0;" * 1000
    (tmp_path / "feed").write_text(
        f"<!DOCTYPE rss [{laughs}]><rss><channel><item><title>{title}</title></item></channel></rss>"
    )
    assert len(titles(read_headlines(tmp_path / "feed"))[0]) < 20_000


@pytest.mark.usefixtures("an_end")
@pytest.mark.parametrize("filler", ["<!--", "<?", "<!DOCTYPE rss [", '<!DOCTYPE "', "<![CDATA[", "</item ", "<rss "])
def test_the_root_of_a_large_text_is_found_in_time(filler):
    """A scan that were quadratic would take minutes."""
    text = filler * 200_000
    assert root_name(text) in ("", "rss")
    cut_feed(f"<rss>{text}")
    cut_feed(f"<!DOCTYPE rss [{text}")
    with_plain_doctype(f"<!DOCTYPE rss [{text}")


def test_a_json_feed_that_was_cut_keeps_its_source(tmp_path):
    content = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The Daily",
        "items": [{"title": t} for t in TITLES],
    }
    (tmp_path / "a.json").write_text(json.dumps(content)[:-10], "utf-8")
    source = read_headlines(tmp_path / "a.json", skip_bad=True)
    assert source.warnings and {headline.source for headline in source.headlines} == {"The Daily"}


def test_a_json_feed_may_say_late_that_it_is_one(tmp_path):
    items = [{"id": str(k), "content_text": "x" * 3000, "title": title} for k, title in enumerate(TITLES)]
    content = {"title": "The Daily", "items": items, "version": "https://jsonfeed.org/version/1.1"}
    (tmp_path / "a.json").write_text(json.dumps(content), "utf-8")
    source = read_headlines(tmp_path / "a.json")
    assert source.format == "feed" and titles(source) == TITLES


def test_an_atom_feed_may_have_a_prefix(tmp_path):
    xml = '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>Rates rise</a:title></a:entry></a:feed>'
    (tmp_path / "a.xml").write_text(xml, "utf-8")
    assert titles(read_headlines(tmp_path / "a.xml")) == ["Rates rise"]
    (tmp_path / "a.xml").write_text(xml.removesuffix("</a:feed>"), "utf-8")
    with pytest.raises(InputError, match="without </a:feed>"):
        read_headlines(tmp_path / "a.xml")
