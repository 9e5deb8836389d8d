"""XML as text: its root element, behind declarations, comments and a DTD, and whether a feed was cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PROLOGUE = re.compile(
    r"""[\ufeff\s]++ | <\?.*?\?> | <!--.*?-->
    | <!DOCTYPE (?: [^\["'>] | "[^"]*+" | '[^']*+' )*+
        (?: \[ (?: [^\]"'<] | "[^"]*+" | '[^']*+' | <!--.*?--> | <\?.*?\?> | <(?!!--|\?) )*+ \] \s*+ )? >""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_ENTITY = re.compile(  # whose value holds no others, so that nothing grows
    r"""<!ENTITY\s+([\w.-]+)\s+(?:"([^"<>&%]{1,200}|&\#\w{1,8};)"|'([^'"<>&%]{1,200}|&\#\w{1,8};)')\s*>"""
)
_ELEMENT = re.compile(r"<([^\W\d][\w:.-]*)")
_FEED = re.compile(r"<((?:[\w.-]+:)?(?:rss|feed|rdf))(?![\w:.-])", re.IGNORECASE)
_SECTION = re.compile(r"<!\[CDATA\[|<!--")
_ENTRY_END = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)


def root_name(text: str) -> str:
    """Return the name of the root element as it is written; "" for text that is no XML."""
    start = max((part.end() for part in _prologue(text)), default=0)
    root = _ELEMENT.match(text, start)
    return root[1] if root else ""


def with_plain_doctype(text: str) -> str:
    """Return XML whose document type declares only its short entities, one a line: feedparser understands no more."""
    for part in _prologue(text):
        if part[0][:9].upper() == "<!DOCTYPE":
            entities = [f'<!ENTITY {name} "{one or other}">' for name, one, other in _ENTITY.findall(part[0])]
            doctype = "\n".join(["<!DOCTYPE feed [", *entities, "]>"]) if entities else ""
            return text[: part.start()] + doctype + text[part.end() :]
    return text


def _prologue(text: str) -> Iterator[re.Match[str]]:
    """What precedes the root element."""
    start = 0
    while part := _PROLOGUE.match(text, start):
        yield part
        start = part.end()


def cut_feed(text: str) -> tuple[int, str] | None:
    """Return where the last whole entry of a feed ends that was cut off (0 if none is whole), and its root element.

    None for a whole feed, and for text that is none.
    """
    visible = _without_sections(text)
    root = _FEED.search(visible)
    if root is None:
        return None
    end = max((match.end() for match in _ENTRY_END.finditer(visible)), default=0)
    closed = re.compile(rf"</{re.escape(root[1])}\s*>", re.IGNORECASE).search(visible, end)
    return None if closed else (end, root[1])


def _without_sections(text: str) -> str:
    """The text with CDATA sections and comments blanked; one that is not closed reaches to the end."""
    parts, start = [], 0
    while section := _SECTION.search(text, start):
        close = "-->" if section[0] == "<!--" else "]]>"
        end = text.find(close, section.end())
        end = len(text) if end < 0 else end + len(close)
        parts += [text[start : section.start()], " " * (end - section.start())]
        start = end
    return "".join([*parts, text[start:]])
