from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dedupe import Deduplication, Headline, InputError, OutputError, deduplicate, read_corrections, write_report
from dedupe.clustering.merge_tree import MergeTree
from dedupe.report.data import figures_of, pack
from dedupe.report.page import SCRIPTS
from dedupe.report.selection import select_nodes, select_pairs, strongest_across
from tests.support.browser import NARROW, WIDE, Opened, chromium, opened
from tests.support.command_line import run
from tests.support.fake_encoder import FakeEncoder

ASSETS = files("dedupe.report") / "assets"
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SOURCES = ("Fjord Herald", "Nordic Wire", "Harbour Times", "Coast Daily")
EVENTS = (
    "Ferry sinks off Oslo, three dead",
    "Three dead as ferry sinks off Oslo",
    "Ferry sinks off Oslo: three dead, two missing",
    "FERRY SINKS OFF OSLO, THREE DEAD",
    "Ferry off Oslo sank, operator says",
    "Bank of Norway raises rates",
    "Norway's bank raises its interest rates",
    "Bank of Norway raises rates again",
    "Museum of Lisbon reopens after flood",
    "Lisbon museum reopens a year after flood",
    "Storm closes port of Rotterdam",
    "Chess club of Reykjavik wins northern cup",
    "Baker in Ghent sells bread of acorns",
)
ATTACK = "window.hacked = 1"
HOSTILE = [
    f"<script>{ATTACK}</script> closes port",
    f"</script><script>{ATTACK}</script> closes port again",
    f'<img src=x onerror="{ATTACK}"> wins cup',
    f"<!--<script>{ATTACK} opens museum",
    f"'\"><svg onload={ATTACK}> raises rates",
    "A lone \ud800 surrogate, a \x00 and a \u2028 separator",
]
BAD_ADDRESSES = [
    f"javascript:{ATTACK}",
    f" JavaScript:{ATTACK}",
    f"data:text/html,<script>{ATTACK}</script>",
    "//x.example/",
]


def rows(titles: tuple[str, ...] = EVENTS) -> list[Headline]:
    return [
        Headline(title, published=START + timedelta(hours=k), source=SOURCES[k % 4], url=f"https://news.example/{k}")
        for k, title in enumerate(titles)
    ]


