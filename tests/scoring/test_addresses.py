"""Nodes that share an address, against a plain count, and what it adds to a pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedupe import Headline, compare, deduplicate, load_result, match
from dedupe.levels import LEVELS
from dedupe.scoring.addresses import NO_ADDRESSES, SAME_ADDRESS, address_pairs, refuted, rows_at_addresses, with_address
from dedupe.scoring.similarity_scale import IDENTITY
from tests.support.command_line import json_lines, run

PAGE = "https://herald.example/story/17"
DELAY = [
    Headline("MINDWORKS DELAYS NEXT MODEL", "1", "2026-03-01T08:00Z", "A", PAGE),
    Headline("LAUNCH SLIPS TO AUTUMN, SAYS LAB CHIEF", "2", "2026-03-01T10:00Z", "A", f"{PAGE}?utm_source=feed"),
    Headline("BANK OF OSLO HOLDS RATE", "3", "2026-03-01T10:00Z", "A", "https://herald.example/story/18"),
]
FIRE = [
    Headline("What we know about the Hanau bakery fire", "1", "2026-03-01T08:00Z", "B", "https://b.example/a/88123"),
    Headline(
        "Germany: Suspect held after deadly blaze", "2", "2026-03-01T11:00Z", "B", "http://www.b.example/a/88123/"
    ),
    Headline("Mayor promises answers", "3", "2026-03-01T15:00Z", "B", "https://m.b.example/a/88123#top"),
    Headline("Lisbon marathon won by debutant", "4", "2026-03-01T15:00Z", "B", "https://b.example/a/99999"),
]


def unrelated(count):
    """Titles that share no word, with one address each."""
    return [f"alpha{k} beta{k} gamma{k} delta{k}" for k in range(count)]


def stories(result):
    return sorted(sorted(result.headlines[k].title for k in story.positions.tolist()) for story in result.stories)


def titles(*groups):
    return sorted(sorted(row.title for row in group) for group in groups)


def orthogonal(nodes):
    return np.eye(nodes, max(nodes, 1), dtype=np.float32)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([None, "a", "b", "c"])), max_size=60))
def test_pairs_are_those_of_every_address_with_few_nodes(rows):
    of_row = np.array([node for node, _ in rows], np.int64)
    found = address_pairs([address for _, address in rows], of_row, orthogonal(31), IDENTITY)
    expected = {}
    for address in "cba":  # of several, the first is named
        nodes = sorted({node for node, own in rows if own == address})
        expected |= {pair: address for pair in combinations(nodes, 2) if len(nodes) <= 8}
    pairs = list(zip(found.i.tolist(), found.j.tolist(), strict=True))
    assert pairs == sorted(expected)
    assert dict(zip(pairs, found.address, strict=True)) == expected
    i, j = np.triu_indices(31, 1)
    assert found.contain(i, j).tolist() == [pair in expected for pair in zip(i.tolist(), j.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("nodes", "similarity", "counts"),
    [(8, 0.0, True), (9, 0.0, False), (9, 0.5, True), (20, 0.5, True), (21, 0.5, False)],
)
def test_an_address_of_many_titles_counts_if_they_are_about_one_thing(nodes, similarity, counts):
    common = np.full((nodes, 1), np.sqrt(similarity))
    vectors = np.hstack([common, np.sqrt(1 - similarity) * np.eye(nodes)]).astype(np.float32)
    found = address_pairs(["a"] * nodes, np.arange(nodes), vectors, IDENTITY)
    assert len(found) == (nodes * (nodes - 1) // 2 if counts else 0)


def test_a_node_without_a_title_shares_nothing():
    vectors = np.array([[1, 0], [0, 0], [0, 1]], np.float32)
    found = address_pairs(["a", "a", "a"], np.arange(3), vectors, IDENTITY)
    assert (found.i.tolist(), found.j.tolist()) == ([0], [2])
    assert address_pairs(["a", None], np.array([0, 1]), vectors, IDENTITY).address == []
    assert address_pairs([None, None], np.array([0, 1]), vectors, IDENTITY) is NO_ADDRESSES
    assert not NO_ADDRESSES.contain(np.array([0]), np.array([1])).any()


def test_an_address_raises_the_story_alone():
    p = np.array([0.01, 0.5, 0.99, 0.01], np.float32)
    raised = with_address(p, np.array([True, True, True, False]))
    assert raised.dtype == np.float32
    assert raised.tolist() == [SAME_ADDRESS, SAME_ADDRESS, p[2], p[3]]
    similarity = np.array([0.1, 0.9, 0.9], np.float32)
    assert refuted(similarity, np.array([0.01, 0.01, 0.4], np.float32)).tolist() == [False, True, False]


@pytest.mark.parametrize("rows", [DELAY, FIRE], ids=["delay", "fire"])
def test_one_page_is_one_story_however_it_was_retitled(fake_encoder, rows):
    result = deduplicate(rows, reader="off")  # so that only the address can join them
    assert stories(result) == titles(rows[:-1], rows[-1:])
    assert stories(deduplicate(rows[::-1], reader="off")) == stories(result)
    bare = deduplicate([row.title for row in rows], reader="off")
    assert all(row.url for row in rows) and len(bare.stories) == len(rows)
    assert len(result.labels("wording")) == len(set(result.labels("wording").tolist())), (
        "an address says nothing of wordings"
    )
    assert len(deduplicate(rows, level="wording").stories) == len(rows)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Ferry sinks", "FERRY SINKS", "Mayor resigns", "Mayor of Oslo resigns", "Bakery burns", ""]),
        st.sampled_from([None, 0, 1, 30, 100]),
        st.sampled_from([None, PAGE, f"{PAGE}?rss=1", "https://a.example/s/1", "https://a.example/news", "http://["]),
    ),
    max_size=10,
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, window=st.sampled_from([None, 24]), random=st.randoms())
def test_the_order_of_rows_does_not_matter(fake_encoder, rows, window, random):
    headlines = [
        Headline(title, str(k), None if hours is None else 1.7e9 + 3600 * hours, url=url)
        for k, (title, hours, url) in enumerate(rows)
    ]
    result, shuffled = (
        deduplicate(order, window=window) for order in (headlines, random.sample(headlines, len(headlines)))
    )
    first, second = (
        sorted(sorted(run.headlines[k].id for k in story.positions.tolist()) for story in run.stories)
        for run in (result, shuffled)
    )
    assert first == second


def test_the_reason_is_given_in_words_and_kept(fake_encoder, tmp_path):
    result = deduplicate(DELAY, reader="off")
    (pair,) = result.pairs
    assert pair.reasons[0] == "100 % for: the same address, herald.example/story/17"  # nothing else decides
    assert (pair.features["same_address"], pair.verdict, (pair.i, pair.j)) == (1, "story", (0, 1))
    result.save(tmp_path / "run")
    assert load_result(tmp_path / "run").pairs[0] == pair
    alone = compare(*DELAY[:2], reader="off")
    assert (alone.reasons[0], alone.verdict, alone.features["same_address"]) == (pair.reasons[0], "story", 1)
    for first, second in (DELAY[::2], (DELAY[0].title, DELAY[1].title)):
        other = compare(first, second, reader="off")
        assert other.verdict == "different" and not other.features["same_address"]
        assert not any("address" in reason for reason in other.reasons)


def test_each_pair_is_scored_once(fake_encoder):
    """Pairs of one address that are similar, too, are found in both ways."""
    rows = [Headline(f"Ferry sinks off Oslo, {k} dead", url=PAGE) for k in range(12)] + FIRE
    table = deduplicate(rows).pair_table
    keys = list(zip(table.i.tolist(), table.j.tolist(), strict=True))
    assert keys == sorted(set(keys)) and len(keys) >= 12 * 11 // 2


@pytest.mark.parametrize(("count", "groups"), [(8, 1), (30, 30)])
def test_a_link_of_many_titles_joins_nothing(fake_encoder, count, groups):
    rows = [Headline(title, url=PAGE) for title in unrelated(count)]
    assert len(deduplicate(rows).stories) == len(deduplicate(rows[::-1]).stories) == groups


def test_copies_have_the_addresses_of_all_their_rows(fake_encoder):
    rows = [Headline("Ferry sinks", url=None), Headline("FERRY SINKS", url=PAGE), Headline("Harbour mourns", url=PAGE)]
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        assert len(deduplicate([rows[k] for k in order]).stories) == 1


def test_windows_and_corrections_are_stronger(fake_encoder):
    first, second = DELAY[0].title, DELAY[1].title
    assert len(deduplicate(DELAY[:2], window="3h").stories) == 1
    cut = deduplicate(DELAY[:2], window="1h")
    assert len(cut.stories) == 2 and len(cut.pairs) == 0
    assert len(deduplicate(DELAY[:2], corrections=[(first, second, "different")]).stories) == 2


@pytest.mark.parametrize(("cosine", "groups"), [(0.5, 1), (0.75, 2)])
def test_alike_titles_are_judged_by_their_words(cosine, groups):
    """They are of a page that is written anew, if they state other facts."""
    rows = [Headline("Stocks rise on Monday", url=PAGE), Headline("Stocks fall on Tuesday", url=PAGE)]
    vectors = np.array([[1, 0], [cosine, np.sqrt(1 - cosine**2)]])
    assert len(deduplicate(rows, embeddings=vectors, reader="off").stories) == groups


def test_titles_that_are_missing_stay_alone(fake_encoder):
    rows = [Headline("", url=PAGE), Headline("Ferry sinks", url=PAGE), Headline(" ", url=PAGE)]
    result = deduplicate(rows)
    assert [len(set(result.labels(level).tolist())) for level in LEVELS] == [3, 3, 3]


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "https://a.example/" + "s" * 10_000, "\ud800", "ü", b"\xff".decode("latin-1"), 7]
)
def test_no_address_is_too_odd(fake_encoder, url):
    rows = [{"title": "Ferry sinks", "url": url}, {"title": "Mayor resigns", "url": url}]
    assert len(deduplicate(rows)) == 2
    assert max(len(reason) for reason in compare(*rows).reasons) < 150


def test_match_finds_known_headlines_by_their_address(fake_encoder):
    filler = [Headline(title, url=f"https://c.example/a/{k}") for k, title in enumerate(unrelated(30))]
    for known in ([*filler, DELAY[0]], [DELAY[0], *filler]):
        repeated, other = match(DELAY[1:], reference=known, reader="off")
        assert (repeated.headline, repeated.level, other) == (DELAY[0], "story", None)
        assert len(match(DELAY[1:], reference=known).run) == 3


def test_match_knows_links_of_many_titles_from_the_whole_reference(fake_encoder):
    known = [Headline(title, url=PAGE) for title in unrelated(40)]
    assert match([DELAY[1]], reference=known, reader="off")[0] is None
    assert match([DELAY[1]], reference=known[:3])[0] is not None


def test_rows_at_addresses_are_no_more_than_needed():
    addresses = [*"aab", None, *"c" * 40, "a", "c", None]
    count = len(addresses) - 3
    of_row = np.arange(len(addresses))
    rows = rows_at_addresses(addresses, of_row, count).tolist()
    assert rows == [0, 1, *range(4, 4 + 21)]
    assert rows_at_addresses(["a"] * 30 + ["a"], np.zeros(31, np.int64), 30).tolist() == list(range(30))


@pytest.mark.parametrize(("name", "options"), [("url", []), ("link", []), ("page", ["--url-column", "page"])])
def test_addresses_in_files_count(fake_encoder, tmp_path, name, options):
    lines = [f"title,{name}", *(f'"{row.title}",{row.url}' for row in DELAY)]
    (tmp_path / "in.csv").write_text("\n".join(lines))
    outcome = run("cluster", tmp_path / "in.csv", *options, "--format", "jsonl", "--explain", tmp_path / "pairs.jsonl")
    first, second, other = (row["dedupe_story"] for row in json_lines(outcome.stdout))
    assert first == second != other
    (pair,) = json_lines((tmp_path / "pairs.jsonl").read_text())
    assert (
        pair["reasons"][0] == "100 % for: the same address, herald.example/story/17"
        and pair["features"]["same_address"] == 1
    )


def test_links_of_feeds_count(fake_encoder, tmp_path):
    items = "".join(f"<item><title>{row.title}</title><link>{row.url}</link></item>" for row in DELAY)
    (tmp_path / "in.xml").write_text(f"<rss version='2.0'><channel><title>A</title>{items}</channel></rss>")
    outcome = run("cluster", tmp_path / "in.xml", "--format", "jsonl")
    first, second, other = (row["dedupe_story"] for row in json_lines(outcome.stdout))
    assert first == second != other
