"""What `compare` says of titles that say nothing by themselves."""

from __future__ import annotations

from dataclasses import replace

from dedupe.result.pairs import ScoredPair
from dedupe.runtime.arrays import Bools

_WHICH = {
    (True, True): "both titles say nothing by themselves",
    (True, False): "the first title says nothing by itself",
    (False, True): "the second title says nothing by itself",
}
_RULE = "only one day and one address, or copies from one source, can make it part of a story"


def generic_reasons(generic: Bools) -> tuple[str, ...]:
    """Return the reason to keep two titles apart, none where both say something. `generic`: (2,), which say nothing."""
    first, second = generic.tolist()
    return (f"{_WHICH[first, second]}: {_RULE}",) if first or second else ()


def kept_apart(pair: ScoredPair, generic: Bools) -> ScoredPair:
    """Return the pair as it is, or as of different stories where one of its titles says nothing and they share no address."""
    said = generic_reasons(generic)
    if not said or pair.verdict == "exact":
        return pair
    if pair.features["same_address"] and not generic.all():
        return replace(pair, reasons=(*pair.reasons, *said))
    return replace(pair, p_wording=0.0, p_story=0.0, verdict="different", reasons=(*said, *pair.reasons))
