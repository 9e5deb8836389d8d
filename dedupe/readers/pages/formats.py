"""How a page was saved: as HTML or a part of it, or as MHTML, in which browsers save pages with their images."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

_SAMPLE = 5000  # characters
_TAGS = re.compile(
    r"<(?:!doctype html|html|head|body|title|meta|link|script|style|div|article|main|section|header|nav|aside|form|ul|ol|dl|table"
    r"|h[1-6]|p|a|figure|span|time)\b",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^<>]*>", re.IGNORECASE)
_NEVER_AROUND = frozenset(
    "area base br col embed hr img input link meta source track wbr p li dt dd option optgroup tr td th tbody thead tfoot".split()
)
"""Elements without content, and those that the next of their kind ends."""
_MAX_DEPTH = 2000  # far more than any page has
_BEFORE = re.compile(r"[\s\ufeff]*(?:<\?xml[^>]*>|<!--)?")
_MHTML = re.compile(r"(?:[A-Z][A-Za-z-]{1,40}:[^\n]*\n(?:[ \t][^\n]*\n)*)+", re.ASCII)


def looks_like_html(text: str) -> bool:
    """Return whether this is HTML or a part of it, by its first tag."""
    place, sample = 0, text[:_SAMPLE]
    while (match := _BEFORE.match(sample, place)) and match[0].strip("\ufeff \t\r\n\f"):
        end = sample.find("-->", match.end()) + 3 if match[0].endswith("<!--") else match.end()
        if end < 3:
            return False
        place = end
    return _TAGS.match(sample, match.end() if match else place) is not None


def looks_like_mhtml(text: str) -> bool:
    """Return whether this is MHTML: the header of a mail whose content has several parts, one of them HTML."""
    header = _MHTML.match(text[:_SAMPLE].replace("\r\n", "\n"))
    return header is not None and "multipart/related" in header[0].lower() and "text/html" in text


def html_of_mhtml(text: str) -> tuple[str, str | None]:
    """Return the HTML of a page that was saved as MHTML, "" if it has none, and its address."""
    message = message_from_bytes(text.encode("utf-8", "surrogateescape"), policy=policy.default)
    address = str(message.get("Snapshot-Content-Location") or "") or None
    for part in message.walk():
        if part.get_content_type() == "text/html" and isinstance(part, EmailMessage):
            payload = part.get_payload(decode=True)
            content = payload if isinstance(payload, bytes) else b""
            location = str(part.get("Content-Location") or "") or None
            return _decoded(content, part.get_content_charset()), address or location
    return "", address


def _decoded(content: bytes, charset: str | None) -> str:
    for name in (charset or "utf-8", "utf-8"):
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")


def without_depth(html: str) -> str:
    """Return HTML without the tags of elements that are nested very deeply: parsers take quadratic time for these."""
    depth = 0
    for tag in _ANY_TAG.finditer(html):
        depth = _depth_after(depth, tag)
        if depth > _MAX_DEPTH:
            return _shallow(html)
    return html


def _shallow(html: str) -> str:
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        after = _depth_after(depth, tag)
        if after > _MAX_DEPTH:
            return " "
        depth = after
        return tag[0]

    return _ANY_TAG.sub(kept, html)


def _depth_after(depth: int, tag: re.Match[str]) -> int:
    if tag[2].lower() in _NEVER_AROUND:
        return depth
    return max(depth - 1, 0) if tag[1] else depth + 1
