"""The same invented items in many layouts: their titles are found, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dedupe import read_page
from dedupe.readers.pages import looks_like_page
from tests.support.page_layouts import as_html, as_text, expected, layouts

SEED = 20250613


def titles(page: str) -> list[str]:
    return [headline.title for headline in read_page(page).headlines]


def test_thirty_layouts_of_text():
    pages = list(layouts(30, SEED))
    wrong = [layout for layout in pages if set(titles(as_text(layout))) != expected(layout)]
    assert len(set(pages)) == 30
    assert len(wrong) <= 3, "\n".join(map(str, wrong))


def test_layouts_of_text_are_recognised_as_pages():
    missed = [layout for layout in layouts(30, SEED) if not looks_like_page(as_text(layout))]
    assert len(missed) <= 3, "\n".join(map(str, missed))


@pytest.mark.parametrize("cards", ["heading", "span", "list", "paragraph"])
def test_layouts_of_html(cards):
    for layout in layouts(12, SEED):
        assert set(titles(as_html(layout, cards=cards))) == expected(replace(layout, order=("title",))), layout
