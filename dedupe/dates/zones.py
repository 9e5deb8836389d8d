"""Names of time zones -> what has to be added to UTC.

Several zones share some names. Where one of them is that of much more news in English, it is meant: `CST` is Central time in
North America (not China or Cuba), `AST` Atlantic (not Arabia), `BST` British summer (not Bangladesh), `IST` India (not Israel
or Ireland), `GST` the Gulf. Where none is, the name is unknown.
"""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_HOURS: dict[float, str] = {
    0: "Z UTC UT GMT WET",
    1: "CET MEZ BST WEST WAT",
    2: "CEST MESZ EET SAST CAT IDT",
    3: "EEST MSK EAT TRT",
    3.5: "IRST",
    4: "GST",
    5: "PKT",
    5.5: "IST",
    5.75: "NPT",
    7: "WIB ICT",
    8: "AWST HKT SGT MYT PHT WITA",
    9: "JST KST WIT",
    9.5: "ACST",
    10: "AEST",
    10.5: "ACDT",
    11: "AEDT",
    12: "NZST",
    13: "NZDT",
    -2.5: "NDT",
    -3: "ADT BRT ART CLST",
    -3.5: "NST",
    -4: "EDT AST CLT",
    -5: "EST CDT COT PET",
    -6: "CST MDT",
    -7: "MST PDT",
    -8: "PST AKDT",
    -9: "AKST",
    -10: "HST",
}
_OFFSETS = {name: timezone(timedelta(hours=hours)) for hours, names in _HOURS.items() for name in names.split()}
_WITH_SUMMER_TIME = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}
_OFFSET = re.compile(r"([+-])(\d\d?)(?::?(\d\d)(?::?(\d\d))?)?")
_LARGEST = timedelta(hours=14)  # of all zones


@lru_cache(256)
def zone_of(name: str) -> tzinfo | None:
    """Return the zone with a name, such as "CEST", "Z", "ET" or "Europe/Berlin", None if it is unknown."""
    key = name.upper()
    if key in _OFFSETS:
        return _OFFSETS[key]
    if key not in _WITH_SUMMER_TIME and "/" not in name:
        return None
    try:
        return ZoneInfo(_WITH_SUMMER_TIME.get(key, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the last for the name of a folder
        return None


@lru_cache(256)
def zone_at(offset: str) -> tzinfo | None:
    """Return the zone at an offset, such as "+01:00", "-0330" or "+9", None if no place on earth has it."""
    match = _OFFSET.fullmatch(offset)
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    east = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if east > _LARGEST or minutes > 59 or seconds > 59:
        return None
    return timezone(east if match[1] == "+" else -east) if east else UTC
