"""New headlines against known ones: which story and which wording each repeats, if any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.products import Products, pairs_between
from dedupe.clustering.constraints import rows_named
from dedupe.clustering.corrections import Correction, Given, as_corrections
from dedupe.embedding import encoders as encoders
from dedupe.embedding.cache import VectorCache
from dedupe.embedding.vectors import Vectors, rows_at
from dedupe.errors import InputError
from dedupe.headlines import Headline
from dedupe.levels import LEVELS
from dedupe.pipeline import Frame, Row, deduplicate, rows_of
from dedupe.result.columns import OutputRows
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.parallel import in_order
from dedupe.runtime.progress import Progress, bars, silent
from dedupe.scoring.model import judge_of
from dedupe.scoring.similarity_scale import IDENTITY, scale_of
from dedupe.text.normalize import MAX_LENGTH, key_of_normalized, normalize

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Ints = NDArray[np.int64]
_TOGETHER = 8192  # known headlines compared at a time
_KNOWN_STORY = ("dedupe_story", "story")
_KNOWN_WORDING = ("dedupe_wording", "wording", "dedupe_variant", "variant")
_TEXTS = ("dedupe_match", "dedupe_match_id", "dedupe_match_title", "dedupe_match_file")


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
    found: tuple[Match | None, ...]
    run: Deduplication

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, index: Any) -> Any:
        return self.found[index]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a new headline."""
        return list(self.output)

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        return self.output.to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas frame; `ModuleNotFoundError` where pandas is not installed."""
        return self.to_arrow().to_pandas()

    @property
    def output(self) -> OutputRows:
        """The rows, to be made one at a time."""
        found = self.found
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
        return OutputRows(self.headlines, added | ({"dedupe_match_file": files} if any(files) else {}), _TEXTS)


def match(
    headlines: Iterable[Row] | Frame,
    *,
    reference: Iterable[Row] | Frame,
    encoder: encoders.Encoder | None = None,
    cache: VectorCache | None = None,
    window: timedelta | float | None = None,
    story_threshold: float | None = None,
    wording_threshold: float | None = None,
    corrections: Given = (),
    progress: bool | Progress = False,
) -> Matches:
    """Say for each headline which known one it repeats: `reference` is what is known already.

    New headlines are grouped together with those of the reference that could be the same, as `deduplicate` does, whose
    arguments the others are. A headline repeats what of the reference is in its group: the closest level counts, then
    the highest probability. Raises `InputError` where the reference is empty, and what `deduplicate` raises.
    """
    new, known = rows_of(headlines), rows_of(reference)
    if not known:
        raise InputError("the reference is empty: give at least one known headline")
    encoder = encoder or encoders.load_encoder(None)
    with ExitStack() as stack:
        report = stack.enter_context(bars()) if progress is True else (progress or silent)
        whole = [normalize(row.title) for row in (*known, *new)]
        texts = [text[:MAX_LENGTH] for text in whole]
        vectors = encoders.embed(encoder, texts, report, cache)
        corrections = as_corrections(corrections)
        near = np.union1d(_near(vectors, len(known), encoder), _named(known, whole, corrections))
        chosen = np.concatenate([near, np.arange(len(known), len(known) + len(new))])
        run = deduplicate(
            [*(known[k] for k in near.tolist()), *new],
            encoder=encoder,
            embeddings=rows_at(vectors, chosen)[:] if vectors.shape[1] else None,  # none where every title is empty
            window=window,
            story_threshold=story_threshold,
            wording_threshold=wording_threshold,
            corrections=corrections,
            progress=report,
        )
    known_rows = _Known(run, near, known)
    return Matches(tuple(new), tuple(known_rows.match(row) for row in range(len(near), len(run))), run)


def _near(vectors: Vectors, known: int, encoder: encoders.Encoder) -> Ints:
    """Places of the known rows that a new one is candidate of, ascending."""
    judge, calibrated = judge_of(encoder)
    scale = IDENTITY if calibrated else scale_of(vectors)
    floor = scale.inverse(judge.candidate_floor["story"])
    new = np.arange(known, len(vectors))
    blocks = [np.arange(k, min(k + _TOGETHER, known)) for k in range(0, known, _TOGETHER)]
    found = in_order(lambda block: np.unique(pairs_between(Products(vectors), new, block, floor)[1]), blocks)
    return np.concatenate(list(found))


def _named(known: Sequence[Headline], texts: Sequence[str], corrections: Sequence[Correction]) -> Ints:
    """Places of the known headlines that corrections put together with others: they count, however little alike they look.

    `texts`: normalized titles, those of the known ones first.
    """
    joining = [one for one in corrections if one.verdict != "different"]
    if not joining:
        return np.empty(0, np.int64)
    keys = [key_of_normalized(text, row.source) for row, text in zip(known, texts, strict=False)]
    return np.unique([row for rows in rows_named(joining, keys, texts[: len(known)]).values() for row in rows]).astype(
        int
    )


class _Known:
    """The reference's rows in a run: its first ones, `near` their places in the reference."""

    def __init__(self, run: Deduplication, near: Ints, known: list[Headline]) -> None:
        self.run, self.near, self.known = run, near, known
        self.labels = {level: run.labels(level) for level in LEVELS}
        self.first = {level: _first(labels[: len(near)], near) for level, labels in self.labels.items()}
        self.of_story = defaultdict(list)
        for place, label in enumerate(self.labels["story"][: len(near)].tolist()):
            self.of_story[label].append(place)
        self.chance = _chances(run)

    def match(self, row: int) -> Match | None:
        """Return what a row of the run repeats: of its story the closest level, then the highest probability."""
        candidates = self.of_story.get(int(self.labels["story"][row]), [])
        if not candidates:
            return None
        level, unlikely, place = min((*self._distance(row, place), place) for place in candidates)
        at = int(self.near[place])
        own = self.known[at].own
        story = _label(own, _KNOWN_STORY, self.first["story"].get(int(self.labels["story"][row])))
        wording = _label(own, _KNOWN_WORDING, self.first["wording"].get(int(self.labels["wording"][row])))
        return Match(LEVELS[level], at, self.known[at], -unlikely, story, wording)

    def _distance(self, row: int, place: int) -> tuple[int, float]:
        level = next(k for k, level in enumerate(LEVELS) if self.labels[level][place] == self.labels[level][row])
        nodes = self.run.nodes.of
        if level == 0:
            return level, -1.0
        one, other = int(nodes[row]), int(nodes[place])
        said = float(self.run.trees["story"].together(np.array([one]), np.array([other]))[0] == 1)  # by a chain
        return level, -self.chance[one].get(other, said)


def _first(labels: Ints, near: Ints) -> dict[int, int]:
    """The first place in the reference of each label."""
    values, where = np.unique(labels, return_index=True)
    return dict(zip(values.tolist(), near[where].tolist(), strict=True))


def _chances(run: Deduplication) -> dict[int, dict[int, float]]:
    """The probability of each judged pair of nodes, from both sides."""
    found: dict[int, dict[int, float]] = defaultdict(dict)
    judged = run.judged
    columns = (judged.i.tolist(), judged.j.tolist(), judged.probability["story"].tolist())
    for i, j, probability in zip(*columns, strict=True):
        found[i][j] = found[j][i] = probability
    return found


def _label(own: Any, usual: Sequence[str], otherwise: Any) -> Any:
    label = next((own[name] for name in usual if name in own and own[name] is not None), otherwise)
    return int(label) if isinstance(label, str) and label.isdecimal() else label  # a number, as read from CSV
