from __future__ import annotations

import itertools
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import dedupe
from dedupe import cli
from dedupe.embedding.cache import DAMAGED, FILE, VectorCache, default_folder
from dedupe.embedding.encoders import SentenceEncoder, embed, load_encoder
from dedupe.errors import ModelError

WIDTH = 32
TITLES = ["Ferry sinks off Oslo, three dead", "Three dead, ferry sinks off Oslo", "Museum of Lisbon reopens"]


class Numbers:
    """Texts are numbers, each with a vector of its own; remembers what it encoded."""

    def __init__(self, identity="numbers"):
        self.identity = identity
        self.encoded = []

    def encode(self, texts):
        self.encoded += texts
        return np.array([np.random.default_rng(int(text)).normal(size=WIDTH) for text in texts])


def numbers(*among):
    return [str(k) for k in range(*among)]


def expected(texts):
    return embed(Numbers(), texts)


def query(folder, text, *values):
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as db:
        return db.execute(text, values).fetchall()


def pages(folder):
    return (folder / FILE).stat().st_size // 16384


@pytest.fixture
def filled(tmp_path):
    """A folder with the vectors of 300 texts."""
    embed(Numbers(), numbers(300), cache=VectorCache(tmp_path))
    return tmp_path


def test_rows_come_back_bit_for_bit(filled):
    cache = VectorCache(filled)
    positions, rows = cache.read("numbers", ["7", "none", "299", "7"])
    assert positions == [0, 2, 3]
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, expected(["7", "299", "7"]))
    assert cache.trouble is None


def test_an_empty_cache_has_nothing(tmp_path):
    positions, rows = VectorCache(tmp_path / "new" / "folder").read("numbers", ["1"])
    assert (positions, len(rows)) == ([], 0)
    assert VectorCache(tmp_path).read("numbers", [])[0] == []


def test_only_missing_texts_are_encoded(filled):
    encoder, calls = Numbers(), []
    texts = numbers(310)
    random.Random(1).shuffle(texts)
    vectors = embed(encoder, texts, lambda *call: calls.append(call), VectorCache(filled))
    np.testing.assert_array_equal(vectors, expected(texts))
    assert sorted(encoder.encoded) == numbers(300, 310)
    assert calls == [("encoding", 300, 310), ("encoding", 310, 310)]
    embed(encoder, texts, cache=VectorCache(filled))
    assert len(encoder.encoded) == 10


def test_more_texts_than_one_lookup_takes(tmp_path):
    texts, cache, encoder = numbers(10_000, 15_000), VectorCache(tmp_path), Numbers()
    embed(Numbers(), texts[::2], cache=cache)
    np.testing.assert_array_equal(embed(encoder, texts, cache=cache), expected(texts))
    assert encoder.encoded == texts[1::2]


def test_no_texts(tmp_path):
    assert embed(Numbers(), [], cache=VectorCache(tmp_path)).shape == (0, 0)


def test_an_encoder_without_identity_is_not_cached(tmp_path):
    folder = tmp_path / "cache"
    encoder = Numbers(identity=None)
    for _ in range(2):
        embed(encoder, ["1", "2"], cache=VectorCache(folder))
    assert encoder.encoded == ["1", "2"] * 2
    assert not folder.exists()


def test_identities_are_kept_apart(filled):
    other = Numbers("other")
    embed(other, ["1", "2"], cache=VectorCache(filled))
    assert other.encoded == ["1", "2"]


def test_a_new_width_under_an_old_identity(filled):
    class Wide(Numbers):
        def encode(self, texts):
            return np.ones((len(texts), WIDTH + 1))

    with pytest.raises(ModelError, match=r"rows of 32 and then 33 numbers: .* the cache under the same identity"):
        embed(Wide(), ["1", "1000"], cache=VectorCache(filled))


