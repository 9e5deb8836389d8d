"""`Matches`: which known headline each new one repeats, according to a run over both."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe.headlines import Headline
from dedupe.levels import LEVELS
from dedupe.result.columns import TITLE, OutputRows, title_column
from dedupe.result.deduplication import Deduplication
from dedupe.result.groups import members_of
from dedupe.result.known_ids import KnownIds, ids_in
from dedupe.runtime.arrays import Ints

_TEXT_COLUMNS = (TITLE, "dedupe_match", "dedupe_match_id", "dedupe_match_title", "dedupe_match_file")


if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Match:
    """The known headline that a new one repeats.

    `level`: "exact", "wording" or "story". `row`: its position in the reference. `probability`: that both are one story.
    `story`, `wording`: its ids where the reference has columns `dedupe_story` and `dedupe_wording` (or `story` and
    `wording`); where it has none, the position of the first headline of the same group in the reference.
    """

    level: str
    row: int
    headline: Headline
    probability: float
    story: Any
    wording: Any


@dataclass(frozen=True, eq=False)
class Matches(Sequence["Match | None"]):
    """One `Match` per new headline, or None where it repeats nothing known.

    `stories`, `wordings`: one id per new headline: that of the known headline, or a new one that no known headline has. New
    headlines of one group have the same new id. All are whole numbers or, unless all those of the reference are, text.
    `run`: the result over both.

    `rows`, `to_arrow` and `to_pandas` give the columns of the row, `dedupe_story`, `dedupe_wording`, and `dedupe_match` (the
    level, "" for none), `dedupe_match_story`, `dedupe_match_wording`, `dedupe_match_probability`, `dedupe_match_row`,
    `dedupe_match_id`, `dedupe_match_title`, and `dedupe_match_file` where the reference had several inputs. They can be the
    reference, or a part of it, for the next ones.
    """

    headlines: tuple[Headline, ...]
    matches: tuple[Match | None, ...]
    run: Deduplication
    stories: tuple[Any, ...]
    wordings: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.matches)

    def __getitem__(self, index: Any) -> Any:
        return self.matches[index]

    def __repr__(self) -> str:
        return f"Matches({len(self):,} headlines, {sum(match is not None for match in self):,} known)"

    def rows(self) -> list[dict[str, Any]]:
        """Return one output row per new headline: its own columns, then those of `docs/columns.md`."""
        return list(self.output)

    def to_arrow(self) -> pa.Table:
        """Return the output rows as an Arrow table; columns that came as Arrow or Parquet keep their types."""
        return self.output.to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """Return the output rows as a pandas frame, with the index of the frame that the headlines came from.

        Raises `ModuleNotFoundError` if pandas is not installed.
        """
        return self.output.to_pandas()

    @property
    def output(self) -> OutputRows:
        """One output row per new headline, made one at a time."""

        def of_match(value: Callable[[Match], Any], default: Any = None) -> list[Any]:
            return [default if match is None else value(match) for match in self.matches]

        added = {
            **title_column(self.headlines),
            "dedupe_story": self.stories,
            "dedupe_wording": self.wordings,
            "dedupe_match": of_match(lambda match: match.level, ""),
            "dedupe_match_story": of_match(lambda match: match.story),
            "dedupe_match_wording": of_match(lambda match: match.wording if match.level != "story" else None),
            "dedupe_match_probability": of_match(lambda match: round(match.probability, 4)),
            "dedupe_match_row": of_match(lambda match: match.row),
            "dedupe_match_id": of_match(lambda match: match.headline.id),
            "dedupe_match_title": of_match(lambda match: match.headline.title),
        }
        files = of_match(lambda match: match.headline.file)
        return OutputRows(self.headlines, added | ({"dedupe_match_file": files} if any(files) else {}), _TEXT_COLUMNS)


def matches_of(run: Deduplication, near: Ints, known: Sequence[Headline]) -> Matches:
    """Return the matches of a run over the `known` headlines at the places `near`, then the new ones."""
    labels, places, count = {level: run.labels(level) for level in LEVELS}, near.tolist(), len(near)
    closest = {row - count: (places[at], *rest) for row, at, *rest in _closest(run, labels, count)}
    same_wording = {row: at for row, (at, rank, _) in closest.items() if LEVELS[rank] != "story"}
    ids, groups = ids_in(known), labels["story"].tolist()
    story_of = KnownIds.of(ids["story"], dict(zip(places, groups, strict=False)))
    stories = _ids(groups[count:], {row: at for row, (at, *_) in closest.items()}, story_of)
    of_run = [*(story_of.of_row[at] for at in places), *stories]
    inner = list(zip(of_run, labels["wording"].tolist(), strict=True))  # a wording lies inside one story
    wording_of = KnownIds.of(ids["wording"], dict(zip(places, inner, strict=False)))
    wordings = _ids(inner[count:], same_wording, wording_of)
    matches: list[Match | None] = [None] * len(stories)
    for row, (at, rank, probability) in closest.items():
        wording = wordings[row] if row in same_wording else wording_of.of_row[at]
        matches[row] = Match(LEVELS[rank], at, known[at], probability, stories[row], wording)
    return Matches(run.headlines[count:], tuple(matches), run, tuple(stories), tuple(wordings))


def _ids(groups: Sequence[Hashable], repeated: Mapping[int, int], known: KnownIds) -> list[Any]:
    """The id of each new row: that of the known row that it repeats, or one that is new for all of its group."""
    of_group: dict[Hashable, Any] = {}
    ids = [known.of_row[repeated[row]] if row in repeated else None for row in range(len(groups))]
    for row, group in enumerate(groups):
        if ids[row] is None:
            of_group[group] = ids[row] = of_group[group] if group in of_group else next(known.new)
    return ids


def _closest(run: Deduplication, labels: Mapping[str, Ints], count: int) -> Iterator[tuple[int, int, int, float]]:
    """Yield the best match of each row after the first `count`, the known ones: row, known row, place in `LEVELS`, probability.

    Of the known rows in its story, the one of the closest level counts, then the one of the highest probability.
    """
    stories = [(rows[rows >= count], rows[rows < count]) for rows in members_of(labels["story"])]
    row = np.concatenate([np.empty(0, np.int64), *(np.repeat(new, known.size) for new, known in stories)])
    known_row = np.concatenate([np.empty(0, np.int64), *(np.tile(known, new.size) for new, known in stories)])
    rank = np.argmax([labels[level][row] == labels[level][known_row] for level in LEVELS], axis=0)
    nodes = np.sort([run.nodes.of_row[row], run.nodes.of_row[known_row]], axis=0)
    table = run.pair_table
    scores = dict(zip(zip(table.i.tolist(), table.j.tolist(), strict=True), table.p_story.tolist(), strict=True))
    probability = np.array([scores.get(pair, 0.0) for pair in zip(*nodes.tolist(), strict=True)])
    probability[run.trees["story"].cophenetic(*nodes) == 1] = 1.0  # one node, or linked by corrections
    order = np.lexsort((known_row, -probability, rank, row))
    best = order[np.unique(row[order], return_index=True)[1]]
    columns = (row, known_row, rank, probability)
    yield from zip(*(column[best].tolist() for column in columns), strict=True)
