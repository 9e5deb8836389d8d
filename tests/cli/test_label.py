"""The questions of `label`, their answers on disk, and the conversation at the terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dedupe import deduplicate, read_corrections
from dedupe.errors import OutputError
from dedupe.evaluation.answers import Answers
from dedupe.evaluation.questions import QuestionPairs, Questions
from dedupe.runtime.locks import exclusive
from tests.support.command_line import ROOT, one_error, run

TITLES = [
    f"{what} {number} in {place}"
    for what in (
        "Ferry sinks, dead",
        "Bank raises rates to percent",
        "Storm floods streets, hurt",
        "Court fines firm million",
    )
    for place in ("Oslo", "Lisbon")
    for number in (3, 4, 12)
]
pytestmark = pytest.mark.usefixtures("fake_encoder")


@pytest.fixture
def result():
    return deduplicate(TITLES)


@pytest.fixture
def news(tmp_path):
    path = tmp_path / "news.txt"
    path.write_text("\n".join(TITLES) + "\n", "utf-8")
    return path


def drawn(questions, number, verdict=lambda first, second: "different"):
    pairs = []
    while len(pairs) < number and (place := questions.next()) is not None:
        first, second = (questions.result.headlines[row].title for row in questions.titles(place))
        questions.answer(place, verdict(first, second))
        pairs.append((first, second))
    return pairs


def test_the_pairs_are_those_together_at_the_floor_and_those_judged(result):
    pairs = QuestionPairs.of(result, "story")
    labels = result.trees["story"].cut(result.floor)
    judged = set(zip(result.pair_table.i.tolist(), result.pair_table.j.tolist(), strict=True))
    n = len(labels)
    expected = {(i, j) for i in range(n) for j in range(i + 1, n) if labels[i] == labels[j] or (i, j) in judged}
    assert set(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True)) == expected
    chance = dict(zip(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True), pairs.probability.tolist(), strict=True))
    own = zip(result.pair_table.i.tolist(), result.pair_table.j.tolist(), result.pair_table.p("story"), strict=True)
    assert all(chance[i, j] == probability for i, j, probability in own)
    assert all(chance[pair] == 0 for pair in expected - judged)


def test_every_pair_is_asked_once_and_then_there_are_none(result):
    questions = Questions(result, "story")
    pairs = drawn(questions, 10**6)
    assert len(pairs) == len(questions.pairs) == len({frozenset(pair) for pair in pairs})
    assert questions.next() is None


def test_questions_depend_on_the_titles_alone(result):
    turned = deduplicate(TITLES[::-1])
    first, second = (drawn(Questions(run, "story"), 20) for run in (result, turned))
    assert [frozenset(pair) for pair in first] == [frozenset(pair) for pair in second]


def test_what_was_answered_before_is_not_asked_again(result):
    pairs = drawn(Questions(result, "story"), 12)
    half = Questions(result, "story", [(b, a.upper(), "different") for a, b in pairs[:6]] + [("no", "such", "story")])
    assert drawn(half, 6) == pairs[6:]


def test_an_answer_taken_back_leaves_no_trace(result):
    questions, plain = Questions(result, "story"), Questions(result, "story")
    place = questions.next()
    questions.answer(place, "wording")
    assert questions.next() != place
    questions.undo(place)
    assert questions.next() == place and drawn(questions, 9) == drawn(plain, 9)


def test_strata_that_are_sure_are_left_alone(result):
    """Where every answer is the same, others learn more."""
    questions = Questions(result, "story")
    strata = Counter()
    for _ in range(len(questions.pairs) // 2):
        place = questions.next()
        strata[int(questions.pairs.stratum[place])] += 1
        questions.answer(place, "story" if questions.pairs.height[place] > 0.3 else "different")
    sizes = np.bincount(questions.pairs.stratum)
    largest = int(sizes.argmax())
    assert len(strata) > 2 and strata[largest] < sizes[largest]


def test_answers_stand_for_all_pairs_of_their_stratum(result):
    questions = Questions(result, "story")
    drawn(questions, len(np.unique(questions.pairs.stratum)) * 2)
    answered, _ = questions.verdicts()
    weights = questions.pairs.weights(answered)
    for stratum in np.unique(questions.pairs.stratum[answered]):
        inside = questions.pairs.stratum[answered] == stratum
        assert weights[inside].sum() == pytest.approx((questions.pairs.stratum == stratum).sum())


def test_weighted_answers_of_many_orders_estimate_the_number_of_true_pairs(result):
    """Each stratum is a random sample, so over many orders the estimate is right in the mean."""
    pairs = QuestionPairs.of(result, "story")
    true = np.random.default_rng(1).random(len(pairs)) < 0.3 + 0.5 * (pairs.height > 0.3)
    estimates = []
    for seed in range(100):
        questions = Questions(result, "story", seed=seed)
        drawn(questions, len(pairs) // 2)
        answered, _ = questions.verdicts()
        covered = np.isin(pairs.stratum, pairs.stratum[answered])
        estimates.append((pairs.weights(answered) * true[answered]).sum() - (true & covered).sum())
    assert abs(np.mean(estimates)) < 4 * np.std(estimates) / np.sqrt(len(estimates))


def test_answers_are_on_disk_at_once_and_come_back(tmp_path, result):
    for name in ("labels.csv", "labels.tsv", "labels.jsonl"):
        answers = Answers(tmp_path / name)
        answers.add(result.headlines[0], result.headlines[1], "story", "story")
        answers.add(result.headlines[0], result.headlines[5], "skipped", "wording")
        again = Answers(tmp_path / name)
        assert again.verdicts() == answers.verdicts() and again.verdicts("story") == answers.verdicts()[:1]
        assert [correction.verdict for correction in read_corrections(tmp_path / name)] == ["story"]
        again.undo()
        again.undo()
        assert Answers(tmp_path / name).verdicts() == []


def keys(news, typed, *options):
    return run("label", news, "-o", news.parent / "labels.csv", *options, input=typed)


def test_one_key_is_one_answer(news):
    done = keys(news, "ws d?q")
    assert done.exit_code == 0 and "3 answers for the story level in" in done.stderr
    answers = Answers(news.parent / "labels.csv")
    assert [verdict for _, _, verdict in answers.verdicts()] == ["wording", "story", "skipped", "different"]
    assert f"next: headline-dedupe tune {news} --labels" in done.stderr


def test_an_answer_is_confirmed_only_when_it_is_saved(news, monkeypatch):
    def full(self, *args):
        raise OutputError("no space left")

    monkeypatch.setattr(Answers, "add", full)
    done = keys(news, "wq")
    assert done.exit_code == 2 and "no space left" in done.stderr and "> wording" not in done.stderr


def test_undo_and_going_on(news):
    keys(news, "wsuuuddq")
    first = Answers(news.parent / "labels.csv").verdicts()
    assert [verdict for _, _, verdict in first] == ["different", "different"]
    done = keys(news, "wwwwwwww", "--number", "5")
    after = Answers(news.parent / "labels.csv").verdicts()
    assert after[:2] == first and len(after) == 5 and "5 of 5" in done.stderr
    assert len({frozenset(pair[:2]) for pair in after}) == 5


def test_another_level_is_asked_for_anew(news):
    assert "3 answers" in keys(news, "wsd", "--number", "3").stderr
    done = keys(news, "dd", "--number", "2", "--level", "wording")
    assert "2 answers for the wording level" in done.stderr and "Done; --number asks for more." in done.stderr
    answers = Answers(news.parent / "labels.csv")
    assert [len(answers.verdicts(level)) for level in ("story", "wording")] == [3, 2]


def test_answers_about_other_news_do_not_count(news, tmp_path):
    keys(news, "wsd", "--number", "3")
    others = tmp_path / "other.txt"
    others.write_text("\n".join(title.replace("Oslo", "Rome") for title in TITLES if "Oslo" in title) + "\n")
    done = run("label", others, "-o", news.parent / "labels.csv", "--number", "3", input="www")
    assert "3 answers for" in done.stderr and len(Answers(news.parent / "labels.csv").verdicts()) == 6


def test_the_next_command_has_the_same_options(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("nr;what\n" + "".join(f"{k};{title}\n" for k, title in enumerate(TITLES)))
    options = [table, "--title-column", "what", "--delimiter", ";", "--window", "3d", "--level", "wording"]
    last_line = run("label", *options, "-o", tmp_path / "my labels.csv", input="wq").stderr.splitlines()[-1]
    assert last_line == (
        f"next: headline-dedupe tune --level wording {table} --title-column what --delimiter ';' --window 72h "
        f"--labels '{tmp_path}/my labels.csv'"
    )


def test_a_file_with_a_header_only_is_begun(news):
    labels = news.parent / "labels.csv"
    labels.write_text("title_a,title_b,verdict\n")
    assert keys(news, "wq").exit_code == 0 and len(Answers(labels).verdicts()) == 1


def test_a_second_answer_replaces_the_first(result):
    once, twice = Questions(result, "story"), Questions(result, "story")
    place = once.next()
    once.answer(place, "different")
    twice.answer(place, "wording")
    twice.answer(place, "different")
    assert drawn(once, 9) == drawn(twice, 9) and once.count == twice.count == 10


def test_titles_that_the_window_cut_are_asked_about_once(news):
    rows = [{"title": title, "published": f"2025-08-{day}"} for title in TITLES for day in ("01", "16")]
    questions = Questions(deduplicate(rows, window=72), "story")
    pairs = drawn(questions, 10**6)
    assert len({frozenset(pair) for pair in pairs}) == len(pairs) == questions.count
    assert len(questions.verdicts()[0]) > len(pairs)
    again = Questions(questions.result, "story", [(a, b, "different") for a, b in pairs])
    assert again.answered.keys() == questions.answered.keys()


def test_what_contradicts_is_said_at_once(news):
    done = keys(news, "d" + "w" * 60, "--number", "40")
    assert "must not be one" in done.stderr and "undo it with [u], or edit" in done.stderr


def test_a_file_that_is_something_else_is_left_alone(news):
    labels = news.parent / "labels.csv"
    labels.write_text("title,story\na,1\n")
    assert "title_a" in one_error(keys(news, "w"))
    assert labels.read_text() == "title,story\na,1\n"
    assert "also the input" in one_error(run("label", news, "-o", news, input="w"))


def test_there_are_no_more_pairs(tmp_path):
    (tmp_path / "few.txt").write_text("Ferry sinks off Oslo\nOrchids bloom in Kew\n")
    done = run("label", tmp_path / "few.txt", "-o", tmp_path / "labels.csv", input="")
    assert done.exit_code == 0 and "no more pairs" in done.stderr and not (tmp_path / "labels.csv").exists()


@pytest.mark.slow
def test_without_a_terminal_it_says_so(news):
    command = [sys.executable, "-m", "dedupe", "label", str(news), "-o", str(news.parent / "labels.csv")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True
    )
    assert done.returncode == 2 and "label asks questions on a terminal" in done.stderr


@pytest.mark.slow
def test_at_a_real_terminal_an_answer_outlives_a_kill(news):
    labels = news.parent / "labels.csv"
    command = [sys.executable, "-m", "dedupe", "label", str(news), "-o", str(labels)]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(command[0], command)
    answer(terminal, b"1 of 100", b"s")
    answer(terminal, b"2 of 100", b"w")
    answer(terminal, b"3 of 100", b"")
    os.kill(child, 9)
    os.waitpid(child, 0)
    os.close(terminal)
    assert [verdict for _, _, verdict in Answers(Path(labels)).verdicts()] == ["story", "wording"]


def test_a_second_session_on_the_same_file_is_refused(news):
    """Else each would write over the answers of the other."""
    labels = news.parent / "labels.csv"
    with exclusive(labels):
        line = one_error(keys(news, "wwq"))
        assert f"another headline-dedupe is writing {labels}: let it end first, or name another file" in line
        assert run("label", news, "-o", news.parent / "others.csv", input="wq").exit_code == 0
    assert not labels.exists()
    assert keys(news, "wwq").exit_code == 0 and len(Answers(labels).verdicts()) == 2
    assert not list(news.parent.glob(".*"))


def answer(terminal: int, after: bytes, key: bytes) -> None:
    """Type a key once the terminal shows something."""
    seen, until = b"", time.monotonic() + 60
    while after not in seen:
        assert time.monotonic() < until, seen.decode()
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 4096)
    time.sleep(0.2)
    os.write(terminal, key)