def test_rows_that_are_not_of_unit_length_are_not_kept(tmp_path):
    cache = VectorCache(tmp_path)
    rows = np.eye(5, dtype=np.float32)
    rows[1], rows[2, 0], rows[3] = 0, np.nan, 1e30
    cache.write("numbers", list("abcde"), rows)
    assert cache.read("numbers", list("abcde"))[0] == [0, 4]
    cache.write("numbers", ["a", "e", "e"], rows[[4, 0, 0]])
    np.testing.assert_array_equal(cache.read("numbers", ["a", "e"])[1], rows[[0, 4]])


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE vectors SET row = substr(row, 1, 124) WHERE id = 5",
        "UPDATE vectors SET row = zeroblob(128) WHERE id = 5",
        "UPDATE vectors SET row = CAST(x'ff00' AS TEXT) WHERE id = 5",
        "UPDATE vectors SET row = (SELECT row FROM vectors WHERE id = 6) WHERE id = 5",
        "UPDATE entries SET checksum = checksum + 1 WHERE id = 5",
        "DELETE FROM vectors WHERE id = 5",
        "DELETE FROM entries WHERE id = 5",
    ],
)
def test_a_broken_row_is_encoded_again(filled, damage):
    query(filled, damage)
    encoder = Numbers()
    for _ in range(2):
        np.testing.assert_array_equal(embed(encoder, numbers(300), cache=VectorCache(filled)), expected(numbers(300)))
    assert len(encoder.encoded) == 1


def test_rows_of_two_widths_under_one_identity(tmp_path):
    cache = VectorCache(tmp_path)
    cache.write("numbers", ["a", "b"], np.eye(2, dtype=np.float32))
    cache.write("numbers", ["c"], np.eye(1, 3, dtype=np.float32))
    positions, rows = cache.read("numbers", ["a", "b", "c"])
    assert len(positions) == len(rows) < 3


def garbage(file):
    file.write_bytes(b"no database" * 5000)


def nothing_but_zeros(file):
    file.write_bytes(bytes(16384 * 3))


def cut_short(file):
    os.truncate(file, 16384 + 5000)


def broken_inside(file):
    with file.open("r+b") as stream:
        stream.seek(16384)
        stream.write(b"\xa7" * (file.stat().st_size - 16384))


def of_another_version(file):
    query(file.parent, "PRAGMA user_version = 99")


def with_other_tables(file):
    query(file.parent, "PRAGMA user_version = 0")
    query(file.parent, "ALTER TABLE entries RENAME TO others")


def with_other_columns(file):
    query(file.parent, "ALTER TABLE entries RENAME COLUMN checksum TO sum")


def without_a_table(file):
    query(file.parent, "DROP TABLE vectors")


def with_a_view(file):
    query(file.parent, "ALTER TABLE entries RENAME TO old")
    query(file.parent, "CREATE VIEW entries AS SELECT * FROM old")
    query(file.parent, "DELETE FROM old WHERE id = 5")


def with_the_last_number(file):
    query(file.parent, f"UPDATE vectors SET id = {2**63 - 1} WHERE id = 5")


def with_a_schema_that_is_none(file):
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE' WHERE name = 'entries'")


DAMAGES = [garbage, nothing_but_zeros, cut_short, broken_inside, of_another_version, with_other_tables]
DAMAGES += [with_other_columns, without_a_table, with_a_schema_that_is_none]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_file_is_moved_aside_and_made_anew(filled, damage):
    damage(filled / FILE)
    broken = (filled / FILE).read_bytes()
    encoder, cache = Numbers(), VectorCache(filled)
    np.testing.assert_array_equal(embed(encoder, numbers(300), cache=cache), expected(numbers(300)))
    assert len(encoder.encoded) == 300
    assert cache.trouble is None
    aside = filled / (DAMAGED + FILE)
    assert aside.read_bytes()[100:] == broken[100:]  # before that, SQLite may count a change
    assert cache.note == f"the vector cache in {filled} was damaged and is made anew: the old one is {aside}"
    embed(encoder, numbers(300), cache=VectorCache(filled))
    assert len(encoder.encoded) == 300
    assert query(filled, "PRAGMA integrity_check") == [("ok",)]
    assert cache.clear() > 0 and not list(filled.iterdir())


@pytest.mark.parametrize("damage", [with_the_last_number, with_a_view])
def test_what_is_found_broken_when_something_is_written(filled, damage):
    damage(filled / FILE)
    cache = VectorCache(filled)
    np.testing.assert_array_equal(embed(Numbers(), numbers(310), cache=cache), expected(numbers(310)))
    assert cache.trouble is None and cache.note is not None and cache.count() >= 10


def test_only_the_last_broken_file_is_kept(filled):
    for text in (b"first" * 9000, b"second" * 9000):
        (filled / FILE).write_bytes(text)
        embed(Numbers(), ["1"], cache=VectorCache(filled))
    assert (filled / (DAMAGED + FILE)).read_bytes() == text
    assert len(list(filled.glob(f"{DAMAGED}*"))) == 1


