"""The reference of the public names, as `make docs` builds it."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

import dedupe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LexborHTMLParser]:
    """The pages by file name."""
    import pdoc

    folder = tmp_path_factory.mktemp("api")
    pdoc.render.configure(docformat="google")
    pdoc.pdoc("dedupe", "!dedupe.", output_directory=folder)
    return {path.name: LexborHTMLParser(path.read_text("utf-8")) for path in folder.glob("*.html")}


def names(page: LexborHTMLParser) -> set[str]:
    return {str(node.attributes["id"]) for node in page.css("[id]")}


def targets(page: LexborHTMLParser) -> list[str]:
    """What the links of a page name inside the reference, and where it sends the reader on."""
    found = [str(node.attributes["href"]) for node in page.css("a[href], link[href]")]
    sent = [str(node.attributes["content"]).partition("url=")[2] for node in page.css("meta[http-equiv=refresh]")]
    return [link for link in found + sent if link.partition(":")[0] not in ("http", "https", "data")]


def dead(built: dict[str, LexborHTMLParser]) -> list[tuple[str, str]]:
    found = []
    for name, page in built.items():
        for link in targets(page):
            path, _, part = link.removeprefix("./").partition("#")
            target = built.get(path or name)
            if target is None or (part and part not in names(target)):
                found.append((name, link))
    return found


def test_links_lead_somewhere(built: dict[str, LexborHTMLParser]) -> None:
    assert len(targets(built["dedupe.html"])) > len(dedupe.__all__)
    assert targets(built["index.html"]) == ["./dedupe.html"]
    assert dead(built) == []


def test_a_dead_link_is_found() -> None:
    page = LexborHTMLParser('<p id="here"><a href="#here"></a><a href="#gone"></a><a href="gone.html"></a></p>')
    assert dead({"page.html": page}) == [("page.html", "#gone"), ("page.html", "gone.html")]


@pytest.mark.parametrize("name", dedupe.__all__)
def test_every_public_name_is_documented(built: dict[str, LexborHTMLParser], name: str) -> None:
    (member,) = built["dedupe.html"].css(f"section[id='{name}']")
    said = member.css_first(".docstring")
    assert said is not None
    first = str(getattr(dedupe, name).__doc__).split()[0].strip("`")
    assert said.text(strip=True).startswith(first)
