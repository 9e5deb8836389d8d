"""Inputs that can be opened and read only once: every row of them arrives."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dedupe import Columns, InputError, read_corrections, read_headlines
from dedupe.evaluation.answers import Answers, answered_headlines
from tests.support.command_line import ROOT, json_lines, one_error, refused, run
from tests.support.headline_files import feed, titles
from tests.support.pipes import fifo, pipe

MANY = [f"Ferry {k} sinks off the coast of Oslo in a storm, {k % 7} dead" for k in range(600)]
LINES = "".join(f"{title}\n" for title in MANY).encode()
FERRY, AGAIN = "Ferry sinks off Oslo, three dead", "Museum reopens after the flood"


def contents(frame):
    """Each format, large enough not to fit into a buffer, and small enough to do so."""
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    rows = [json.dumps({"title": title}) for title in MANY]
    return {
        "lines": LINES,
        "short lines": b"Rates rise\nRain falls\n",
        "one byte": b"x",
        "csv": b"title\n" + "".join(f'"{title}"\n' for title in MANY).encode(),
        "utf-16": LINES.decode().encode("utf-16"),
        "json lines": "\n".join(rows).encode(),
        "json": f"[{','.join(rows)}]".encode(),
        "packed": gzip.compress(LINES),
        "feed": feed("rss"),
        "parquet": parquet.getvalue(),
    }


@pytest.mark.parametrize("way", ["pipe", "fifo", "standard input"])
@pytest.mark.parametrize(
    "kind", ["lines", "short lines", "one byte", "csv", "utf-16", "json lines", "json", "packed", "feed", "parquet"]
)
def test_a_pipe_gives_what_a_file_gives(tmp_path, frame, monkeypatch, kind, way):
    content = contents(frame)[kind]
    (tmp_path / "file").write_bytes(content)
    expected = read_headlines(tmp_path / "file")
    if way == "standard input":
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        source = read_headlines("-")
    else:
        with pipe(content) if way == "pipe" else fifo(tmp_path / "fifo", content) as name:
            source = read_headlines(name)
    assert titles(source) == titles(expected) and source.format == expected.format
    assert source.columns == expected.columns
    if kind == "lines":
        assert titles(source) == MANY


def test_a_pipe_that_trickles(tmp_path):
    """The first read of a pipe may return a single byte."""
    read, write = os.pipe()
    packed = gzip.compress(LINES)
    for end in range(1, 5):
        os.write(write, packed[end - 1 : end])
    os.write(write, packed[4:])
    os.close(write)
    assert titles(read_headlines(f"/dev/fd/{read}")) == MANY
    os.close(read)


def test_the_standard_input_of_a_process():
    script = "import dedupe; print(len(dedupe.read_headlines('/dev/stdin').headlines))"
    done = subprocess.run([sys.executable, "-c", script], input=LINES, capture_output=True, cwd=ROOT, timeout=60)
    assert done.stdout.split() == [b"600"], done.stderr


def test_corrections_by_a_pipe():
    with pipe(f'title_a,title_b,verdict\n"{FERRY}","{AGAIN}",story\n'.encode()) as name:
        (correction,) = read_corrections(name)
    assert (correction.title_a, correction.title_b, correction.verdict) == (FERRY, AGAIN, "story")


def test_the_command_line_reads_every_file_by_a_pipe(fake_encoder):
    corrections = f'title_a,title_b,verdict\n"{FERRY}","{AGAIN}",story\n'.encode()
    settings = b"[cluster]\ndate-column = 'when'\n[match]\ntitle-column = 'name of it'\n"
    table = f'title,when\n"{FERRY}",2025-08-16\n"{AGAIN}",2025-08-17\n'.encode()
    with pipe(table) as news, pipe(corrections) as fixed, pipe(settings) as options:
        done = run("cluster", news, "--corrections", fixed, "--settings", options)
    assert [row["dedupe_story"] for row in json_lines(done.stdout)] == [0, 0], done.output
    assert "1 correction applied" in done.stderr and "date from 'when'" in done.stderr
    known = b"title,story\n" + b"".join(f'"{title}",1\n'.encode() for title in MANY)
    with pipe(f'name of it\n"{MANY[599]}"\n'.encode()) as news, pipe(known) as against, pipe(settings) as options:
        done = run("match", news, "--against", against, "--settings", options, "--dry-run")
    assert "against 600 headlines" in done.stdout and "title from 'title'" in done.stdout, done.output


def test_answers_by_a_pipe_are_read_once(tmp_path, fake_encoder):
    (tmp_path / "news.txt").write_bytes(b"\n".join(title.encode() for title in [FERRY, AGAIN, *MANY[:20]]))
    with pipe(b"title_a,title_b,verdict,asked_for\nA,B,perhaps,story\n") as labels:
        message = refused("tune", tmp_path / "news.txt", "--labels", labels, "-o", tmp_path / "x.toml")
    assert "row 1: verdict must be one of" in message
    rows = "".join(f'"{MANY[k]}","{MANY[k + 1]}",story,story\n' for k in range(0, 20, 2))
    for read in (answered_headlines, lambda path: Answers(path).verdicts("story")):
        with pipe(f"title_a,title_b,verdict,asked_for\n{rows}".encode()) as labels:
            assert len(read(Path(labels))) == 10


def test_columns_that_an_input_lacks_are_looked_for_once(tmp_path):
    choices = [Columns(title="words"), Columns()]
    for head in (b"words,title\n", b"headline,note\n"):
        with pipe(head + b"Rates rise,x\n") as name:
            assert titles(read_headlines(name, columns=choices)) == ["Rates rise"]
    with pipe(b'{"a": 1, "b": 2}\n') as name, pytest.raises(InputError, match="no title column among a, b"):
        read_headlines(name, columns=choices)


def test_what_can_be_read_once_is_not_named_twice(tmp_path, fake_encoder):
    (tmp_path / "news.csv").write_text("title\nRates rise\n")
    with pipe(LINES) as name:
        assert "would be read twice" in refused("cluster", name, name)
        assert "would be read twice" in refused("cluster", tmp_path / "news.csv", name, "--corrections", name)
        os.read(int(name.rpartition("/")[2]), 1 << 20)
    for options in (["--against", "-"], ["--against", tmp_path / "news.csv", "--corrections", "-"]):
        assert "standard input would be read twice" in one_error(run("match", "-", *options, input="Rates rise\n"))
    assert len(read_headlines([tmp_path / "news.csv"] * 2).headlines) == 2, "a file may be"


def test_a_glob_takes_pipes_and_names_what_is_missing(tmp_path):
    (tmp_path / "a.txt").write_text("Rates rise\n")
    with fifo(tmp_path / "b.txt", b"Rain falls\n"):
        assert titles(read_headlines(f"{tmp_path}/*.txt")) == ["Rates rise", "Rain falls"]
    (tmp_path / "b.txt").unlink()
    (tmp_path / "c.txt").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"no file .*c\.txt"):
        read_headlines(f"{tmp_path}/*.txt")


def test_skipped_rows_of_a_pipe_are_written_beside_the_caller(tmp_path, monkeypatch, fake_encoder):
    monkeypatch.chdir(tmp_path)
    with pipe(b"title,note\nRates rise,x\nbad\n") as name:
        done = run("cluster", name, "--skip-bad")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "headline-dedupe.rejects").read_text() == "bad\n"


def test_training_refuses_a_pipe(tmp_path):
    with fifo(tmp_path / "stories.jsonl", b'{"title": "Rates rise", "story": 1}\n') as name:
        assert "STORIES is a pipe" in refused("train", name, "-o", tmp_path / "model")
        (tmp_path / "stories.jsonl").open("rb").close()


def test_closed_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputError, match="standard input is closed"):
        read_headlines("-")
