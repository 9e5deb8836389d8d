"""Hostile and damaged inputs of all formats, through all readers to the outputs; `benchmarks/fuzz.py` tries more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from fuzz import Wrong, attack, main, read, write
from hostile import Case

from dedupe import Headline


@pytest.mark.slow
def test_hostile_inputs(tmp_path):
    """No traceback, no time-out, no lost row."""
    tally = attack(2000, seed=17, folder=tmp_path)
    assert tally.failures == {}, tally.examples
    assert sum(tally.outcomes.values()) == 2000 and tally.rows > 5000
    assert len([kind for kind in tally.outcomes if kind.endswith(": read")]) > 15
    assert sum(n for kind, n in tally.outcomes.items() if kind.endswith(": refused")) > 300


def test_what_goes_wrong_is_noticed(tmp_path, monkeypatch):
    lines = Case("lines", ".txt", b"Rates rise\nRain falls\n", {"input_format": "lines"}, ["Rates rise", "Rain falls"])
    assert len(read(lines, tmp_path) or []) == 2
    with pytest.raises(Wrong, match="rows"):
        read(Case("lines", ".txt", lines.content, lines.options, ["Rates rise"]), tmp_path)
    with pytest.raises(Wrong, match="refused"):
        read(Case("lines", ".txt", b"", {}, ["Rates rise"]), tmp_path)
    monkeypatch.setattr("fuzz.write_rows", lambda rows, name, format: Path(name).touch())
    with pytest.raises(Wrong, match=r"output|traceback"):
        write([Headline("Rates rise")], tmp_path)
    monkeypatch.setattr("dedupe.readers.inputs.detect", lambda *args: [][0])
    with pytest.raises(Wrong, match="traceback: IndexError"):
        read(Case("lines", ".txt", lines.content, {}), tmp_path)


def test_the_counts_are_written(tmp_path):
    done = CliRunner().invoke(
        main, ["--inputs", "30", "--out", str(tmp_path / "fuzz.json"), "--keep", str(tmp_path / "kept")]
    )
    assert done.exit_code == 0, done.output
    counts = json.loads((tmp_path / "fuzz.json").read_text())
    assert counts["inputs"] == 30 and counts["failures"] == {} and counts["rows_written"] > 50
