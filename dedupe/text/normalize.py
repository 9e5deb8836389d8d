"""`normalize`: a clean form of a title; `fingerprint`: the key that exact copies of a title share.

`normalize` keeps words and case and repairs characters. `fingerprint` also drops decorations, quotes and the last full stop.
"""

from __future__ import annotations

import re
import unicodedata

from ftfy import fix_encoding
from ftfy.fixes import unescape_html

from dedupe.text.decorations import undecorated

MAX_LENGTH = 1000
"""How many characters of a normalized title later steps compare; they ignore the rest."""

MAX_READ = 4 * MAX_LENGTH
"""How many characters of a title are read at all: to put marks in order, as Unicode demands, takes the square of their number."""

_MAX_PASSES = 20  # real titles settle in two or three; only a title built to do so unfolds for ever

_NESTED_AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)
_ESCAPE = re.compile(r"&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});|<!\[CDATA\[", re.IGNORECASE)
# Escapes, because these characters look alike.
_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`\u02bc\u02b9\u2035\uff07", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\uff02", '"')
)
# The usual non-ASCII characters of feeds. ftfy never takes them for mojibake in a title without others.
_TYPOGRAPHIC = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": " - "}
)
_LONG_DASH = re.compile(r"[\u2014\u2015\u2e3a\u2e3b]|-{2,}")
_SHORT_DASH = re.compile(r"[\u2010\u2011\u2012\u2013\u2212\ufe58\ufe63\uff0d]")
_VARIATION_SELECTORS = "\ufe0e\ufe0f"


def normalize(title: str) -> str:
    """Return the first `MAX_READ` characters of `title`, repaired, words and case kept; doing so twice changes nothing more."""
    title = title[:MAX_READ]
    ascii_title = title if title.isascii() else title.translate(_TYPOGRAPHIC)
    if _is_clean(ascii_title):
        return _fold_space(ascii_title)[:MAX_READ].rstrip()
    for _ in range(_MAX_PASSES):
        before, title = title, repair(title)[:MAX_READ]
        if title == before:
            return title
    harmless = "".join(c for c in title if " " <= c <= "~" and c not in "&`")
    return _fold_space(_unify_dashes(harmless))[:MAX_READ].rstrip()


def is_escaped(title: str) -> bool:
    """Return whether a title shows references such as `&amp;`, or CDATA marks, instead of what they stand for."""
    return _ESCAPE.search(title) is not None


def fingerprint(title: str, source: str | None = None) -> str:
    """Return the key that exact copies of a title share; "" only for a title without text.

    `source`: the row's outlet, by name or site ("CNN", "cnn.com"); its mark around the title is dropped. Without it a mark
    is dropped only where it is clearly an outlet's.
    """
    return key_of_normalized(normalize(title), source)


def key_of_normalized(text: str, source: str | None = None) -> str:
    """Return the fingerprint of a title that is already normalized."""
    return key_of_core(undecorated(text, source).core)


def key_of_core(core: str) -> str:
    """Return the fingerprint of a title that is already normalized and undecorated."""
    return _fold(core) or core.casefold()


def repair(text: str) -> str:
    """Apply each repair once: entities, mojibake, quotes, compatible characters (NFKC), invisible ones, dashes, space."""
    if "&" in text:
        text = unescape_html(_NESTED_AMPERSAND.sub("&", text))
    if not text.isascii():
        text = fix_encoding(text)
    text = unicodedata.normalize("NFKC", text.translate(_QUOTES))
    return _fold_space(_unify_dashes("".join(filter(_is_visible, text))))


def _is_clean(text: str) -> bool:
    """Whether `repair` would only fold the space of `text`, as is true of most titles."""
    if not (text.isascii() and text.isprintable()):
        return False
    return not ("&" in text and ";" in text) and "`" not in text and "--" not in text


def _unify_dashes(text: str) -> str:
    return _LONG_DASH.sub(" - ", _SHORT_DASH.sub("-", text))


def _is_visible(character: str) -> bool:
    if character in _VARIATION_SELECTORS:
        return False
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def _fold_space(text: str) -> str:
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(text.split())


def _fold(text: str) -> str:
    """Fold case, and drop quotes and the punctuation at the end."""
    folded = unicodedata.normalize("NFKC", text.casefold()).replace("'", "").replace('"', "")
    return _fold_space(folded).rstrip(".,;:!?- ")
