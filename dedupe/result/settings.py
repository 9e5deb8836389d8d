"""`Settings` of a run, checked, and the time span that a window is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TypedDict

from dedupe.clustering.corrections import CorrectionLike
from dedupe.embedding.cache import VectorCache
from dedupe.embedding.encoders import Encoder
from dedupe.errors import InputError
from dedupe.levels import KEEP_RULES, READING, SCORED_LEVELS
from dedupe.runtime.progress import Progress
from dedupe.scoring.model import Judge

Window = timedelta | float | str
"""A positive time span: a timedelta, hours, or text such as "72h", "3d", "90m", "2w"."""
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(m|min|h|d|w)?")
_HOURS = {"m": 1 / 60, "min": 1 / 60, "h": 1, "d": 24, "w": 168}


class RunOptions(TypedDict, total=False):
    """The options of `deduplicate` that `match`, `evaluate` and `tune` take as well."""

    encoder: Encoder | str | Path | None
    cache: VectorCache | None
    window: Window | None
    story_threshold: float | None
    wording_threshold: float | None
    corrections: Iterable[CorrectionLike]
    reader: str
    progress: bool | Progress


@dataclass(frozen=True, slots=True)
class SourceRules:
    """What the sources of rows decide.

    `preferred`: sources whose headline represents a group before any other, best first. `publishers`: the publisher of sister
    outlets, by outlet. `never_same`: whether two titles of one publisher are never in one group. `others`: by what names the
    publishers of other rows go, where those of a run are a part of the input.
    """

    preferred: tuple[str, ...] = ()
    publishers: Mapping[str, str] = field(default_factory=dict)
    never_same: bool = False
    others: tuple[str, ...] = ()

    @classmethod
    def of(cls, preferred: Iterable[str], publishers: Mapping[str, str] | None, never_same: bool) -> SourceRules:
        """Return the rules, or raise `InputError` for names that are no text."""
        if isinstance(preferred, str):
            raise InputError(f"prefer_sources is a single text, {preferred!r}: give a list of sources, best first")
        names, sisters = tuple(preferred), dict(publishers or {})
        for name in (*names, *sisters, *sisters.values()):
            if not isinstance(name, str):
                raise InputError(f"the name of a source must be text, not {name!r}: give names as the rows have them")
        return cls(names, sisters, never_same)


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides the groups of a run besides headlines, vectors and corrections.

    `level`: the widest level, "story" or "wording". `thresholds`: the probability at which the tree of each level is cut;
    `floor`: the lowest threshold allowed. `window`: hours, None for no window. `keep`: one of `KEEP_RULES`. `reader`: one of
    `READING`. Any other value is an `InputError`. `sources`: what the sources of rows decide.
    """

    level: str
    thresholds: dict[str, float]
    floor: float
    window: float | None = None
    keep: str = "central"
    reader: str = "auto"
    sources: SourceRules = field(default_factory=SourceRules)

    def __post_init__(self) -> None:
        check_choice("level", self.level, SCORED_LEVELS)
        check_choice("keep", self.keep, KEEP_RULES)
        check_choice("reader", self.reader, READING)
        for level, value in self.thresholds.items():
            if not self.floor <= value <= 1:
                bounds = f"outside {self.floor:g} to 1, the range that a run keeps: give one in it"
                raise InputError(f"{level}_threshold {value:g} is {bounds}")

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that get a merge tree."""
        return SCORED_LEVELS if self.level == "story" else (self.level,)

    @classmethod
    def of(
        cls,
        judge: Judge,
        level: str,
        window: Window | None,
        story: float | None,
        wording: float | None,
        keep: str = "central",
        reader: str = "auto",
        sources: SourceRules | None = None,
    ) -> Settings:
        """Return the settings of a run: the judge's thresholds, or those of a level that are not None."""
        rules = sources or SourceRules()
        defaults = cls(level, dict(judge.thresholds), judge.floor, hours_of(window), keep, reader, rules)
        return defaults.with_thresholds(story, wording)

    def with_thresholds(self, story: float | None, wording: float | None) -> Settings:
        """Return the same settings, with the thresholds that are not None."""
        if story is not None and self.level == "wording":
            raise InputError("story_threshold has no effect at level='wording': leave it out, or use level='story'")
        thresholds = {"story": story, "wording": wording}
        changes = {level: float(value) for level, value in thresholds.items() if value is not None}
        return replace(self, thresholds=self.thresholds | changes)


def check_choice(name: str, value: str, choices: Collection[str]) -> None:
    """Raise `InputError` where an argument is none of the choices."""
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def hours_of(window: Window | None, name: str = "window") -> float | None:
    """Return a window in hours, None for none; `InputError` for what is no positive time. `name`: of the argument."""
    if window is None:
        return None
    if isinstance(window, str):
        span = _SPAN.fullmatch(window.strip().lower())
        hours = float(span[1]) * _HOURS[span[2] or "h"] if span else 0.0
    else:
        hours = window / timedelta(hours=1) if isinstance(window, timedelta) else float(window)
    if not 0 < hours < float("inf"):
        advice = "give a timedelta, hours, or text such as '72h'"
        raise InputError(f"{name} must be a positive time, not {window!r}: {advice}")
    return hours
