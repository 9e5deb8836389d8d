"""The nodes of a run on many machines, as its first steps would write them, from those of one machine."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dedupe.clustering.collapse import Copies, collapse_copies
from dedupe.distributed.job import Job
from dedupe.distributed.store import arrow
from dedupe.embedding import embed
from dedupe.pipeline import describe
from dedupe.result.settings import Settings, SourceRules
from dedupe.scoring import Scorer, judge_of


class Known:
    """An encoder of texts whose vectors are given, without a judge of its own."""

    def __init__(self, texts, rows):
        self.rows = dict(zip(texts, rows, strict=True))

    def encode(self, texts):
        return np.array([self.rows[text] for text in texts])


class Run:
    """Some headlines on one machine, and the same as a job.

    `copies`, `vectors`, `scorer`: of one machine, before crowds. `job`: of so many `ranges`, unequal ones, with `nodes` written.
    """

    def __init__(self, folder, monkeypatch, headlines, encoder, ranges, *, window=None, never_same=False, **options):
        monkeypatch.setattr("dedupe.distributed.job.load_encoder", lambda name: encoder)
        self.copies, self.encoder, judge = collapse_copies(headlines, window), encoder, judge_of(encoder)
        level, sources = options.pop("level", "story"), SourceRules(never_same=never_same)
        self.settings = Settings.of(judge, level, window, None, None, sources=sources)
        encoded = self.copies.encoded
        texts = [encoded[row] for row in self.copies.nodes.text_row.tolist()]
        self.vectors = embed(encoder, texts)
        scale = judge.scale(self.vectors)
        self.scorer = Scorer.of(judge, describe(self.copies), self.vectors, scale, level, encoder)
        n = len(texts)
        offsets = [0, *sorted((np.linspace(0, 1, ranges + 1)[1:-1] ** 1.5 * n).astype(int).tolist()), n]
        self.job = Job(str(folder), self.settings, (), {}, ranges=ranges, offsets=tuple(offsets), **options)
        table = node_columns(self.copies, texts)
        for r in range(ranges):
            self.job.store.write("nodes", r, table.slice(offsets[r], offsets[r + 1] - offsets[r]))


def node_columns(copies: Copies, texts) -> pa.Table:
    """Return the table of all nodes; `texts`: what of each is encoded."""
    nodes, titles = copies.nodes, copies.node_titles
    columns = {
        "text": texts,
        "core": [title.core for title in titles],
        "labels": [sorted(title.labels) for title in titles],
        "source": [copies.headlines[row].source for row in nodes.title_row.tolist()],
        "first": nodes.first,
        "last": nodes.last,
        "weight": nodes.weight,
        "generic": copies.generic[nodes.title_row],
        "title_position": nodes.title_row.astype(np.int64),
    }
    return arrow(columns, labels=pa.list_(pa.string()), source=pa.string(), text=pa.string(), core=pa.string())
