"""The fit that ships: from labelled slices to a judge, and the judge that is in the package."""

from __future__ import annotations

import gzip
import json
import random

import numpy as np
from click.testing import CliRunner
from conftest import FakeEncoder

from dedupe.evidence import EVIDENCE
from dedupe.judging import LEVELS, TERMS, from_json, load_judge, terms, to_json
from dedupe.training import main

SUBJECTS = "ferry bakery mayor storm bridge school union dam court museum".split()
EVENTS = "sinks closes resigns floods reopens strikes burns wins".split()


def write(path, rows):
    path.parent.mkdir(exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def labelled(slices=8, stories=12):
    """Stories of three titles: one, the same words in another order, and one that adds a fact.

    All are above the candidate floor of the fake encoder, or no judge could join them.
    """
    rng = random.Random(0)
    for s in range(slices):
        for k in range(stories):
            subject, event, place = rng.choice(SUBJECTS), rng.choice(EVENTS), f"place{s}x{k}"
            story = {"story": f"{s}/{k}", "slice": f"t{s}", "published": f"2025-08-{1 + k:02d}", "source": "A"}
            yield story | {"title": f"{subject} {event} in {place} on monday", "variant": f"{s}/{k}/a"}
            yield story | {"title": f"in {place} {subject} {event} monday", "variant": f"{s}/{k}/a"}
            yield story | {"title": f"{place} {subject} {event} with 14 hurt", "variant": f"{s}/{k}/b"}


def test_the_command_fits_a_judge_that_tells_the_levels_apart(tmp_path, monkeypatch):
    monkeypatch.setattr("dedupe.training.load_encoder", lambda name: FakeEncoder())
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    write(data / "stories" / "train.jsonl.gz", labelled())
    for name in ("scale", "stream"):
        write(data / name / "headlines.jsonl.gz", [{"title": f"mayor resigns {k % 9}"} for k in range(9)])
    write(data / "gold" / "a.jsonl", [{"title": "mayor resigns 0"}])
    done = CliRunner().invoke(main, ["--data", str(data), "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0
    model = json.loads((out / "judge.json").read_text())
    assert all(model["held_out_scores"][level]["pairwise_f1"] > 0.8 for level in LEVELS)
    frequencies = gzip.decompress((out / "document_frequencies.tsv.gz").read_bytes()).decode().splitlines()
    assert frequencies == ["8", "mayor\t8", "resign\t8"]  # nine titles, less the one of the gold set


def test_a_judge_survives_being_written():
    judge = load_judge()
    again = from_json(json.loads(json.dumps(to_json(judge))))
    some = np.random.default_rng(0).random((50, len(EVIDENCE)), np.float32)
    for level in LEVELS:
        assert np.array_equal(judge.probability(some)[level], again.probability(some)[level])


def test_terms_are_the_evidence_its_hinges_and_products():
    row = np.arange(1, len(EVIDENCE) + 1, dtype=np.float32)[None] / 10
    by_name = dict(zip(TERMS, terms(row)[0].tolist(), strict=True))
    value = dict(zip(EVIDENCE, row[0].tolist(), strict=True))
    assert by_name["hours>3.0"] == 0 and by_name["shared*hours"] == value["shared"] * value["hours"]
    assert by_name["similarity>0.45"] == max(value["similarity"] - 0.45, 0)


def test_probabilities_are_ordered_and_wording_implies_story():
    some = np.random.default_rng(1).random((500, len(EVIDENCE)), np.float32)
    found = load_judge().probability(some)
    assert ((found["wording"] >= 0) & (found["wording"] <= found["story"]) & (found["story"] <= 1)).all()
