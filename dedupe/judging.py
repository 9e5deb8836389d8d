"""Evidence of pairs -> a calibrated probability for each level.

The model is a logistic regression over terms of the evidence: the evidence itself, hinges of it ("similarity>0.65": how
far the similarity exceeds 0.65) and products ("similarity*hours"). `python -m dedupe.training` fits it; its coefficients
ship as `data/judge.json`, where they can be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.evidence import EVIDENCE

Floats = NDArray[np.float64]
LEVELS = ("wording", "story")
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


@dataclass(frozen=True, slots=True)
class Judge:
    """The fitted model: per level an intercept and a coefficient a term, and the default threshold of each level.

    `candidate_floor`: cosine from which pairs are judged at all; `floor`: probability from which they are kept.
    """

    intercepts: Mapping[str, float]
    coefficients: Mapping[str, Floats]
    thresholds: Mapping[str, float]
    candidate_floor: float
    floor: float

    def probability(self, evidence: NDArray[np.float32]) -> dict[str, Floats]:
        """Return the probability per level, (pairs,) each; wording implies story, so story is never the smaller."""
        by_term = terms(evidence)
        found = {
            level: 1 / (1 + np.exp(-np.clip(by_term @ self.coefficients[level] + self.intercepts[level], -30, 30)))
            for level in LEVELS
        }
        found["story"] = np.maximum(found["story"], found["wording"])
        return found


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


@lru_cache(maxsize=1)
def load_judge() -> Judge:
    """Return the judge that ships with the package."""
    return from_json(json.loads((files("dedupe") / "data" / "judge.json").read_text(encoding="utf-8")))


def from_json(model: Mapping[str, Any]) -> Judge:
    """Return the judge written by `to_json`."""
    levels = model["levels"]
    return Judge(
        intercepts={level: levels[level]["intercept"] for level in LEVELS},
        coefficients={level: np.array([levels[level]["coefficients"][name] for name in TERMS]) for level in LEVELS},
        thresholds={level: levels[level]["threshold"] for level in LEVELS},
        candidate_floor=model["candidate_floor"],
        floor=model["floor"],
    )


def to_json(judge: Judge) -> dict[str, Any]:
    """Return the judge as plain data, coefficients by the name of their term."""
    levels = {
        level: {
            "threshold": judge.thresholds[level],
            "intercept": round(judge.intercepts[level], 6),
            "coefficients": {n: round(float(c), 6) for n, c in zip(TERMS, judge.coefficients[level], strict=True)},
        }
        for level in LEVELS
    }
    return {"candidate_floor": judge.candidate_floor, "floor": judge.floor, "levels": levels}
