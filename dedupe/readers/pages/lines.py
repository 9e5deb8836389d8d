"""What a line of a page is, by its own look: a button, a date or byline, a caption, running text, or perhaps a title."""

from __future__ import annotations

import re

from dedupe.readers.pages.words import count_words, is_capitalised

MAX_TITLE = 260  # characters; longer lines are prose
_LOOKED_AT = 400  # characters of a line that patterns see, so that no line takes long
_MIN_PROSE = 60  # characters; shorter lines with a full stop may be titles
_I = re.IGNORECASE

_MARKER = re.compile(
    r"\W*(?:you (?:may|might|will|.ll) (?:also |love |like |enjoy )*(?:like|enjoy|love)?|(?:stories|picked|recommended|suggested|more|selected)"
    r" for you|recommended(?: \w+)?|related(?: \w+)?|more (?:from|on|in|about)(?: \S+){1,4}"
    r"|more (?:\w+ )?(?:stories|news|headlines|coverage)(?: \S+){0,3}|trending(?: \w+)?|(?:most|top|best|just)[ -](?:\w+ )?(?:read|popular|viewed|"
    r"shared|recent|watched|discussed|commented|in)(?: \S+){0,3}|popular(?: \w+)?|up next|(?:what to )?read (?:next|more|also|this next)"
    r"|suggested(?: \w+)?|(?:top|latest|other|breaking|today.s|recent|big|main)(?: \w+)? (?:stories|news|headlines|articles|posts|picks)(?: (?:in|of|from|on) (?:the )?\S+(?: \S+){0,2})?|latest|editor.{0,3} (?:picks|choice)"
    r"|(?:from )?(?:around|across|elsewhere on) the (?:web|site|internet)|don.t miss(?: (?:it|these|this))?|also (?:on|in)(?: \S+){1,4}|in case you missed it|keep reading"
    r"|in other news|elsewhere|worth (?:your time|a read)|see also|other readers .{1,30})\W*",
    _I,
)
_BUTTON = re.compile(
    r"\W*(?:share(?: and follow| this(?: article| story| page)?)?|tweet|follow(?: us)?(?: on \w+)?|home ?(?:page)?|sections?|menu"
    r"|(?:open|close|expand|toggle|show|hide)\b(?: ?/? ?\w+){0,4}|search(?: \w+)?|jump to .{1,40}|skip to .{1,40}|go to .{1,20}"
    r"|log ?(?:in|out)|sign ?(?:in|up|out)(?: .{1,80})?|subscribe(?: .{1,40})?|register(?: now)?|advertis(?:ement|ing|e)(?: with .{1,20})?"
    r"|sponsored(?: .{1,20})?|(?:promoted|paid|partner)(?: \w+)?|newsletters?|(?:\d+ )?(?:comments?|shares?|likes?|replies)(?: \(\d+\))?"
    r"|print|e-?mail|facebook|twitter|instagram|whatsapp|linkedin|reddit|copy(?: link)?|link copied"
    r"|(?:read|see|view|load|show|watch|get|learn|find out|discover)(?: the)? (?:more|all|full|fullstory|full story|the full story|comments|now|less)\b.{0,30}"
    r"|full (?:story|schedule|coverage)\b.{0,20}|(?:more|all) (?:headlines|stories|news|videos|topics|languages)|details|more"
    r"|continue reading.*|click here.*|(?:privacy|cookies?)(?: \w+){0,2}(?: policy| notice| settings| statement)?|terms(?: (?:of|and|&) .*)?|©.*|.{0,30}©.{0,60}"
    r"|copyright .*|.{0,40}all rights reserved.*|(?:about|contact)(?: us| the \S+| \S+)?|contact form|.{0,20}(?:cookie|privacy) (?:policy|notice|settings|statement)"
    r"|do not sell .*|your (?:privacy|california) .{1,30}|limit use .*|accessibility(?: \w+)?|site ?map|photos?|videos?|live tv|watch live|listen(?: live| now)?"
    r"|(?:our )?\w+ page link|to revisit this .*|manage .{1,30}|report .{1,20} issue|make a payment|accept(?: all)?(?: cookies)?|reject(?: all)?|i agree|ok"
    r"|(?:we (?:and our partners )?use|this site uses) cookies.*|.{0,10}https?://\S+|loading.*|play(?: \w+)?|next|previous|back(?: to top)?|in association with|on air\b.*"
    r"|enter .{1,20}|search term.*|your e-?mail.*|submit(?: \w+)?|download(?: .{1,20})?|name|already (?:a member|subscribed).*)\W*",
    _I,
)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?"
_TIMES = re.compile(
    rf"(?:\b(?:about )?(?:\d+|an?|one|two|half an) ?(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|mos?|years?|yrs?|[smhdw])\.? ago\b"
    rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b|\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?:,? \d{{4}})?\b|\b\d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{1,4}}\b"
    rf"|\b\d{{1,2}}[:.]\d\d(?::\d\d)?(?: ?[ap]\.?m\b\.?)?|\b(?:today|yesterday|just now)\b|\b\d{{4}}年\d{{1,2}}月\d{{1,2}}日"
    rf"|\b\d+ ?(?:min(?:ute)?s?|mins) read\b)",
    _I,
)
_TIME_WORDS = re.compile(
    rf"\b(?:{_DAY}|am|pm|a\.m\.|p\.m\.|utc|gmt|[ecmp][sd]t|bst|myt|ist|at|on|by|posted|updated|published|modified|last|upd|related|first)\b",
    _I,
)
_META = re.compile(
    r"(?:by|par|von|por)(?-i:(?:,? (?:and |& )?[A-Z][\w.'’-]*){1,8})\W*(?:\W.{0,60})?"
    r"|by|(?:posted|filed|written|reported|edited|updated|published|last updated|modified)(?: (?:at|on|by|in|under))?:?(?: (?-i:[A-Z\d]).{0,80})?"
    r"|(?:via|source|sources|credit|credits|author|tags?|topics?|reporting by|editing by):? (?:\S+ ?){1,8}|[\d ]+(?:related|comments|views|points|votes)\b.{0,40}"
    r"|\d+ (?:of|/) \d+\W*|.{2,40}: \d+ (?:related|comments|articles)|.{1,40}\bpage ?\d+|[\d\W]+|gambling (?:content|problem).*"
    r"|\S+@\S+|@\w+|.{0,60}\b(?:staff writer|correspondent|business reporter|senior editor|contributing writer)\W*",
    _I,
)
_CREDIT = re.compile(
    r"^\(.*\)$|^(?:photo(?:graph)?s?|image(?: credit)?|credit|file(?: photo)?|picture|pictured|video|watch|caption|illustration)(?: by\b|:)"
    r"|\((?:\w+ )?(?:picture|photo|image|credit|file|ap|reuters|afp|getty|via)\b[^()]{0,80}\)\W*$|[-—–] (?:picture|photo|image)s? (?:by|via|courtesy)\b"
    r"|\((?:[^()]{0,60}[/,] ?[^()]{0,60}| ?via [^()]{0,40})\)$|^a (?:file )?(?:photo|photograph|picture|view|handout)\b.{0,40}\b(?:shows?|of|taken)\b"
    r"|\b(?:affiliate (?:commission|links?)|(?:may|might|could) (?:be paid|receive|earn|get)\b.{0,50}\b(?:links?|commission|buy|purchases?)"
    r"|contributed to this report|getty images|ap photo|ap video|sign up for\b.{0,60}\bnewsletters?)\b"
    r"|^this combination of photos|^in this (?:photo|image|video)\b",
    _I,
)
_STOP = re.compile(r"(?:[.;:,،؛。]|[!?？！](?=[\"'”’]))[\"'”’)\]]*$")
_CUT = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\])[\"'”’)\]]*$")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]\.){2,}|\b[A-Z]\.|\b(?:Jr|Sr|Inc|Co|Corp|Ltd|St|Dr|No|vs|Minn|Calif|Fla|Ga|Mich|Pa|Va|Wis|Tenn|Conn"
    r"|Colo|Okla|Ariz)\.)[\"'”’)]*$"
)
_INNER_STOP = re.compile(r"[a-z\d”’)]{3}\.[\"”’']? [A-Z“\"‘]")
_BUTTONS = re.compile(
    r"\b(?:privacy policy|terms of (?:use|service)|about us|contact us|advertise|subscribe|sign in|log in|sign up|archives?|newsletters?|careers|home)\b",
    _I,
)
_NAMES = re.compile(
    r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){1,3}(?:(?:, | and | & |, and )[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){1,2}){1,4}"
)
_NAME_AND_OUTLET = re.compile(r"[A-Z][\w.'’-]+ (?:[A-Z][\w.'’-]* )?[A-Z][\w.'’-]+, [A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+)?")
_ALLCAPS_NAMES = re.compile(r"(?:[A-Z][A-Z.'’-]+ ?){2,4}(?:(?:, |and )(?:[A-Z][A-Z.'’-]+ ?){2,4})+")
_BULLET = re.compile(r"^(?:[•▪●·*►»▶◆■‣→|–—-]+ *(?=\S))")


