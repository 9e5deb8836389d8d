"""Crowds: many titles that are nearly equal, with the vectors that make them so."""

from __future__ import annotations

from itertools import islice, permutations, product

import numpy as np


def near(rng, row, n, cosine=0.985):
    noise = rng.normal(size=(n, len(row)))
    noise -= np.outer(noise @ row, row)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return (cosine * row + np.sqrt(1 - cosine**2) * noise).astype(np.float32)


def crowd_of(titles, others=60, seed=0, cosine=0.985):
    """Return the titles and others that have nothing in common, with a unit row for each; `cosine`: to a row of the titles."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(others + 1, 64))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    words = [f"Mayor of town{k} opens bridge{k} over river{k}" for k in range(others)]
    return titles + words, np.concatenate([near(rng, rows[0], len(titles), cosine), rows[1:].astype(np.float32)])


def same_news(n):
    fillers = islice(product("bdgkmpt", "aiou", "bdgkmpt", "aiou", "bdgkmpt"), n)  # no words: they change no fact
    return [f"Storm closes the port of Rotterdam for ships {''.join(filler)}" for filler in fillers]


def few_words(n):
    """Titles of the same words in different order."""
    return [
        f"Mayor of {' '.join(words)} resigns"
        for words in islice(permutations("Oslo Rome Bonn Bern Kyiv Riga Lima".split()), n)
    ]


def other_numbers(n):
    return [f"Winning lottery numbers drawn: {k + 100} {7 * k + 1000}" for k in range(n)]
