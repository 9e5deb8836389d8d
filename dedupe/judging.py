"""Evidence of pairs -> a calibrated probability for each level.

Two logistic regressions a level. The first looks at the pair alone, over terms of its evidence: the evidence itself,
hinges of it ("similarity>0.65": how far the similarity exceeds 0.65) and products ("similarity*hours"). The second
weighs that against the company the two keep, see `context.py`. `headline-dedupe train` fits it; the coefficients
that ship are in `model/judge.json`, where they can be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.artefacts import BUNDLED, FALLBACK, HEAD, JUDGE, verify
from dedupe.context import CONTEXT, LEVELS, context
from dedupe.evidence import EVIDENCE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TERMS = (
    *EVIDENCE,
    *(f"similarity>{knot}" for knot in (0.45, 0.55, 0.65, 0.75, 0.85)),
    "hours>3.0",
    *(
        f"similarity*{other}"
        for other in ("shared", "hours", "rare", "contained", "letters", "names", "numbers_conflict")
    ),
    "shared*hours",
    "shared*missing",
    "contained*rare",
    "contained*length",
)
COMPANY = (*(f"{level}_log_odds" for level in LEVELS), *CONTEXT)
NOTICED = 0.02  # probability alone from which a pair has a say in the company of others
_SURE = 1e-4


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted logistic regression."""

    intercept: float
    coefficients: Floats

    def __call__(self, columns: Floats) -> Floats:
        """Return the probability of each row of `columns`, (rows, coefficients)."""
        found: Floats = 1 / (1 + np.exp(-np.clip(columns @ self.coefficients + self.intercept, -30, 30)))
        return found


@dataclass(frozen=True, slots=True)
class Judge:
    """The fitted model, and the default threshold of each level.

    `alone`: per level, from the terms of the evidence. `company`: per level, from `COMPANY`, that is both probabilities
    alone and the context. `candidate_floor`: cosine from which pairs are judged at all; `floor`: probability from which
    they are kept. `head`: (d, d), the matrix through which the wording level reads vectors; None where it reads them
    as they are.
    """

    alone: Mapping[str, Logistic]
    company: Mapping[str, Logistic]
    thresholds: Mapping[str, float]
    candidate_floor: float
    floor: float
    head: NDArray[np.float32] | None = None

    def wording_rows(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the unit rows that the wording level compares, (n, d), from unit rows of the encoder."""
        if self.head is None:
            return vectors
        rows = vectors @ self.head
        norms = np.sqrt(np.einsum("nd,nd->n", rows, rows))
        norms[norms == 0] = 1
        turned: NDArray[np.float32] = rows / norms[:, None]
        return turned

    def probability(
        self, nodes: int, i: Ints, j: Ints, evidence: NDArray[np.float32], least: float = NOTICED
    ) -> Judgement:
        """Return the pairs whose story probability alone is at least `least`, and their probability per level.

        `i`, `j`: (pairs,), each unordered pair of nodes once. `evidence`: (pairs, len(EVIDENCE)). Wording implies
        story, so story is never the smaller.
        """
        noticed, columns = self.company_of(nodes, i, j, evidence, least)
        found = {level: self.company[level](columns) for level in LEVELS}
        found["story"] = np.maximum(found["story"], found["wording"])
        return Judgement(noticed, found, columns[:, len(LEVELS) :])

    def company_of(
        self, nodes: int, i: Ints, j: Ints, evidence: NDArray[np.float32], least: float = NOTICED
    ) -> tuple[Ints, Floats]:
        """Return which pairs are noticed and, for these, the columns of `COMPANY`."""
        by_term = terms(evidence)
        alone = {level: self.alone[level](by_term) for level in LEVELS}
        noticed = np.flatnonzero(alone["story"] >= least)
        alone = {level: chance[noticed] for level, chance in alone.items()}
        clipped = [np.clip(alone[level], _SURE, 1 - _SURE) for level in LEVELS]
        log_odds = [np.log(chance / (1 - chance)) for chance in clipped]
        return noticed, np.column_stack([*log_odds, context(nodes, i[noticed], j[noticed], alone)])


@dataclass(frozen=True, slots=True)
class Judgement:
    """`noticed`: which pairs are not hopeless alone; for these the probability per level and the context."""

    noticed: Ints
    probability: dict[str, Floats]
    context: Floats


def terms(evidence: NDArray[np.float32]) -> Floats:
    """Return the model's terms, float64, (pairs, len(TERMS)), from evidence in the order of `EVIDENCE`."""
    columns = {name: evidence[:, k].astype(float) for k, name in enumerate(EVIDENCE)}
    return np.stack([_term(name, columns) for name in TERMS], axis=1)


def _term(name: str, columns: Mapping[str, Floats]) -> Floats:
    if ">" in name:
        column, knot = name.split(">")
        return np.maximum(columns[column] - float(knot), 0.0)
    if "*" in name:
        one, other = name.split("*")
        return columns[one] * columns[other]
    return columns[name]


@lru_cache(maxsize=4)
def load_judge(folder: Path = BUNDLED) -> Judge:
    """Return the judge of a model folder, which is fitted on the encoder beside it."""
    head = np.load(folder / HEAD, allow_pickle=False)
    return replace(_read(folder / JUDGE), head=head)


@lru_cache(maxsize=1)
def load_fallback() -> Judge:
    """Return the judge for vectors of encoders that have none; `ModelError` where a file that ships has changed."""
    verify(BUNDLED)
    return _read(BUNDLED / FALLBACK)


def _read(path: Path) -> Judge:
    return from_json(json.loads(path.read_text(encoding="utf-8")))


def from_json(model: Mapping[str, Any]) -> Judge:
    """Return the judge written by `to_json`."""
    levels = model["levels"]
    return Judge(
        alone={level: _logistic(levels[level]["alone"], TERMS) for level in LEVELS},
        company={level: _logistic(levels[level]["in_company"], COMPANY) for level in LEVELS},
        thresholds={level: levels[level]["threshold"] for level in LEVELS},
        candidate_floor=model["candidate_floor"],
        floor=model["floor"],
    )


def _logistic(fitted: Mapping[str, Any], names: Sequence[str]) -> Logistic:
    return Logistic(fitted["intercept"], np.array([fitted["coefficients"][name] for name in names]))


def to_json(judge: Judge) -> dict[str, Any]:
    """Return the judge as plain data, coefficients by the name of their term."""
    levels = {
        level: {
            "threshold": judge.thresholds[level],
            "alone": _plain(judge.alone[level], TERMS),
            "in_company": _plain(judge.company[level], COMPANY),
        }
        for level in LEVELS
    }
    return {"candidate_floor": judge.candidate_floor, "floor": judge.floor, "levels": levels}


def _plain(fitted: Logistic, names: Sequence[str]) -> dict[str, Any]:
    rounded = {name: round(float(c), 6) for name, c in zip(names, fitted.coefficients, strict=True)}
    return {"intercept": round(fitted.intercept, 6), "coefficients": rounded}