def kind_of(line: str) -> str:
    """Return what a line is: "marker" of a list, "button", "meta", "caption", "cut", "prose", "name", "short" or "title".

    "cut" is text that ends in an ellipsis, "short" has fewer than four words; only the lines around tell more of these.
    """
    seen = line[:_LOOKED_AT]
    if kind := _kind_by_words(seen):
        return kind
    if _CUT.search(line):
        return "cut"
    if is_prose(line):
        return "prose"
    if _STOP.search(line) and not _ABBREVIATION.search(line):
        return "prose" if count_words(line) > 3 else "button"
    if _NAMES.fullmatch(seen) or _NAME_AND_OUTLET.fullmatch(seen) or _ALLCAPS_NAMES.fullmatch(seen):
        return "name"
    return "short" if count_words(seen) < 4 else "title"


def _kind_by_words(line: str) -> str | None:
    if _MARKER.fullmatch(line):
        return "marker"
    if _BUTTON.fullmatch(line) or (line.isupper() or "|" in line) and len(_BUTTONS.findall(line)) > 1:
        return "button"
    if is_meta(line):
        return "meta"
    return "caption" if _CREDIT.search(line) else None


def is_meta(line: str) -> bool:
    """Return whether a line only says when, by whom or where something was published."""
    if _META.fullmatch(line):
        return True
    rest, times = _TIMES.subn(" ", line)
    if not times:
        return False
    words = count_words(_TIME_WORDS.sub(" ", rest))
    separated = len(re.findall(r"[|·•/]", rest))
    return words <= 1 or (words <= 3 and is_capitalised(_TIME_WORDS.sub(" ", rest))) or (separated > 0 and words <= 8)


def is_prose(line: str) -> bool:
    """Return whether a line is running text: a sentence with its stop, several sentences, or too long for a title."""
    if len(line) > MAX_TITLE:
        return True
    if len(line) > 90 and _INNER_STOP.search(line[:_LOOKED_AT]):
        return True
    return len(line) > _MIN_PROSE * _width(line) and bool(_STOP.search(line)) and not _ABBREVIATION.search(line)


def ends_cut(line: str) -> bool:
    """Return whether a line ends in an ellipsis."""
    return _CUT.search(line) is not None


def without_bullet(line: str) -> str:
    """Return a line without a bullet before it."""
    return _BULLET.sub("", line)


def _width(line: str) -> float:
    """How many characters of usual script one of this line counts for."""
    return 1.0 if line.isascii() else min(1.0, len(line) / (5 * max(count_words(line), 1)))
