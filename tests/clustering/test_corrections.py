"""Corrections hold at every threshold, and contradictions are named."""

from __future__ import annotations

import itertools
import json
from dataclasses import fields

import pytest

from dedupe import Correction, InputError, deduplicate, match, read_corrections
from dedupe.candidates.pairs import PairTable
from tests.support.command_line import json_lines, one_error, run

TITLES = [
    "Ferry sinks off Oslo, three dead",
    "Three dead as ferry sinks off Oslo",
    "Ferry disaster off Oslo kills three",
    "Central bank raises rates to 4.5 percent",
    "Rates raised to 4.5 percent by central bank",
    "Museum of Lisbon reopens after flood",
]
FERRY, AGAIN, DISASTER, BANK, RATES, MUSEUM = TITLES
pytestmark = pytest.mark.usefixtures("fake_encoder")


def same(result, first, second, level="story"):
    labels = result.labels(level)
    return bool(labels[TITLES.index(first)] == labels[TITLES.index(second)])


def pairs_of(result):
    return {frozenset((TITLES[pair.i], TITLES[pair.j])): pair for pair in result.pairs}


def test_without_corrections_nothing_changes():
    plain, none = deduplicate(TITLES), deduplicate(TITLES, corrections=[])
    assert plain.labels("story").tolist() == none.labels("story").tolist()
    assert same(plain, BANK, RATES) and not same(plain, BANK, MUSEUM), "or the tests below would show nothing"


def test_titles_that_must_be_together_are_at_every_threshold():
    result = deduplicate(TITLES, corrections=[(BANK, MUSEUM, "story")])
    for threshold in (0.05, 0.5, 1.0):
        cut = result.regroup(story_threshold=threshold)
        assert same(cut, BANK, MUSEUM) and not same(cut, BANK, MUSEUM, "wording")
    assert result.corrections == 1


def test_one_wording_is_one_story_too():
    result = deduplicate(TITLES, corrections=[(BANK, MUSEUM, "wording")]).regroup(
        story_threshold=1.0, wording_threshold=1.0
    )
    assert same(result, BANK, MUSEUM) and same(result, BANK, MUSEUM, "wording")


def test_titles_that_must_be_apart_are_at_every_threshold():
    result = deduplicate(TITLES, corrections=[(BANK, RATES, "different")])
    assert not any(same(result.regroup(story_threshold=threshold), BANK, RATES) for threshold in (0.05, 0.3, 1.0))


def test_others_follow_a_title_only_where_nothing_keeps_them_apart():
    result = deduplicate(TITLES, corrections=[(FERRY, AGAIN, "wording"), (AGAIN, MUSEUM, "different")])
    assert same(result, FERRY, AGAIN) and not same(result.regroup(story_threshold=0.05), FERRY, MUSEUM)


def test_the_order_of_rows_and_of_corrections_does_not_matter():
    corrections = [(BANK, MUSEUM, "story"), (FERRY, AGAIN, "wording"), (DISASTER, FERRY, "different")]
    expected = deduplicate(TITLES, corrections=corrections).labels("story")
    for order in itertools.permutations(corrections):
        swapped = [(b, a, verdict) for a, b, verdict in order]
        assert deduplicate(TITLES, corrections=swapped).labels("story").tolist() == expected.tolist()
    backwards = deduplicate(TITLES[::-1], corrections=corrections).labels("story")[::-1]
    groups = [len({*labels.tolist()}) for labels in (expected, backwards)]
    assert groups[0] == groups[1] == len({*zip(expected.tolist(), backwards.tolist(), strict=True)})


def test_titles_are_known_by_their_fingerprint():
    rows = [{"title": title, "source": "CNN"} for title in TITLES]
    corrections = [
        ("MUSEUM OF LISBON REOPENS AFTER FLOOD - CNN", BANK.lower(), "story"),
        ("Nowhere to be found", BANK, "story"),
    ]
    result = deduplicate(rows, corrections=corrections)
    assert same(result, BANK, MUSEUM) and result.corrections == 1


def test_corrections_change_no_probability():
    plain = deduplicate(TITLES)
    corrections = [(BANK, MUSEUM, "story"), (BANK, RATES, "different"), (FERRY, DISASTER, "wording")]
    corrected = deduplicate(TITLES, corrections=corrections)
    for column in fields(PairTable):
        first, second = (getattr(result.pair_table, column.name) for result in (plain, corrected))
        assert first.tobytes() == second.tobytes()
    for pair, unchanged in zip(corrected.pairs, plain.pairs, strict=True):
        assert (pair.p_wording, pair.p_story, pair.features) == (
            unchanged.p_wording,
            unchanged.p_story,
            unchanged.features,
        )


def test_the_verdict_of_a_corrected_pair_is_that_of_the_correction():
    corrections = [(BANK, RATES, "different"), (DISASTER, FERRY, "story"), (FERRY, AGAIN, "wording")]
    plain, pairs = pairs_of(deduplicate(TITLES)), pairs_of(deduplicate(TITLES, corrections=corrections))
    assert [plain[frozenset(pair[:2])].verdict for pair in corrections] == ["wording"] * 3
    for first, second, verdict in corrections:
        pair = pairs.pop(frozenset((first, second)))
        assert pair.verdict == verdict and pair.reasons[0] == "a correction says so"
        assert pair.reasons[1:] == plain[frozenset((first, second))].reasons
    assert all(pair == plain[titles] for titles, pair in pairs.items()) and len(pairs) == 1


