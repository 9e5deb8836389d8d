"""The reference of the public names: `docs/api.md`, and as `make docs` builds it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

import dedupe

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_docstrings_say() -> None:
    spec = spec_from_file_location("api_page", DOCS / "api_page.py")
    assert spec and spec.loader
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    text = made.page()
    assert text == (DOCS / "api.md").read_text("utf-8"), "docs/api.md is out of date: run python docs/api_page.py"
    for module in made.MODULES:
        public = import_module(module).__all__
        assert [name for name in public if f"### {module}.{name}\n" not in text] == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LexborHTMLParser]:
    """The pages, by file name."""
    import pdoc

    folder = tmp_path_factory.mktemp("api")
    pdoc.render.configure(docformat="google")
    pdoc.pdoc("dedupe", "!dedupe.", output_directory=folder)
    return {path.name: LexborHTMLParser(path.read_text("utf-8")) for path in folder.glob("*.html")}


def names(page: LexborHTMLParser) -> set[str]:
    return {str(node.attributes["id"]) for node in page.css("[id]")}


def targets(page: LexborHTMLParser) -> list[str]:
    """The links of a page inside the reference, and the pages that it redirects to."""
    links = [str(node.attributes["href"]) for node in page.css("a[href], link[href]")]
    redirects = [str(node.attributes["content"]).partition("url=")[2] for node in page.css("meta[http-equiv=refresh]")]
    return [link for link in links + redirects if link.partition(":")[0] not in ("http", "https", "data")]


def dead(built: dict[str, LexborHTMLParser]) -> list[tuple[str, str]]:
    links = []
    for name, page in built.items():
        for link in targets(page):
            path, _, part = link.removeprefix("./").partition("#")
            target = built.get(path or name)
            if target is None or (part and part not in names(target)):
                links.append((name, link))
    return links


@pytest.mark.slow
def test_links_resolve(built: dict[str, LexborHTMLParser]) -> None:
    assert len(targets(built["dedupe.html"])) > len(dedupe.__all__)
    assert targets(built["index.html"]) == ["./dedupe.html"]
    assert dead(built) == []


def test_a_dead_link_is_found() -> None:
    page = LexborHTMLParser('<p id="here"><a href="#here"></a><a href="#gone"></a><a href="gone.html"></a></p>')
    assert dead({"page.html": page}) == [("page.html", "#gone"), ("page.html", "gone.html")]


@pytest.mark.slow
@pytest.mark.parametrize("name", dedupe.__all__)
def test_every_public_name_is_documented(built: dict[str, LexborHTMLParser], name: str) -> None:
    (member,) = built["dedupe.html"].css(f"section[id='{name}']")
    docstring = member.css_first(".docstring")
    assert docstring is not None
    first = str(getattr(dedupe, name).__doc__).split()[0].strip("`")
    assert docstring.text(strip=True).startswith(first)