def made_up(count: int, seed: int = 0) -> Deduplication:
    """Many headlines about made-up events, in vectors that lie around their events, with copies."""
    rng = np.random.default_rng(seed)
    words = "ferry bank museum storm port club baker mayor bridge school union dam court valley harbour".split()
    event = rng.integers(0, count // 4, count)
    picks = [np.random.default_rng(int(e)).choice(words, 4) for e in event]
    titles = [f"{' '.join(rng.permutation(pick))} {rng.choice(words)}" for pick in picks]
    centres = rng.standard_normal((count, 32))
    vectors = centres[event] + rng.choice([0.2, 0.5, 0.9], (count, 1)) * rng.standard_normal((count, 32))
    dated = [
        Headline(t, published=START + timedelta(minutes=7 * k), source=SOURCES[k % 4]) for k, t in enumerate(titles)
    ]
    return deduplicate(dated, embeddings=vectors)


@pytest.fixture(scope="module")
def result() -> Deduplication:
    return deduplicate(rows(), encoder=FakeEncoder(), window=72)


@pytest.fixture(scope="module")
def report(result: Deduplication, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert write_report(result, str(path), title="Fjord & harbour") == ()
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as chrome:
        yield chrome


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Any]:
    with opened(browser, report) as tab:
        yield tab.page
        assert tab.errors == []


def written(result: Deduplication, folder: Path, **options: Any) -> Path:
    write_report(result, str(folder / "report.html"), **options)
    return folder / "report.html"


# Data, without a browser


def random_tree(seed: int, nodes: int = 40) -> tuple[MergeTree, Any, Any, Any]:
    """A tree as linkage makes them: smaller numbers absorb, heights fall; and pairs, some across nothing."""
    rng = np.random.default_rng(seed)
    roots, left, right = list(range(nodes)), [], []
    while len(roots) > nodes // 8:
        a, b = sorted(rng.choice(roots, 2, replace=False).tolist())
        left.append(a)
        right.append(b)
        roots.remove(b)
    height = np.sort(rng.random(len(left)))[::-1]
    i, j = np.triu_indices(nodes, 1)
    kept = rng.random(len(i)) < 0.5
    chance = np.round(rng.random(int(kept.sum())), 2)
    return MergeTree(nodes, np.array(left), np.array(right), height), i[kept], j[kept], chance


@pytest.mark.parametrize("seed", range(20))
def test_the_strongest_pair_across_each_merge_matches_brute_force(seed: int) -> None:
    tree, i, j, chance = random_tree(seed)
    members, expected = {node: {node} for node in range(tree.nodes)}, []
    merge = np.full(len(i), -1)
    for step, (a, b) in enumerate(zip(tree.left.tolist(), tree.right.tolist(), strict=True)):
        across = [
            k
            for k in range(len(i))
            if (i[k] in members[a] and j[k] in members[b]) or (i[k] in members[b] and j[k] in members[a])
        ]
        merge[across] = step
        expected.append(max(across, key=lambda k: (chance[k], -k), default=-1))
        members[a] |= members.pop(b)
    assert tree.joining_merge(i, j).tolist() == merge.tolist()
    assert strongest_across(tree, i, j, chance).tolist() == expected


@pytest.mark.parametrize("corrections", [[], [(EVENTS[5], EVENTS[8], "story")]])
def test_the_pairs_across_merges_connect_each_group_at_every_cut(corrections: list[Any]) -> None:
    result = deduplicate(rows(), encoder=FakeEncoder(), corrections=corrections) if corrections else made_up(300)
    tree, nodes = result.trees["story"], len(result.nodes)
    pairs = select_pairs(result, select_nodes(result, 1000), tree, 1)
    assert len(pairs.by_merge) == len(tree.height) > 3
    for threshold in (0.05, 0.3, 0.6, 0.9, 0.97, 1.0):
        kept = pairs.by_merge[tree.height >= threshold]
        graph = coo_array((np.ones(len(kept)), (pairs.i[kept], pairs.j[kept])), shape=(nodes, nodes))
        groups = connected_components(graph, directed=False)[1]
        cut = tree.cut(threshold)
        assert len(np.unique(cut)) == nodes - len(kept) == len(np.unique(np.stack([groups, cut]), axis=1).T)


def test_numbers_are_packed_in_as_few_bytes_as_hold_them() -> None:
    assert pack(np.array([0, 255]))["type"] == "Uint8Array"
    assert pack(np.array([256]))["type"] == "Uint16Array"
    assert pack(np.array([70_000])) == {"type": "Uint32Array", "base64": "cBEBAA=="}
    assert pack(np.array([], np.int64)) == {"type": "Uint8Array", "base64": ""}
    assert pack(np.array([0.5]))["type"] == "Float64Array"


def test_figures_are_those_of_the_result(result: Deduplication) -> None:
    figures = figures_of(result)
    assert figures["headlines"] == len(result) == len(EVENTS)
    assert figures["stories"] == len(result.stories)
    assert figures["repeated"] == sum(len(story.headlines) > 1 for story in result.stories)
    assert figures["headlines"] - figures["saved"] == figures["wordings"] == len(result.representatives("wording"))
    assert figures["headlines"] - figures["copies"] == len(result.representatives("exact"))


def test_whole_groups_are_left_out_and_reported(tmp_path: Path) -> None:
    result = made_up(120)
    everything = select_nodes(result, 120)
    assert everything.rows_left_out == 0 and len(everything) == len(result.nodes)
    selected = select_nodes(result, 60)
    shown = selected.number[result.nodes.of_row] >= 0
    loosest = result.regroup(story_threshold=result.floor).labels("story")
    assert 0 < shown.sum() <= 60 and selected.rows_left_out == (~shown).sum()
    assert not set(loosest[shown]) & set(loosest[~shown])
    path = tmp_path / "report.html"
    sentences = write_report(result, str(path), max_rows=60, max_pairs=5)
    assert f"{selected.rows_left_out} of 120 headlines are counted but not listed" in sentences[0]
    assert "scored pairs are not in the page" in sentences[1]
    assert all(f"{sentence}." in path.read_text("utf-8") for sentence in sentences)


def test_a_report_is_the_same_each_time(result: Deduplication, report: Path, tmp_path: Path) -> None:
    again = written(result, tmp_path, title="Fjord & harbour")
    assert again.read_bytes() == report.read_bytes()


def test_a_report_names_nothing_elsewhere(result: Deduplication, report: Path) -> None:
    text = report.read_text("utf-8")
    assert "default-src &#39;none&#39;" in text
    markup = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.S)
    assert re.findall(r'(?:src|href)="([^"#][^"]*)"', markup) == ["data:,"]
    assert "Fjord &amp; harbour" in markup and "3 days" in markup


def test_settings_and_warnings_are_shown(tmp_path: Path) -> None:
    text = written(made_up(40), tmp_path).read_text("utf-8")
    assert "<code>uncalibrated</code>" in text and "<td>none</td>" in text


