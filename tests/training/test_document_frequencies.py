"""Counting in how many titles a stem occurs, and how often it is a name."""

from __future__ import annotations

from dedupe.text.stems import stem
from dedupe.training.document_frequencies import capitalised_stems, count_documents


def test_names_are_learned_from_sentences_alone():
    style, plain, sentence = "Rates Rise in Oslo Harbour", "rates rise in oslo", "Rates rise in Oslo harbour"
    assert capitalised_stems(style) == capitalised_stems(plain) == (set(), set())
    assert capitalised_stems(sentence) == ({"oslo"}, {"rise", stem("harbour")})
    capitalised = count_documents([style, plain, sentence], min_count=1).capitalised
    assert capitalised == {"oslo": 1, "rise": 0, stem("harbour"): 0}


def test_documents_are_counted_once_per_stem():
    frequencies = count_documents(["rates rise, rates fall", "rates fall", "rain"], min_count=2)
    assert frequencies.documents == 3 and frequencies.counts == {stem("rates"): 2, stem("fall"): 2}
