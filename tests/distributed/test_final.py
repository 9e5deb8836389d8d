from __future__ import annotations

import pyarrow as pa
import pytest

from dedupe.distributed.engine import InOrder
from dedupe.distributed.output.groups import group
from dedupe.distributed.output.members import send
from tests.support import corpus
from tests.support.earlier_steps import Watched, job_of, parts_of
from tests.support.fake_encoder import FakeEncoder

COLUMNS = {name: name for name in ("title", "source", "id")}


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    monkeypatch.setattr("dedupe.distributed.job.load_encoder", lambda name=None: FakeEncoder())


def grouped(monkeypatch, tmp_path, rows, buckets, **options):
    """Return the run of one machine, and what buckets of components say of each row, by position."""
    path = corpus.write(tmp_path, pa.Table.from_pylist(rows), 2)
    watched = Watched.of(monkeypatch, [path], encoder=FakeEncoder(), reader="off", **options)
    job = job_of(watched, tmp_path / str(buckets), parts_of([path], 1), COLUMNS, seed=1, few=3)
    object.__setattr__(job, "buckets", buckets)
    senders = send(job, InOrder())
    for bucket in range(buckets):
        group(job, bucket, senders=senders)
    first = [job.store.read("groups", bucket) for bucket in range(buckets)]
    for bucket in range(buckets):
        group(job, bucket, senders=senders)
        assert job.store.read("groups", bucket).equals(first[bucket])  # a task may run more than once
    return watched.result, pa.concat_tables(first).sort_by("position").to_pylist()


@pytest.mark.parametrize("buckets", [1, 2, 7])
@pytest.mark.parametrize("rules", [{}, {"never_same_source": True}])
def test_publishers_are_told_by_rows_of_other_buckets(monkeypatch, tmp_path, buckets, rules):
    rows = [
        {"title": "Dam closes after the flood in Porto", "source": "Fjord Sport", "id": "1"},
        {"title": "Dam closes after the flood in Porto today", "source": "Fjord Politics", "id": "2"},
        {"title": "Museum wins a prize for orchids", "source": "fjord.com", "id": "3"},
    ]
    result, said = grouped(monkeypatch, tmp_path, rows, buckets, **rules)
    stories = [0, 1, 2] if rules else [0, 0, 2]
    assert [row["dedupe_story"] for row in said] == stories  # by the position of their first row
    assert result.labels("story").tolist() == ([0, 1, 2] if rules else [0, 0, 1])
    assert [row["dedupe_publishers"] for row in said] == [1, 1, 1]


@pytest.mark.parametrize("buckets", [1, 2, 7])
def test_ids_are_compared_over_all_buckets(monkeypatch, tmp_path, buckets):
    titles = ["Dam closes after flood", "Museum wins prize", "Ferry sinks off Oslo", "Mayor resigns", "Bank fined"]
    ids = ["7", None, "7", "8", None]
    rows = [{"title": title, "source": None, "id": id_} for title, id_ in zip(titles, ids, strict=True)]
    result, said = grouped(monkeypatch, tmp_path, rows, buckets)
    assert [row["dedupe_flag"] for row in said] == ["duplicate-id", "", "duplicate-id", "", ""] == result.flags()
