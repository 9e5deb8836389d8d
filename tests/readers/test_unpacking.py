"""gzip and zstd: what comes before damage, and limits on what an input may become."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedupe import InputError, read_headlines
from dedupe.readers.encoding import decode
from tests.support.command_line import ROOT, refused, run
from tests.support.headline_files import titles, write
from tests.support.pipes import pipe

MANY = [f"Ferry {k * k} sinks off coast {k * 7919 % 1009} of Oslo" for k in range(20_000)]
MEGABYTE = 10**6


def packed(kind: str, content: bytes) -> bytes:
    if kind == "gzip":
        return gzip.compress(content)
    buffer = pa.BufferOutputStream()
    with pa.CompressedOutputStream(buffer, "zstd") as stream:
        stream.write(content)
    return buffer.getvalue().to_pybytes()


def bomb(kind: str, size: int) -> bytes:
    """A small input that unpacks to `size` bytes of one title per line."""
    if kind == "parquet":
        table = pa.table({"title": pa.array(["x" * 1000]).take(pa.array([0] * (size // 1000)))})
        out = pa.BufferOutputStream()
        pq.write_table(table, out, compression="zstd")
        return out.getvalue().to_pybytes()
    return packed(kind, b"Rates rise again\n" * (size // 17))


@pytest.mark.parametrize("way", ["file", "pipe"])
@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_what_unpacks_to_too_much_is_refused_before_it_fills_memory(tmp_path, kind, way):
    content = bomb(kind, 300 * MEGABYTE)
    assert len(content) < MEGABYTE
    path = write(tmp_path / "news.txt.gz", content)
    tracemalloc.start()
    try:
        for options, message in (({}, "over 200 times"), ({"max_size": "100 MB"}, "larger than 100 MB")):
            with pytest.raises(InputError, match=f"{message}.*split it, or raise the limit with --max-size"):
                if way == "file":
                    read_headlines(path, **options)
                else:
                    with pipe(content) as name:
                        read_headlines(name, **options)
        assert tracemalloc.get_traced_memory()[1] < 250 * MEGABYTE
    finally:
        tracemalloc.stop()


def test_parquet_that_unpacks_to_too_much_is_refused(tmp_path):
    path = write(tmp_path / "news.parquet", bomb("parquet", 80 * MEGABYTE))
    with pytest.raises(InputError, match="unpacks to over 200 times its size"):
        read_headlines(path)
    assert len(read_headlines(path, max_size="1GB").headlines) == 80_000


def test_the_limit_can_be_set(tmp_path, fake_encoder):
    path = write(tmp_path / "news.txt", "Rates rise\n" * 2000)
    for size in (21_999, "21.9KB", "21999"):
        with pytest.raises(InputError, match="is larger than 21"):
            read_headlines(path, max_size=size)
    for size in (22_000, "22 kB", "1g"):
        assert len(read_headlines(path, max_size=size).headlines) == 2000
    for size in ("much", "-1", "0", ""):
        with pytest.raises(InputError, match="is not a size: write"):
            read_headlines(path, max_size=size)
    assert "is larger than 20 KB" in refused("cluster", path, "--max-size", "20KB")
    known = write(tmp_path / "known.txt", "Rain falls\n")
    assert "is larger than 20 KB" in refused("match", known, "--against", path, "--max-size", "20KB")


def test_an_endless_input_is_refused(tmp_path):
    with pytest.raises(InputError, match="/dev/zero is larger than 50 MB"):
        read_headlines("/dev/zero", max_size="50MB")


def test_a_lack_of_memory_is_one_line(tmp_path, fake_encoder, monkeypatch):
    path = write(tmp_path / "news.txt", "Rates rise\n")

    def fail(*args, **options):
        raise MemoryError

    monkeypatch.setattr("dedupe.pipeline.deduplicate", fail)
    assert refused("cluster", path).startswith("out of memory: ")
    monkeypatch.setattr("dedupe.readers.inputs.detect", fail)
    with pytest.raises(InputError, match=r"news\.txt does not fit into memory: "):
        read_headlines(path)


def test_an_input_larger_than_memory_is_one_line(tmp_path):
    path = write(tmp_path / "news.txt.zst", bomb("zstd", 600 * MEGABYTE))
    script = f"""
import resource, pyarrow, dedupe
dedupe.read_headlines({str(ROOT / "README.md")!r}, input_format="lines")
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000,) * 2)
try:
    dedupe.read_headlines({str(path)!r}, max_size="9GB")
