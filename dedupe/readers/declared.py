"""The encodings that text declares itself to be in: an XML declaration, an HTML page's `<meta>`, and a server's header.

Labels mean what browsers take them for, such as Windows-1252 for "iso-8859-1". Labels of other codecs are ignored, so that no
input chooses one of Python's that are not for text; so is UTF-16, in which a declaration that can be read was not written.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from dedupe.readers.pages import looks_like_html

_HEAD = 4096  # bytes that may hold a declaration
_XML = re.compile(r"\s*<\?xml\s[^<>]*?\bencoding\s*=\s*[\"']([\w.:-]+)[\"']", re.ASCII)
_META = re.compile(r"<meta\s[^<>]*?\bcharset\s*=\s*[\"']?\s*([\w.:-]+)", re.ASCII | re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_AS_BROWSERS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_LABELS = {
    **{"x-sjis": "cp932", "windows-31j": "cp932", "windows-936": "gb18030", "x-gbk": "gb18030", "windows-949": "cp949"},
    **{"x-euc-jp": "euc_jp", "windows-874": "cp874", "dos-874": "cp874", "x-cp1251": "cp1251", "x-cp1252": "cp1252"},
    **{"iso-8859-8-i": "iso8859-8", "x-mac-roman": "mac-roman", "x-mac-cyrillic": "mac-cyrillic"},
}
"""Labels that Python does not know."""
_TEXT = re.compile(
    r"utf-8|cp(125\d|437|85[0258]|866|874|932|949|950)|iso8859-\d+|koi8-[rut]|mac-\w+"
    r"|gb18030|big5hkscs|euc_jp|euc_jis_2004|shift_jis\w+|iso2022_jp|johab"
)


class Declared(NamedTuple):
    """An encoding as Python calls it, and where it is declared, in words."""

    encoding: str
    where: str


def declared_encodings(content: bytes, charset: str | None = None, mark: str | None = None) -> list[Declared]:
    """Return what text declares, the most reliable first. `charset`: what its server declares; `mark`: the encoding of its
    byte-order mark, if it has one.
    """
    head = content[:_HEAD].decode(mark or "latin-1", "ignore").lstrip("\ufeff")
    page = _COMMENT.sub("", head)
    found = [
        (_label(_XML.match(head)), "its XML declaration"),
        (_label(_META.search(page)) if looks_like_html(page) else None, "its <meta>"),
        (charset, "its server"),
    ]
    known = [Declared(_python_name(label) or "", where) for label, where in found if label]
    return [declared for declared in known if declared.encoding]


def same_encoding(first: str, second: str) -> bool:
    """Return whether two codecs are one encoding, whatever their byte order."""
    return _plain(first) == _plain(second)


def _plain(encoding: str) -> str:
    name = codecs.lookup(encoding).name.removesuffix("-sig")
    name = re.sub(r"(?<=\d)-[lb]e$", "", name)
    return _AS_BROWSERS.get(name, name)


def _python_name(label: str) -> str | None:
    """The codec for the label of an encoding on the web; None for a label that names no encoding of text."""
    label = label.strip().lower()
    try:
        name = codecs.lookup(_LABELS.get(label, label)).name
    except (LookupError, ValueError):
        return None
    name = _AS_BROWSERS.get(name, name)
    return name if _TEXT.fullmatch(name) else None


def _label(match: re.Match[str] | None) -> str | None:
    return match[1] if match else None
