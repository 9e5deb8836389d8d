"""Days of the stream, added in batches of ten minutes: as a batch run? which ids changed, and was an event made of each?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from index_clocks import Remembering
from records import read_rows

import dedupe
from dedupe.headlines import Headline
from dedupe.pipeline import grouped
from dedupe.scoring import judge_of

WINDOW, MINUTES, EVERY = "72h", 10, 10
_LEVELS = ("story", "wording")


def measure(data: Path, cache: Path, days: int) -> dict[str, Any]:
    """Return counts over the first days of the stream."""
    encoder, seconds = Remembering(cache), list[float]()
    steps, first, changed, unexplained, events = _Steps(), dict[int, str](), set[int](), 0, 0
    with (
        TemporaryDirectory(dir=cache) as folder,
        dedupe.StoryIndex(Path(folder, "index"), window=WINDOW, encoder=encoder) as index,
    ):
        view = sqlite3.connect(f"file:{Path(folder, 'index', 'index.sqlite')}?mode=ro", uri=True)
        for step, (now, rows) in enumerate(batches(data, days)):
            began = perf_counter()
            batch = index.add(rows, now=now)
            seconds.append(perf_counter() - began)
            events += sum(event.kind != "created" and event.level == "story" for event in batch.events)
            moves = {(event.from_id, event.to_id) for event in batch.events}
            for row, story in view.execute("SELECT row, story FROM headlines"):
                before = first.setdefault(row, story)
                if before != story:
                    changed.add(row)
                    unexplained += (before, story) not in moves
                    first[row] = story
            if step % EVERY == 0:
                steps.compare(index, encoder)
        result = {"headlines": len(first), "stories": len(set(first.values()))}
        view.close()
    return result | {
        "days": days,
        "window": WINDOW,
        "adds": len(seconds),
        "seconds_per_add": {"median": round(float(np.median(seconds)), 3), "largest": round(max(seconds), 3)},
        "compared_with_a_batch_run": steps.compared,
        "with_other_groups": steps.different,
        "events": events,
        "headlines_whose_story_id_ever_changed": len(changed),
        "share": round(len(changed) / max(len(first), 1), 4),
        "changes_without_an_event": unexplained,
    }


class _Steps:
    compared, different = 0, 0

    def compare(self, index: dedupe.StoryIndex, encoder: Remembering) -> None:
        """Compare the groups of the active headlines with those of a run over them; both read a pair alike."""
        run, active = index.result(), index._active
        expected = grouped(
            run.headlines, judge_of(encoder), run.settings, encoder, store=active.vectors, readings=active.readings
        )
        same = [np.array_equal(run.labels(level), expected.labels(level)) for level in _LEVELS]
        self.compared += 1
        self.different += not all(same)


def batches(data: Path, days: int) -> Iterator[tuple[datetime, list[Headline]]]:
    """Yield the end of each ten minutes that have headlines, and these."""
    rows = [
        Headline(r["title"], source=r["source"], published=r["date"])
        for r in read_rows(data / "stream" / "headlines.jsonl.gz")
    ]
    dated = sorted((row for row in rows if row.published), key=lambda row: (row.published, row.title))
    start, length, batch = dated[0].published, timedelta(minutes=MINUTES), list[Headline]()
    assert start is not None
    end = start + length
    for row in dated:
        assert row.published is not None
        if row.published >= end:
            if batch:
                yield end, batch
            batch, end = [], end + ((row.published - end) // length + 1) * length
        if row.published >= start + timedelta(days=days):
            return
        batch.append(row)
    if batch:
        yield end, batch