def mutated(data, draw):
    """The bytes cut short, changed at some places or in their header, blanked, lengthened or shifted."""
    data, kind = bytearray(data), draw.randrange(6)
    if kind == 0:
        return data[: draw.randrange(len(data) + 1)]
    if kind in (1, 2):
        for _ in range(draw.choice([1, 5, 50, 500])):
            data[draw.randrange(len(data) if kind == 1 else 200)] = draw.randrange(256)
    elif kind == 3:
        first, last = sorted(draw.choices(range(len(data)), k=2))
        data[first:last] = bytes(last - first)
    elif kind == 4:
        data += draw.randbytes(5000)
    else:
        first = draw.randrange(len(data))
        data[first : first + 40] = data[first + 40 : first + 80]
    return data


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_costs_vectors_and_nothing_else(filled, seed):
    """Of the database, its log or the index of the log, as a process that is killed leaves them."""
    draw, texts = random.Random(seed), numbers(300)
    with closing(sqlite3.connect(filled / FILE, isolation_level=None)) as db:
        db.execute("UPDATE entries SET used = used - 1")
        shutil.copytree(filled, filled / "killed")
    file = draw.choice(sorted((filled / "killed").iterdir()))
    file.write_bytes(mutated(file.read_bytes(), draw))
    encoders = [Numbers() for _ in range(3)]
    for encoder in encoders:
        cache = VectorCache(filled / "killed", timeout=1)
        np.testing.assert_array_equal(embed(encoder, texts, cache=cache), expected(texts))
        assert cache.trouble is None
    assert not encoders[-1].encoded


def test_a_file_that_breaks_between_two_calls(filled):
    cache = VectorCache(filled)
    assert len(cache.read("numbers", numbers(300))[0]) == 300
    broken_inside(filled / FILE)
    cache.write("numbers", ["1000"], expected(["1000"]))
    assert (cache.count(), cache.trouble) == (1, None)


def check_trouble(cache, *words):
    """A run continues without the cache, and reports why on one line."""
    encoder = Numbers()
    for _ in range(2):
        np.testing.assert_array_equal(embed(encoder, ["1", "2"], cache=cache), expected(["1", "2"]))
    assert encoder.encoded == ["1", "2"] * 2
    assert "\n" not in cache.trouble
    for word in (str(cache.path), *words):
        assert word in cache.trouble


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    check_trouble(VectorCache(tmp_path / "file"), "exists", "name a folder that can be written to with --cache")
    check_trouble(VectorCache(tmp_path / "file" / "below"), "--no-cache")


def test_a_folder_without_right_to_write(tmp_path):
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write everywhere")
        check_trouble(VectorCache(tmp_path), "unable to open", "name a folder that can be written to")
    finally:
        tmp_path.chmod(0o700)


def test_a_lock_that_is_not_released(tmp_path):
    cache = VectorCache(tmp_path, timeout=0.05)
    cache.write("numbers", ["7"], expected(["7"]))
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert cache.read("numbers", ["7"])[0] == [0]
        check_trouble(cache, "locked", "let the other run finish first")


def test_a_full_disk(filled):
    resource = pytest.importorskip("resource")
    cache, texts = VectorCache(filled), numbers(1000, 3000)
    rows = expected(texts)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        cache.write("numbers", texts, rows)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(filled) in cache.trouble
    assert VectorCache(filled).count() == 300
    assert query(filled, "PRAGMA integrity_check") == [("ok",)]


def test_the_least_recently_used_go_first(filled):
    before, limit = pages(filled), (filled / FILE).stat().st_size + 16384
    query(filled, "UPDATE entries SET used = used - 1")
    VectorCache(filled).read("numbers", numbers(50))
    cache = VectorCache(filled, limit)
    embed(Numbers(), numbers(300, 500), cache=cache)
    assert pages(filled) <= before + 1
    assert cache.read("numbers", numbers(50))[0] == list(range(50))
    assert cache.read("numbers", numbers(300, 500))[0] == list(range(200))
    left = cache.read("numbers", numbers(50, 300))[0]
    assert 20 < len(left) < 200
    assert left == list(range(250 - len(left), 250))


def test_space_is_freed(filled):
    before = pages(filled)
    cache = VectorCache(filled, 4 * 16384)
    cache.write("numbers", ["1000"], expected(["1000"]))
    assert pages(filled) <= 4 < before
    tiny = VectorCache(filled, 0)
    tiny.write("numbers", ["1000", "1001"], expected(["1000", "1001"]))
    assert (tiny.count(), tiny.trouble) == (0, None)


