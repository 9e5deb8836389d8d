"""A scraped news page, as text or as HTML -> its headlines.

A page has its own headline and article, then lists of items: a title, often a reworded title, then a teaser. In text, the
lists begin at a line such as "You May Also Like"; before it only the first headline counts, since the rest is the
article with its captions. A page without an article, such as a section front, is one list. Inside a list each line is
taken for what it looks like: a title has several words and no full stop, a teaser is cut by an ellipsis or ends a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_LIST = re.compile(
    r"^\W*(you (may|might) also (like|enjoy)|recommended( (for you|stories|reading|videos?))?|related"
    r"( (stories|articles|content|news|coverage|posts|links))?|more (from|on|in|stories|news|headlines|top stories)\b.{0,40}"
    r"|trending( (now|stories|news))?|most (read|popular|viewed|shared)|popular (now|stories|posts)|up next|read (next|more|also)"
    r"|suggested( for you| stories)?|top (stories|news|headlines)|latest( (news|stories|headlines))?|editors?['’]s? picks"
    r"|around the web|from around the web|don['’]t miss|also on .{1,40}|what to read next|in case you missed it)\W*$",
    re.IGNORECASE,
)
_CHROME = re.compile(
    r"^\W*(share( and follow| this( article| story)?)?|follow( us)?|home|sections?|menu|search|log ?in|sign ?(in|up)"
    r"|subscribe( now)?|advertisement|sponsored( content)?|skip to .*|newsletters?|comments?|print|e-?mail|facebook|twitter|x"
    r"|read (more|full story|the full story).*|continue reading.*|load more.*|see (more|all).*|view (all|more|comments).*"
    r"|privacy policy.*|terms (of|and) .*|cookie.*|all rights reserved.*|©.*|copyright.*|about us|contact( us)?|advertise.*"
    r"|photos?|videos?|live tv|watch live|listen( live)?|\d+ min(ute)?s? (read|ago).*|\d+ hours? ago.*|https?://\S+)\W*$",
    re.IGNORECASE,
)
_NOT_TITLE = re.compile(
    r"^(by [A-Z][\w.'’-]+ [A-Z]|posted:|updated:|published:|last updated|photo(graph)?(s)?( by|:)|image( credit)?:|credit:"
    r"|file( photo)?[:.]|source:|gambling content|\(.*\)$|(mon|tues|wednes|thurs|fri|satur|sun)day,? \w+ \d)"
    r"|\b(affiliate (commission|links?)|may (receive|earn) (an? )?(affiliate )?commission|contributed to this report|via ap\)"
    r"|getty images|ap photo|all rights reserved)",
    re.IGNORECASE,
)
_TEASER = re.compile(r"(…|\.\.\.|[.;:,]|\[…\])[\"'”’)]*$")
_ABBREVIATION = re.compile(r"\b([A-Z]\.){1,}$|\b(Jr|Sr|Inc|Co|Corp|St|Dr|No|vs)\.$")
_DATE = re.compile(r"^\W*(\w{3,9}\.? \d{1,2},? \d{4}|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4})\b.{0,25}$")
_WORDS = 4
_LONGEST = 220
_HEADINGS = "h1, h2, h3, h4, article a, li a, [class*=headline] a, [class*=title] a"


def looks_like_page(text: str) -> bool:
    """Whether text that is not HTML is a page rather than a list of titles: a list marker, or titles among teasers."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < 3:
        return False
    if any(_LIST.match(line) for line in lines) and any(_TEASER.search(line) for line in lines):
        return True
    teasers = sum(line.endswith(("…", "...")) for line in lines)
    paragraphs = sum(len(line) > 140 and line.endswith(".") for line in lines)
    return teasers + paragraphs >= max(0.15 * len(lines), 2) and "\n\n" in text.replace("\r\n", "\n")


def looks_like_html(text: str) -> bool:
    """Whether this is HTML, by its first tags."""
    return (
        re.match(
            r"\s*(<!--.*?-->\s*)*<(!doctype html|html|head|body|div|article|main|section)\b", text[:5000], re.I | re.S
        )
        is not None
    )


def titles_of_text(text: str) -> list[str]:
    """Return the headlines of a page's text, in order, each line as it stands."""
    lines = [line.strip() for line in text.splitlines()]
    starts = [k for k, line in enumerate(lines) if _LIST.match(line)]
    first = starts[0] if starts else len(lines)
    head, rest = lines[:first], lines[first:]
    if not starts and not _has_article(head):
        return list(_titles(head))
    own = next(_titles(head), None)
    return ([own] if own else []) + list(_titles(rest))


def _has_article(lines: Iterable[str]) -> bool:
    """Three long sentences that end are an article; teasers are cut or short."""
    return sum(len(line) > 120 and line.endswith((".", '."', ".”")) for line in lines) >= 3


def _titles(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if is_title(line))


def is_title(line: str) -> bool:
    """Whether a line of a list reads as a headline: some words, no full stop, no credit, date, button or disclaimer."""
    if len(line.split()) < _WORDS or len(line) > _LONGEST or line[:1] in "•|":
        return False
    if _LIST.match(line) or _CHROME.match(line) or _NOT_TITLE.search(line) or _DATE.match(line):
        return False
    return not _TEASER.search(line) or bool(_ABBREVIATION.search(line))


def titles_of_html(text: str) -> list[str]:
    """Return the headlines of an HTML page: headings, and links of articles and lists; one link or text once in a row."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    tree.strip_tags(["script", "style", "noscript", "template", "nav", "footer", "form", "button", "figcaption", "svg"])
    found = [" ".join(node.text(separator=" ").split()) for node in tree.css(_HEADINGS)]
    titles = list(dict.fromkeys(line for line in found if is_title(line)))
    if titles:
        return titles
    heading = tree.css_first("title")
    own = " ".join(heading.text().split()) if heading else ""
    return [own] if own else []
