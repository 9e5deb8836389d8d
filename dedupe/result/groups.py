"""`Story` and `Wording`: the groups of a run as objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from dedupe.headlines import Headline
from dedupe.result.display import counted, shortened
from dedupe.runtime.arrays import Floats, Ints

_Item = TypeVar("_Item")
_MAX_PRINTED = 10


class ShortList(list[_Item]):
    """A list that prints one line per item, and no more than ten."""

    def __repr__(self) -> str:
        more = [f"... and {len(self) - _MAX_PRINTED:,} more"] if len(self) > _MAX_PRINTED else []
        return "[" + ",\n ".join([*map(repr, self[:_MAX_PRINTED]), *more]) + "]"


@dataclass(frozen=True, slots=True, repr=False)
class Wording:
    """Headlines that say the same news in other words. `positions`: their positions in the input, ascending."""

    id: int | str
    representative: Headline
    headlines: ShortList[Headline]
    positions: Ints

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        return f"Wording({self.id}: {counted(len(self), 'headline')}, {shortened(self.representative.title)!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Story:
    """Headlines that report one event.

    `positions`: their positions in the input, ascending. `cohesion`: the probability of the weakest pair inside, 0 where a
    pair was never scored. `id`: its number or, in an index, the id that lasts.
    """

    id: int | str
    representative: Headline
    headlines: ShortList[Headline]
    positions: Ints
    wordings: ShortList[Wording]
    cohesion: float

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        sizes = f"{counted(len(self), 'headline')}, {counted(len(self.wordings), 'wording')}"
        return f"Story({self.id}: {sizes}, {shortened(self.representative.title)!r})"


def stories_of(
    headlines: Sequence[Headline],
    labels: Mapping[str, Ints],
    rows: Mapping[str, Ints],
    names: Mapping[str, Sequence[int | str]],
    cohesion: Floats,
) -> ShortList[Story]:
    """Return the stories, largest first, ties by first appearance.

    Per level, `labels`: (rows,), and by label `rows`: the row that represents it, and `names`: what it is called. `cohesion`:
    of each story.
    """

    def members(positions: Ints) -> ShortList[Headline]:
        return ShortList(headlines[k] for k in positions.tolist())

    stories = []
    for story, positions in enumerate(members_of(labels["story"])):
        wordings = labels["wording"][positions]
        inner = ShortList(
            Wording(names["wording"][wording], headlines[rows["wording"][wording]], members(part), part)
            for wording in dict.fromkeys(wordings.tolist())
            for part in [positions[wordings == wording]]
        )
        best = headlines[rows["story"][story]]
        stories.append(Story(names["story"][story], best, members(positions), positions, inner, float(cohesion[story])))
    return ShortList(sorted(stories, key=lambda story: -len(story)))


def members_of(labels: Ints) -> list[Ints]:
    """Return the positions of each label 0..k-1, ascending."""
    if not labels.size:
        return []
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
