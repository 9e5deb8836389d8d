"""New headlines against known ones."""

from __future__ import annotations

import random

import pytest

from dedupe import Headline, InputError, VectorCache, deduplicate, match, read_headlines
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


# Ids


FOUND = [  # two titles of one story that nobody knows, one of another, and one of a known story
    *("Bees found in the tower of Bruges", "Tower of Bruges: bees found", "Orchids bloom in Kew"),
    "Central bank raises rates to 4.5 percent",
]


def known_as(*ids, column="dedupe_story"):
    return [{"title": title, column: value} for title, value in zip(KNOWN, ids, strict=True)]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ((0, 0, 1, 2), (3, 3, 4, 1)),
        (("0", "0", "1", "7"), (8, 8, 9, 1)),
        ((0.0, 0.0, 1.0, float("nan")), (2, 2, 3, 1)),
        (("a", "a", "b", "c"), ("new-1", "new-1", "new-2", "b")),
        (("a", "a", "new-9", "new-x"), ("new-10", "new-10", "new-11", "new-9")),
        (("007", "007", "008", "1"), ("new-1", "new-1", "new-2", "008")),
        ((3, 3, "2026-02-14-0042", 4), ("new-1", "new-1", "new-2", "2026-02-14-0042")),
        ((None, "", " ", None), (4, 4, 5, 2)),
        ((-1, 3, 10**30, 2), (10**30 + 1, 10**30 + 1, 10**30 + 2, 10**30)),
        ((5, 5, None, None), (6, 6, 7, 8)),
        (([1], {}, True, 4), ("new-1", "new-1", "new-2", "True")),
    ],
)
def test_new_stories_get_ids_that_no_known_one_has(ids, expected):
    assert match(FOUND, reference=known_as(*ids)).stories == expected


def test_without_ids_positions_are_those_of_the_reference_and_new_ones_come_after_them():
    matches = match(FOUND, reference=KNOWN)
    assert (matches.stories, matches.wordings) == ((4, 4, 5, 2), (4, 4, 5, 2))


def test_ids_of_a_row_that_repeated_nothing_are_missing_and_not_one_story():
    """Its `dedupe_match_story` is empty."""
    known = known_as(0, 0, 1, None, column="dedupe_match_story")
    known += [{"title": title, "dedupe_match_story": None, "dedupe_story": None, "story": 7} for title in FOUND[:3]]
    matches = match([*FOUND[:3], KNOWN[3]], reference=known)
    assert matches.stories == (2, 2, 3, 4)
    assert [repeated and repeated.story for repeated in matches] == [2, 2, 3, 4]


def test_a_known_headline_without_an_id_takes_that_of_its_story():
    assert match(KNOWN[1:2], reference=known_as(4, None, 5, 6)).stories == (4,)


def test_what_it_writes_is_a_reference():
    """Day after day, each story keeps its id, and each wording lies in one story."""
    days = [
        KNOWN,
        FOUND,
        [FOUND[0].upper(), "Lighthouse of Texel sold"],
        ["Texel lighthouse sold", "Orchids bloom in Kew"],
    ]
    reference = deduplicate(days[0]).rows()
    for day in days[1:]:
        reference += match(day, reference=reference).rows()
    named = {row["title"]: (row["dedupe_story"], row["dedupe_wording"]) for row in reference}
    assert [named[title][0] for title in (*FOUND, days[2][0], *days[2][1:], *days[3][:1])] == [3, 3, 4, 1, 3, 5, 5]
    stories = {}
    for row in reference:
        assert stories.setdefault(row["dedupe_wording"], row["dedupe_story"]) == row["dedupe_story"]
    assert len(set(named.values())) == len(stories) == 6


def test_a_wording_lies_in_one_story_also_where_the_reference_disagrees():
    """The reference has the two titles of the ferry in two stories, and no wordings."""
    rows = match([KNOWN[0].upper(), KNOWN[1].lower()], reference=known_as(8, 9, 1, 2)).rows()
    assert [row["dedupe_story"] for row in rows] == [8, 9]
    assert rows[0]["dedupe_wording"] != rows[1]["dedupe_wording"]


