"""Patterns of lines that are no headlines, whatever stands around them: headings of lists, buttons, datelines, credits.

They see at most 400 characters of a line, and no part of them can match one text in many ways, so each line takes a bounded
time. Of a page in another language they know dates and the like only; there the lines around a line must tell.
"""

from __future__ import annotations

import re

from dedupe.dates.relative import AGO, TELLING


def _any(alternatives: str, around: str = "{}") -> re.Pattern[str]:
    """A pattern with one alternative a line. `around`: what goes around all of them."""
    joined = "|".join(line for line in map(str.strip, alternatives.splitlines()) if line)
    return re.compile(around.replace("{}", f"(?:{joined})"), re.IGNORECASE)


_FULLY = r"\W*{}\W*"
_WORDS = r"\b{}\b"

MARKER = _any(
    r"""
    you (?:may|might|will|.ll) (?:also )?(?:like|enjoy|love|want to read)(?: (?:this|these))?
    (?:stories|picked|recommended|suggested|more|selected|just)(?: \w+)? for you
    (?:recommended|related|trending|popular|suggested)(?: (?!for )\w+)?
    more (?:from|on|in|about)(?: \S+){1,4}
    more (?:\w+ )?(?:stories|news|headlines|coverage)(?: \S+){0,3}
    (?:most|top)[ -](?:\w+ )?(?:read|viewed|shared|recent|watched|discussed|commented)(?: \S+){0,3}
    most popular(?: (?:now|today|this|stories|articles|news|videos|posts|in|on)(?: \S+){0,2})?
    up next|just in
    (?:what to )?read (?:next|more|also|this next)
    (?:top|latest|other|breaking|today.s|recent|big|main)(?: \w+)? (?:stories|news|headlines|articles|posts|picks)
    (?:top|latest|other|recent|big|main) (?:stories|headlines) (?:in|of|from|on) \S+(?: \S+){0,3}
    latest
    editor.{0,3} (?:picks|choice)
    (?:from )?(?:around|across|elsewhere on) the (?:web|site|internet)
    don.t miss(?: (?:it|these|this))?
    also (?:on|in)(?: \S+){1,4}
    in case you missed it
    keep reading
    in other news|elsewhere
    worth (?:your time|a read)
    see also
    other readers .{1,30}
    """,
    _FULLY,
)
"""The heading of a list."""
_OPEN = "open|close|expand|collapse|toggle|show|hide"
BUTTON = _any(
    rf"""
    share(?: and follow| this(?: article| story| page)?)?|tweet
    follow(?: \w+)?(?: on \w+)?
    (?:follow|find|join|like|contact|email|call|watch|read)(?: us| our)\b.{{0,60}}
    home ?(?:page)?|sections?|menu
    (?:{_OPEN})(?: ?/ ?(?:{_OPEN}))?(?: \w+)?
    (?:{_OPEN})(?: \w+){{0,2}} (?:menu|navigation|nav|search|panel|sidebar|alert|dialog|banner|section|comments|window)
    search(?: \w+)?|search term.*
    (?:jump|skip) to .{{1,40}}|go to (?:the )?(?:home ?page|top|content|main|navigation|next|previous).{{0,20}}
    log ?(?:in|out)
    sign ?(?:in|up|out)(?: .{{1,80}})?
    subscribe(?: .{{1,80}})?|stay up to date\b.{{0,60}}|already (?:a member|subscribed).*
    register(?: now)?
    advertis(?:ement|ing|e)(?: with .{{1,20}})?
    sponsored(?: .{{1,20}})?|(?:promoted|paid|partner)(?: \w+)?
    newsletters?|your e-?mail.*|submit(?: \w+)?|enter (?:a|your) .{{1,20}}
    (?:\d+ )?(?:comments?|shares?|likes?|replies)(?: \(\d+\))?
    print|e-?mail|facebook|twitter|instagram|whatsapp|linkedin|reddit
    (?:our )?\w+ page link|copy(?: link)?
    (?:read|see|view|load|show)(?: the)? (?:more|all|full|fullstory|comments|less)\b.{{0,30}}
    (?:learn|find out|discover|watch|get) (?:more|now)
    full (?:story|schedule|coverage)\b.{{0,20}}
    (?:more|all) (?:headlines|stories|news|videos|topics|languages)|details|more
    continue reading.*|click here.*
    (?:privacy|cookies?)(?: (?:policy|notice|settings|statement|preferences|choices|centre|center|rights))?
    terms (?:of (?:use|service|sale)|(?:and|&) conditions)\b.*
    copyright (?:©|\d|by).*
    (?:about|contact)(?: us| form| the \S+| \S+)?
    do not sell .*|your (?:privacy|california) .{{1,30}}|limit use .*
    accessibility(?: \w+)?|site ?map
    photos?|videos?|live tv|watch live|listen(?: live| now)?
    manage (?:\w+ )?(?:subscriptions?|preferences|settings|cookies|account|consent|choices|newsletters?)
    report .{{1,20}} issue
    (?:accept|reject)(?: all)?(?: cookies)?|i agree|ok
    (?:we (?:and our partners )?use|this site uses) cookies.*
    thank(?:s| you) for .*
    you.ve (?:successfully|been) .*
    please (?:activate|enable|refresh|read|log|sign|turn|check|note|wait)\b.*
    loading|play(?: \w+)?|next|previous|back(?: to top)?
    in association with|on air(?::.*)?
    download(?: (?:the|our|now|pdf).{{0,20}})?
    name
    """,
    _FULLY,
)
"""A button, a link of the page's frame, or a notice."""
NOTICE = _any(
    r"""
    ©|https?://|\w@[\w-]+\.\w|\ball rights reserved\b|\bcopied to clipboard\b
    ^(?:\w+ ){0,3}(?:cookies?|privacy) (?:policy|notice|settings|statement)\W*$
    """
)
"""What only notices and links of the page's frame have."""
NOTICE_WORDS = ("©", "http", "@", "reserved", "clipboard", "cookie", "privacy")
"""What every match of `NOTICE` has, in lower case."""
BUTTONS = _any(
    r"""
    privacy policy|terms of (?:use|service)|about us|contact us|advertise|subscribe
    sign (?:in|up)|log in|archives?|newsletters?|careers|home
    """,
    _WORDS,
)
"""Names of buttons, several of which may stand in one line."""
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_SPAN = "seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|mos?|years?|yrs?|[smhdw]"
TIMES = _any(
    rf"""
    (?:about )?(?:\d+|an?|one|two|half an) ?(?:{_SPAN})\.? ago\b
    {_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b
    \d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?:,? \d{{4}})?\b
    \d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{1,4}}\b
    \d{{1,2}}[:.]\d\d(?::\d\d)?(?: ?[ap]\.?m\b\.?)?
    (?:today|yesterday|just now)\b
    \d{{4}}年\d{{1,2}}月\d{{1,2}}日
    \d+ ?(?:min(?:ute)?s?|mins) read\b
    """,
    r"\b{}",
)
"""A date, a time, or a span of time."""
HAS_TIME = re.compile(TELLING, re.IGNORECASE)
"""What every match of `TIMES` has, and every relative date."""
TIME_WORDS = _any(
    rf"""
    {_WEEKDAY}\b\.?
    (?:am|pm|utc|gmt|[ecmp][sd]t|bst|myt|ist|at|on|by|posted|updated|published|modified|last|upd|related|first)\b
    [ap]\.m\.
    """,
    r"\b{}",
)
"""Words that stand with a time."""
_PUBLISHED = r"(?:posted|filed|written|reported|edited|updated|published|last updated|modified)"
META = _any(
    rf"""
    {AGO}
    by(?:(?-i:,? (?:and |& )?[A-Z][\w.'’-]*){{1,8}}\W*)?
    by(?:(?-i:,? (?:and |& )?[A-Z][\w.'’-]*){{2,8}}(?:[,|·–—]| [|·–—-]| for| in| at) .{{0,60}})
    (?:par|von|por)(?-i:,? (?:and |& )?[A-Z][\w.'’-]*){{1,8}}\W*
    {_PUBLISHED}(?: (?:at|on|by|in|under))?(?::.{{0,80}})?
    {_PUBLISHED}(?: (?:at|on))? (?:\d|{_MONTH} \d|{_WEEKDAY}\b).{{0,80}}
    {_PUBLISHED} by (?-i:[A-Z]).{{0,60}}
    (?:via|sources?): \S+(?: \S+){{0,2}}
    (?:credits?|author|tags?|topics?|reporting by|editing by): .{{1,80}}
    [\d ]+(?:related|comments|views|points|votes)\b.{{0,40}}
    \d+ (?:of|/) \d+\W*
    [\d\W]+
    \d+ ?min(?:ute)?s? (?:read|watch|listen)\b.*
    \S+@\S+|@\w+|#\w.* #\w.*
    """
)
"""A whole line that says when, by whom or where something was published."""
META_END = _any(
    r"""
    : \d+ (?:related|comments|articles)\W*$|\bpage ?\d+\W*$
    \b(?:staff writer|correspondent|business reporter|senior editor|contributing writer)\W*$
    """
)
"""How a short line of this kind may end."""
CREDIT_START = _any(
    r"""
    \(.*\)$
    (?:photo(?:graph)?s?|image(?: credit)?|credit|file(?: photo)?|picture|pictured|caption|illustration)(?: by\b|:)
    a (?:file )?(?:photo|photograph|picture|handout)\b.{0,40}\b(?:shows?|of|taken)\b
    in this (?:photo|image|video)\b
    """
)
"""How a caption or credit begins."""
CREDIT = _any(
    r"""
    \((?:\w+ )?(?:picture|photo|image|credit|file|ap|reuters|afp|getty|via)\b[^()]{0,80}\)\W*$
    \((?-i:[A-Z])[^()/]{0,60}/ ?(?-i:[A-Z])[^()]{0,60}\)\W*$|\([^()]{0,80} via [^()]{0,40}\)\W*$
    [-—–] (?:picture|photo|image)s? (?:by|via|courtesy)\b
    \b(?:photograph|photo|picture|image)s?: [^.]{2,60}$
    \baffiliate (?:commission|links?)\b
    \b(?:may|might|could) (?:be paid|receive|earn|get)\b.{0,50}\b(?:links?|commission)\b
    \b(?:contributed to this report|getty images|ap (?:photo|video))\b
    \bsign up (?:for|to)\b.{0,60}\b(?:newsletters?|e?mails?|alerts)\b
    """
)
"""What captions, credits and notices of who pays have."""
CREDIT_WORDS = ("(", "photo", "image", "picture", "affiliate", "link", "commission", "contributed", "sign up")
"""What every match of `CREDIT` has, in lower case."""
