import json
from collections import Counter

import first_tries
from click.testing import CliRunner
from records import read_rows


def test_the_pairs_are_whole():
    rows = list(read_rows(first_tries.PAIRS))
    assert Counter(row["verdict"] for row in rows) == {"wording": 70, "story": 50, "different": 80}
    assert Counter(row["half"] for row in rows) == dict.fromkeys(first_tries.HALVES, 100)
    assert len({frozenset((row["a"], row["b"])) for row in rows}) == len(rows)


def test_verdicts_are_counted_in_both_ways(tmp_path, monkeypatch):
    pairs = [
        ("wording", "short", "Ferry sinks off Alta", "Ferry sinks off Alta!"),
        ("different", "roles", "Man bites dog in Leeds park", "Dog bites man in Leeds park"),
        ("different", "wrong on purpose", "Mayor of Porto resigns", "MAYOR OF PORTO RESIGNS"),
    ]
    rows = [dict(zip(("verdict", "kind", "a", "b"), pair, strict=True), half="unseen") for pair in pairs]
    path, out = tmp_path / "pairs.jsonl", tmp_path / "out.json"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    monkeypatch.setattr(first_tries, "PAIRS", path)
    run = CliRunner().invoke(
        first_tries.main, ["--out", str(out), "--half", "unseen", "--show"], catch_exceptions=False
    )
    assert run.exit_code == 0
    assert "different judged wording (wrong on purpose): Mayor of Porto resigns" in run.output
    result = json.loads(out.read_text(encoding="utf-8"))["unseen"]
    for way in ("compare", "lists"):
        assert result[way]["wording"] == "1 of 1" and result[way]["different"] == "1 of 2"
        assert result[way]["different, roles"] == "1 of 1" and result[way]["events"] == "2 of 3"
