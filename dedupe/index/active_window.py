"""`ActiveWindow`: the active headlines of an index in memory, and the run that groups them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from dedupe.clustering.corrections import Correction
from dedupe.embedding import Encoder, Vectors, embed
from dedupe.headlines import Headline
from dedupe.index.active_run import ActiveRun
from dedupe.index.readings_kept import ReadingsKept
from dedupe.index.store import Store
from dedupe.index.stored_headlines import ActiveRows
from dedupe.index.vectors_kept import VectorsKept
from dedupe.pipeline import grouped
from dedupe.result.deduplication import Deduplication
from dedupe.result.matches import Matches
from dedupe.result.settings import Settings
from dedupe.runtime.progress import Progress, silent
from dedupe.scoring import judge_of
from dedupe.text.decorations import Undecorated, undecorated
from dedupe.text.normalize import MAX_LENGTH, normalize
from dedupe.text.outlets import Outlets

_FILE = "active.run"
_CHUNK_ROWS = 8192


class ActiveWindow:
    """The active headlines at one state of the store, and what groups them."""

    def __init__(self, folder: Path, store: Store, encoder: Encoder, settings: Settings) -> None:
        self.store, self.encoder, self.settings, self._folder = store, encoder, settings, folder
        self.vectors = VectorsKept(store.database)
        self.readings = ReadingsKept(store.database)
        self._run, self._changed = self._loaded(), False
        self._result: Deduplication | None = None
        self.state, self.rows, self.corrections = -1, ActiveRows(()), list[Correction]()

    @property
    def span(self) -> int:
        """The window in microseconds."""
        assert self.settings.window is not None
        return round(self.settings.window * 3_600_000_000)

    def refresh(self) -> None:
        """Read the headlines and corrections again if the store has changed; inside a transaction."""
        if self.state != (state := self.store.state):
            self.rows, self.corrections = ActiveRows(tuple(self.store.active())), self.store.corrections()
            self.state, self._result = state, None

    def result(self, progress: Progress = silent) -> Deduplication:
        """Return the groups of the active headlines."""
        if self._result is None:
            self._result = self.run(self.rows, self.corrections, progress)
        return self._result

    def run(self, rows: ActiveRows, corrections: Sequence[Correction], progress: Progress) -> Deduplication:
        """Return the groups of these headlines, which need not be stored yet."""
        self.vectors.batch = self.readings.batch = self.store.counter("batch")
        self._run.corrections = list(corrections)
        return self._run.run(rows.grouped_as(), progress)

    def run_anew(self) -> Deduplication:
        """Return the groups of the active headlines as `deduplicate` makes them, with nothing from an earlier run but what
        is stored of single titles and pairs.
        """
        return grouped(
            self.rows.grouped_as(),
            judge_of(self.encoder),
            self.settings,
            self.encoder,
            store=self.vectors,
            readings=self.readings,
            corrections=self.corrections,
        )

    def match(self, headlines: Sequence[Headline]) -> Matches:
        """Return which active headline each of these repeats; `Match.row` is its place."""
        self.result()
        return self._run.match(headlines)

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Let vectors and what the reader said be stored; only the writer may."""
        self.vectors.writes = self.readings.writes = True
        try:
            yield
        finally:
            self.vectors.writes = self.readings.writes = False

    def now_has(self, rows: ActiveRows, result: Deduplication, state: int) -> None:
        """Take over what was stored: its headlines and their groups."""
        self.rows, self._result, self.state, self._changed = rows, result, state, True

    def embed(
        self, headlines: Sequence[Headline], outlets: Outlets, progress: Progress = silent
    ) -> tuple[list[str], Vectors]:
        """Return the texts of headlines that are encoded, and their vectors, (headlines, d)."""
        texts = [core_of(headline, outlets).core for headline in headlines]
        return texts, embed(self.encoder, texts, progress, self.vectors)

    def save(self) -> None:
        """Keep in a file what the next process goes on from, if something changed; `OutputError` where that fails."""
        if self._changed:
            self._run.save(self._folder / _FILE)
            self._changed = False

    def discard_saved(self) -> None:
        """Remove what `save` kept, and forget what the run holds in memory."""
        (self._folder / _FILE).unlink(missing_ok=True)
        self._run, self._result = self._loaded(), None

    def _loaded(self) -> ActiveRun:
        path, vectors, readings = self._folder / _FILE, self.vectors, self.readings
        return ActiveRun.load(path, self.encoder, self.settings, vectors=vectors, readings=readings)


def core_of(headline: Headline, outlets: Outlets) -> Undecorated:
    """Return what of a title is encoded, without the marks of these outlets."""
    return undecorated(normalize(headline.title), headline.source, outlets).cut(MAX_LENGTH)


def near(result: Deduplication, vectors: Vectors, floor: float) -> list[int]:
    """Return the places of a run with a cosine of at least `floor` to any of the vectors, ascending."""
    if not len(result.vectors) or not vectors.shape[1]:
        return []
    close, queries = np.zeros(len(result.nodes), bool), np.ascontiguousarray(vectors[:])
    for start in range(0, len(close), _CHUNK_ROWS):
        part = slice(start, start + _CHUNK_ROWS)
        close[part] = (result.vectors[part] @ queries.T >= floor).any(axis=1)
    return [int(place) for place in np.flatnonzero(close[result.nodes.of_row])]
