"""Runs whose nodes are in regions, with what one machine finds from the same nodes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from dedupe import Headline
from dedupe.clustering.collapse import collapse_copies
from dedupe.clustering.crowds import CrowdSettings, collapse_crowds
from dedupe.distributed.engine import InOrder
from dedupe.distributed.nodes.crowds import find_crowds
from dedupe.distributed.nodes.encoding import make_vectors
from dedupe.distributed.nodes.region_steps import make_regions
from dedupe.pipeline import cleaned_addresses
from dedupe.runtime.progress import silent
from tests.support.crowds import crowd_of, few_words, other_numbers, same_news
from tests.support.fake_encoder import FakeEncoder
from tests.support.node_ranges import Known, Run

ENGINE = InOrder()
PARTITIONINGS = [(1, 1000), (3, 40), (7, 16)]  # ranges, and the most nodes of a region
SMALL = CrowdSettings(size=40)
_PLACES = "Oslo Bergen Rotterdam Lisbon Porto Turin Riga".split()
_TITLES = (
    "Ferry sinks off {}, {} dead",
    "{} dead as ferry sinks off {}",
    "Bank of {} raises rates to {}%",
    "Rates raised to {}% by bank of {}",
    "Storm closes port of {} on Friday",
    "Mayor of {} wins vote by {} seats",
    "Live: {} counts {} votes",
    "Weather",
)


def news(count, *, dated=True, seed=0):
    """Return headlines of few events in several words, some undated, generic, empty or of one address."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(count):
        place, number = _PLACES[rng.integers(len(_PLACES))], int(rng.integers(2, 6))
        template = _TITLES[rng.integers(len(_TITLES))]
        title = template.format(*((number, place) if template.startswith(("{} dead", "Rates")) else (place, number)))
        hour = 490_000 + float(rng.integers(0, 240)) / 2 if dated and rng.random() < 0.8 else None
        page = f"https://herald.example/{rng.choice(['a', 'b'])}/story-{int(rng.integers(count // 3 + 1))}x"
        row = {"url": page if rng.random() < 0.7 else None, "source": str(rng.choice(["A", "B"]))}
        rows.append(Headline("" if k % 29 == 7 else title, str(k), hour and hour * 3600, **row))
    return rows


def crowds(dated=False):
    """Return near-copies that say the same, others that cannot be settled, and a dense crowd, with addresses; and an encoder.

    A few other titles are alike, too.
    """
    few = [f"Bakery of {place} burns, {k} hurt" for place in _PLACES for k in (2, 3, 4)]  # too few to be a crowd
    kinds = [(same_news(90), 0, 0.985), (other_numbers(90), 0, 0.985), (few_words(110), 60, 0.8), (few, 0, 0.9)]
    parts = [crowd_of(titles, others, k, cosine) for k, (titles, others, cosine) in enumerate(kinds)]
    titles, vectors = [title for titles, _ in parts for title in titles], np.concatenate([rows for _, rows in parts])
    hours = [490_000 + k / 2 if dated and k % 7 else None for k in range(len(titles))]
    rows = [
        Headline(title, published=hour and hour * 3600, url=f"https://herald.example/a/{k % 60}x")
        for k, (title, hour) in enumerate(zip(titles, hours, strict=True))
    ]
    return rows, Known([core.core for core in collapse_copies(rows, None).cores], vectors)


class ScoredRun:
    """The scorer of one machine, after crowds and with addresses, and a job whose nodes are in regions.

    `alone`: the pairs of one machine by themselves; `skipped`: how many it skipped.
    """

    def __init__(
        self, folder, monkeypatch, rows, partitioning, *, crowds=None, encoder=None, reader="off", exempt=(), **options
    ):
        ranges, block = partitioning
        run = Run(folder, monkeypatch, rows, encoder or FakeEncoder(), ranges, block=block, **options)
        settings = replace(run.settings, reader=reader)
        self.job = replace(run.job, settings=settings, columns={"title": "title", "url": "url"}, buckets=3)
        self.run, of_row = run, run.copies.nodes.of_row
        self._write_rows(of_row, [row.url for row in rows])
        make_vectors(self.job, ENGINE)
        find_crowds(self.job, ENGINE, crowds)
        self.regions = make_regions(self.job, ENGINE)
        none = np.array(exempt, np.int64)
        collapsed = collapse_crowds(
            run.copies.nodes, replace(run.scorer, reading=reader), settings.window, none, crowds
        )
        self.crowds, nodes = collapsed, collapsed.nodes
        self.band = nodes.band(settings.window)
        generic = run.copies.generic[nodes.title_row]
        self.scorer = collapsed.scorer.with_addresses(cleaned_addresses(rows), nodes.of_row, self.band, generic)

    def alone(self):
        """Return the pairs of one machine by themselves, and its join."""
        join = self.scorer.candidates(self.band, self.crowds.sparse)
        return self.scorer.alone(join, silent), join

    def _write_rows(self, of_row, urls):
        job, order = self.job, np.argsort(of_row, kind="stable")
        ends = np.searchsorted(of_row[order], job.offsets)
        for r in range(job.ranges):
            rows = order[ends[r] : ends[r + 1]]
            table = {"node": of_row[rows] - job.offsets[r], "url": pa.array([urls[k] for k in rows], pa.large_string())}
            job.store.write("node_rows", r, pa.table(table))
