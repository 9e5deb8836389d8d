"""A result comes back unchanged from a file and from a pickle."""

from __future__ import annotations

import io
import json
import pickle
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe import Deduplication, Headline, InputError, OutputError, deduplicate, load_result, read_headlines
from dedupe.embedding.vectors import Int16Rows
from dedupe.report import write_report
from dedupe.result.values import from_json, to_json
from tests.support.fake_encoder import FakeEncoder

LEVELS = ("exact", "wording", "story")
ROWS = [
    {"title": "Two ferries collide in fog off Port Calder", "published": "2025-08-16T08:00Z", "source": "A", "n": 1},
    {"title": "Ferries collide off Port Calder in fog, 14 hurt", "published": "2025-08-16T09:00+02:00", "n": 2.5},
    {"title": "", "published": "soon", "tags": ["a", {"b": None}]},
    {"title": "Bakery chain to close 40 shops by spring", "id": "5"},
    {"title": "BAKERY CHAIN TO CLOSE 40 SHOPS BY SPRING", "id": "6", "url": "https://example.org/6"},
]


def run(rows: Any = ROWS, **options: Any) -> Deduplication:
    return deduplicate(rows, encoder=FakeEncoder(), **options)


def saved(result: Deduplication, folder: Path) -> Deduplication:
    result.save(folder / "result.dedupe")
    return load_result(folder / "result.dedupe")


def pickled(result: Deduplication, _: Path) -> Deduplication:
    loaded: Deduplication = pickle.loads(pickle.dumps(result))
    return loaded


def assert_same(first: Deduplication, second: Deduplication) -> None:
    assert len(first) == len(second)
    for level in LEVELS:
        assert first.labels(level).tolist() == second.labels(level).tolist()
        assert first.kept(level).tolist() == second.kept(level).tolist()
    assert list(first.pairs) == list(second.pairs)
    assert first.thresholds == second.thresholds and first.settings == second.settings
    assert first.rows() == second.rows()
    assert list(map(repr, first.headlines)) == list(map(repr, second.headlines))
    assert first.warnings == second.warnings and first.corrected == second.corrected
    assert first.probabilities.tolist() == second.probabilities.tolist()
    assert [(s.cohesion, s.positions.tolist()) for s in first.stories] == [
        (s.cohesion, s.positions.tolist()) for s in second.stories
    ]
    assert repr(first) == repr(second) and first._repr_html_() == second._repr_html_()
    assert (first.calibrated, first.recall, first.given_up) == (second.calibrated, second.recall, second.given_up)
    assert first.outlets == second.outlets


def report(result: Deduplication, folder: Path) -> str:
    write_report(result, str(folder / "report.html"))
    return (folder / "report.html").read_text("utf-8")