def test_a_day_is_noted_once(filled):
    def days():
        return dict(query(filled, "SELECT used, count(*) FROM entries GROUP BY used"))

    (today,) = days()
    query(filled, "UPDATE entries SET used = used - 3")
    embed(Numbers(), numbers(100), cache=VectorCache(filled))
    assert days() == {today - 3: 200, today: 100}
    changed = query(filled, "PRAGMA data_version"), (filled / FILE).read_bytes()
    embed(Numbers(), numbers(100), cache=VectorCache(filled))
    assert changed == (query(filled, "PRAGMA data_version"), (filled / FILE).read_bytes())


def test_an_interrupted_run_continues_where_it_stopped(tmp_path):
    class Stops(Numbers):
        def encode(self, texts):
            if len(self.encoded) >= 40:
                raise KeyboardInterrupt
            return super().encode(texts)

    with pytest.raises(KeyboardInterrupt):
        embed(Stops(), numbers(100), cache=VectorCache(tmp_path), chunk=10)
    encoder = Numbers()
    embed(encoder, numbers(100), cache=VectorCache(tmp_path))
    assert len(encoder.encoded) == 60


def start_process(task, *arguments):
    """Start a function of this module in a process of its own."""
    code = f"import sys, test_cache; test_cache.{task.__name__}(*sys.argv[1:])"
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )


def embed_overlapping_texts(folder, first):
    for start in range(int(first), int(first) + 200, 50):
        cache, texts = VectorCache(folder), numbers(start, start + 200)
        np.testing.assert_array_equal(embed(Numbers(), texts, cache=cache, chunk=20), expected(texts))
        assert cache.trouble is None, cache.trouble


def write_forever(folder):
    cache = VectorCache(folder)
    for start in itertools.count(step=40):
        texts = numbers(start, start + 40)
        cache.write("numbers", texts, expected(texts))
        print(cache.trouble, flush=True)


