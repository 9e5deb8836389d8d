"""The reader: pairs in, log odds out, whatever their order; and which pairs of a run it reads."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from dedupe import compare, deduplicate
from dedupe.candidates.pairs import PairTable
from dedupe.embedding.model_folder import BUNDLED, READER
from dedupe.errors import InputError, ModelError
from dedupe.runtime.parallel import set_threads
from dedupe.scoring.reader import MAX_TOKENS, Reader, load_reader, pairs_to_read, reader_of
from tests.support.fake_encoder import FakeEncoder
from tests.support.stores import MemoryReadings

TEXTS = [
    "ferry sinks off oslo, 3 dead",
    "three dead as ferry sinks off oslo",
    "ferry sinks off bergen, 5 dead",
    "central bank raises rates",
    "central bank cuts rates",
    "",
    "storm " * 300,
]
FIRST, SECOND = np.triu_indices(len(TEXTS), 1)


@pytest.fixture(scope="module")
def reader():
    return load_reader(BUNDLED)


def test_the_order_of_titles_and_of_pairs_does_not_matter(reader):
    log_odds = reader.log_odds(TEXTS, FIRST, SECOND)
    assert log_odds.shape == (len(FIRST), 2) and log_odds.dtype == np.float32 and np.isfinite(log_odds).all()
    np.testing.assert_array_equal(reader.log_odds(TEXTS, SECOND, FIRST), log_odds)
    np.testing.assert_array_equal(reader.log_odds(TEXTS, FIRST[::-1], SECOND[::-1])[::-1], log_odds)
    for k in range(0, len(FIRST), 4):  # other batches
        np.testing.assert_array_equal(reader.log_odds(TEXTS, FIRST[[k]], SECOND[[k]]), log_odds[[k]])
    assert reader.log_odds(TEXTS, FIRST[:0], SECOND[:0]).shape == (0, 2)


def test_the_number_of_threads_does_not_matter(reader):
    log_odds = reader.log_odds(TEXTS, FIRST, SECOND)
    set_threads(1)
    try:
        np.testing.assert_array_equal(reader.log_odds(TEXTS, FIRST, SECOND), log_odds)
    finally:
        set_threads(None)


def test_it_reads_what_words_alone_do_not_tell(reader):
    pairs = [
        ("central bank raises rates", "central bank cuts rates"),
        ("ferry sinks off oslo", "ferry goes down off oslo"),
    ]
    opposite, reworded = reader.log_odds(
        [title for pair in pairs for title in pair], np.array([0, 2]), np.array([1, 3])
    )
    assert opposite[1] < 0 < reworded[1], "one story?"
    assert opposite[0] < 0 < reworded[0], "one wording?"


def test_titles_are_cut_to_what_the_network_takes(reader):
    longest = reader._tokenizer.encode(TEXTS[-1], TEXTS[-1])
    assert len(longest.ids) == MAX_TOKENS


def test_progress_counts_pairs(reader):
    steps = []
    reader.log_odds(TEXTS, FIRST, SECOND, lambda *step: steps.append(step))
    assert steps == [("reading", len(FIRST), len(FIRST))]


def table(p_story, p_wording):
    pairs = PairTable.of(np.arange(len(p_story)), np.arange(len(p_story)) + 1)
    return PairTable(
        pairs.i, pairs.j, p_pair_story=np.array(p_story, np.float32), p_pair_wording=np.array(p_wording, np.float32)
    )


def test_which_pairs_are_read():
    pairs = table([0.99, 0.5, 0.03, 0.9, 0.7], [0.9, 0.1, 0.01, 0.02, 0.45])
    assert pairs_to_read(pairs, 10, "all").tolist() == pairs_to_read(pairs, 10, "auto").tolist() == [0, 1, 2, 3, 4]
    assert pairs_to_read(pairs, 10, "off").tolist() == []
    for pairs_read, expected in ((1, [1]), (2, [1, 4]), (3, [0, 1, 4]), (4, [0, 1, 3, 4])):
        assert pairs_to_read(pairs, 10, "auto", at_least=pairs_read, per_node=0).tolist() == expected
    assert len(pairs_to_read(pairs, 10, "auto", at_least=0, per_node=0.3)) == 3


def test_options_of_a_run():
    titles = ["Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo", "Ferry sinks off Bergen, 5 dead"]
    runs = {reading: deduplicate(titles, encoder=FakeEncoder(), reader=reading) for reading in ("auto", "all", "off")}
    assert runs["auto"].pairs_read == runs["all"].pairs_read
    assert runs["all"].pairs_read.read == runs["all"].pairs_read.scored == 3
    assert runs["off"].pairs_read.read == 0
    assert np.isnan(runs["off"].pair_table.read_story).all() and not np.isnan(runs["all"].pair_table.read_story).any()
    assert "read_story" in runs["all"].pairs[0].features
    for call in (lambda: deduplicate(titles, reader="some"), lambda: compare(*titles[:2], reader="some")):
        with pytest.raises(InputError, match="reader must be one of auto, all, off, not 'some'"):
            call()


def test_an_encoder_without_a_folder_gets_the_bundled_reader():
    assert reader_of(object()) is reader_of(None) is load_reader(BUNDLED)


def test_a_changed_reader_is_not_loaded(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(BUNDLED, folder)
    with (folder / READER).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelError, match=f"{READER} has SHA-256"):
        Reader(folder)


def test_pairs_of_a_store_are_not_read_again(reader, monkeypatch):
    store, expected = MemoryReadings(), reader.log_odds(TEXTS, FIRST, SECOND)
    some = np.arange(0, len(FIRST), 3)
    np.testing.assert_allclose(
        reader.log_odds(TEXTS, FIRST[some], SECOND[some], store=store), expected[some], atol=1e-4
    )
    np.testing.assert_allclose(reader.log_odds(TEXTS, SECOND, FIRST, store=store), expected, atol=1e-4)
    assert store.read_again == 0 and len(store.rows) == len(FIRST)
    monkeypatch.setattr(reader, "_read", None)
    np.testing.assert_allclose(reader.log_odds(TEXTS, FIRST, SECOND, store=store), expected, atol=1e-4)


def test_of_equally_doubtful_pairs_the_first_are_read():
    p = np.array([0.5, 0.4, 0.6, 0.4, 0.9, 0.4, 0.5], np.float32)
    pairs = PairTable(np.arange(7), np.arange(1, 8), p_pair_wording=np.zeros(7, np.float32), p_pair_story=p)
    for count in range(8):
        expected = np.sort(np.argsort(-np.maximum(p * (1 - p), 0), kind="stable")[:count])
        np.testing.assert_array_equal(pairs_to_read(pairs, 7, "auto", at_least=count, per_node=0), expected)
