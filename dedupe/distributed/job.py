"""`Job`: what every task of a distributed run knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dedupe.clustering.corrections import Correction
from dedupe.dates import NO_RULES, DateRules
from dedupe.distributed.store import Store
from dedupe.embedding import Encoder
from dedupe.embedding.encoders import load_encoder
from dedupe.result.settings import Settings
from dedupe.scoring import Judge, judge_of


@dataclass(frozen=True)
class Piece:
    """Rows of a part that lie in one Parquet file: some of its row groups.

    `path`: the file, as any machine finds it. `name`: the file as the user named it, for messages and output.
    """

    path: str
    groups: tuple[int, ...]
    rows: int
    name: str = ""


@dataclass(frozen=True)
class Part:
    """Rows of an input that one task reads, in order. `first`: the position of the first of them in all inputs."""

    pieces: tuple[Piece, ...]
    first: int
    rows: int


@dataclass(frozen=True)
class Job:
    """What every task of a distributed run knows; small, since it travels to each.

    `work`: where its work files are, a path or URI. `encoder`: the name or folder of the encoder, None for the bundled one.
    `parts`: of the input, in its order. `columns`: the column of each field. `dates`: how dates are read, with `now` fixed.
    `skip_bad`: whether row groups that cannot be read are left out. `ranges`, `buckets`: into how many parts nodes and
    texts are shuffled. `block`: how many nodes a region has at most. `exact`: comparisons above which a join goes by cells.
    `cache`: the folder of a cache of vectors, None for none. `corrections`: pairs that people join or keep apart.
    `offsets`: the number of the first node of each range, and in the end that of all, and `range_rows`: how many rows each
    range has; known once nodes are made.
    """

    work: str
    settings: Settings
    parts: tuple[Part, ...]
    columns: Mapping[str, str]
    dates: DateRules = NO_RULES
    skip_bad: bool = False
    encoder: str | None = None
    ranges: int = 1
    buckets: int = 1
    block: int = 50_000
    exact: int = 5_000_000_000
    cache: str | None = None
    corrections: tuple[Correction, ...] = ()
    offsets: tuple[int, ...] = field(default=())
    range_rows: tuple[int, ...] | None = None

    @cached_property
    def store(self) -> Store:
        """The work files."""
        return Store(self.work)

    @property
    def files(self) -> dict[str, str]:
        """The names of the files of the input by their paths, in its order."""
        return {piece.path: piece.name for part in self.parts for piece in part.pieces}

    @property
    def part_rows(self) -> list[int]:
        """How many rows each part has."""
        return [part.rows for part in self.parts]

    @property
    def rows(self) -> int:
        """How many rows all inputs have."""
        return sum(self.part_rows)

    @property
    def loaded_encoder(self) -> Encoder:
        """The encoder, which each process loads once."""
        return load_encoder(self.encoder)

    @property
    def judge(self) -> Judge:
        """The judge of the encoder."""
        return judge_of(self.loaded_encoder)

    @property
    def nodes(self) -> int:
        """How many nodes there are, before crowds become one."""
        return self.offsets[-1]
