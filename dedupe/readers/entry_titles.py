"""Titles of feed entries: cleaned of what was escaped into them, or made of the text of an entry that has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from dedupe.readers.pages.words import count_words

_INLINE = r"a|b|br|cite|em|font|i|mark|p|q|small|span|strong|su[bp]|u"
_MARKUP = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ELEMENT = re.compile(rf"<({_INLINE})(?:\s[^<>]*)?>([^<>]*)</\1\s*>", re.IGNORECASE)
_SECTION_MARKS = re.compile(r"<!\[CDATA\[|\]\]>")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});", re.IGNORECASE)
_PASSES = 4  # few titles are escaped more often
_READ = 20_000  # characters of a text, of which only the first sentence is wanted
_BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li|ol|p|pre|section"
    r"|table|td|th|tr|ul)(?![\w-])[^<>]*>",
    re.IGNORECASE,
)
_PARAGRAPH = "\u2029"
_BLANK_LINE = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?= [^a-z])|[。！？]++[」』”]*+")
_ABBREVIATION = re.compile(
    r"\b(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|Mr|Mrs|Ms|Dr|St|Mt|Prof|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Jr|Sr|Inc|Co|Corp|Ltd|No|vs"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$"
)
_ABBREVIATION_LENGTH = 12  # characters, at most
_MIN_WORDS = 3  # of a title; "Update:" or "Wow!" says nothing by itself


def clean_title(title: str) -> str:
    """Return a title without the markup, CDATA marks and references that were escaped into it, perhaps twice."""
    title = _MARKUP.sub("", title)
    for _ in range(_PASSES):
        before = title
        if "<![CDATA[" in title:
            title = _SECTION_MARKS.sub("", title)
        title = _REFERENCE.sub(lambda reference: unescape(reference[0]), title)
        title = _ELEMENT.sub(r"\2", title)  # whole elements only, as the title may be about a tag
        if title == before:
            break
    return title.strip()


def first_sentence(text: str, *, html: bool) -> str:
    """Return the first sentence of a text, and those after it while it has less than three words; "" for none."""
    taken: list[str] = []
    for sentence in _sentences(_plain(text[:_READ], html=html)):
        taken.append(sentence)
        if count_words(" ".join(taken)) >= _MIN_WORDS:
            break
    return clean_title(" ".join(taken))


def _plain(text: str, *, html: bool) -> str:
    """The text alone, its paragraphs ended by a separator."""
    text = _BLANK_LINE.sub(_PARAGRAPH, text)
    if not html:
        return text
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(_BLOCK.sub(_PARAGRAPH, text))
    tree.strip_tags(["script", "style", "template"], recursive=True)
    return tree.body.text(separator="") if tree.body else ""


def _sentences(text: str) -> Iterator[str]:
    for paragraph in text.split(_PARAGRAPH):
        rest = " ".join(paragraph.split())
        start = 0
        for end in _SENTENCE_END.finditer(rest):
            sentence = rest[start : end.end()].strip()
            if not _ABBREVIATION.search(sentence[-_ABBREVIATION_LENGTH:]):
                yield sentence
                start = end.end()
        if last := rest[start:].strip():
            yield last
