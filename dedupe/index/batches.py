"""What the calls of a `StoryIndex` return: `Batch` and its `Item`s, `IndexedStory`, `Event`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dedupe.headlines import Headline
from dedupe.result.columns import TITLE, OutputRows, title_column
from dedupe.result.display import counted, shortened
from dedupe.result.groups import ShortList

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_TEXT_COLUMNS = (TITLE, *(f"dedupe_{name}" for name in "story wording repeats repeats_title match flag".split()))


@dataclass(frozen=True)
class Repeat:
    """The stored headline that another repeats.

    `row`: its number, None for one that is not stored. `level`: the closest that they share, "exact", "wording" or "story".
    `probability`: that both are one story, 0 where the pair was not scored and others link them.
    """

    headline: Headline
    row: int | None
    level: str
    probability: float
    _reasons: Callable[[], Sequence[str]] = field(repr=False, default=tuple)

    @property
    def name(self) -> str | None:
        """The id of the headline, or else its number in the index."""
        return self.headline.id or (None if self.row is None else str(self.row))

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Why, in words."""
        return tuple(self._reasons())


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one headline.

    `row`: its number in the index, that of the stored one where it is `known`, None from `match`. `story`, `wording`: their
    ids. `new_story`: whether it is the first headline of its story. `revises`: the number of the first title of its item.
    `repeats`: the closest headline before it, if any. `flags`: what is odd about it, see `docs/index-tables.md`.
    """

    headline: Headline
    row: int | None
    story: str
    wording: str
    new_story: bool
    known: bool = False
    revises: int | None = None
    repeats: Repeat | None = None
    flags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Item({self.story!r}, {self.wording!r}, {shortened(self.headline.title)!r})"


@dataclass(frozen=True, slots=True)
class Event:
    """A change of ids: what became of the headlines of `from_id`.

    `kind`: "created"; "merged": all are in `to_id` now, and `from_id` leads on to it; "split": some are in `to_id`, which was
    made for them; "moved": some are in `to_id`, which was there before; "revision": a new title of a headline of `from_id` is
    in `to_id`. `rows`: the numbers of the pair that caused it, and `probability` its; for "split", the closest pair that was
    separated. `batch`: number of the batch. `sentence`: the same for people.
    """

    time: datetime
    kind: str
    level: str
    from_id: str | None
    to_id: str
    rows: tuple[int, ...]
    probability: float | None
    batch: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, eq=False)
class Batch(Sequence[Item]):
    """One `Item` for each headline given, in order.

    `number`: of the batch in the index, None from `match` and for an empty one. `events`: the ids that it changed.
    `warnings`: a sentence for each thing that you may not have meant.
    """

    items: tuple[Item, ...] = ()
    events: tuple[Event, ...] = ()
    number: int | None = None
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        return ShortList(self.items[index]) if isinstance(index, slice) else self.items[index]

    def __repr__(self) -> str:
        known, new = (sum(getattr(item, name) for item in self.items) for name in ("known", "new_story"))
        parts = [counted(len(self), "headline"), f"{known:,} known", counted(new, "new story", "new stories")]
        return f"Batch({', '.join(parts)}, {counted(len(self.events), 'event')})"

    def rows(self) -> list[dict[str, Any]]:
        """Return one output row per headline: its own columns, then those of `docs/index-tables.md`."""
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
        """One output row per headline, made one at a time."""
        repeats = [item.repeats for item in self.items]
        added: dict[str, list[Any]] = {
            **title_column([item.headline for item in self.items]),
            "dedupe_story": [item.story for item in self.items],
            "dedupe_wording": [item.wording for item in self.items],
            "dedupe_new": [item.new_story for item in self.items],
            "dedupe_repeats": [None if r is None else r.name for r in repeats],
            "dedupe_repeats_title": [None if r is None else r.headline.title for r in repeats],
            "dedupe_match": ["" if r is None else r.level for r in repeats],
            "dedupe_probability": [None if r is None else round(r.probability, 4) for r in repeats],
            "dedupe_flag": [",".join(item.flags) for item in self.items],
        }
        return OutputRows([item.headline for item in self.items], added, _TEXT_COLUMNS)


@dataclass(frozen=True, slots=True)
class IndexedStory:
    """A story of the index.

    `first`, `last`: when its earliest and latest headline count as published. `sources`: those of its headlines, or the hosts
    of their addresses, most frequent first. `rows`: the numbers of its headlines, by time. `wordings`: their ids.
    """

    id: str
    representative: Headline
    first: datetime
    last: datetime
    sources: tuple[str, ...]
    headlines: ShortList[Headline]
    rows: tuple[int, ...]
    wordings: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.headlines)

    def __repr__(self) -> str:
        sizes = f"{counted(len(self), 'headline')}, {counted(len(self.sources), 'source')}"
        return f"IndexedStory({self.id!r}: {sizes}, {shortened(self.representative.title)!r})"
