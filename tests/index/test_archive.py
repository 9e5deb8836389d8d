import numpy as np
import pytest

from dedupe.errors import OutputError
from dedupe.index import archive as module
from dedupe.index.archive import Archive, DamagedSegment, Segment, due, write_segment


def unit_rows(count, width=16, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


VECTORS = unit_rows(3000)


def vectors_of(rows):
    return VECTORS[rows]


def archive_of(folder, *parts):
    return Archive(folder, [write_segment(folder, k, np.array(part), vectors_of) for k, part in enumerate(parts)])


@pytest.mark.parametrize("flat_rows", [150_000, 100])
def test_the_nearest_rows_of_all_segments_are_found(tmp_path, monkeypatch, flat_rows):
    monkeypatch.setattr(module, "_FLAT_ROWS", flat_rows)
    monkeypatch.setattr(module, "_PROBED", 1.0)  # so that an inverted file is exact
    archive = archive_of(tmp_path, range(0, 2000), range(2500, 3000))
    stored = np.r_[0:2000, 2500:3000]
    queries = unit_rows(7, seed=1)
    found = archive.search(queries, 5)
    exact = queries @ VECTORS[stored].T
    for query in range(len(queries)):
        rows = found.row[found.query == query]
        assert len(rows) == 5
        best = np.sort(exact[query])[::-1][:5]
        np.testing.assert_allclose(np.sort(queries[query] @ VECTORS[rows].T)[::-1], best, atol=2e-3)
        np.testing.assert_allclose(found.similarity[found.query == query], best, atol=2e-3)


def test_a_large_segment_finds_most_near_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_FLAT_ROWS", 100)
    archive = archive_of(tmp_path, range(3000))
    found = archive.search(VECTORS[:500], 1)
    assert np.mean(found.row == np.arange(500)) > 0.95


def test_fewer_rows_than_asked_for(tmp_path):
    found = archive_of(tmp_path, [4, 9]).search(VECTORS[[9]], 10)
    assert found.row.tolist() == [9, 4]
    assert found.similarity[0] == pytest.approx(1, abs=1e-3)


def test_no_segments_find_nothing(tmp_path):
    archive = Archive(tmp_path, [])
    assert len(archive.search(VECTORS[:2], 3).row) == 0
    assert archive.last == -1


@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
def test_damage_is_noticed_before_a_search(tmp_path, damage):
    archive = archive_of(tmp_path, range(100), range(100, 200))
    path = tmp_path / archive.segments[1].name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-5] if damage == "cut" else content[:900] + b"X" + content[901:])
    with pytest.raises(DamagedSegment, match=path.name) as raised:
        archive.search(VECTORS[:1], 3)
    assert raised.value.segment == archive.segments[1]
    assert [problem.segment for problem in archive.damaged()] == [archive.segments[1]]


def test_the_same_rows_give_the_same_file(tmp_path):
    first, second = (write_segment(tmp_path, k, np.arange(500), vectors_of) for k in (1, 2))
    assert first.checksum == second.checksum


def test_a_segment_appears_whole_or_not_at_all(tmp_path):
    def fails(rows):
        if rows[0] >= 1:
            raise RuntimeError("the database is gone")
        return VECTORS[rows]

    with pytest.raises(RuntimeError):
        write_segment(tmp_path, 1, np.arange(1, 500), fails)
    assert not list(tmp_path.iterdir())
    with pytest.raises(OutputError, match="archive-000001"):
        write_segment(tmp_path / "none", 1, np.arange(5), vectors_of)


def test_rows_move_into_few_segments_and_seldom():
    segments, written, behind = [], 0, 0
    for _ in range(1000):
        behind += 1000
        if (start := due(segments, behind)) is not None:
            count = behind + sum(segment.count for segment in segments[start:])
            segments = [*segments[:start], Segment("", 0, 0, count, "")]
            written, behind = written + count, 0
    assert sum(segment.count for segment in segments) + behind == 1_000_000
    assert len(segments) <= 7
    assert written < 8_000_000  # each row is written fewer than eight times