except dedupe.InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=ROOT, timeout=120, text=True)
    assert "does not fit into memory" in done.stdout, done


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.9999])
@pytest.mark.parametrize("form", ["lines", "csv", "json lines", "utf-16"])
def test_a_packed_file_cut_in_the_middle(tmp_path, kind, share, form):
    rows = {"csv": ["title,note", *(f'"{title}",x' for title in MANY)]}.get(form, MANY)
    rows = [f'{{"title": "{title}"}}' for title in MANY] if form == "json lines" else rows
    whole = packed(kind, "".join(f"{row}\n" for row in rows).encode("utf-16" if form == "utf-16" else "utf-8"))
    path = write(tmp_path / "news.packed", whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=r"cannot be unpacked .* or add --skip-bad to read its start"):
        read_headlines(path)
    source = read_headlines(path, skip_bad=True)
    count = len(source.headlines)
    assert titles(source) == MANY[:count], "whole rows only"
    assert 0.5 * share < count / len(MANY) < 1
    (warning,) = source.warnings
    assert "cannot be unpacked to its end" in warning and f"only the {count:,} headlines before" in warning


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "gb18030"])
def test_a_cut_inside_a_character_costs_that_character(tmp_path, encoding):
    text = "".join(f"奥斯陆渡轮沉没{k}\n" for k in range(9)) + "奥斯陆"
    for cut in (1, 2, 3):
        data = decode(text.encode(encoding)[:-cut], "news", None if encoding == "utf-16" else encoding, cut=True).text
        assert text.startswith(data) and 1 <= len(text) - len(data) <= 2
    assert decode(b"Caf\xc3", "news", cut=True).text == "Caf"


def test_what_is_cut_of_a_page_is_said_and_kept(tmp_path):
    lines = "\n".join(f"{title} as harbour master looks on\nBy Jane Doe\n" for title in MANY[:2000])
    whole = gzip.compress(lines.encode())
    source = read_headlines(write(tmp_path / "page.txt.gz", whole[:-3000]), input_format="page", skip_bad=True)
    assert any("cannot be unpacked to its end" in warning for warning in source.warnings), source.warnings
    assert all(title.endswith("as harbour master looks on") for title in titles(source))
    assert lines[: lines.index(source.rejects[0])].endswith("\n")


def test_the_command_line_warns_of_what_is_missing(tmp_path, fake_encoder):
    whole = gzip.compress("".join(f"{title}\n" for title in MANY[:200]).encode())
    path = write(tmp_path / "news.txt.gz", whole[:-300])
    done = run("cluster", path, "--skip-bad", "--dry-run")
    assert done.exit_code == 0 and "headline-dedupe: warning: " in done.stderr, done.output
    count = len(read_headlines(path, skip_bad=True).headlines)
    assert 0 < count < 200 and f"only the {count} headlines" in done.stderr and f"headlines: {count} " in done.stdout
    assert "warning" not in run("cluster", path, "--skip-bad", "--dry-run", "--quiet").stderr
    few = write(tmp_path / "few.json", '["Rates rise", "Museum reopens", "Ferry')
    done = run("dedupe", few, "--skip-bad", "-o", tmp_path / "kept.jsonl")
    assert "only the 2 headlines" in done.stderr and "1 bad row in" in done.stderr, done.output
    assert (tmp_path / "kept.jsonl.rejects").read_text() == '"Ferry\n'


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_a_packed_array_and_a_packed_feed_are_read_up_to_the_cut(tmp_path, kind):
    array = json.dumps(MANY[:5000]).encode()
    items = "".join(f"<item><title>{title}</title></item>" for title in MANY[:5000])
    feed = f"<rss version='2.0'><channel>{items}</channel></rss>".encode()
    for name, content in (("a.json.gz", array), ("a.xml.gz", feed)):
        whole = packed(kind, content)
        source = read_headlines(write(tmp_path / name, whole[: len(whole) * 3 // 4]), skip_bad=True)
        assert 1000 < len(source.headlines) < 5000 and titles(source) == MANY[: len(source.headlines)]
        assert len(source.warnings) == len(source.rejects) == 1


@pytest.mark.parametrize("text", ['["One", "Two", "Thr', '[{"title": "One"}, {"title": "Two"}, {"title": "Thr'])
def test_a_json_array_cut_in_the_middle(tmp_path, text):
    path = write(tmp_path / "news.json", text)
    with pytest.raises(InputError, match=r"not a JSON array .*add --skip-bad to read its start"):
        read_headlines(path)
    source = read_headlines(path, skip_bad=True)
    assert titles(source) == ["One", "Two"] and len(source.rejects) == 1
    assert "is damaged or cut off: only the 2 headlines before" in source.warnings[0]
