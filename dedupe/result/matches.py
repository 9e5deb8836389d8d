"""`Matches`: which known headline each new one repeats, read off a run over both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.headlines import Headline
from dedupe.levels import LEVELS
from dedupe.result.columns import OutputRows
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Ints

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_STORY_COLUMNS = ("dedupe_story", "story")
_WORDING_COLUMNS = ("dedupe_wording", "wording", "dedupe_variant", "variant")
_TEXT_COLUMNS = ("dedupe_match", "dedupe_match_id", "dedupe_match_title", "dedupe_match_file")


@dataclass(frozen=True, slots=True)
class Match:
    """The known headline that a new one repeats.

    `level`: "exact", "wording" or "story". `row`: its position in the reference. `probability`: that both are one story.
    `story`, `wording`: its labels where the reference has columns `dedupe_story` and `dedupe_wording` (or `story` and
    `wording`); else the position of the first headline of the same group in the reference.
    """

    level: str
    row: int
    headline: Headline
    probability: float
    story: Any
    wording: Any


@dataclass(frozen=True, eq=False)
class Matches(Sequence["Match | None"]):
    """One `Match` a new headline, or None where it repeats nothing known.

    `rows`, `to_arrow` and `to_pandas` give the columns of the row, `title`, and `dedupe_match` (the level, "" for none),
    `dedupe_match_story`, `dedupe_match_wording`, `dedupe_match_probability`, `dedupe_match_row`, `dedupe_match_id`,
    `dedupe_match_title`, and `dedupe_match_file` where the reference had several inputs. `run` is the grouping behind.
    """

    headlines: tuple[Headline, ...]
    matches: tuple[Match | None, ...]
    run: Deduplication

    def __len__(self) -> int:
        return len(self.matches)

    def __getitem__(self, index: Any) -> Any:
        return self.matches[index]

    def __repr__(self) -> str:
        return f"Matches({len(self):,} headlines, {sum(match is not None for match in self):,} known)"

    def rows(self) -> list[dict[str, Any]]:
        """Return one output row per new headline."""
        return list(self.output)

    def to_arrow(self) -> pa.Table:
        """Return the output rows as an Arrow table."""
        return self.output.to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """Return the output rows as a pandas frame, as `Deduplication.to_pandas` does."""
        return self.output.to_pandas()

    @property
    def output(self) -> OutputRows:
        """One output row per new headline, made one at a time."""
        found = self.matches
        added: dict[str, list[Any]] = {
            "title": [headline.title for headline in self.headlines],
            "dedupe_match": [match.level if match else "" for match in found],
            "dedupe_match_story": [match.story if match else None for match in found],
            "dedupe_match_wording": [match.wording if match and match.level != "story" else None for match in found],
            "dedupe_match_probability": [round(match.probability, 4) if match else None for match in found],
            "dedupe_match_row": [match.row if match else None for match in found],
            "dedupe_match_id": [match.headline.id if match else None for match in found],
            "dedupe_match_title": [match.headline.title if match else None for match in found],
        }
        files = [match.headline.file if match else None for match in found]
        return OutputRows(self.headlines, added | ({"dedupe_match_file": files} if any(files) else {}), _TEXT_COLUMNS)


def matches_of(run: Deduplication, near: Ints, known: Sequence[Headline]) -> Matches:
    """Return the matches of a run over some known headlines, then the new ones; `near`: places of the former in `known`."""
    reference = _Reference(run, near, known)
    return Matches(run.headlines[len(near) :], tuple(reference.match(row) for row in range(len(near), len(run))), run)


class _Reference:
    def __init__(self, run: Deduplication, near: Ints, known: Sequence[Headline]) -> None:
        self._run, self._near, self._known = run, near, known
        self._labels = {level: run.labels(level) for level in LEVELS}
        self._first = {level: _first_places(labels[: len(near)], near) for level, labels in self._labels.items()}
        self._in_story = defaultdict(list)
        for place, label in enumerate(self._labels["story"][: len(near)].tolist()):
            self._in_story[label].append(place)
        table = run.pair_table
        pairs = zip(table.i.tolist(), table.j.tolist(), strict=True)
        self._probability = dict(zip(pairs, table.p_story.tolist(), strict=True))

    def match(self, row: int) -> Match | None:
        """Return what a row of the run repeats: in its story the closest level, then the highest probability."""
        places = self._in_story.get(int(self._labels["story"][row]), [])
        if not places:
            return None
        level, unlikely, place = min((*self._distance(row, place), place) for place in places)
        at = int(self._near[place])
        story, wording = (int(self._labels[level][row]) for level in ("story", "wording"))
        return Match(
            LEVELS[level],
            at,
            self._known[at],
            -unlikely,
            _label(self._known[at], _STORY_COLUMNS, self._first["story"].get(story)),
            _label(self._known[at], _WORDING_COLUMNS, self._first["wording"].get(wording)),
        )

    def _distance(self, row: int, place: int) -> tuple[int, float]:
        level = next(k for k, level in enumerate(LEVELS) if self._labels[level][place] == self._labels[level][row])
        a, b = sorted((int(self._run.nodes.of_row[row]), int(self._run.nodes.of_row[place])))
        if a == b:
            return level, -1.0
        linked = self._run.trees["story"].cophenetic(np.array([a]), np.array([b]))[0] == 1
        return level, -1.0 if linked else -self._probability.get((a, b), 0.0)


def _first_places(labels: Ints, near: Ints) -> dict[int, int]:
    values, where = np.unique(labels, return_index=True)
    return dict(zip(values.tolist(), near[where].tolist(), strict=True))


def _label(headline: Headline, columns: Sequence[str], default: Any) -> Any:
    own = headline.own
    label = next((own[name] for name in columns if name in own and own[name] is not None), default)
    return int(label) if isinstance(label, str) and label.isdecimal() else label  # CSV has numbers as text
