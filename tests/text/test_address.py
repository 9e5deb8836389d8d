from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedupe.text.address import clean_address

PIECES = """
http:// https:// www. m. a.example [::1] : 80 443 / // ? & = # % %2F %ff ü é ℀ amp index.html utm_x= id= rss
""".split()
ADDRESSES = st.one_of(st.text(), st.lists(st.sampled_from([*PIECES, " ", "\ud800"]), max_size=12).map("".join))


@pytest.mark.parametrize(
    "url",
    [
        "http://herald.example/story/9",
        "https://www.herald.example/story/9/",
        "  HTTPS://WWW.Herald.Example./story/9 \n",
        "https://m.herald.example/story/9",
        "https://amp.herald.example/story/9/amp/",
        "http://herald.example:80/story/9",
        "https://herald.example:443//story//9",
        "https://reader:secret@herald.example/story/9",
        "https://herald.example/story/9/index.html#comments",
        "https://herald.example/story/%39?",
        "https://herald.example/story/9?utm_source=feed&utm_medium=rss&fbclid=x&gclid=y",
        "https://herald.example/story/9?at=rss&CMPID=z&ref=home&rss=1&CMP=share&ns_mchannel=a",
    ],
)
def test_one_page_has_one_address(url):
    assert clean_address(url) == "herald.example/story/9"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://a.example/s?b=2&id=9&b=1&utm_id=3", "a.example/s?b=1&b=2&id=9"),
        ("https://a.example/?p=9", "a.example?p=9"),
        ("https://a.example/index.php?id=", "a.example?id="),
        ("https://a.example/Mayor-Resigns-Today", "a.example/Mayor-Resigns-Today"),
        ("https://a.example/s9", "a.example/s9"),
        ("https://a.example:8080/s/9", "a.example:8080/s/9"),
        ("http://[2001:DB8::1]/s/9", "[2001:db8::1]/s/9"),
        ("https://bücher.example/zürich/9?q=ü", "xn--bcher-kva.example/z%C3%BCrich/9?q=%C3%BC"),
        ("https://xn--bcher-kva.example/z%c3%bcrich/9?q=%c3%bc", "xn--bcher-kva.example/z%C3%BCrich/9?q=%C3%BC"),
        ("https://a.example/%ff/%FE?q=%fd", "a.example/%FF/%FE?q=%FD"),
        ("https://www.com/s/9", "www.com/s/9"),
        ("https://amp.example/s/9", "amp.example/s/9"),
    ],
)
def test_other_pages_keep_what_tells_them_apart(url, address):
    assert clean_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        " ",
        "http://",
        "https://a.example",
        "https://a.example/?utm_source=feed",
        "https://www.a.example/index.html",
        "https://a.example/news",
        "https://a.example/world/",
        "https://a.example/live?at=rss",
        "https://a.example/us-news",
        "https://a.example/news.html",
        "https://a.example/news/rss.xml",
        "https://a.example/world/europe/feed/",
        "mailto:desk@a.example",
        "ftp://a.example/s/9",
        "javascript:alert(1)",
        "tag:a.example,2026:9",
        "/s/9",
        "s/9.html",
        "http:///s/9",
        "http://..../s/9",
        "http://[::1/s/9",
        "http://[nothing]/s/9",
        "http://a.example:99999/s/9",
        "http://a.example:port/s/9",
        "http://a b.example/s/9",
        "http://℀.example/s/9",
        f"http://{'ü' * 70}.example/s/9",
        "http://a.example/\ud800/9",
        b"\xff\xfe\x00http://\x80".decode("latin-1"),
    ],
)
def test_what_says_nothing_about_a_story(url):
    assert clean_address(url) is None


def test_a_very_long_address_is_one():
    assert clean_address(f"https://www.a.example/{'s/' * 5000}9") == f"a.example/{'s/' * 5000}9"
    assert clean_address(f"https://a.example/s/9?{'utm_x=1&' * 5000}") == "a.example/s/9"


@given(ADDRESSES)
@example("http://www.m.www.a.example/index.html/amp//")
@example("http://a.example/%2561/%25")
def test_a_cleaned_address_stays_as_it_is(url):
    address = clean_address(url)
    assert address is None or (address.isascii() and address.isprintable())
    assert address is None or clean_address(f"https://{address}") == address


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=3)), max_size=4), st.randoms())
def test_the_order_of_parameters_does_not_matter(fields, random):
    def address(of):
        return clean_address("https://a.example/s/9?" + urlencode(of, errors="replace"))

    assert address(fields) == address(random.sample(fields, len(fields)))
