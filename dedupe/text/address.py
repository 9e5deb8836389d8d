"""Web addresses -> what they name: two links to one page get the same text, however they were shared."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*", re.ASCII)
_HOST_PREFIX = re.compile(r"(?:(?:www\d?|m|mobile|amp)\.)+(?=[^.]+\.)")
_USUAL_PORTS = (None, 80, 443)
_SAME_PAGE = re.compile(r"(?:amp|index\.\w+)?", re.IGNORECASE)  # ends of a path that name the page before them
_KEPT_IN_PATHS = "/!$&'()*+,;=:@~"
_SECTION = re.compile(r"/[^\W\d_]+(?:[-_][^\W\d_]+)?(?:\.\w+)?", re.IGNORECASE)  # "/news", "/us-news", "/world.html"
_FEED = re.compile(r"/(?:rss|atom|feed|feeds)(?:\.\w+)?$", re.IGNORECASE)
_TRACKING = frozenset(
    """amp at campaign cmp cmpid dclid emc fbclid feedname feedtype from ftag gbraid gclid gclsrc guccounter icid igsh igshid ito
    mbid mc_cid mc_eid mkt_tok mod msclkid ncid ocid output outputtype partner ref ref_src ref_url referer referrer reflink rss
    s_cid sc_cid share smid smtyp soc_src soc_trk source spm src sref taid traffic_source trk tsrc ttclid twclid wbraid
    wt.mc_id wt_mc xtor yclid""".split()
)
"""Parameters that say where a reader comes from or how a page is shown, not which page it is; in lower case."""
_TRACKING_PREFIXES = ("utm_", "at_", "guce_", "hsa_", "mtm_", "ns_", "pk_", "vero_", "_ga", "_gl", "_hs", "__twitter")


def clean_address(url: str | None) -> str | None:
    """Return what an address names, as text without a scheme, or None where that says nothing about a story.

    Dropped: "www.", "m." and "amp.", the usual ports, user names, the fragment, parameters that track readers, "index.html",
    a final "/amp" or slash. The host is in lower case, percent-encoding is uniform and parameters are sorted. None: no
    address, another scheme than http and https, a site's root, a section such as "/world", a feed, what cannot be parsed.
    """
    try:
        parts = urlsplit((url or "").strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        host, path, query = _host(parts.hostname, parts.port), _path(parts.path), _query(parts.query)
    except ValueError:  # also of text that cannot be encoded
        return None
    if not query and (not path or _SECTION.fullmatch(unquote(path)) or _FEED.search(path)):
        return None
    return f"{host}{path}{'?' * bool(query)}{query}"


def _host(name: str, port: int | None) -> str:
    if ":" in name:
        host = f"[{name}]"  # IPv6
    else:
        host = (name if name.isascii() else name.encode("idna").decode()).casefold().rstrip(".")
        if not _HOST.fullmatch(host):
            raise ValueError(f"{name} is not the name of a host")
        host = _HOST_PREFIX.sub("", host, count=1)
    return host if port in _USUAL_PORTS else f"{host}:{port}"


def _path(path: str) -> str:
    # Bytes that are not UTF-8 stay as they are.
    text = unquote(path, errors="surrogateescape")
    text = re.sub("/{2,}", "/", text)
    end, start = len(text), text.rfind("/")
    while start >= 0 and _SAME_PAGE.fullmatch(text, start + 1, end):
        end, start = start, text.rfind("/", 0, start)
    return quote(text[:end], _KEPT_IN_PATHS, errors="surrogateescape")


def _query(query: str) -> str:
    fields = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    return urlencode(sorted(field for field in fields if not _tracks(field[0].lower())), errors="surrogateescape")


def _tracks(name: str) -> bool:
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)
