"""New headlines against known ones."""

from __future__ import annotations

import pytest

from dedupe import InputError, VectorCache, deduplicate, match
from tests.support.command_line import json_lines, one_error, run
from tests.support.fake_encoder import FakeEncoder

KNOWN = [
    "Ferry sinks off Oslo, three dead",
    "Three dead as ferry sinks off Oslo",
    "Central bank raises rates to 4.5 percent",
    "Museum of Lisbon reopens after flood",
]
NEW = ["FERRY SINKS OFF OSLO, THREE DEAD", "Rates raised to 4.5 percent by central bank", "Orchids bloom in Kew", ""]
pytestmark = pytest.mark.usefixtures("fake_encoder")


def test_each_new_headline_says_what_it_repeats():
    ferry, rates, *others = match(NEW, reference=KNOWN)
    assert (ferry.level, ferry.row, ferry.probability) == ("exact", 0, 1)
    assert (rates.level, rates.row) == ("wording", 2) and 0 < rates.probability <= 1
    assert others == [None, None]
    assert ferry.headline.title == KNOWN[0]
    assert ferry.story == 0, "without labels, the first known headline of the story names it"


def test_it_is_what_grouping_everything_together_says():
    """Known headlines that are near no new one are left out first; that must not show."""
    filler = [f"Village {k} opens a library of {k * 7} books" for k in range(40)]
    reference = [*filler, *KNOWN]
    matches = match(NEW, reference=reference)
    assert len(matches.run) < len(reference)
    labels = deduplicate([*reference, *NEW]).labels("story")
    for k, repeated in enumerate(matches):
        same = labels[: len(reference)] == labels[len(reference) + k]
        assert same.any() == (repeated is not None)
        assert repeated is None or same[repeated.row]


def test_outlets_are_those_of_the_whole_reference():
    far = [{"title": "Village opens a library", "source": "Pebble"}]
    matches = match([f"Pebble: {NEW[0]}"], reference=[*KNOWN, *far])
    assert matches[0] is not None and matches[0].level == "exact"
    assert len(matches.run) < len(KNOWN) + 2, "the row that names the outlet is not in the run"


def test_the_order_of_the_reference_does_not_matter():
    forwards, backwards = match(NEW, reference=KNOWN), match(NEW[::-1], reference=KNOWN[::-1])
    first, second = (
        [repeated and (repeated.level, repeated.headline.title) for repeated in matches]
        for matches in (forwards, backwards)
    )
    assert first == second[::-1]


def test_options_are_those_of_a_run(tmp_path):
    lenient, strict = (match(NEW, reference=KNOWN, story_threshold=threshold) for threshold in (0.3, 1.0))
    assert lenient[1] is not None and strict[1] is None and strict.run.thresholds["story"] == 1
    with pytest.raises(InputError, match="window must be a positive time"):
        match(NEW, reference=KNOWN, window="a while")
    with pytest.raises(TypeError, match="match\\(\\) got an unexpected keyword argument 'level'"):
        match(NEW, reference=KNOWN, level="wording")


def test_vectors_are_cached_and_progress_is_told(tmp_path, fake_encoder, monkeypatch):
    monkeypatch.setattr(fake_encoder, "identity", "fake", raising=False)
    steps, cache = [], VectorCache(tmp_path / "cache")
    expected = match(NEW, reference=KNOWN, cache=cache, progress=lambda *step: steps.append(step))
    assert {name for name, _, _ in steps} >= {"encoding", "scoring", "grouping story"}
    assert [done for name, done, _ in steps if name == "encoding"] == [7], "what is looked up again is not reported"
    monkeypatch.setattr(fake_encoder, "encode", lambda texts: pytest.fail("nothing is encoded again"))
    assert match(NEW, reference=KNOWN, cache=cache).matches == expected.matches


@pytest.mark.parametrize("cached", [False, True])
def test_an_encoder_may_give_a_title_a_row_of_zeros(cached, tmp_path):
    class Deaf(FakeEncoder):
        identity = "deaf"

        def encode(self, texts, /):
            return super().encode(texts) * [[text != NEW[2].casefold() and text != NEW[2]] for text in texts]

    cache = VectorCache(tmp_path / "cache") if cached else None
    matches = match(NEW, reference=KNOWN, encoder=Deaf(), cache=cache)
    assert [repeated and repeated.row for repeated in matches] == [0, 2, None, None]
    assert not matches.run.vectors[matches.run.nodes.of_row[-2]].any()


