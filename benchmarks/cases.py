"""Small files of invented headlines, each about one difficulty, with the expected groups in the column `story`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from encoders import CachingEncoder
from figures import FIGURES

import dedupe
from dedupe import evaluation

WINDOWS: dict[str, str | None] = dict.fromkeys("01 03 07 08 10 15 16 17 21 23 25 27 28 33".split()) | {"17": "72h"}
"""The number that a file's name begins with -> the window of its run."""


def cases(folder: Path, encoder: CachingEncoder) -> dict[str, Any]:
    """Score the default run on each case in `folder`, and count those in which every group is right.

    Raises `InputError` where a case is missing or is no labelled file.
    """
    files = {path.stem: score(path, WINDOWS[number], encoder) for number, path in find_cases(folder).items()}
    return {"right": sum(scores["right"] for scores in files.values()), "of": len(files), "files": files}


def find_cases(folder: Path) -> dict[str, Path]:
    """Return the file of each number in `WINDOWS`. Raises `InputError` where there is not exactly one."""
    found = {number: sorted(folder.glob(f"{number}-*.csv")) for number in WINDOWS}
    if unclear := [number for number, paths in found.items() if len(paths) != 1]:
        raise dedupe.InputError(f"{folder} must hold one file NN-name.csv for each of {', '.join(unclear)}")
    return {number: path for number, (path,) in found.items()}


def score(path: Path, window: str | None, encoder: CachingEncoder) -> dict[str, Any]:
    """Return the figures of one file; the groups are right if every pair is together or apart as expected."""
    headlines = dedupe.read_headlines(path).headlines
    result = evaluation.evaluate(headlines, worst=0, resamples=1, encoder=encoder, window=window)
    scores = result.levels["story"].scores
    right = scores["pairwise_precision"] == scores["pairwise_recall"] == 1
    return {"rows": len(headlines), **{figure: round(scores[figure], 4) for figure in FIGURES[:2]}, "right": right}