def test_a_must_link_counts_1_where_probabilities_are_averaged():
    plain, linked = deduplicate(TITLES), deduplicate(TITLES, corrections=[(FERRY, DISASTER, "story")])
    pairs = pairs_of(plain)
    ferry, again, disaster = (frozenset(pair) for pair in ((FERRY, AGAIN), (AGAIN, DISASTER), (FERRY, DISASTER)))
    assert pairs[disaster].p_story < 1
    p = {titles: pair.p_story for titles, pair in pairs.items()} | {disaster: 1.0}
    assert linked.probabilities[0] == pytest.approx((p[ferry] + 1) / 2)
    assert linked.probabilities[2] == pytest.approx((p[again] + 1) / 2)
    assert linked.probabilities[1] == pytest.approx((p[ferry] + p[again]) / 2) == plain.probabilities[1]
    story = next(story for story in linked.stories if 0 in story.positions)
    assert story.cohesion == pytest.approx(min(p[ferry], p[again]))


def test_a_must_link_of_titles_that_were_never_scored_is_no_loose_story():
    result = deduplicate(TITLES, corrections=[(BANK, MUSEUM, "story"), (BANK, RATES, "different")])
    assert frozenset((BANK, MUSEUM)) not in pairs_of(result), "pairs are what the model scored"
    story = next(story for story in result.stories if TITLES.index(MUSEUM) in story.positions)
    assert len(story) == 2 and story.cohesion == 1 and result.probabilities[TITLES.index(MUSEUM)] == 1
    assert result.warnings == ()


def test_a_window_goes_before_corrections_and_says_so():
    rows = [{"title": BANK, "published": "2025-08-01"}, {"title": MUSEUM, "published": "2025-08-16"}]
    result = deduplicate(rows, corrections=[(BANK, MUSEUM, "story")], window=72)
    assert len(set(result.labels("story").tolist())) == 2
    assert [caution.code for caution in result.warnings] == ["uncorrected"]
    assert result.flags() == ["uncorrected"] * 2


def test_a_title_cut_by_the_window_is_meant_wherever_it_stands():
    rows = [{"title": title, "published": f"2025-08-{day}"} for day in ("01", "16") for title in (BANK, MUSEUM)]
    labels = deduplicate(rows, corrections=[(BANK, MUSEUM, "story")], window=72).labels("story")
    assert labels.tolist() == [0, 0, 1, 1]


def test_a_run_that_looks_for_wordings_only_keeps_them_too():
    result = deduplicate(TITLES, corrections=[(BANK, MUSEUM, "wording"), (FERRY, AGAIN, "story")], level="wording")
    assert same(result, BANK, MUSEUM, "wording") and not same(
        result.regroup(wording_threshold=0.05), FERRY, AGAIN, "wording"
    )


@pytest.mark.parametrize(
    ("corrections", "parts"),
    [
        ([(FERRY, AGAIN, "story"), (AGAIN, BANK, "wording"), (FERRY, BANK, "different")], (FERRY, AGAIN, BANK)),
        ([(FERRY, AGAIN, "wording"), (AGAIN, FERRY, "story")], (FERRY, AGAIN)),
        ([(FERRY, FERRY.upper(), "different")], (FERRY, "copies of one title")),
        ([(FERRY, " ", "different")], ("title_b is empty",)),
        ([(FERRY, AGAIN, "same")], ("verdict must be one of wording, story, different, not 'same'",)),
    ],
)
def test_what_cannot_hold_is_an_error_that_names_the_chain(corrections, parts):
    with pytest.raises(InputError) as error:
        deduplicate(TITLES, corrections=corrections)
    assert all(part in str(error.value) for part in parts)


def test_a_story_in_two_wordings_contradicts_nothing():
    result = deduplicate(
        TITLES, corrections=[(FERRY, AGAIN, "wording"), (AGAIN, BANK, "story"), (FERRY, BANK, "story")]
    )
    assert same(result, FERRY, BANK) and not same(result, FERRY, BANK, "wording")


def test_what_goes_by_way_of_a_title_that_is_not_there_holds():
    gone = "A title of last month"
    result = deduplicate(TITLES, corrections=[(BANK, gone, "story"), (gone, MUSEUM, "story")])
    assert same(result.regroup(story_threshold=1.0), BANK, MUSEUM)
    result = deduplicate(TITLES, corrections=[(BANK, gone, "wording"), (gone, RATES, "different")])
    assert not same(result.regroup(story_threshold=0.05), BANK, RATES)