@pytest.mark.parametrize("seed", range(6))
def test_ids_of_the_reference_are_kept_whatever_they_are_and_new_ones_are_new(seed):
    rng = random.Random(seed)
    titles = [*KNOWN, *FOUND[:3], "Tower of Bruges: bees", "Rates raised by central bank", "Lisbon museum reopens"]
    pool = rng.choice([range(5), ["x", "y", "new-3", "5"], [0, "a", None, "new-1"], [None]])
    known = [{"title": t, "story": rng.choice(pool), "wording": rng.choice(pool)} for t in rng.sample(titles, 6)]
    matches = match(rng.sample(titles, 8), reference=known)
    given = {level: {str(row[level]) for row in known if row[level] is not None} for level in ("story", "wording")}
    groups = matches.run.labels("story")[-8:].tolist()
    of_group, stories = {}, {}
    for group, repeated, story, wording in zip(groups, matches, matches.stories, matches.wordings, strict=True):
        row = known[repeated.row] if repeated else {"story": None, "wording": None}
        assert row["story"] is None or str(story) == str(row["story"])
        if repeated is None:
            assert str(story) not in given["story"] and str(wording) not in given["wording"]
            assert of_group.setdefault(group, story) == story
        elif repeated.level == "story":
            assert str(wording) not in given["wording"]
        elif row["wording"] is not None:
            assert str(wording) == str(row["wording"])
        if str(wording) not in given["wording"]:
            assert stories.setdefault(wording, story) == story
    assert len(set(of_group.values())) == len(of_group)
    assert {type(story) for story in matches.stories} in ({int}, {str})


def test_numbers_of_two_runs_are_told_apart():
    runs = [
        [Headline(row["title"], row=row, file=name) for row in deduplicate(titles).rows()]
        for name, titles in (("monday.csv", KNOWN), ("tuesday.csv", FOUND[:3]))
    ]
    matches = match([KNOWN[0], FOUND[0], "Lighthouse of Texel sold"], reference=[*runs[0], *runs[1]])
    assert matches.stories == ("0", "tuesday.csv#0", "new-1")
    assert matches.wordings == ("0", "tuesday.csv#0", "new-1")
    one_run = [Headline(row["title"], row=row, file=f"{k}.csv") for k, row in enumerate(deduplicate(KNOWN).rows())]
    assert match(KNOWN[:1], reference=one_run).stories == (0,), "a run in several files has one numbering"


def test_a_window_keeps_old_news_apart():
    known = [{"title": KNOWN[0], "published": "2025-08-01"}]
    new = [{"title": KNOWN[0], "published": "2025-08-16"}]
    assert match(new, reference=known, window=72)[0] is None
    assert match(new, reference=known)[0].level == "exact"


def test_rows_have_the_columns_of_the_row_and_of_the_match():
    rows = match([{"title": title, "desk": "x"} for title in NEW], reference=KNOWN).rows()
    assert list(rows[0]) == [
        *(
            "title",
            "desk",
            "dedupe_story",
            "dedupe_wording",
            "dedupe_match",
            "dedupe_match_story",
            "dedupe_match_wording",
        ),
        *("dedupe_match_probability", "dedupe_match_row", "dedupe_match_id", "dedupe_match_title"),
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


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "parquet"])
def test_the_command_takes_what_it_wrote(tmp_path, format):
    """In each format, beside what it was matched against."""
    for name, titles in (("known", KNOWN), ("new", FOUND), ("later", FOUND[::-1])):
        (tmp_path / f"{name}.txt").write_text("\n".join(titles), "utf-8")
    archive, first, second = (tmp_path / f"{name}.{format}" for name in ("archive", "first", "second"))
    assert run("cluster", tmp_path / "known.txt", "-o", archive).exit_code == 0
    assert run("match", tmp_path / "new.txt", "--against", archive, "-o", first).exit_code == 0
    both = ("--against", archive, "--against", first)
    assert run("match", tmp_path / "later.txt", *both, "-o", second).exit_code == 0
    rows = [row.columns for row in read_headlines(second).headlines]
    assert [int(row["dedupe_story"]) for row in rows] == [1, 4, 3, 3]
    assert {row["dedupe_match"] for row in rows} == {"exact"}


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
