"""`ActiveRun`: `deduplicate` over the active headlines of an index, which keeps what it can for the next time."""

from __future__ import annotations

from collections.abc import Sequence

from dedupe.clustering import Correction
from dedupe.embedding import Encoder, VectorStore
from dedupe.errors import InputError
from dedupe.headlines import Headline
from dedupe.pipeline import grouped, match
from dedupe.result.deduplication import Deduplication
from dedupe.result.matches import Matches
from dedupe.result.settings import Settings
from dedupe.runtime.progress import Progress, silent
from dedupe.scoring import ReadingStore, judge_of


class ActiveRun:
    """Groups headlines again and again as some are added and others removed.

    `settings`: of all runs. `vectors`, `readings`: where vectors and what the reader said of pairs are kept. `corrections`:
    may be replaced between runs.
    """

    def __init__(
        self,
        encoder: Encoder,
        settings: Settings,
        *,
        vectors: VectorStore | None = None,
        readings: ReadingStore | None = None,
        corrections: Sequence[Correction] = (),
    ) -> None:
        self.encoder, self.settings = encoder, settings
        self.vectors, self.readings, self.corrections = vectors, readings, corrections
        self.last: Deduplication | None = None

    def run(self, rows: Sequence[Headline], progress: Progress = silent) -> Deduplication:
        """Return what `deduplicate` returns for these rows, whatever rows the runs before had; may be empty.

        What fails leaves the run before as it was. Raises what `deduplicate` raises.
        """
        self.last = grouped(
            rows,
            judge_of(self.encoder),
            self.settings,
            self.encoder,
            progress,
            store=self.vectors,
            readings=self.readings,
            corrections=self.corrections,
        )
        return self.last

    def match(self, rows: Sequence[Headline]) -> Matches:
        """Return for each row the one of the last run that it repeats; `Match.row` is its place there.

        `Matches.run` also groups the new rows among themselves: they come last in it. Raises `InputError` where no run was.
        """
        if self.last is None or not self.last.headlines:
            raise InputError("there are no active headlines: add some before you match")
        thresholds = self.settings.thresholds
        return match(
            rows,
            reference=self.last.headlines,
            encoder=self.encoder,
            window=self.settings.window,
            story_threshold=thresholds["story"],
            wording_threshold=thresholds["wording"],
            reader=self.settings.reader,
            corrections=self.corrections,
        )
