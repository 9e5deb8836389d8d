"""Patterns of lines that are no headlines, whatever stands around them: headings of lists, buttons, datelines, credits.

They see at most 400 characters of a line, so each line takes a bounded time. Of a page in another language they know dates and
the like only; there the lines around a line must tell.
"""

from __future__ import annotations

import re


def _any(alternatives: str, *, fully: bool = False) -> re.Pattern[str]:
    """A pattern with one alternative a line; `fully`: perhaps with other characters than letters around it."""
    joined = "|".join(line for line in map(str.strip, alternatives.splitlines()) if line)
    return re.compile(rf"\W*(?:{joined})\W*" if fully else joined, re.IGNORECASE)


MARKER = _any(
    r"""
    you (?:may|might|will|.ll) (?:also |love |like |enjoy )*(?:like|enjoy|love)?
    (?:stories|picked|recommended|suggested|more|selected|just)(?: \w+)? for you
    (?:recommended|related|trending|popular|suggested)(?: \w+)?
    more (?:from|on|in|about)(?: \S+){1,4}
    more (?:\w+ )?(?:stories|news|headlines|coverage)(?: \S+){0,3}
    (?:most|top|best|just)[ -](?:\w+ )?(?:read|popular|viewed|shared|recent|watched|discussed|commented|in)(?: \S+){0,3}
    up next
    (?:what to )?read (?:next|more|also|this next)
    (?:top|latest|other|breaking|today.s|recent|big|main)(?: \w+)? (?:stories|news|headlines|articles|posts|picks)(?: (?:in|of|from|on) \S+(?: \S+){0,3})?
    latest
    editor.{0,3} (?:picks|choice)
    (?:from )?(?:around|across|elsewhere on) the (?:web|site|internet)
    don.t miss(?: (?:it|these|this))?
    also (?:on|in)(?: \S+){1,4}
    in case you missed it
    keep reading
    in other news
    elsewhere
    worth (?:your time|a read)
    see also
    other readers .{1,30}
    """,  # noqa: E501 - one alternative a line
    fully=True,
)
"""The heading of a list."""
BUTTON = _any(
    r"""
    share(?: and follow| this(?: article| story| page)?)?
    tweet
    (?:follow|find|join|like|contact|email|call|watch|read)(?: us| our)\b.{0,60}
    follow(?: \w+)?(?: on \w+)?
    thank(?:s| you) for .*
    you.ve (?:successfully|been) .*
    (?:.{0,30} )?(?:link|\w+) (?:has been )?copied to clipboard
    please (?:activate|enable|refresh|read|log|sign|turn|check|note|wait)\b.*
    home ?(?:page)?
    sections?
    menu
    (?:open|close|expand|toggle|show|hide)\b(?: ?/? ?\w+){0,4}
    search(?: \w+)?
    search term.*
    (?:jump|skip|go) to .{1,40}
    log ?(?:in|out)
    sign ?(?:in|up|out)(?: .{1,80})?
    subscribe(?: .{1,40})?
    register(?: now)?
    advertis(?:ement|ing|e)(?: with .{1,20})?
    sponsored(?: .{1,20})?
    (?:promoted|paid|partner)(?: \w+)?
    newsletters?
    (?:\d+ )?(?:comments?|shares?|likes?|replies)(?: \(\d+\))?
    print
    e-?mail
    facebook|twitter|instagram|whatsapp|linkedin|reddit
    (?:our )?\w+ page link
    copy(?: link)?|link copied
    (?:read|see|view|load|show|watch|get|learn|find out|discover)(?: the)? (?:more|all|full|fullstory|comments|now|less)\b.{0,30}
    full (?:story|schedule|coverage)\b.{0,20}
    (?:more|all) (?:headlines|stories|news|videos|topics|languages)
    details|more
    continue reading.*
    click here.*
    (?:privacy|cookies?)(?: \w+){0,2}(?: policy| notice| settings| statement)?
    .{0,20}(?:cookie|privacy) (?:policy|notice|settings|statement)
    terms(?: (?:of|and|&) .*)?
    .*©.*
    .*\S+@[\w-]+\.\w.*
    copyright .*
    .{0,40}all rights reserved.*
    (?:about|contact)(?: us| form| the \S+| \S+)?
    do not sell .*
    your (?:privacy|california) .{1,30}
    limit use .*
    accessibility(?: \w+)?
    site ?map
    photos?|videos?|live tv|watch live|listen(?: live| now)?
    to revisit this .*
    manage .{1,30}
    report .{1,20} issue
    make a payment
    (?:accept|reject)(?: all)?(?: cookies)?|i agree|ok
    (?:we (?:and our partners )?use|this site uses) cookies.*
    .*https?://\S+.*
    loading.*
    play(?: \w+)?|next|previous|back(?: to top)?
    in association with
    on air\b.*
    enter .{1,20}
    your e-?mail.*
    submit(?: \w+)?
    download(?: .{1,20})?
    name
    already (?:a member|subscribed).*
    """,
    fully=True,
)
"""A button, a link of the page's frame, or a notice."""
BUTTONS = _any(
    r"""
    \bprivacy policy\b|\bterms of (?:use|service)\b|\babout us\b|\bcontact us\b|\badvertise\b|\bsubscribe\b
    \bsign (?:in|up)\b|\blog in\b|\barchives?\b|\bnewsletters?\b|\bcareers\b|\bhome\b
    """
)
"""Names of buttons, several of which may stand in one line."""
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_SPAN = "seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|mos?|years?|yrs?|[smhdw]"
TIMES = _any(
    rf"""
    \b(?:about )?(?:\d+|an?|one|two|half an) ?(?:{_SPAN})\.? ago\b
    \b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b
    \b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?:,? \d{{4}})?\b
    \b\d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{1,4}}\b
    \b\d{{1,2}}[:.]\d\d(?::\d\d)?(?: ?[ap]\.?m\b\.?)?
    \b(?:today|yesterday|just now)\b
    \d{{4}}年\d{{1,2}}月\d{{1,2}}日
    \b\d+ ?(?:min(?:ute)?s?|mins) read\b
    """
)
"""A date, a time, or a span of time."""
TIME_WORDS = _any(
    r"""
    \b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b\.?
    \b(?:am|pm|utc|gmt|[ecmp][sd]t|bst|myt|ist|at|on|by|posted|updated|published|modified|last|upd|related|first)\b
    \b[ap]\.m\.
    """
)
"""Words that stand with a time."""
META = _any(
    r"""
    by(?:(?-i:,? (?:and |& )?[A-Z][\w.'’-]*){1,8}\W*(?:\W.{0,60})?)?
    (?:par|von|por)(?-i:,? (?:and |& )?[A-Z][\w.'’-]*){1,8}\W*
    (?:posted|filed|written|reported|edited|updated|published|last updated|modified)(?: (?:at|on|by|in|under))?:?(?: (?-i:[A-Z\d]).{0,80})?
    (?:via|source|sources|credit|credits|author|tags?|topics?|reporting by|editing by):? (?:\S+ ?){1,8}
    [\d ]+(?:related|comments|views|points|votes)\b.{0,40}
    \d+ (?:of|/) \d+\W*
    .{2,40}: \d+ (?:related|comments|articles)
    .{1,40}\bpage ?\d+
    [\d\W]+
    gambling (?:content|problem).*
    \S+@\S+|@\w+
    .{0,60}\b(?:staff writer|correspondent|business reporter|senior editor|contributing writer)\W*
    """,  # noqa: E501 - one alternative a line
)
"""A whole line that says when, by whom or where something was published."""
CREDIT = _any(
    r"""
    ^\(.*\)$
    ^(?:photo(?:graph)?s?|image(?: credit)?|credit|file(?: photo)?|picture|pictured|video|watch|caption|illustration)(?: by\b|:)
    \((?:\w+ )?(?:picture|photo|image|credit|file|ap|reuters|afp|getty|via)\b[^()]{0,80}\)\W*$
    [-—–] (?:picture|photo|image)s? (?:by|via|courtesy)\b
    \((?:[^()]{0,60}[/,] ?[^()]{0,60}| ?via [^()]{0,40})\)$
    ^a (?:file )?(?:photo|photograph|picture|view|handout)\b.{0,40}\b(?:shows?|of|taken)\b
    \b(?:photograph|photo|picture|image)s?: [^.]{2,60}$
    \baffiliate (?:commission|links?)\b
    \b(?:may|might|could) (?:be paid|receive|earn|get)\b.{0,50}\b(?:links?|commission|buy|purchases?)\b
    \bcontributed to this report\b|\bgetty images\b|\bap (?:photo|video)\b
    \bsign up for\b.{0,60}\bnewsletters?\b
    ^this combination of photos\b|^in this (?:photo|image|video)\b
    """
)
"""A caption, a credit, or a notice of who pays."""
