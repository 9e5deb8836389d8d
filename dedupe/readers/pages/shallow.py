"""HTML -> the same without what takes parsers quadratic time: very deep nesting, many open styles, very many attributes."""

from __future__ import annotations

import re

_MAX_DEPTH = 256  # of elements; pages have some thirty, and the parser takes the square of it
_MAX_STYLES = 16  # of these open at once, since the parser repeats them in every paragraph
_MAX_ATTRIBUTES = 500  # words of them in one tag, for the same reason
_STYLES = frozenset("b big code em font i nobr s small strike strong tt u".split())
_TERMS = frozenset("dd dt rp rt optgroup".split())  # their ends may be left out, but they may be nested as well
_UNCOUNTED = frozenset(  # tags that have no end, or whose end may be left out
    """area base br col embed hr img input link meta source track wbr p li option tr td th thead tbody tfoot
    colgroup caption html head body""".split()
)
_TAGS = re.compile(
    r"""<!--.*?(?:-->|\Z)
    | <(?P<raw>script|style|textarea|title)\b.*?(?:</(?P=raw)\b|\Z)
    | <(?P<end>/?)(?P<name>[a-z][^\s/<>]*+)(?P<attributes>[^<>]*+)>""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


def shallow(html: str) -> str:
    """Return HTML without the tags of elements nested too deeply, and without the attributes of a tag that has too many."""
    depth = styles = terms = unclosed = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth, styles, terms, unclosed
        name, attributes = (tag["name"] or "").lower(), tag["attributes"] or ""
        if name and name not in _UNCOUNTED and attributes.endswith("/"):  # which closes nothing, but in drawings
            unclosed += 1
            return "" if unclosed > _MAX_DEPTH else tag[0]
        if name and name not in _UNCOUNTED:
            step = -1 if tag["end"] else 1
            if name in _TERMS:
                terms = max(terms + step, 0)
                return "" if terms > _MAX_DEPTH else tag[0]
            depth = max(depth + step, 0)
            styles = max(styles + step, 0) if name in _STYLES else styles
            if depth > _MAX_DEPTH or (name in _STYLES and styles > _MAX_STYLES):
                return ""
        many = len(attributes) > 2 * _MAX_ATTRIBUTES and len(attributes.split()) > _MAX_ATTRIBUTES
        return f"<{tag['end']}{name}>" if many else tag[0]

    return _TAGS.sub(kept, html)
