"""`StoryIndex`: the news of the last days on disk, one batch after another, with ids that last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import datetime
from functools import cached_property
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dedupe.clustering.corrections import CorrectionLike, as_corrections
from dedupe.embedding import Encoder
from dedupe.errors import OutputError
from dedupe.headlines import Row
from dedupe.index import queries
from dedupe.index.arrivals import Times, moment_or_clock
from dedupe.index.batches import Batch, Event, IndexedStory
from dedupe.index.opening import check_model, check_settings, description, open_store, writing
from dedupe.index.store import FORGOTTEN
from dedupe.index.stored_headlines import microseconds
from dedupe.readers.columnar import rows_of
from dedupe.result.deduplication import Deduplication
from dedupe.result.groups import ShortList
from dedupe.result.settings import Settings, Window, hours_of
from dedupe.runtime.progress import Progress, reporting, silent

if TYPE_CHECKING:
    from dedupe.index.active_window import ActiveWindow
    from dedupe.index.archived import Archived
    from dedupe.index.pending import Output

DEFAULT_WINDOW = "7d"


class StoryIndex:
    """Headlines on disk: the active ones of a window of time in groups as `deduplicate` makes them, older ones archived.

    Args:
        path: the folder of the index; it is made if absent.
        window: how long headlines stay active, counted from the latest, and the longest time between dated members of a
            group; see `deduplicate`. Default: "7d".
        encoder, story_threshold, wording_threshold, reader: as for `deduplicate`. An encoder must have an `identity`.
        wait: seconds to wait where another process writes.
        create: False to raise `InputError` where there is no index.

    What is fixed when an index is made, that is all from `window` to `reader`, may be left out later; another value is an
    `InputError`. Any number of processes may read an index while one writes, each call on one state. Use an object in one
    thread at a time, and close it, or use it as a context manager.

    Raises `InputError` where the folder is something else or was made by a newer program, and `OutputError` where it cannot
    be written.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        window: Window | None = None,
        encoder: Encoder | str | Path | None = None,
        story_threshold: float | None = None,
        wording_threshold: float | None = None,
        reader: str | None = None,
        wait: float = 0.0,
        create: bool = True,
    ) -> None:
        self.path, self.wait, self._given = Path(path).expanduser(), wait, encoder

        def make() -> dict[str, str]:
            span = DEFAULT_WINDOW if window is None else window
            settings = self._settings(span, story_threshold, wording_threshold, reader or "auto")
            return description(settings, self._encoder)

        hours = hours_of(window)
        self._store = open_store(self.path, make if create else None, wait)
        try:
            self._meta = self._store.meta()
            given = {"window": hours, "story_threshold": story_threshold, "wording_threshold": wording_threshold}
            check_settings(self.path, self._meta, given | {"reader": reader})
            if encoder is not None:
                check_model(self.path, self._meta, self._encoder)
        except BaseException:
            self._store.database.close()
            raise

    def __repr__(self) -> str:
        return f"StoryIndex({str(self.path)!r}, window='{self.window:g}h')"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def window(self) -> float:
        """The window in hours."""
        return float(self._meta["window"])

    def add(
        self,
        headlines: Iterable[Row] | Any,
        *,
        now: datetime | None = None,
        taken: datetime | None = None,
        progress: bool | Progress = False,
        output: Output | None = None,
    ) -> Batch:
        """Store headlines, and return for each its ids, whether its story is new, and what it repeats.

        Args:
            headlines: what `deduplicate` takes; may be empty.
            now: the time of adding, with a time zone; default: the clock.
            taken: when the headlines were taken: what relative dates such as "5 h ago" count from, and the date of headlines
                that have none, or one over a day later. Default: `now`, or else the clock; but where half have a date, and all
                dates end over a window earlier, as those of old news do, others count as published at the latest of these.
            progress: as for `deduplicate`.
            output: called with the batch before it is stored, for a context manager that is left when it is. Write in it, so
                that the batch is not stored where writing fails, and make what is written visible at its end. Until that has
                succeeded, the next call with an `output` says of these headlines what this one said, as if they were new.

        A headline that is stored already, by its id and source or its address, and its title, is not stored twice. The whole
        batch is stored, or on any failure nothing of it. Raises what `deduplicate` raises, and `OutputError` where another
        process writes or the disk is full.
        """
        from dedupe.index.adding import add_batch
        from dedupe.index.pending import given_out

        added = moment_or_clock(now)
        taken = now if taken is None else moment_or_clock(taken, "taken")
        rows = rows_of(headlines, taken or added)
        if not rows:
            with writing(self.path, self.wait), nullcontext() if output is None else output(Batch()):
                return Batch()
        with self._grouping() as active, ExitStack() as outputs, reporting(progress) as report:

            def give_out(batch: Batch) -> None:
                if output is not None:
                    outputs.enter_context(given_out(self._store, batch, output))

            enter = None if output is None else give_out
            times = Times.of(rows, added, taken, self._store.latest_time(), self.window)
            return add_batch(rows, times, self._store, active, self._archived, report, enter)

    def match(self, headlines: Iterable[Row] | Any, *, all: bool = False, now: datetime | None = None) -> Batch:
        """Return what `add` would say of headlines, and store nothing; new stories have ids such as "new-1".

        `all`: where no active headline is repeated, look in the archive too, however long ago. `now`: as `taken` of
        `add`.
        """
        from dedupe.index.asking import match_batch

        moment = moment_or_clock(now)
        rows = rows_of(headlines, moment)
        with self._store.database.reading():
            times = Times.of(rows, moment, now, self._store.latest_time(), self.window)
            return match_batch(rows, times, self._store, self._current(), self._archived, all)

    def stories(
        self,
        *,
        since: Window | datetime | None = None,
        min_size: int = 1,
        order: str = "publishers",
        limit: int | None = None,
    ) -> ShortList[IndexedStory]:
        """Return stories, also archived ones.

        `since`: those with a headline from this moment on, or in so long a time before the latest headline of the index.
        `min_size`: how many headlines they have at least. `order`: "publishers" and "size", largest first; "latest", the
        story with the latest headline first; "newest", the one that began last; "first", the one that began first. `limit`: how
        many at most.
        """
        with self._store.database.reading():
            return queries.stories(self._store, since, min_size, order, limit)

    def story(self, id: str) -> IndexedStory:
        """Return a story; a retired id leads to the one that took over. Raises `InputError` for an unknown id."""
        with self._store.database.reading():
            return queries.story(self._store, id)

    def history(self, id: str) -> list[Event]:
        """Return what happened to the id of a story or wording, and to those that lead to the same one."""
        with self._store.database.reading():
            return queries.history(self._store, id)

    def result(self, *, progress: bool | Progress = False) -> Deduplication:
        """Return the groups of the active headlines as `deduplicate` does, with the ids that last; at other thresholds they
        have numbers. `rows`, `regroup` and `write_report` work on it.
        """
        from dedupe.index.lasting_ids import with_ids

        with self._store.database.reading(), reporting(progress) as report:
            active = self._current()
            return with_ids(self._store, active.rows, active.result(report))

    def correct(self, corrections: Iterable[CorrectionLike], *, now: datetime | None = None) -> tuple[Event, ...]:
        """Keep corrections, honour them from now on, and return the changes of ids.

        One on the same two titles as an earlier one takes its place. Raises `InputError` where they contradict others.
        """
        from dedupe.index.adding import correct_ids

        given, moment = as_corrections(corrections), moment_or_clock(now)
        with self._grouping() as active:
            said = {frozenset(c.keys): c for c in [*active.corrections, *given]}
            kept = as_corrections(said.values())
            run = active.run(active.rows, kept, silent)
            with self._store.database.writing():
                self._store.replace_corrections(kept)
                events = correct_ids(self._store, active, run, microseconds(moment))
            active.corrections = kept
            return events

    def forget(self, before: Window | datetime) -> int:
        """Delete archived headlines, with their vectors, and return how many; active ones stay.

        `before`: those older than this moment, or so long before the latest headline of the index. Ids are never given again.
        """
        with writing(self.path, self.wait):
            with self._store.database.writing():
                forgotten = self._store.archived.delete(queries.cutoff(self._store, before, "before"))
                self._store.renew_representatives()
                self._store.count_on("state")
                self._store.set_meta({FORGOTTEN: "yes"})
            self._archived.tend()
            self._store.database.shrink()
            return forgotten

    def check(self) -> list[str]:
        """Verify everything that an index promises, and return what is wrong, one line each."""
        from dedupe.index.checks import problems

        with self._store.database.reading():
            return problems(self._store, self._current(), self._archived)

    def repair(self) -> list[str]:
        """Make again what can be made from the headlines, and return what was wrong before; what `check` still says stays."""
        from dedupe.index.checks import repaired

        with self._grouping() as active:
            return repaired(self._store, active, self._archived, microseconds(moment_or_clock()))

    def close(self) -> None:
        """Close the index. What the next process can go on from is kept first, if something changed."""
        if "_active" in self.__dict__:
            with suppress(OutputError):  # all is in the database
                self._active.save()
        self._store.database.close()

    def _settings(self, window: Window, story: float | None, wording: float | None, reader: str) -> Settings:
        from dedupe.scoring import judge_of

        return Settings.of(judge_of(self._encoder), "story", window, story, wording, reader=reader)

    @cached_property
    def _encoder(self) -> Encoder:
        from dedupe.embedding.encoders import as_encoder

        return as_encoder(self._given)

    @cached_property
    def _active(self) -> ActiveWindow:
        from dedupe.index.active_window import ActiveWindow

        check_model(self.path, self._meta, self._encoder)
        story, wording = (float(self._meta[f"{level}_threshold"]) for level in ("story", "wording"))
        settings = self._settings(self.window, story, wording, self._meta["reader"])
        return ActiveWindow(self.path, self._store, self._encoder, settings)

    @cached_property
    def _archived(self) -> Archived:
        from dedupe.index.archived import Archived

        return Archived(self.path, self._store)

    def _current(self) -> ActiveWindow:
        """The active headlines at the present state of the store."""
        with self._store.database.reading():
            self._active.refresh()
        return self._active

    @contextmanager
    def _grouping(self) -> Iterator[ActiveWindow]:
        """Be the writer, with the active headlines. On any failure what is in memory is dropped: it may be ahead of the store."""
        with writing(self.path, self.wait):
            try:
                with self._active.storing():
                    yield self._current()
            except BaseException:
                self.__dict__.pop("_active", None)
                raise
            with suppress(OutputError):  # all is in the database; the next call tries again
                self._archived.tend()
