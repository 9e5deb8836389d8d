"""`Lasting`: the ids that an index has given to the groups of a run, and what else it knows of the stories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dedupe.result.deduplication import Deduplication


@dataclass(frozen=True, slots=True)
class LastingStory:
    """A story of an index, with its archived headlines.

    `former`: ids that have ended and lead to `id`. `first`: when its earliest headline counts as published. `changed`: when
    a headline was last added, or headlines came or went under another id. `publishers`: most frequent first.
    """

    id: str
    former: tuple[str, ...]
    first: datetime
    changed: datetime
    headlines: int
    publishers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lasting:
    """By label, the stories, and the ids of the wordings."""

    stories: tuple[LastingStory, ...]
    wordings: tuple[str, ...]


def names_of(result: Deduplication, level: str) -> Sequence[int | str]:
    """Return what each group of "story" or "wording" is called, by label: its id that lasts, or else its number."""
    if result.lasting is None:
        return range(int(result.labels(level).max(initial=-1)) + 1)
    return result.lasting.wordings if level == "wording" else [story.id for story in result.lasting.stories]
