"""Seeded edits of titles, as outlets make them when they reuse a title.

`EDITS` is the table: kind -> function of a title and a random generator -> the edited title, or None if the title cannot be
edited that way. `copies` takes all kinds in turn, as long as each can make a new title.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

_BREAK = re.compile(r": | - | – | — |, |; ")
_BREAKS = (": ", " - ", ", ", "; ")
_NUMBER = re.compile(r"\d+")
_MARKS = re.split(
    r"[|\n]",
    """AP|Reuters|BBC News|CNN|The Guardian|NPR|CBS News|NBC News|ABC News|Fox News|Politico|Bloomberg|CNBC|Axios
The New York Times|The Washington Post|USA Today|Sky News|Al Jazeera|The Independent|Time|Newsweek|The Hill""",
)
_SAME = re.split(
    r"[|\n]",
    """killed dead|says states|said stated|hits strikes|crash collision|blaze fire|probe inquiry
investigation inquiry|cops police|lawmakers legislators|president leader|slams criticises|warns cautions|seeks wants
plans intends|big large|new fresh|begins starts|ends stops|wins takes|beats defeats|cuts reduces|rise increase
rises climbs|falls drops|fall decline|shares stocks|jobs posts|deal agreement|talks negotiations|row dispute|bid attempt
calls urges|urges presses|dies passes away|jailed imprisoned|arrested detained|shot gunned down|car vehicle|boy child
storm tempest|flood deluge|quake earthquake|help aid|show reveal|shows reveals|back support|backs supports
over about|after following|before ahead of|amid during|against versus|top leading|chief head|boss chief|firm company
court tribunal|plan scheme|government administration|state region|world globe|fears worries|hope optimism
and &|may might|could might|get receive|gets receives|find discover|finds discovers|found discovered|make create|near close to
movie film|film movie|kids children|children kids|price cost|prices costs|home house|people persons|asks requests""",
)
_SYNONYMS = dict(entry.split(" ", 1) for entry in _SAME)
_SYNONYM = re.compile(rf"\b({'|'.join(_SYNONYMS)})\b", re.IGNORECASE)
_MIN_WORDS = 5  # of a title that can lose one

Edit = Callable[[str, Random], str | None]


@dataclass(frozen=True, slots=True)
class Copy:
    """An edited title: the position of its original, the kind of edit, and the title."""

    original: int
    kind: str
    title: str


def copies(titles: Sequence[str], count: int, seed: int) -> Iterator[Copy]:
    """Yield up to `count` copies, the kinds in turn; all differ from each other and from `titles`."""
    known = set(titles)
    kinds = deque(_all(kind, titles, Random(f"{seed} {kind}"), known) for kind in EDITS)
    return islice(_in_turn(kinds), count)


def reordered(title: str, chance: Random) -> str | None:
    """Reorder the clauses between colons, commas and dashes."""
    clauses = [clause for clause in _BREAK.split(title) if clause]
    order = chance.sample(clauses, len(clauses))
    if order == clauses:
        order = order[1:] + order[:1]
    first = order[0]
    joined = chance.choice(_BREAKS).join([first[:1].upper() + first[1:] if title[:1].isupper() else first, *order[1:]])
    return joined if len(clauses) > 1 else None


def reworded(title: str, chance: Random) -> str | None:
    """Replace one word by a synonym."""
    places = list(_SYNONYM.finditer(title))
    if not places:
        return None
    place = chance.choice(places)
    word = _SYNONYMS[place[0].lower()]
    return title[: place.start()] + (word.capitalize() if place[0][0].isupper() else word) + title[place.end() :]


def renumbered(title: str, chance: Random) -> str | None:
    """Replace one number by another with as many digits."""
    places = list(_NUMBER.finditer(title))
    if not places:
        return None
    place = chance.choice(places)
    digits = len(place[0])
    number = chance.randrange(10 ** (digits - 1) if digits > 1 else 1, 10**digits)
    return title[: place.start()] + str(number) + title[place.end() :]


def marked(title: str, chance: Random) -> str:
    """Add a publisher mark."""
    return title + chance.choice((" - ", " | ", " – ")) + chance.choice(_MARKS)


def shortened(title: str, chance: Random) -> str | None:
    """Drop one word."""
    words = title.split()
    if len(words) < _MIN_WORDS:
        return None
    del words[chance.randrange(len(words))]
    return " ".join(words)


EDITS: dict[str, Edit] = {
    "clauses reordered": reordered,
    "synonym": reworded,
    "number changed": renumbered,
    "publisher mark": marked,
    "word dropped": shortened,
}


def _all(kind: str, titles: Sequence[str], chance: Random, known: set[str]) -> Iterator[Copy]:
    """All copies of one kind, title by title in random order, until a round makes nothing new."""
    order, fresh = list(range(len(titles))), True
    chance.shuffle(order)
    while fresh:
        fresh = False
        for original in order:
            title = EDITS[kind](titles[original], chance)
            if title is not None and title not in known:
                known.add(title)
                fresh = True
                yield Copy(original, kind, title)


def _in_turn(sources: deque[Iterator[Copy]]) -> Iterator[Copy]:
    while sources:
        source = sources.popleft()
        for copy in islice(source, 1):
            yield copy
            sources.append(source)