def test_copies_by_their_source_cannot_be_kept_apart():
    rows = [{"title": title, "source": "Newswire X"} for title in (f"{BANK} - Newswire X", BANK, MUSEUM)]
    with pytest.raises(InputError, match="copies of one title"):
        deduplicate(rows, corrections=[(f"{BANK} - Newswire X", BANK, "different")])
    with pytest.raises(InputError, match="other corrections imply that they are"):
        deduplicate(rows, corrections=[(f"{BANK} - Newswire X", MUSEUM, "story"), (BANK, MUSEUM, "different")])
    result = deduplicate(rows, corrections=[(f"{BANK} - NEWSWIRE X", MUSEUM, "story")])
    assert len(set(result.labels("story").tolist())) == 1 and result.corrections == 1


def test_a_match_by_a_chain_of_corrections_is_sure():
    chain = [(MUSEUM, FERRY, "story"), (FERRY, BANK, "story")]
    (repeated,) = match([MUSEUM], reference=[{"title": f"{BANK} - Wire", "source": "Wire"}], corrections=chain)
    assert (repeated.level, repeated.probability) == ("story", 1.0)


def test_long_titles_can_be_matched_by_corrections():
    long = "Council debates the budget " + "again and " * 200 + "adjourns"
    assert match([MUSEUM], reference=[long], corrections=[(MUSEUM, long, "story")])[0].level == "story"


@pytest.mark.parametrize("corrections", ["labels.csv", [("a", "b")], [{"title_a": "a"}], [("a", None, "story")], [3]])
def test_what_is_no_correction_is_an_input_error(corrections):
    with pytest.raises(InputError):
        deduplicate(TITLES, corrections=corrections)


def test_a_file_without_rows_corrects_nothing(tmp_path):
    (tmp_path / "none.csv").write_text("title_a,title_b,verdict\n")
    (tmp_path / "empty.csv").write_text("")
    assert read_corrections(tmp_path / "none.csv") == read_corrections(tmp_path / "empty.csv") == []


def test_a_match_is_corrected_however_little_alike_both_look():
    (repeated,) = match([MUSEUM], reference=[FERRY, BANK], corrections=[(MUSEUM, BANK, "story")])
    assert (repeated.level, repeated.row) == ("story", 1)
    assert match([BANK], reference=[RATES], corrections=[(RATES, BANK, "different")])[0] is None


@pytest.fixture
def files(tmp_path):
    (tmp_path / "news.txt").write_text("\n".join(TITLES) + "\n")
    lines = [f'"{BANK}","{MUSEUM}",Story,note', f'"{FERRY}","{AGAIN}",,not answered']
    (tmp_path / "fixed.csv").write_text("\n".join(["title_a,title_b,verdict,note", *lines]) + "\n")
    return tmp_path / "news.txt", tmp_path / "fixed.csv"


def test_the_command_line_takes_a_file(files):
    news, fixed = map(str, files)
    done = run("cluster", news, "--corrections", fixed)
    stories = {row["title"]: row["dedupe_story"] for row in json_lines(done.stdout)}
    assert stories[BANK] == stories[MUSEUM] and "1 correction applied" in done.stderr
    assert "corrections 1" in run("cluster", news, "--corrections", fixed, "--dry-run").stdout
    kept = run("dedupe", news, "--corrections", fixed, "--level", "story").stdout.splitlines()
    assert BANK not in kept or MUSEUM not in kept
    matched = json_lines(run("match", news, "--against", news, "--corrections", fixed).stdout)
    assert {row["dedupe_match"] for row in matched} == {"exact"}


def test_several_files_count_together(files, tmp_path):
    news, fixed = map(str, files)
    more = tmp_path / "more.jsonl"
    more.write_text(json.dumps({"title_a": BANK, "title_b": RATES, "verdict": "different"}) + "\n")
    done = run("cluster", news, "--corrections", fixed, "--corrections", str(more))
    assert "2 corrections applied" in done.stderr
    assert len(read_corrections([fixed, more])) == 2
    more.write_text(json.dumps({"title_a": BANK, "title_b": MUSEUM, "verdict": "different"}) + "\n")
    message = one_error(run("cluster", news, "--corrections", fixed, "--corrections", str(more)))
    assert f"{fixed}, row 1" in message and f"{more}, row 1" in message


def test_a_file_is_read_as_corrections(files, tmp_path):
    _, fixed = files
    assert read_corrections(fixed) == [Correction(BANK, MUSEUM, "story", f"{fixed}, row 1")]
    lines = tmp_path / "fixed.jsonl"
    lines.write_text(json.dumps({"title_a": BANK, "title_b": MUSEUM, "verdict": "different"}) + "\n")
    assert [correction.verdict for correction in read_corrections(lines)] == ["different"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title,verdict\na,story\n", "title_a"),
        ("title_a,verdict\na,story\n", "has no column 'title_b'"),
        (f'title_a,title_b,verdict\n"{BANK}","{RATES}",yes\n', "row 1: verdict must be one of"),
        (
            f'title_a,title_b,verdict\n"{BANK}","{RATES}",story\n"{BANK}","{RATES}",different\n',
            "row 2) must not be one story, but other corrections imply that they are",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_line(files, tmp_path, text, message):
    bad = tmp_path / "bad.csv"
    bad.write_text(text)
    done = run("cluster", str(files[0]), "--corrections", str(bad))
    assert done.exit_code == 2 and message in one_error(done)
