"""`Story` and `Wording`: the groups of a run as objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dedupe.headlines import Headline
from dedupe.runtime.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class Wording:
    """Headlines that say the same news in other words. `positions`: where they stand in the input, ascending."""

    id: int
    representative: Headline
    headlines: list[Headline] = field(repr=False)
    positions: Ints = field(repr=False)

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True, slots=True)
class Story:
    """Headlines that report one event.

    `positions`: where they stand in the input, ascending. `cohesion`: the probability of the weakest pair inside, 0 where a
    pair was never scored.
    """

    id: int
    representative: Headline
    headlines: list[Headline] = field(repr=False)
    positions: Ints = field(repr=False)
    wordings: list[Wording] = field(repr=False)
    cohesion: float

    def __len__(self) -> int:
        return len(self.positions)


def stories_of(
    headlines: Sequence[Headline], labels: Mapping[str, Ints], rows: Mapping[str, Ints], cohesion: Floats
) -> list[Story]:
    """Return the stories, largest first, ties by first appearance.

    Per level, `labels`: (rows,), and `rows`: the row that represents each label. `cohesion`: of each story.
    """

    def members(positions: Ints) -> list[Headline]:
        return [headlines[k] for k in positions.tolist()]

    stories = []
    for story, positions in enumerate(members_of(labels["story"])):
        wordings = labels["wording"][positions]
        inner = [
            Wording(wording, headlines[rows["wording"][wording]], members(part), part)
            for wording in dict.fromkeys(wordings.tolist())
            for part in [positions[wordings == wording]]
        ]
        best = headlines[rows["story"][story]]
        stories.append(Story(story, best, members(positions), positions, inner, float(cohesion[story])))
    return sorted(stories, key=lambda story: -len(story))


def members_of(labels: Ints) -> list[Ints]:
    """Return the positions of each label 0..k-1, ascending."""
    if not labels.size:
        return []
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
