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

from dedupe.embedding.model_folder import BUNDLED, FALLBACK, HEAD, JUDGE, verify
from dedupe.embedding.vectors import Vectors, zero_rows
from dedupe.errors import ModelError
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.parallel import in_order
from dedupe.scoring.context import CONTEXT, Chances, Company
from dedupe.scoring.pair_features import EVIDENCE, LETTERS

Floats = NDArray[np.float64]
Ints = NDArray[np.signedinteger[Any]]
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
COMPANY = (*(f"{level}_log_odds" for level in SCORED_LEVELS), *CONTEXT)
_SURE = 1e-4
_TURNED_TOGETHER = 4096  # rows
_JUDGED_TOGETHER = 500_000  # pairs


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted logistic regression."""

    intercept: float
    coefficients: Floats

    def __call__(self, columns: Floats) -> Floats:
        """Return the probability of each row of `columns`, (rows, coefficients)."""
        return sigmoid(columns @ self.coefficients + self.intercept)


@dataclass(frozen=True, slots=True)
class Judge:
    """The fitted model, and the default threshold of each level.

    `alone`: per level, from the terms of the evidence. `company`: per level, from `COMPANY`, that is both probabilities
    alone and the context. `candidate_floor`: cosine, of the vectors as the level reads them, from which pairs are judged
    at all; `given_up`: the share of the pairs that belong together below it, on the stories that the judge was fitted
    on. `floor`: probability from which pairs are kept. `head`: (d, d), the matrix through which the wording level reads
    vectors; None where it reads them as they are.
    """

    alone: Mapping[str, Logistic]
    company: Mapping[str, Logistic]
    thresholds: Mapping[str, float]
    candidate_floor: Mapping[str, float]
    given_up: Mapping[str, float]
    floor: float
    head: NDArray[np.float32] | None = None

    def wording_rows(self, vectors: Vectors) -> Vectors:
        """Return the unit rows that the wording level compares, (n, d), from unit rows of the encoder.

        Raises `ModelError` where they cannot be this encoder's.
        """
        if self.head is None or not vectors.shape[1]:
            return vectors
        if vectors.shape[1] != len(self.head):
            raise ModelError(
                f"vectors have {vectors.shape[1]} numbers a row, but those of this encoder have {len(self.head)}"
            )
        head = self.head
        turned, starts = zero_rows(*vectors.shape), range(0, len(vectors), _TURNED_TOGETHER)
        for start, rows in in_order(lambda k: (k, _turned(vectors[k : k + _TURNED_TOGETHER], head)), starts):
            turned[start : start + len(rows)] = rows
        return turned

    def log_odds(self, evidence: NDArray[np.float32], levels: Sequence[str] = SCORED_LEVELS) -> dict[str, Floats]:
        """Return the log odds of each pair alone, (pairs,), for the levels asked for."""
        columns = _columns(evidence)
        found = {level: np.full(len(evidence), self.alone[level].intercept) for level in levels}
        for k, name in enumerate(TERMS):
            term = _term(name, columns)
            for level in levels:
                found[level] += self.alone[level].coefficients[k] * term
        return found

    def most(self, evidence: NDArray[np.float32], level: str, unknown: Sequence[str] = tuple(LETTERS)) -> Floats:
        """Return the highest log odds alone that pairs can have while `unknown` evidence, in [0, 1], stands at 0."""
        columns = _columns(evidence)
        found = self.log_odds(evidence, [level])[level]
        by_term = dict(zip(TERMS, self.alone[level].coefficients, strict=True))
        for name in unknown:
            slope = np.full(len(evidence), by_term[name])
            for product in (term for term in TERMS if "*" in term and name in term.split("*")):
                slope += by_term[product] * columns[product.replace(name, "").strip("*")]
            found += np.maximum(slope, 0)
        return found

    def company_of(self, nodes: int, i: Ints, j: Ints, alone: Mapping[str, Chances]) -> Floats:
        """Return the columns of `COMPANY` of pairs, from their probability alone; each unordered pair of nodes once."""
        return _in_company(Company(nodes, i, j, alone), alone, slice(None))

    def in_company(self, nodes: int, i: Ints, j: Ints, alone: Mapping[str, Chances]) -> Judgement:
        """Return the probability of noticed pairs, from that which each has alone.

        `i`, `j`: (pairs,), each unordered pair of nodes once. Wording implies story, so story is never the smaller.
        """
        company = Company(nodes, i, j, alone)
        found = {level: np.empty(len(i), np.float32) for level in SCORED_LEVELS}
        for start in range(0, len(i), _JUDGED_TOGETHER):
            part = slice(start, start + _JUDGED_TOGETHER)
            columns = _in_company(company, alone, part)
            for level in SCORED_LEVELS:
                found[level][part] = self.company[level](columns)
        found["story"] = np.maximum(found["story"], found["wording"])
        return Judgement(found, company)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The probability of each pair per level, float32, (pairs,), and the company it was judged in."""

    probability: dict[str, NDArray[np.float32]]
    company: Company


