"""News pages, as HTML or as copied text -> their headlines.

In: the text of a page, and perhaps its address. Out: a `Page`: `Headline`s with position, link, group, and a report of what was
left out.
"""

from dedupe.readers.pages.formats import looks_like_html, looks_like_mhtml
from dedupe.readers.pages.found import PageReport, joined
from dedupe.readers.pages.page import Page, page_of
from dedupe.readers.pages.text import looks_like_page, parts_of_page

__all__ = [
    "Page",
    "PageReport",
    "joined",
    "looks_like_html",
    "looks_like_mhtml",
    "looks_like_page",
    "page_of",
    "parts_of_page",
]