def test_labels_of_the_reference_are_kept():
    known = [{"title": title, "dedupe_story": f"s{k}", "dedupe_wording": f"v{k}"} for k, title in enumerate(KNOWN)]
    first, *_ = match(NEW, reference=known)
    assert (first.story, first.wording) == ("s0", "v0")


def test_a_window_keeps_old_news_apart():
    known = [{"title": KNOWN[0], "published": "2025-08-01"}]
    new = [{"title": KNOWN[0], "published": "2025-08-16"}]
    assert match(new, reference=known, window=72)[0] is None
    assert match(new, reference=known)[0].level == "exact"


def test_rows_have_the_columns_of_the_row_and_of_the_match():
    rows = match([{"title": title, "desk": "x"} for title in NEW], reference=KNOWN).rows()
    assert list(rows[0]) == [
        *("title", "desk", "dedupe_match", "dedupe_match_story", "dedupe_match_wording", "dedupe_match_probability"),
        *("dedupe_match_row", "dedupe_match_id", "dedupe_match_title"),
    ]
    assert rows[0]["dedupe_match"] == "exact" and rows[2]["dedupe_match"] == "" and rows[2]["dedupe_match_row"] is None
    assert match(NEW, reference=KNOWN).to_arrow().num_rows == len(NEW)


def test_nothing_new_and_nothing_known():
    assert len(match([], reference=KNOWN)) == 0
    assert list(match([""], reference=["", ""])) == [None]
    with pytest.raises(InputError, match="the reference is empty"):
        match(NEW, reference=[])


@pytest.mark.parametrize("format", ["table", "csv", "jsonl", "parquet"])
def test_the_command_takes_what_cluster_wrote(tmp_path, format):
    (tmp_path / "known.txt").write_text("\n".join(KNOWN), "utf-8")
    (tmp_path / "new.csv").write_text("headline,desk\n" + "".join(f'"{title}",x\n' for title in NEW[:3]), "utf-8")
    archive = tmp_path / "archive.parquet"
    assert run("cluster", tmp_path / "known.txt", "-o", archive).exit_code == 0
    output = tmp_path / f"out.{format}"
    command = ("match", tmp_path / "new.csv", "--against", archive, "--title-column", "headline", "--format", format)
    outcome = run(*command, "-o", output)
    assert outcome.exit_code == 0, outcome.stderr
    assert "3 headlines matched against 4 known" in outcome.stderr and "1 new" in outcome.stderr
    assert output.stat().st_size


def test_the_command_by_default_writes_json_lines_into_a_pipe(tmp_path):
    (tmp_path / "known.txt").write_text("\n".join(KNOWN), "utf-8")
    (tmp_path / "new.txt").write_text("\n".join(NEW[:3]), "utf-8")
    rows = json_lines(run("match", tmp_path / "new.txt", "--against", tmp_path / "known.txt").stdout)
    assert [bool(row["dedupe_match"]) for row in rows] == [True, True, False]


def test_the_command_needs_something_known(tmp_path):
    (tmp_path / "new.txt").write_text("\n".join(NEW[:3]), "utf-8")
    assert "--against" in one_error(run("match", tmp_path / "new.txt"))


def test_the_command_counts_corrections_and_never_replaces_them(tmp_path):
    for name, titles in (("known.txt", KNOWN), ("new.txt", NEW[:3])):
        (tmp_path / name).write_text("\n".join(titles), "utf-8")
    fixed = tmp_path / "fixed.csv"
    fixed.write_text(f'title_a,title_b,verdict\n"{NEW[2]}","{KNOWN[0]}",different\n', "utf-8")
    command = ("match", tmp_path / "new.txt", "--against", tmp_path / "known.txt", "--corrections", fixed)
    assert ", 1 correction applied" in run(*command).stderr
    for option in (
        ("-o", fixed),
        ("--skip-bad", "--rejects", fixed),
        ("--skip-bad", "--rejects", tmp_path / "known.txt"),
    ):
        assert "is also the input" in one_error(run(*command, *option, "--force"))