def test_a_report_that_cannot_be_written_is_an_error(result: Deduplication, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        write_report(result, str(tmp_path / "absent" / "report.html"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"result": None}, "result is of type NoneType: give what deduplicate returned"),
        ({"max_rows": 0}, "max_rows must be a positive integer, not 0"),
        ({"max_pairs": 1.5}, "max_pairs must be a positive integer, not 1.5"),
    ],
)
def test_bad_arguments_are_refused(
    result: Deduplication, tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        write_report(**({"result": result, "path": str(tmp_path / "r.html")} | arguments))


def test_the_charts_are_those_that_their_readme_names() -> None:
    code = (ASSETS / "plot.min.js").read_bytes()
    assert sha256(code).hexdigest() in (ASSETS / "README.md").read_text("utf-8")
    assert b"</script" not in code


def test_every_script_goes_into_the_page_after_those_it_imports_from() -> None:
    assert sorted(SCRIPTS) == sorted(Path(path.name).stem for path in (ASSETS / "scripts").iterdir())
    for place, name in enumerate(SCRIPTS):
        code = (ASSETS / "scripts" / f"{name}.js").read_text("utf-8")
        imported = re.findall(r'^import \{[^}]*\} from "\./(\w+)\.js";$', code, re.M)
        assert len(imported) == len(re.findall(r"^import\b", code, re.M))
        assert set(imported) <= set(SCRIPTS[:place]), name
        for names, module in re.findall(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', code, re.M):
            exported = re.findall(
                r"^export (?:const|function) (\w+)", (ASSETS / "scripts" / f"{module}.js").read_text("utf-8"), re.M
            )
            assert set(re.findall(r"\w+", names)) <= set(exported), f"{name} imports from {module}"


# On the command line


@pytest.fixture
def titles(tmp_path: Path, fake_encoder: FakeEncoder) -> Path:
    (tmp_path / "titles.txt").write_text("\n".join(EVENTS), "utf-8")
    return tmp_path / "titles.txt"


@pytest.mark.parametrize("command", ["cluster", "dedupe"])
def test_a_command_writes_a_report_beside_its_output(titles: Path, tmp_path: Path, command: str) -> None:
    path = tmp_path / "report.html"
    outcome = run(command, titles, "-o", tmp_path / "o.jsonl", "--report", path, "--window", "3d")
    assert outcome.exit_code == 0 and (tmp_path / "o.jsonl").exists()
    assert "<h1>titles.txt</h1>" in path.read_text("utf-8")
    assert "<td>3 days</td>" in path.read_text("utf-8")


def test_a_report_never_replaces_a_file_unasked(titles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_text("precious")
    with monkeypatch.context() as patched:
        patched.setattr("dedupe.readers.read_headlines", None)
        assert "--force" in run("cluster", titles, "--report", path).stderr
        assert "is also the input" in run("cluster", titles, "--report", titles, "--force").stderr
        assert "cannot write into" in run("cluster", titles, "--report", tmp_path / "absent" / "r.html").stderr
    assert path.read_text() == "precious"
    assert run("cluster", titles, "--report", path, "--force").exit_code == 0
    assert path.read_text("utf-8").startswith("<!doctype html>")


def test_two_outputs_never_share_a_place(titles: Path, tmp_path: Path) -> None:
    assert "standard output" in run("cluster", titles, "--report", "-").stderr
    same = tmp_path / "same.jsonl"
    for options in (("-o", same, "--report", same), ("--explain", same, "--report", same)):
        assert f"{same} is named twice" in run("cluster", titles, *options).stderr
    other = f"{tmp_path}/../{tmp_path.name}/same.jsonl"  # spelled otherwise
    assert "is named twice" in run("cluster", titles, "-o", same, "--report", other).stderr
    assert not same.exists()


def test_no_output_replaces_the_corrections(titles: Path, tmp_path: Path) -> None:
    fixed = tmp_path / "fixed.csv"
    fixed.write_text("title_a,title_b,verdict\nA,B,story\n", "utf-8")
    for option in ("-o", "--report", "--explain"):
        options = ("--corrections", fixed, option, fixed, "--force")
        assert "is also the input" in run("cluster", titles, *options).stderr
    assert fixed.read_text("utf-8").startswith("title_a")
    assert run("cluster", titles, "-o", tmp_path / "o.jsonl", "--report", "-").stdout.startswith("<!doctype html>")


def test_a_dry_run_writes_no_report(titles: Path, tmp_path: Path) -> None:
    outcome = run("cluster", titles, "--report", tmp_path / "report.html", "--dry-run")
    assert f"report {tmp_path / 'report.html'}" in outcome.stdout
    assert not (tmp_path / "report.html").exists()


def test_an_incomplete_report_is_a_warning(titles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = partial(write_report, max_rows=6)
    monkeypatch.setattr("dedupe.report.write_report", small)
    outcome = run("cluster", titles, "--report", tmp_path / "report.html", "-o", tmp_path / "o.jsonl")
    assert "warning: the report is incomplete: " in outcome.stderr


# In a browser


def labels(page: Any, level: str, thresholds: dict[str, float] | None = None) -> list[int]:
    if thresholds:
        page.evaluate("thresholds => headlineDedupe.regroup(thresholds)", thresholds)
    return page.evaluate("level => headlineDedupe.labels(level)", level)


def shown(page: Any) -> list[str]:
    return page.locator("#stories > .story .line .title").all_text_contents()


def test_it_opens_without_a_request_or_an_error(browser: Browser, report: Path, result: Deduplication) -> None:
    with opened(browser, report) as tab:
        for view in ("check", "pictures", "run", "stories"):
            tab.page.click(f'.views a[href="#{view}"]')
        assert tab.requests == [report.as_uri()] and tab.errors == []
        assert shown(tab.page) == [story.representative.title for story in result.stories]
        assert tab.page.inner_text("h1") == "Fjord & harbour"


@pytest.mark.parametrize("level", ["story", "wording"])
def test_the_page_regroups_as_the_program_does(browser: Browser, tmp_path: Path, level: str) -> None:
    result = made_up(400)
    heights = result.trees[level].height
    at = [result.floor, 0.2, 0.35, 0.5, 0.8, 1, float(heights[3]), float(np.nextafter(heights[9], 1))]
    with opened(browser, written(result, tmp_path)) as tab:
        counts = set()
        for name in ("exact", "wording", "story"):
            assert labels(tab.page, name) == result.labels(name).tolist()
        for threshold in at:
            regrouped = result.regroup(**{f"{level}_threshold": threshold})
            for name in ("wording", "story"):
                assert labels(tab.page, name, {level: threshold}) == regrouped.labels(name).tolist()
            counts.add(len(regrouped.representatives(level)))
        assert len(counts) > 4 and tab.errors == []


def test_what_is_left_out_changes_no_group_of_the_rest(browser: Browser, tmp_path: Path) -> None:
    result = made_up(400)
    rows = select_nodes(result, 150).number[result.nodes.of_row] >= 0
    with opened(browser, written(result, tmp_path, max_rows=150)) as tab:
        assert f"of the {rows.sum()} listed here" in tab.page.inner_text("#status")
        for threshold in (0.05, 0.3, 0.6):
            expected = result.regroup(story_threshold=threshold).labels("story")[rows]
            first = {label: k for k, label in enumerate(dict.fromkeys(expected.tolist()))}
            assert labels(tab.page, "story", {"story": threshold}) == [first[label] for label in expected.tolist()]


@pytest.mark.slow
def test_each_group_shows_its_representative(browser: Browser, tmp_path: Path) -> None:
    for keep in ("central", "complete"):
        result = deduplicate(made_up(200).headlines, encoder=FakeEncoder(), keep=keep)
        with opened(browser, written(result, tmp_path)) as tab:
            assert sorted(tab.page.evaluate("headlineDedupe.representatives()")) == result.kept("story").tolist()
            story = next(story for story in result.stories if len(story.wordings) > 2)
            tab.page.click(f'[data-story="{story.id}"] summary')
            tab.page.locator(f'[data-story="{story.id}"] .wordings').wait_for()
            tops = tab.page.locator(f'[data-story="{story.id}"] .titles > li:first-child > .title').all_text_contents()
            tops = [re.sub(r"^★ | ×\d+$", "", top) for top in tops]
            leads = [  # the title of the story leads its own wording
                story.representative.title
                if story.representative in wording.headlines
                else wording.representative.title
                for wording in story.wordings
            ]
            assert sorted(tops) == sorted(leads)
            assert tops[0] == story.representative.title


def test_every_headline_of_a_story_says_why_it_is_there(browser: Browser, tmp_path: Path) -> None:
    result = made_up(200)
    chance = {frozenset((pair.i, pair.j)): pair for pair in result.pairs}
    story = result.stories[0]
    titles = {result.headlines[k].title for k in story.positions.tolist()}
    with opened(browser, written(result, tmp_path)) as tab:
        tab.page.click(f'[data-story="{story.id}"] summary')
        reasons = tab.page.locator(f'[data-story="{story.id}"] .why')
        reasons.first.wait_for()
        assert reasons.count() == len({result.labels("exact")[k] for k in story.positions}) - 1 > 3
        line = reasons.first.inner_text()
        assert re.match(r"[01]\.\d\d with “(.*)”", line)[1] in titles
        reasons.first.locator("summary").click()
        reasons.first.locator(".reasons").wait_for()
        words = reasons.first.locator(".reasons li").all_text_contents()
        known = {reason for pair in chance.values() for reason in pair.reasons}
        assert re.match(r"\d+ % (for|against): .", words[0]) and words[0] in known
        bars = reasons.first.locator(".share").evaluate_all(
            "bars => bars.map(bar => bar.style.getPropertyValue('--share'))"
        )
        assert [word.split(" % ")[0] for word in words] == bars


def test_a_row_shows_that_it_unfolds_and_what_it_holds(browser: Browser, tmp_path: Path) -> None:
    named = [replace(row, id=f"row {k}") for k, row in enumerate(rows())]
    result = deduplicate(named, encoder=FakeEncoder(), window=72)
    with opened(browser, written(result, tmp_path)) as tab:
        for story in result.stories:
            line = tab.page.locator(f'[data-story="{story.id}"] .line').first
            facts, size = line.locator(".facts").inner_text(), line.locator(".size").text_content()
            assert size == f"{len(story)} headline{'s' * (len(story) > 1)}: " and f"story {story.id} " in f"{facts} "
            assert next(iter(story.headlines)).source in facts or len({row.source for row in story.headlines}) > 3
            marker = line.evaluate("line => getComputedStyle(line, '::after').content")
            assert marker == ('"▸"' if len(story) > 1 else "none")
        first = result.stories[0]
        tab.page.click(f'[data-story="{first.id}"] summary')
        copies = tab.page.locator(f'[data-story="{first.id}"] .copies')
        copies.first.wait_for()
        assert {f"id {row.id}" for row in first.headlines} <= set(copies.locator("bdi").all_text_contents())
        assert tab.errors == []


def test_a_story_has_the_number_of_the_files(browser: Browser, tmp_path: Path) -> None:
    """Also where some rows are left out, and anew at other thresholds."""
    result = made_up(400)
    shown_rows = select_nodes(result, 150).number[result.nodes.of_row] >= 0
    numbers = {f"story {label}" for label in result.labels("story")[shown_rows].tolist()}
    with opened(browser, written(result, tmp_path, max_rows=150)) as tab:
        while tab.page.locator("#view-stories > .next").count():
            tab.page.locator("#view-stories > .next").dispatch_event("click")
        facts = tab.page.locator("#stories > .story .line .facts").all_text_contents()
        assert {fact.split(" · ")[0] for fact in facts} == numbers
        tab.page.evaluate("headlineDedupe.regroup({story: 0.6})")
        assert "story 0 " in " ".join(tab.page.locator("#stories .facts").all_text_contents())


def test_every_story_takes_verdicts(browser: Browser, result: Deduplication, tmp_path: Path) -> None:
    story = result.stories[0]
    with opened(browser, written(result, tmp_path)) as tab:
        tab.page.click(f'[data-story="{story.id}"] summary')
        item = tab.page.locator(f'[data-story="{story.id}"] .titles > li', has=tab.page.locator("select")).first
        title = item.locator("> .title").text_content().removeprefix("★ ")
        assert not tab.page.locator(".verdicts").is_visible()
        item.locator("select").select_option("different")
        with tab.page.expect_download() as download:
            tab.page.click("text=Save 1 verdict")
        download.value.save_as(tmp_path / "corrections.jsonl")
        item.locator("select").select_option("none")
        assert tab.errors == []
    (correction,) = read_corrections(tmp_path / "corrections.jsonl")
    assert title in (correction.title_a, correction.title_b) and correction.verdict == "different"
    assert {correction.title_a, correction.title_b} <= {row.title for row in story.headlines}


def test_copies_stand_on_one_line_with_their_sources_and_links(page: Any, result: Deduplication) -> None:
    page.click("#stories .story:first-child summary")
    page.locator(".titles").first.wait_for()
    line = page.locator(".titles > li", has_text="×2").first
    assert line.locator(".copies > li").count() == 2
    link = line.locator(".copies a").first
    assert link.get_attribute("href") == "https://news.example/0" and link.get_attribute("rel") == "noopener noreferrer"
    assert link.inner_text() == "Fjord Herald" and "1 Mar, 08:00" in line.inner_text()


def test_search_finds_titles_and_sources_whatever_their_accents(page: Any) -> None:
    page.fill("#q", "MUSÉUM reopens")
    assert shown(page) == [title for title in shown(page) if "museum" in title.casefold()] != []
    assert page.locator("mark").first.inner_text().casefold() in ("museum", "reopens")
    assert "2 headlines found" in page.inner_text("#status")
    page.fill("#q", "coast daily ferry")
    assert len(shown(page)) == 1 and page.locator(".match").count() <= 1
    page.fill("#q", "zeppelin")
    assert shown(page) == [] and "No stories match" in page.inner_text(".empty")
    page.click("text=Clear filters")
    assert len(shown(page)) > 3 and not page.locator(".empty").count()


def test_filters_leave_the_stories_that_fit(page: Any, result: Deduplication) -> None:
    for size, fits in (("1", lambda n: n == 1), ("2", lambda n: n >= 2), ("5", lambda n: n >= 5)):
        page.select_option("#size", size)
        assert len(shown(page)) == sum(fits(len(story.headlines)) for story in result.stories)
    page.select_option("#size", "")
    page.select_option("#only", "copies")
    assert shown(page) == [result.stories[0].representative.title]
    page.select_option("#only", "exclusive")
    alone = [story for story in result.stories if len({headline.source for headline in story.headlines}) == 1]
    assert len(shown(page)) == len(alone)
    page.select_option("#only", "")
    page.select_option("#source", "Nordic Wire")
    assert len(shown(page)) == sum(any(h.source == "Nordic Wire" for h in s.headlines) for s in result.stories)
    page.select_option("#source", "")
    page.fill("#from", "2026-03-02")
    assert shown(page) == []
    page.fill("#from", "2026-03-01")
    page.fill("#to", "2026-03-01")
    assert len(shown(page)) == len(result.stories)


def test_stories_come_in_the_chosen_order(page: Any, result: Deduplication) -> None:
    page.select_option("#sort", "newest")
    newest = sorted(result.stories, key=lambda s: max(h.published for h in s.headlines), reverse=True)
    assert shown(page)[0] == newest[0].representative.title
    page.select_option("#sort", "weakest")
    joins = page.locator("#stories .facts").all_text_contents()
    means = [float(join[1]) for join in (re.search(r"weakest join ([\d.]+)", fact) for fact in joins) if join]
    assert means == sorted(means) and len(means) > 1


def test_a_slider_regroups_by_keyboard_and_says_so(page: Any, result: Deduplication) -> None:
    page.focus("#story")
    page.keyboard.press("End")
    assert f"{len(result.regroup(story_threshold=1).stories)} stories at 1.00" in page.inner_text("#status")
    assert "story=1" in page.url
    page.keyboard.press("Home")
    assert f"{len(result.regroup(story_threshold=result.floor).stories)} stories at 0.05" in page.inner_text("#status")
    page.click("#reset-thresholds")
    assert labels(page, "story") == result.labels("story").tolist() and "story=" not in page.url


def test_stories_unfold_by_keyboard(page: Any) -> None:
    page.focus("#stories .story:first-child summary")
    page.keyboard.press("Enter")
    page.locator("#stories .story:first-child .wordings").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.wordings') !== null")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    page.locator("#stories .story:first-child .wordings").wait_for(state="hidden")


def test_the_address_holds_the_state(browser: Browser, report: Path, result: Deduplication) -> None:
    with opened(browser, report, "#check&q=ferry&story=0.8&sort=newest") as tab:
        assert tab.page.input_value("#q") == "ferry" and tab.page.input_value("#sort") == "newest"
        assert labels(tab.page, "story") == result.regroup(story_threshold=0.8).labels("story").tolist()
        assert tab.page.locator("#view-check").is_visible()
        tab.page.click('.views a[href="#stories"]')
        tab.page.go_back()
        assert tab.page.locator("#view-check").is_visible() and tab.errors == []
    with opened(browser, report, "#nonsense&story=7&wording=x&only=zzz") as tab:
        assert labels(tab.page, "story") == result.labels("story").tolist() and tab.errors == []


def test_the_checks_list_weak_joins_and_near_misses(browser: Browser, tmp_path: Path) -> None:
    result = made_up(200)
    stories, pairs = result.labels("story"), result.pairs
    apart = pairs.p_story[stories[pairs.i] != stories[pairs.j]]
    heights = result.trees["story"].height
    with opened(browser, written(result, tmp_path), "#check") as tab:
        shaky, near, strong = tab.page.locator("#check > section").all()
        lowest = heights[heights >= result.thresholds["story"]].min()
        assert shaky.locator(".numbers").first.inner_text().startswith(f"mean {lowest:.2f} between")
        joins = [float(text.split()[-1]) for text in near.locator(".numbers").all_text_contents()]
        assert joins == sorted(joins, reverse=True)
        assert joins[0] == pytest.approx(heights[heights < result.thresholds["story"]].max(), abs=1e-4)
        first, second = (set(map(tuple, sides(section))) for section in (near, strong))
        assert first and second and not first & second
        listed = [float(text.split()[2].rstrip(";")) for text in strong.locator(".numbers").all_text_contents()]
        assert listed == sorted(listed, reverse=True) and listed[0] <= round(apart.max(), 2)
        for section in (shaky, near, strong):
            assert section.locator(".card").first.locator(".reasons li, .own").count() > 0
        shaky.locator(".whole summary").first.click()
        shaky.locator(".card").first.locator(".wordings").wait_for()
        assert tab.errors == []


def sides(section: Any) -> list[list[str]]:
    """The titles of each card, in the order of the alphabet."""
    return [sorted(card.locator(".sides .title").all_text_contents()) for card in section.locator(".card").all()]


@pytest.mark.slow
def test_all_cards_of_a_pair_show_the_same_verdict(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(made_up(200), tmp_path), "#check") as tab:
        near, strong = tab.page.locator("#check > section").all()[1:]
        for section in (near, strong):
            while section.locator("button.next").count():
                section.locator("button.next").click()
        pairs = [
            section.locator("select").evaluate_all("selects => selects.map(select => select.dataset.pair)")
            for section in (near, strong)
        ]
        pair = next(pair for pair in pairs[0] if pair in pairs[1])
        near.locator(f'select[data-pair="{pair}"]').select_option("different")
        assert strong.locator(f'select[data-pair="{pair}"]').input_value() == "different"
        strong.locator(f'select[data-pair="{pair}"]').select_option("none")
        assert near.locator(f'select[data-pair="{pair}"]').input_value() == "" and tab.errors == []


def test_a_title_that_turns_the_direction_of_writing_turns_nothing_after_it(browser: Browser, tmp_path: Path) -> None:
    headlines = [Headline("\u202eFerry sinks off Oslo", source="\u202eCoast", published=START) for _ in range(2)]
    headlines.append(Headline("\u202eFerry sinks off Oslo, three dead", source="Fjord", published=START))
    with opened(browser, written(deduplicate(headlines, encoder=FakeEncoder(), story_threshold=0.05), tmp_path)) as tab:
        unfold(tab, "stories")
        texts = tab.page.evaluate(
            """() => {
              const walker = document.createTreeWalker(document.getElementById("stories"), NodeFilter.SHOW_TEXT);
              const found = [];
              while (walker.nextNode()) if (walker.currentNode.data.includes("\\u202e")) found.push(walker.currentNode);
              return found.map((text) => !!text.parentElement.closest("bdi"));
            }"""
        )
        assert len(texts) > 4 and all(texts) and tab.errors == []


def test_times_have_a_year_where_the_headlines_lie_in_several(browser: Browser, tmp_path: Path) -> None:
    for days, year in ((2, ", "), (800, f" {START.year}, ")):
        headlines = [Headline(title, published=START + timedelta(days=k * days)) for k, title in enumerate(EVENTS[:2])]
        with opened(
            browser, written(deduplicate(headlines, encoder=FakeEncoder(), story_threshold=1.0), tmp_path)
        ) as tab:
            facts = tab.page.locator("#stories .facts").all_text_contents()
            time = f"{START.day} {START:%b}{year}{START:%H:%M}"
            assert any(fact.endswith(f" · {time}") for fact in facts) and tab.errors == []


def test_verdicts_are_saved_as_corrections_that_the_next_run_takes(browser: Browser, tmp_path: Path) -> None:
    result = made_up(120)
    with opened(browser, written(result, tmp_path), "#check") as tab:
        card = tab.page.locator("#check .card").first
        titles = card.locator(".sides .title").all_text_contents()
        assert not tab.page.locator(".verdicts").is_visible()
        card.locator("select").select_option("different")
        with tab.page.expect_download() as download:
            tab.page.click("text=Save 1 verdict")
        download.value.save_as(tmp_path / "corrections.jsonl")
        card.locator("select").select_option("none")
        assert not tab.page.locator(".verdicts").is_visible() and tab.errors == []
    (correction,) = read_corrections(tmp_path / "corrections.jsonl")
    assert [correction.title_a, correction.title_b, correction.verdict] == [*titles, "different"]
    vectors = result.vectors[:][result.nodes.of_row]
    again = deduplicate(result.headlines, embeddings=vectors, corrections=[correction])
    places = [next(k for k, h in enumerate(result.headlines) if h.title == title) for title in titles]
    labels = [run.labels("story")[places] for run in (result, again)]
    assert labels[0][0] == labels[0][1] and labels[1][0] != labels[1][1]


def test_charts_are_drawn_with_their_numbers(page: Any, result: Deduplication) -> None:
    page.click('.views a[href="#pictures"]')
    for figure in page.locator("figure").all():
        figure.scroll_into_view_if_needed()
        figure.locator("svg[role=img]").wait_for()
        assert len(figure.locator("svg").get_attribute("aria-label")) > 40
        assert figure.locator("table tbody tr").count() > 0
    before = page.locator("figure svg").first.inner_html()
    page.evaluate("headlineDedupe.regroup({story: 0.9})")
    page.locator("figure").first.scroll_into_view_if_needed()
    page.wait_for_function("before => document.querySelector('figure svg').innerHTML !== before", arg=before)
    assert "0.90 for stories" in page.locator("figure").first.inner_text()


def test_charts_without_data_say_why(browser: Browser, tmp_path: Path) -> None:
    bare = deduplicate(list(EVENTS), encoder=FakeEncoder())
    with opened(browser, written(bare, tmp_path), "#pictures") as tab:
        for figure in tab.page.locator("figure").all():
            figure.scroll_into_view_if_needed()
            figure.locator("svg, .missing").first.wait_for()
        assert tab.page.locator(".missing").all_text_contents() == [
            "Not drawn: no headline has a date.",
            "Not drawn: no headline has a source.",
        ]
        assert not tab.page.locator("#source, #from").first.is_visible() and tab.errors == []


@pytest.mark.parametrize("titles", [[], ["Ferry sinks off Oslo"], ["", ""]])
def test_small_runs_have_a_report(browser: Browser, tmp_path: Path, titles: list[str]) -> None:
    result = deduplicate(titles, encoder=FakeEncoder())
    with opened(browser, written(result, tmp_path)) as tab:
        for view in ("check", "pictures", "run", "stories"):
            tab.page.click(f'.views a[href="#{view}"]')
        assert len(shown(tab.page)) == len(titles) and tab.errors == []


def test_a_run_at_the_wording_level(browser: Browser, tmp_path: Path) -> None:
    result = deduplicate(rows(), encoder=FakeEncoder(), level="wording")
    with opened(browser, written(result, tmp_path)) as tab:
        assert tab.page.locator("#story").count() == 0 and tab.page.locator("#wording").count() == 1
        assert "wordings at" in tab.page.inner_text("#status")
        for threshold in (0.2, 0.7):
            regrouped = result.regroup(wording_threshold=threshold).labels("wording").tolist()
            assert labels(tab.page, "wording", {"wording": threshold}) == regrouped
        for view in ("check", "pictures", "run", "stories"):
            tab.page.click(f'.views a[href="#{view}"]')
        assert tab.errors == []


def test_hostile_input_does_nothing(browser: Browser, tmp_path: Path) -> None:
    hostile = [
        Headline(title, source=f"<b onclick={ATTACK}>Wire</b>", url=BAD_ADDRESSES[k % 4], published=START)
        for k, title in enumerate([*HOSTILE, *HOSTILE, *(f"{title} today" for title in HOSTILE)])
    ]
    result = deduplicate(hostile, encoder=FakeEncoder())
    path = written(result, tmp_path, title=f"</title><script>{ATTACK}</script>")
    with opened(browser, path) as tab:
        page = tab.page
        page.fill("#q", "<script>")
        page.fill("#q", "")
        unfold(tab, "stories")
        for view in ("check", "pictures", "run", "stories"):
            page.click(f'.views a[href="#{view}"]')
            page.wait_for_timeout(100)
        assert page.evaluate("window.hacked") is None
        assert all(title in page.locator("#stories").text_content() for title in HOSTILE[:5])
        assert page.locator("#stories a, #stories img, #stories b[onclick]").count() == 0
        assert tab.errors == [] and tab.requests == [path.as_uri()]


def test_an_injected_script_does_not_run(browser: Browser, report: Path) -> None:
    with opened(browser, report) as tab:
        tab.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hacked = 1\">')")
        tab.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'hacked = 1'}))")
        tab.page.wait_for_timeout(100)
        assert tab.page.evaluate("window.hacked") is None
        assert any("Content Security Policy" in error for error in tab.errors)