@pytest.mark.slow
def test_processes_share_it_from_the_first_moment(tmp_path):
    running = [start_process(embed_overlapping_texts, tmp_path / "new", first) for first in (0, 50, 100, 0)]
    assert [(process.communicate()[0], process.returncode) for process in running] == [("", 0)] * 4
    assert VectorCache(tmp_path / "new").count() == 450
    assert query(tmp_path / "new", "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.slow
def test_killed_writers_leave_it_intact(tmp_path):
    draw = random.Random()
    for process in [start_process(write_forever, tmp_path) for _ in range(6)]:
        with process:
            assert process.stdout.readline() == "None\n"
            time.sleep(draw.uniform(0, 0.1))
            process.kill()
        assert query(tmp_path, "PRAGMA integrity_check") == [("ok",)]
        counts = (
            "SELECT (SELECT count(*) FROM entries) - (SELECT count(*) FROM vectors)"  # at one moment: others write on
        )
        assert query(tmp_path, counts) == [(0,)]
    encoder, cache = Numbers(), VectorCache(tmp_path)
    texts = numbers(1000)
    np.testing.assert_array_equal(embed(encoder, texts, cache=cache), expected(texts))
    assert len(encoder.encoded) <= 960
    assert cache.trouble is None


def test_the_default_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADLINE_DEDUPE_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.setenv("HEADLINE_DEDUPE_CACHE", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert tmp_path in default_folder().parents
    assert default_folder().name == "headline-dedupe"
    assert VectorCache("~/x").path == tmp_path / "x"


def test_asking_for_its_size_creates_nothing(tmp_path):
    cache = VectorCache(tmp_path / "new", 5)
    assert (cache.path, cache.count(), cache.size(), cache.limit) == (tmp_path / "new", 0, 0, 5)
    assert cache.clear() == 0
    assert not cache.path.exists()
    assert repr(cache) == f"VectorCache('{tmp_path}/new', limit=5)"


def test_importing_dedupe_does_not_load_it():
    code = "import sys, dedupe, dedupe.cli, dedupe.embedding.encoders;"
    code += " print('sqlite3' in sys.modules, 'platformdirs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False False\n"
    assert dedupe.VectorCache is VectorCache


def test_the_identity_of_the_bundled_model(tmp_path):
    encoder = load_encoder()
    assert len(encoder.identity) == 64
    vectors = embed(encoder, TITLES, cache=VectorCache(tmp_path))
    np.testing.assert_array_equal(embed(encoder, TITLES, cache=VectorCache(tmp_path)), vectors)
    np.testing.assert_array_equal(embed(encoder, TITLES), vectors)
    assert VectorCache(tmp_path).count() == 3


@pytest.mark.slow
def test_the_identity_of_a_sentence_transformers_model(tmp_path):
    from sentence_transformers import SentenceTransformer

    from tests.support.tiny import save_base

    folder = str(save_base(tmp_path))
    used, unused, short, changed = (SentenceEncoder(SentenceTransformer(folder, device="cpu"), "any") for _ in range(4))
    used.encode(["ferry sinks"])
    short.model.max_seq_length = 5
    next(changed.model.parameters()).data[0, 0] += 1
    assert used.identity == unused.identity
    assert len({used.identity, short.identity, changed.identity}) == 3


def test_a_model_that_cannot_be_read_out_has_no_identity():
    assert SentenceEncoder(object(), "any").identity is None


def run(*args):
    return CliRunner().invoke(cli.cli, [str(argument) for argument in args], prog_name="headline-dedupe")


@pytest.fixture
def feed(tmp_path, fake_encoder, monkeypatch):
    """A file of titles, for an encoder that has an identity, with the usual cache in a folder of the test."""
    monkeypatch.setenv("HEADLINE_DEDUPE_CACHE", str(tmp_path / "usual"))
    monkeypatch.setattr(type(fake_encoder), "identity", "fake", raising=False)
    path = tmp_path / "titles.txt"
    path.write_text("\n".join(TITLES))
    return path


@pytest.mark.parametrize("command", ["cluster", "dedupe"])
def test_a_second_run_encodes_nothing(feed, tmp_path, monkeypatch, fake_encoder, command):
    first = run(command, feed, "--cache", tmp_path / "mine")
    assert first.exit_code == 0
    monkeypatch.setattr(type(fake_encoder), "encode", None)
    again = run(command, feed, "--cache", tmp_path / "mine")
    assert (again.stdout, again.stderr) == (first.stdout, first.stderr)
    assert "vectors: 3\n" in run("cache", "--cache", tmp_path / "mine").stdout
    assert not (tmp_path / "usual").exists()


def test_a_run_without_cache(feed, tmp_path):
    assert run("cluster", feed, "--no-cache").exit_code == 0
    assert not (tmp_path / "usual").exists()
    both = run("cluster", feed, "--no-cache", "--cache", tmp_path)
    assert both.exit_code == 2
    assert "--cache and --no-cache contradict each other" in both.stderr


def test_trouble_is_reported_at_the_end(feed, tmp_path):
    (tmp_path / "usual").write_text("a file")
    outcome = run("cluster", feed)
    assert outcome.exit_code == 0
    assert outcome.stderr.splitlines()[-1].startswith("headline-dedupe: warning: the vector cache in ")
    assert run("cluster", feed, "--quiet").stderr == ""


def test_a_broken_cache_is_reported_once(feed, tmp_path):
    run("cluster", feed)
    (tmp_path / "usual" / FILE).write_bytes(b"no database" * 5000)
    first, second = run("cluster", feed), run("cluster", feed)
    assert first.exit_code == second.exit_code == 0
    assert [line for line in first.stderr.splitlines() if "was damaged and is made anew" in line]
    assert "damaged" not in second.stderr


def test_the_cache_is_shown_and_cleared(feed, tmp_path):
    run("cluster", feed)
    shown = run("cache")
    size = (tmp_path / "usual" / FILE).stat().st_size / 2**20
    assert shown.stdout.splitlines() == [
        f"path: {tmp_path / 'usual'}",
        "vectors: 3",
        f"size: {size:.1f} MiB",
        "limit: 2,048.0 MiB",
    ]
    assert run("cache", "clear").stdout == f"headline-dedupe: freed {size:.1f} MiB in {tmp_path / 'usual'}\n"
    assert run("cache").stdout.splitlines()[1:3] == ["vectors: 0", "size: 0.0 MiB"]
    assert list((tmp_path / "usual").iterdir()) == []


def test_a_cache_that_cannot_be_opened(feed, tmp_path):
    (tmp_path / "usual" / FILE).mkdir(parents=True)
    for action in ("show", "clear"):
        outcome = run("cache", action)
        assert (outcome.exit_code, outcome.stdout) == (2, "")
        assert outcome.stderr.startswith("headline-dedupe: error: the vector cache in ")


def test_which_commands_have_the_options():
    assert "--cache DIR" in run("cluster", "--help").stdout
    assert "--no-cache" in run("dedupe", "--help").stdout
    assert "cache" not in run("train", "--help").stdout + run("compare", "--help").stdout