def _turned(vectors: NDArray[np.float32], head: NDArray[np.float32]) -> NDArray[np.float32]:
    """The unit rows of a product."""
    rows: NDArray[np.float32] = vectors @ head
    norms = np.sqrt(np.vecdot(rows, rows))
    norms[norms == 0] = 1
    rows /= norms[:, None]
    return rows


def _in_company(company: Company, alone: Mapping[str, Chances], part: slice) -> Floats:
    clipped = [np.clip(alone[level][part].astype(np.float64), _SURE, 1 - _SURE) for level in SCORED_LEVELS]
    return np.column_stack([*(np.log(chance / (1 - chance)) for chance in clipped), company.of(part)])


def sigmoid(log_odds: Floats) -> Floats:
    """Return probabilities for log odds."""
    found: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return found


def terms(evidence: NDArray[np.float32]) -> Floats:
    """Return the model's terms, float64, (pairs, len(TERMS)), from evidence in the order of `EVIDENCE`."""
    columns = _columns(evidence)
    return np.stack([_term(name, columns) for name in TERMS], axis=1)


def _columns(evidence: NDArray[np.float32]) -> dict[str, Floats]:
    return {name: evidence[:, k].astype(float) for k, name in enumerate(EVIDENCE)}


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


def judge_of(encoder: Any) -> tuple[Judge, bool]:
    """Return the judge fitted on this encoder, in the folder it names, or the one for all others; and which it is."""
    folder = getattr(encoder, "folder", None)
    return (load_fallback(), False) if folder is None else (load_judge(folder), True)


def _read(path: Path) -> Judge:
    return from_json(json.loads(path.read_text(encoding="utf-8")))


def from_json(model: Mapping[str, Any]) -> Judge:
    """Return the judge written by `to_json`."""
    levels = model["levels"]
    return Judge(
        alone={level: _logistic(levels[level]["alone"], TERMS) for level in SCORED_LEVELS},
        company={level: _logistic(levels[level]["in_company"], COMPANY) for level in SCORED_LEVELS},
        thresholds={level: levels[level]["threshold"] for level in SCORED_LEVELS},
        candidate_floor={level: levels[level]["candidate_floor"] for level in SCORED_LEVELS},
        given_up={level: levels[level]["given_up"] for level in SCORED_LEVELS},
        floor=model["floor"],
    )


def _logistic(fitted: Mapping[str, Any], names: Sequence[str]) -> Logistic:
    return Logistic(fitted["intercept"], np.array([fitted["coefficients"][name] for name in names]))


def to_json(judge: Judge) -> dict[str, Any]:
    """Return the judge as plain data, coefficients by the name of their term."""
    levels = {
        level: {
            "threshold": judge.thresholds[level],
            "candidate_floor": judge.candidate_floor[level],
            "given_up": judge.given_up[level],
            "alone": _plain(judge.alone[level], TERMS),
            "in_company": _plain(judge.company[level], COMPANY),
        }
        for level in SCORED_LEVELS
    }
    return {"floor": judge.floor, "levels": levels}


def _plain(fitted: Logistic, names: Sequence[str]) -> dict[str, Any]:
    rounded = {name: round(float(c), 6) for name, c in zip(names, fitted.coefficients, strict=True)}
    return {"intercept": round(fitted.intercept, 6), "coefficients": rounded}