@pytest.mark.slow
def test_long_lists_are_drawn_in_batches(browser: Browser, tmp_path: Path) -> None:
    result = made_up(800)
    with opened(browser, written(result, tmp_path)) as tab:
        count = tab.page.locator("#stories > li").count
        first, stories = count(), len(result.stories)
        assert 0 < first < stories
        for _ in range(40):
            tab.page.mouse.wheel(0, 4000)
            tab.page.wait_for_timeout(30)
        assert first < count()
        while tab.page.locator("#view-stories > .next").count():
            tab.page.locator("#view-stories > .next").dispatch_event("click")
        assert count() == stories and tab.errors == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_it_is_accessible_and_fits(browser: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    with opened(browser, written(made_up(120), tmp_path), width=width, scheme=scheme) as tab:
        page = tab.page
        page.evaluate("document.querySelector('#more').open = true")
        for view in ("stories", "check", "pictures", "run"):
            page.click(f'.views a[href="#{view}"]')
            unfold(tab, view)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
            serious = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
            assert [(v["id"], [node["html"] for node in v["nodes"]][:3]) for v in serious] == []


OPEN = "view => [...document.querySelectorAll(`#view-${view} details`)].slice(0, 12).forEach(details => details.open = true)"
FILLED = "view => [...document.querySelectorAll(`#view-${view} details[open]`)].every(details => details.childElementCount > 1)"


def unfold(tab: Opened, view: str) -> None:
    """Open the first of what can be opened, also what is inside, and have all pictures drawn."""
    for _ in range(2):
        tab.page.evaluate(OPEN, view)
        tab.page.wait_for_timeout(100)
    tab.page.wait_for_function(FILLED, arg=view)
    for figure in tab.page.locator(f"#view-{view} figure").all():
        figure.scroll_into_view_if_needed()
        figure.locator("svg, .missing").first.wait_for()
    tab.page.evaluate(OPEN, view)
