"""`normalize`: a clean form of a title; `fingerprint`: the key that exact copies of a title share.

`normalize` keeps words and case and repairs characters. `fingerprint` also drops what feeds put around a title:
publisher marks, update prefixes, quotes and the last full stop.
"""

from __future__ import annotations

import re
import unicodedata

from ftfy import fix_encoding
from ftfy.fixes import unescape_html

MAX_LENGTH = 1000
"""How many characters of a normalized title later steps compare; they ignore the rest."""

_MAX_PASSES = 20  # real titles settle in two or three; only a title built to do so unfolds for ever
_MAX_MARKS = 4  # publisher marks removed from one title
_MAX_MARK_LENGTH = 60  # characters; no publisher's name is longer

_NESTED_AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)
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

_PREFIXES = re.compile(
    r"""(?:(?:
        (?:breaking(?:\ news)?|just\ in|update(?:\ \d+)?|updated|exclusive|watch(?:\ live)?|live(?:\ updates?)?)\s*[:|]
      | (?:breaking(?:\ news)?|exclusive)\ -\ (?!-)
      | (?-i:(?:UPDATE|WRAPUP|REFILE|CORRECTED|EXCLUSIVE|BREAKING)(?:\ \d+)?\ ?-)
    )\s*){1,4}(?!\Z)""",
    re.IGNORECASE | re.VERBOSE,
)
_LIVE_SUFFIX = re.compile(
    r"\s*(?:[(\[](?:live(?:\ updates?)?|updated?)[)\]]|(?:\ -|\ ?[|:,])\ live(?:\ updates?|\ blog)?)$", re.IGNORECASE
)
_SEPARATOR = re.compile(r"\ -\ |\s?\|\s?")
_SITE = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)*?)(?:\.com?)?\.[a-z]{2,4}(?:/.*)?", re.IGNORECASE)
_PUBLISHER_WORD = re.compile(r"(?:news|times|post|journal|tribune|herald|gazette|chronicle)", re.IGNORECASE)
_DOT_COM = re.compile(r"[\w-]+\.(?:com|org|net|co\.uk|com\.au|ie|ca)", re.IGNORECASE)
_NOT_IN_NAMES = frozenset(
    """a an the in on at of to after as and is no not new good bad big best great fake false breaking latest more old
    other our their his her your hard end all five four three two first last facebook instagram social blog blasts
    says truth twitter x tv sunday monday""".split()
)
_DESKS = frozenset("news com online politics business world sport sports health us uk live".split())
_PUBLISHERS = frozenset(
    """abc abcnews aljazeera aljazeeraenglish ap apnews associatedpress arstechnica atlantic axios bbc bbcnews bbcsport
    bloomberg bloombergnews bostonglobe businessinsider buzzfeed buzzfeednews cbc cbcnews cbs cbsnews cbssports
    chicagotribune cnbc cnet cnn cnnbusiness cnncom cnnpolitics csmonitor dailybeast dailymail dw economist
    engadget espn euronews eweek financialtimes foxbusiness foxnews gizmodo guardian hill
    hollywoodreporter huffingtonpost huffpost independent irishtimes latimes losangelestimes marketwatch
    mashable msnbc nbc nbcnews newsweek newyorker newyorkpost newyorktimes npr nydailynews nypost nytimes
    oregonpublicbroadcasting pbs pbsnewshour politico propublica reuters rollingstone rte seattletimes
    sfgate skynews skysports techcrunch telegraph theathletic theverge timecom upi upicom usatoday usnews
    verge vox wallstreetjournal washingtonexaminer washingtonpost washingtontimes wired wsj wsjcom yahoo
    yahoofinance yahoonews zdnet""".split()
)


def normalize(title: str) -> str:
    """Return `title` with its characters repaired, words and case kept; normalizing twice changes nothing more."""
    ascii_title = title if title.isascii() else title.translate(_TYPOGRAPHIC)
    if _is_clean(ascii_title):
        return _fold_space(ascii_title)
    for _ in range(_MAX_PASSES):
        before, title = title, repair(title)
        if title == before:
            return title
    harmless = "".join(c for c in title if " " <= c <= "~" and c not in "&`")
    return _fold_space(_unify_dashes(harmless))


def fingerprint(title: str, source: str | None = None) -> str:
    """Return the key that exact copies of a title share; "" only for a title without text.

    `source`: the row's publisher, by name or site ("CNN", "cnn.com"); its mark is dropped from the end of the title.
    Without it a mark is dropped only where it is clearly a publisher's.
    """
    return key_of_normalized(normalize(title), source)


def key_of_normalized(text: str, source: str | None = None) -> str:
    """Return the fingerprint of a title that is already normalized."""
    prefixes = _PREFIXES.match(text)
    core = _without_suffixes(text[prefixes.end() :] if prefixes else text, source)
    return _fold(core) or _fold(text) or text.casefold()


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


def _without_suffixes(text: str, source: str | None) -> str:
    """Remove publisher marks and "live updates" from the end, but never all words."""
    for _ in range(_MAX_MARKS):
        end = _suffix_start(text, source)
        if not end:
            break
        text = text[:end].rstrip()
    return text


def _suffix_start(text: str, source: str | None) -> int:
    """Return where the last mark of `text` starts; 0 if there is none, or nothing before it."""
    offset = max(0, len(text) - _MAX_MARK_LENGTH)
    end = text[offset:]
    folded = end.casefold()
    # The pattern is slow. Beyond ASCII it matches more than `casefold` shows: a dotless "i", for one.
    if "live" in folded or "update" in folded or not end.isascii():
        live = _LIVE_SUFFIX.search(end)
        if live:
            return offset + live.start()
    separators = list(_SEPARATOR.finditer(end)) if " - " in end or "|" in end else []
    if not separators:
        return 0
    mark = end[separators[-1].end() :]
    return offset + separators[-1].start() if _is_publisher(mark, source) else 0


def _is_publisher(mark: str, source: str | None) -> bool:
    if source and _same_publisher(mark, source):
        return True
    if not mark[:1].isupper() and "." not in mark:
        return False
    if _publisher_key(mark) in _PUBLISHERS or _DOT_COM.fullmatch(mark):
        return True
    words = mark.removeprefix("The ").split()
    return (
        2 <= len(words) <= 4
        and _PUBLISHER_WORD.fullmatch(words[-1]) is not None
        and all(word[0].isupper() and word.casefold() not in _NOT_IN_NAMES for word in words)
    )


def _same_publisher(mark: str, source: str) -> bool:
    """Whether `mark` names `source`, also with a desk: "CNN Politics" for "cnn.com", "BBC" for "BBC News"."""
    short, long = sorted((_publisher_key(mark), _publisher_key(source)), key=len)
    return bool(short) and long.startswith(short) and (long == short or long[len(short) :] in _DESKS)


def _publisher_key(name: str) -> str:
    site = _SITE.fullmatch(name.strip())
    key = re.sub(r"[\W_]+", "", (site[1] if site else name).casefold())
    return key[3:] if key.startswith("the") and len(key) > 5 else key