WORDS = "ferry fog port mayor resigns bakery closes 40 14 not storm".split()
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.datetimes(timezones=st.none() | st.timezones() | st.just(UTC), allow_imaginary=False),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=3) | st.just("$"), inner, max_size=2)
        | st.dictionaries(st.integers() | st.tuples(st.integers()), inner, max_size=2)
        | st.lists(inner, max_size=2).map(tuple)
    ),
    max_leaves=5,
)
headlines = st.lists(
    st.fixed_dictionaries(
        {"title": st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)},
        optional={
            "published": st.none() | st.just("soon") | st.integers(1_700_000_000, 1_700_400_000),
            "id": st.text(max_size=3),
            "extra": values,
        },
    ),
    max_size=10,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=headlines,
    options=st.fixed_dictionaries(
        {},
        optional={
            "window": st.just("24h"),
            "level": st.just("wording"),
            "keep": st.sampled_from(["earliest", "complete"]),
            "wording_threshold": st.just(0.7),
            "embeddings": st.just(True),
        },
    ),
    seed=st.integers(0, 5),
)
def test_a_saved_result_comes_back(rows: list[dict[str, Any]], options: dict[str, Any], seed: int) -> None:
    distinct = list(dict.fromkeys(row["title"] for row in rows if row["title"]))
    random.Random(seed).shuffle(distinct)
    verdicts = ["different", "wording", "story"]
    corrections = [(*distinct[2 * k : 2 * k + 2], verdict) for k, verdict in enumerate(verdicts[: len(distinct) // 2])]
    if options.pop("embeddings", False):
        options["embeddings"] = np.random.default_rng(seed).normal(size=(len(rows), 256))
    result = run(rows, corrections=corrections, **options)
    with tempfile.TemporaryDirectory() as folder:
        for back in (saved(result, Path(folder)), pickled(result, Path(folder))):
            assert_same(result, back)
            assert_same(result.regroup(wording_threshold=0.9), back.regroup(wording_threshold=0.9))


def test_the_report_is_the_same(tmp_path: Path) -> None:
    result = run()
    assert report(saved(result, tmp_path), tmp_path) == report(result, tmp_path)


@settings(deadline=None)
@given(value=values)
def test_values_keep_their_types(value: Any) -> None:
    back = from_json(json.loads(json.dumps(to_json(value))))
    assert back == value and repr(type(back)) == repr(type(value))


def test_particular_values() -> None:
    berlin = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    for value in (
        datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        berlin,
        float("inf"),
        "\ud800 alone",
        {"$": "datetime", "value": "x"},
        {"a": (1, [Decimal("1.10"), b"\xff"]), "b": {1: date(2025, 1, 1), None: time(1, 2)}},
        UUID(int=7),
    ):
        assert from_json(json.loads(json.dumps(to_json(value)))) == value
    back = from_json(to_json(berlin))
    assert back.tzinfo == ZoneInfo("Europe/Berlin") and back.fold == 1
    assert from_json(to_json([np.int64(3), np.float32(0.5), np.array([1, 2]), pd.NaT, pd.NA])) == [
        3,
        0.5,
        [1, 2],
        None,
        None,
    ]


FRAME = pd.DataFrame(
    {
        "title": [str(row["title"]) for row in ROWS],
        "published": pd.to_datetime(["2025-08-16", None, None, "2025-08-17", None]).tz_localize("Europe/Berlin"),
        "category": pd.Categorical(["a", "b", "a", None, "b"]),
        "number": [1, 2, 3, 4, 5],
    },
    index=[10, 20, 30, 40, 50],
)


def sources(folder: Path) -> Iterator[Any]:
    FRAME.to_parquet(folder / "news.parquet", row_group_size=2)
    FRAME.to_csv(folder / "news.csv")
    yield FRAME
    yield pl.DataFrame(FRAME.reset_index())
    yield pa.table({"title": list(FRAME["title"]), "nested": [{"a": [1]}, None, {"a": []}, None, None]})
    yield read_headlines(folder / "news.parquet").headlines
    yield read_headlines(folder / "news.csv").headlines
    yield [*read_headlines(folder / "news.parquet").headlines[::-2], Headline("Storm closes the port"), *ROWS]


@pytest.mark.parametrize("back", [saved, pickled])
def test_rows_of_files_and_frames_come_back(tmp_path: Path, back: Callable[..., Deduplication]) -> None:
    for rows in sources(tmp_path):
        result = run(rows)
        assert_same(result, back(result, tmp_path))
        if back is saved:
            assert back(result, tmp_path).to_arrow().equals(result.to_arrow())
            pd.testing.assert_frame_equal(back(result, tmp_path).to_pandas(), result.to_pandas())


def test_a_file_needs_no_other_file(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "news.parquet")
    result = run(read_headlines(tmp_path / "news.parquet").headlines)
    rows = result.rows()
    result.save(tmp_path / "result.dedupe")
    (tmp_path / "news.parquet").unlink()
    assert load_result(tmp_path / "result.dedupe").rows() == rows


def test_a_pickle_leaves_out_what_is_computed() -> None:
    result = run()
    size = len(pickle.dumps(result))
    assert result.pairs and result.stories and result.warnings
    assert len(pickle.dumps(result)) == size


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run().save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_values_and_paths_that_cannot_be_saved(tmp_path: Path) -> None:
    target = tmp_path / "result.dedupe"
    with pytest.raises(InputError, match="headline 1 holds a set, which a saved result cannot keep"):
        run(["Rates rise", {"title": "Rates fall", "tags": {1}}]).save(target)
    assert list(tmp_path.iterdir()) == []
    for name in ("-", tmp_path / "result.gz"):
        with pytest.raises(OutputError, match="cannot be saved as"):
            run().save(name)
    with pytest.raises(OutputError, match="cannot write"):
        run().save(tmp_path / "nowhere" / "result.dedupe")


# Damaged and foreign files


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "result.dedupe"
    run(FRAME, corrections=[(FRAME["title"].iloc[0], FRAME["title"].iloc[3], "different")]).save(path)
    return path.read_bytes()


def refused(content: bytes, path: Path) -> str:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_result(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


def changed(good: bytes, change: Callable[[dict[str, bytes]], object], compression: int = 0) -> bytes:
    """Return the file with other members; the sizes in the manifest are those of the members."""
    with ZipFile(io.BytesIO(good)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    if "manifest.json" in members and members["manifest.json"].startswith(b"{"):
        manifest = json.loads(members["manifest.json"])
        manifest.setdefault("members", {})
        manifest["members"] |= {name: len(raw) for name, raw in members.items() if name in manifest["members"]}
        members["manifest.json"] = json.dumps(manifest).encode()
    stream = io.BytesIO()
    with ZipFile(stream, "w", compression) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return stream.getvalue()


def with_manifest(good: bytes, **entries: Any) -> bytes:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | entries).encode()

    return changed(good, change)


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def test_other_files_are_refused(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.dedupe"
    FRAME.to_parquet(tmp_path / "news.parquet")
    for content in (b"", b"title\nRates rise\n", (tmp_path / "news.parquet").read_bytes(), pickle.dumps(run())):
        assert "is not a saved result" in refused(content, path)
    assert "is not a saved result" in refused(changed(good, lambda members: members.pop("manifest.json")), path)
    assert "is not a saved result" in refused(with_manifest(good, format="other"), path)
    with pytest.raises(InputError, match=r"absent cannot be read \(No such file or directory\): check the path"):
        load_result(tmp_path / "absent")
    with pytest.raises(InputError, match="cannot be read"):
        load_result(tmp_path)


def test_a_newer_file_says_what_to_do(good: bytes, tmp_path: Path) -> None:
    message = refused(with_manifest(good, version=4, program="9.0"), tmp_path / "x.dedupe")
    assert "was saved by headline-dedupe 9.0" in message and "update headline-dedupe" in message


def test_damage_is_found(good: bytes, tmp_path: Path) -> None:
    for end in range(0, len(good), 997):
        refused(good[:end], tmp_path / "x.dedupe")
    with ZipFile(io.BytesIO(good)) as archive:  # a changed byte inside each member
        for info in archive.infolist():
            place = info.header_offset + 30 + len(info.filename) + 20 + info.file_size // 2
            damaged = bytearray(good)
            damaged[place] ^= 0xFF
            refused(bytes(damaged), tmp_path / "x.dedupe")


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("facts.npy", npy(np.array([{"a": 1}], object))),
        ("facts.npy", npy(np.zeros(5))),
        ("facts.npy", pickle.dumps([1])),
        ("vectors.npy", npy(np.zeros((2, 4), np.float32))),
        ("vectors.npy", npy(np.zeros((5, 4), "U9"))),
        ("nodes/of_row.npy", npy(np.array([0, 1, 2, 3, 99]))),
        ("nodes/of_row.npy", npy(np.array([0, 1, 2, 3, -1]))),
        ("nodes/of_row.npy", npy(np.zeros(5, np.int64))),
        ("nodes/title_row.npy", npy(np.zeros((4, 1), np.int64))),
        ("pair_table/i.npy", npy(np.array([3], np.int32))),
        ("pair_table/p_story.npy", npy(np.zeros(2, np.float32))),
        ("pair_table/context.npy", npy(np.zeros((1, 2), np.float16))),
        ("constraints/must_link/story.npy", npy(np.zeros((3, 1), np.int64))),
        ("headlines.jsonl", b'{"title": "x"}\n'),
        ("headlines.jsonl", b'{"title": "x", "table": [0, 99]}\n' * 5),
        ("headlines.jsonl", b'{"title": "x", "other": 1}\n' * 5),
        ("headlines.jsonl", b'{"title": {"$": "os.system", "value": "x"}}\n' * 5),
        ("headlines.jsonl", b"[" * 100_000),
        ("headlines.jsonl", b"not JSON\n" * 5),
        ("tables/0.arrow", b"no Arrow"),
        ("manifest.json", b"["),
    ],
)
def test_damaged_members_are_refused(good: bytes, tmp_path: Path, name: str, raw: bytes) -> None:
    assert "is damaged" in refused(changed(good, lambda members: members.update({name: raw})), tmp_path / "x.dedupe")


def test_every_member_is_needed(good: bytes, tmp_path: Path) -> None:
    for name in ZipFile(io.BytesIO(good)).namelist():
        refused(changed(good, lambda members, name=name: members.pop(name)), tmp_path / "x.dedupe")


@pytest.mark.parametrize(
    "entries",
    [
        {"headlines": 4},
        {"headlines": "5"},
        {"settings": {}},
        {"settings": {"level": "story", "thresholds": {"story": 0.5}, "floor": 0.05}},
        {"settings": {"level": "story", "thresholds": {"story": 7, "wording": 0.5}, "floor": 0.05}},
        {"cautions": [{"code": "bad-date", "message": "", "positions": [99]}]},
        {"scale": {"slope": 1}},
    ],
)
def test_a_damaged_manifest_is_refused(good: bytes, tmp_path: Path, entries: dict[str, Any]) -> None:
    refused(with_manifest(good, **entries), tmp_path / "x.dedupe")


def test_a_tree_that_goes_in_circles_is_refused(good: bytes, tmp_path: Path) -> None:
    circle = {"left": npy(np.array([0, 1, 2])), "right": npy(np.array([1, 2, 0])), "height": npy(np.ones(3))}
    members = {f"trees/story/{name}.npy": raw for name, raw in circle.items()}
    message = refused(changed(good, lambda old: old.update(members)), tmp_path / "x.dedupe")
    assert "goes in circles" in message


def test_a_small_file_cannot_ask_for_much_memory(good: bytes, tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 8)})
    huge = header.getvalue()
    message = refused(changed(good, lambda members: members.update({"vectors.npy": huge})), tmp_path / "x.dedupe")
    assert "not as large as its member" in message
    assert "members" in refused(changed(good, lambda members: None, ZIP_DEFLATED), tmp_path / "x.dedupe")
    zeros = {"vectors.npy": npy(np.zeros((5, 1 << 20), np.float32))}
    assert "members" in refused(
        changed(good, lambda members: members.update(zeros), ZIP_DEFLATED), tmp_path / "x.dedupe"
    )


def test_parquet_rows_are_read_from_their_row_groups(tmp_path: Path) -> None:
    table = pa.table(
        {"title": [f"Ferry {k} sinks" for k in range(40)], "kind": pa.array(["a", "b"] * 20).dictionary_encode()}
    )
    pq.write_table(table, tmp_path / "news.parquet", row_group_size=7)
    result = run(read_headlines(tmp_path / "news.parquet").headlines)
    assert saved(result, tmp_path).to_arrow().equals(result.to_arrow())


@pytest.mark.parametrize("back", [saved, pickled])
def test_vectors_in_a_memory_map_come_back(tmp_path: Path, back: Callable[..., Deduplication]) -> None:
    result = run()
    packed = Int16Rows(*result.vectors.shape)
    packed[:] = result.vectors[:]
    result = replace(result, vectors=packed)
    again = back(result, tmp_path)
    assert isinstance(again.vectors, Int16Rows) and (again.vectors[:] == packed[:]).all()
    assert_same(result, again)


@settings(deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_changed_byte_is_found_or_changes_nothing(good: bytes, place: float, value: int) -> None:
    content = bytearray(good)
    content[int(place * len(content))] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.dedupe"
        path.write_bytes(content)
        try:
            rows = load_result(path).rows()
        except InputError as error:
            assert str(path) in str(error)
        else:
            assert (
                rows == run(FRAME, corrections=[(FRAME["title"].iloc[0], FRAME["title"].iloc[3], "different")]).rows()
            )
