"""`normalize`: one clean form of a title, and `fingerprint`: the key by which two titles are exact copies.

Both are pure. `normalize` keeps case and words and only repairs how they are written. `fingerprint` also lets go of
what feeds put around a title: publisher marks, update prefixes, quotes and the last full stop.
"""

from __future__ import annotations

import re
import unicodedata

from ftfy import fix_encoding
from ftfy.fixes import unescape_html

MAX_LENGTH = 1000
"""Characters of a normalized title that later stages compare; the rest of a longer one is ignored."""

_PASSES = 20  # real titles settle in two or three; more is a title built to unfold for ever
_MARKS = 4  # publisher marks or prefixes taken from one end of a title
_MARK_LENGTH = 60  # no publisher's name is longer, in characters

_NESTED_AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)
# Escapes, since these characters cannot be told apart by eye.
_QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`\u02bc\u02b9\u2035\uff07", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\uff02", '"')
)
# What most feeds use beyond ASCII. In a title with nothing else beyond it, ftfy never takes these for mojibake.
_TYPOGRAPHIC = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": " - "}
)
_LONG_DASH = re.compile(r"[\u2014\u2015\u2e3a\u2e3b]|-{2,}")
_SHORT_DASH = re.compile(r"[\u2010\u2011\u2012\u2013\u2212\ufe58\ufe63\uff0d]")
_VARIATION_SELECTORS = "\ufe0e\ufe0f"

_LEADS = re.compile(
    r"""(?:
        (?:breaking(?:\ news)?|just\ in|update(?:\ \d+)?|updated|exclusive|watch(?:\ live)?|live(?:\ updates?)?)\s*[:|]
      | (?:breaking(?:\ news)?|exclusive)\ -\ (?!-)
      | (?-i:(?:UPDATE|WRAPUP|REFILE|CORRECTED|EXCLUSIVE|BREAKING)(?:\ \d+)?\ ?-)
    )\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_LIVE_TAIL = re.compile(
    r"\s*(?:[(\[](?:live(?:\ updates?)?|updated?)[)\]]|(?:\ -|\ ?[|:,])\ live(?:\ updates?|\ blog)?)$", re.IGNORECASE
)
_SEPARATOR = re.compile(r"\ -\ |\s?\|\s?")
_SITE = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)*?)(?:\.com?)?\.[a-z]{2,4}(?:/.*)?", re.IGNORECASE)
_PUBLISHER_WORD = re.compile(r"(?:news|times|post|journal|tribune|herald|gazette|chronicle)", re.IGNORECASE)
_DOT_COM = re.compile(r"[\w-]+\.(?:com|org|net|co\.uk|com\.au|ie|ca)", re.IGNORECASE)
_WORDS_OF_NO_NAME = """
    a an the in on at of to after as and is no not new good bad big best great fake false breaking latest more old
    other our their his her your hard end all five four three two first last facebook instagram social blog blasts
    says truth twitter x tv sunday monday"""
_NOT_PUBLISHERS = frozenset(_WORDS_OF_NO_NAME.split())
_DESKS = frozenset(
    ["news", "com", "online", "politics", "business", "world", "sport", "sports", "health", "us", "uk", "live"]
)
_NAMES = """
    abc abcnews aljazeera aljazeeraenglish ap apnews associatedpress arstechnica atlantic axios bbc bbcnews bbcsport
    bloomberg bloombergnews bostonglobe businessinsider buzzfeed buzzfeednews cbc cbcnews cbs cbsnews cbssports
    chicagotribune cnbc cnet cnn cnnbusiness cnncom cnnpolitics csmonitor dailybeast dailymail dw economist
    engadget espn euronews eweek financialtimes foxbusiness foxnews gizmodo guardian hill
    hollywoodreporter huffingtonpost huffpost independent irishtimes latimes losangelestimes marketwatch
    mashable msnbc nbc nbcnews newsweek newyorker newyorkpost newyorktimes npr nydailynews nypost nytimes
    oregonpublicbroadcasting pbs pbsnewshour politico propublica reuters rollingstone rte seattletimes
    sfgate skynews skysports techcrunch telegraph theathletic theverge timecom upi upicom usatoday usnews
    verge vox wallstreetjournal washingtonexaminer washingtonpost washingtontimes wired wsj wsjcom yahoo
    yahoofinance yahoonews zdnet"""
_PUBLISHERS = frozenset(_NAMES.split())


def normalize(title: str) -> str:
    """Return `title` repaired and in one written form, case and words kept; doing it twice changes nothing more."""
    plain = title if title.isascii() else title.translate(_TYPOGRAPHIC)
    if _is_plain(plain):
        return fold_space(plain)
    for _ in range(_PASSES):
        before, title = title, _clean_once(title)
        if title == before:
            return title
    return fold_space(_printable_ascii(title))


def fingerprint(title: str, source: str | None = None) -> str:
    """Return the key by which titles are exact copies; "" only for a title without text.

    `source` is the row's publisher, by name or by site ("CNN", "cnn.com"): its mark at the end of the title goes.
    Without one, a mark goes only where it is plainly a publisher's.
    """
    return key_of_normalized(normalize(title), source)


def key_of_normalized(text: str, source: str | None = None) -> str:
    """Return the fingerprint of a title that is normalized already."""
    core = strip_trails(strip_leads(text), source)
    return fold_for_comparison(core) or fold_for_comparison(text) or text.casefold()


def unescape_entities(text: str) -> str:
    """Turn HTML entities into characters, also those escaped more than once."""
    return unescape_html(_NESTED_AMPERSAND.sub("&", text)) if "&" in text else text


def repair_mojibake(text: str) -> str:
    """Undo UTF-8 that was read as Latin-1, Windows-1252 or the like."""
    return text if text.isascii() else fix_encoding(text)


def straighten_quotes(text: str) -> str:
    """Make curly quotes, primes, guillemets and accents standing alone into straight quotes."""
    return text if text.isascii() and "`" not in text else text.translate(_QUOTES)


