"""Rows whose titles say nothing by themselves: what tells their copies apart.

"Corrections" of two days, or of two papers on one day, are two things. Such titles are therefore copies only where the day and
the place agree, the place being the address or, where there is none, the source. They are not encoded, so that nothing resembles
them, and no title is joined to another by them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dedupe.headlines import Headline
from dedupe.runtime.arrays import Bools
from dedupe.text.address import clean_address
from dedupe.text.decorations import Undecorated
from dedupe.text.generic import is_generic
from dedupe.text.outlets import Outlets, outlet_key


def generic_rows(
    fingerprints: Sequence[str], cores: Sequence[Undecorated], sources: Sequence[str | None], outlets: Outlets
) -> Bools:
    """Return which rows have a title that says nothing, (rows,), whatever its case: all with the fingerprint of one that does."""
    rows = zip(fingerprints, cores, sources, strict=True)
    generic = {fingerprint for fingerprint, title, source in rows if is_generic(title.core, source, outlets)}
    return np.fromiter((fingerprint in generic for fingerprint in fingerprints), bool, len(fingerprints))


def keys_in_place(fingerprints: Sequence[str], headlines: Sequence[Headline], generic: Bools) -> list[str]:
    """Return what the copies of each title share: its fingerprint, and the day and place of one that says nothing."""
    keys = list(fingerprints)
    for row in np.flatnonzero(generic).tolist():
        keys[row] = "\0".join([keys[row], _day(headlines[row]), _place(headlines[row])])
    return keys


def _day(headline: Headline) -> str:
    return headline.published.date().isoformat() if headline.published else ""


def _place(headline: Headline) -> str:
    if headline.url and headline.url.strip():
        return f"address {clean_address(headline.url) or headline.url.strip()}"
    return f"source {outlet_key(headline.source)}" if headline.source else ""
