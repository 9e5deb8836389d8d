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


def html_of_mhtml(text: str) -> tuple[str, str | None, str | None]:
    """Return the HTML of a page that was saved as MHTML, "" if it has none, its address and the date of its header."""
    message = message_from_bytes(text.encode("utf-8", "surrogatepass"), policy=policy.default)
    address = str(message.get("Snapshot-Content-Location") or "") or None
    date = str(message.get("Date") or "") or None
    for part in message.walk():
        if part.get_content_type() == "text/html" and isinstance(part, EmailMessage):
            payload = part.get_payload(decode=True)
            content = payload if isinstance(payload, bytes) else b""
            location = str(part.get("Content-Location") or "") or None
            packed = str(part.get("Content-Transfer-Encoding") or "").lower() in ("base64", "quoted-printable")
            charset = part.get_content_charset() if packed else None  # other parts were decoded with the whole
            return _decoded(content, charset), address or location, date
    return "", address, date


def _decoded(content: bytes, charset: str | None) -> str:
    for name in (charset or "utf-8", "utf-8"):
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")