def compose(text: str) -> str:
    """Bring compatible characters to one form (NFKC): ligatures, full width, composed accents."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def unify_dashes(text: str) -> str:
    """Make a long dash into " - " and every short one into a hyphen."""
    return _LONG_DASH.sub(" - ", _SHORT_DASH.sub("-", text))


def drop_invisible(text: str) -> str:
    """Remove control, zero-width and direction characters, NUL and lone surrogates; white space stays."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(filter(_visible, text))


def fold_space(text: str) -> str:
    """Make each run of white space one space, and none at the ends."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(text.split())


def strip_leads(text: str) -> str:
    """Remove prefixes that announce and do not tell: "BREAKING:", "UPDATE 2-", "Exclusive |"."""
    for _ in range(_MARKS):
        lead = _LEADS.match(text)
        if lead is None or lead.end() == len(text):
            break
        text = text[lead.end() :]
    return text


def strip_trails(text: str, source: str | None = None) -> str:
    """Remove publisher marks and "live updates" from the end, never the last words that are left."""
    for _ in range(_MARKS):
        end = _trail_start(text, source)
        if not end:
            break
        text = text[:end].rstrip()
    return text


def fold_for_comparison(text: str) -> str:
    """Fold case, and leave out quotes and the punctuation at the end."""
    folded = compose(text.casefold()).replace("'", "").replace('"', "")
    return fold_space(folded).rstrip(".,;:!?- ")


def _is_plain(text: str) -> bool:
    """Whether no step but `fold_space` would change `text`, as is so for most titles."""
    return (
        text.isascii()
        and text.isprintable()
        and not ("&" in text and ";" in text)
        and "`" not in text
        and "--" not in text
    )


def _clean_once(text: str) -> str:
    for step in (
        unescape_entities,
        repair_mojibake,
        straighten_quotes,
        compose,
        drop_invisible,
        unify_dashes,
        fold_space,
    ):
        text = step(text)
    return text


def _printable_ascii(text: str) -> str:
    """Return what no step changes any more: the last resort for a title built to unfold for ever."""
    return unify_dashes("".join(c for c in text if " " <= c <= "~" and c not in "&`"))


def _visible(character: str) -> bool:
    if character in _VARIATION_SELECTORS:
        return False
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def _trail_start(text: str, source: str | None) -> int:
    """Return where the trailing mark of `text` starts, 0 where there is none or nothing stands before it."""
    offset = max(0, len(text) - _MARK_LENGTH)
    end = text[offset:]
    live = _LIVE_TAIL.search(end) if _may_be_live(end) else None
    if live:
        return offset + live.start()
    separators = list(_SEPARATOR.finditer(end)) if " - " in end or "|" in end else []
    if not separators:
        return 0
    mark = end[separators[-1].end() :]
    return offset + separators[-1].start() if _is_publisher(mark, source) else 0


def _may_be_live(text: str) -> bool:
    """Whether `_LIVE_TAIL`, slow to search for, could match; beyond ASCII it takes more for an "i" than `casefold` does."""
    folded = text.casefold()
    return "live" in folded or "update" in folded or not text.isascii()


def _is_publisher(mark: str, source: str | None) -> bool:
    if source and _same_publisher(mark, source):
        return True
    words = mark.split()
    if not mark[:1].isupper() and "." not in mark:
        return False
    if _publisher_key(mark) in _PUBLISHERS or _DOT_COM.fullmatch(mark):
        return True
    names = words[1:] if words[:1] == ["The"] else words
    return (
        2 <= len(names) <= 4
        and _PUBLISHER_WORD.fullmatch(names[-1]) is not None
        and all(word[0].isupper() and word.casefold() not in _NOT_PUBLISHERS for word in names)
    )


def _same_publisher(mark: str, source: str) -> bool:
    """Say whether `mark` names `source`, give or take a desk: "CNN Politics" for "cnn.com", "BBC" for "BBC News"."""
    short, long = sorted((_publisher_key(mark), _publisher_key(source)), key=len)
    return bool(short) and long.startswith(short) and (long == short or long[len(short) :] in _DESKS)


def _publisher_key(name: str) -> str:
    site = _SITE.fullmatch(name.strip())
    key = re.sub(r"[\W_]+", "", (site[1] if site else name).casefold())
    return key[3:] if key.startswith("the") and len(key) > 5 else key
