"""Pairs over a threshold: our join beside the peers', in turn, each in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from joins import EXACT, FAISS, JOINS, OURS, as_keys, compared, sgemm_gflops, upper_triangle_gflop
from memory import apart
from stored import Settings, Store, prepared

from dedupe.candidates.join import EXACT as EXACT_UP_TO

MOST = 600.0  # seconds after which a peer is stopped where everything is run once
QUADRATIC = 60_000  # rows up to which the peers that compare all with all are run, and everything is repeated
HIGH, LOW = 0.5, 0.35
ALL = [(OURS, HIGH), (FAISS, HIGH), ("paraphrase_mining", HIGH), ("semhash", HIGH), ("community_detection", HIGH)]
ALL += [(OURS, LOW), (FAISS, LOW)]
FEW = [(EXACT, HIGH), (OURS, HIGH), ("semhash", HIGH)]  # the first knows all pairs
NOTE = (
    "seconds: median, each run in a process of its own after a warm-up on 256 rows. pair_recall: of all pairs at or over "
    "the threshold; semhash lists one pair for each row it removes, row_recall is the share of rows with a pair that it "
    "lists. missing, extra: pairs further than 1e-5 from the threshold. max_pairs of paraphrase_mining is the number of "
    "all pairs, at least its default. stopped: it was still running after so many seconds"
)
Run = tuple[str, float]


def run(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the figures of each size."""
    store, sizes = prepared(settings, "scale"), {}
    for size in store.up_to(settings.sizes):
        sizes[str(size)] = _at(store, size, settings.repeats if size <= QUADRATIC else 1)
        yield {"what": NOTE, "sizes": sizes}


def _at(store: Store, size: int, repeats: int) -> dict[str, Any]:
    runs = ALL if size <= QUADRATIC else FEW
    with TemporaryDirectory(dir=store.vectors.parent) as folder:
        rounds = [_round(store, size, runs, Path(folder)) for _ in range(repeats)]
        rate = max(rate for rate, _ in rounds)
        found = {one: _summary([results[one] for _, results in rounds]) for one in runs}
        for name, threshold in runs:
            if JOINS[name].pairs is not None and "stopped" not in found[name, threshold]:
                oracle = _keys(Path(folder), (FAISS if (FAISS, threshold) in runs else EXACT, threshold))
                given = (store, size, _keys(Path(folder), (name, threshold)), oracle, threshold)
                found[name, threshold] |= apart(_compared, *given)[0]
    _relate(found, rate, upper_triangle_gflop(size, found[runs[0]].pop("width")), size)
    return {"sgemm_gflops": rate, "repeats": repeats, "thresholds": _by_threshold(found)}


def _round(store: Store, size: int, runs: list[Run], folder: Path) -> tuple[float, dict[Run, dict[str, Any]]]:
    """Every join once. Ours comes first, so that others can be told how many pairs there are."""
    rate, _ = apart(sgemm_gflops)
    results: dict[Run, dict[str, Any]] = {}
    for name, threshold in runs:
        most = results[runs[0]]["count"] if results else 0
        given = (store, size, name, threshold, most, _keys(folder, (name, threshold)))
        ours = name in (OURS, EXACT)
        try:
            found, memory = apart(_timed, *given, within=None if ours or size <= QUADRATIC else MOST)
        except TimeoutError:
            found, memory = {"seconds": MOST, "stopped": True}, {}
        results[name, threshold] = found | {"memory_gb": memory}
    return rate, results


def _timed(store: Store, size: int, name: str, threshold: float, most: int, keys: Path) -> dict[str, Any]:
    join, vectors = JOINS[name], store.matrix(size)
    join.run(vectors[:256], threshold, most)
    began = perf_counter()
    found = join.run(vectors, threshold, most)
    result: dict[str, Any] = {"seconds": perf_counter() - began, "width": vectors.shape[1]}
    if name == OURS:
        result["reported_recall"] = round(found[3], 5)
    if join.pairs is None:
        return result | {"groups": len(found)}
    i, j = join.pairs(found)
    if not keys.exists():
        np.save(keys, as_keys(i, j, size))
    return result | {"count": len(i)}


def _keys(folder: Path, run: Run) -> Path:
    return folder / f"{run[0]} {run[1]}.npy"


def _compared(store: Store, size: int, keys: Path, oracle: Path, threshold: float) -> dict[str, Any]:
    return compared(np.load(keys), np.load(oracle), store.matrix(size), threshold)


def _summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    seconds = [round(result["seconds"], 3) for result in results]
    last = {name: value for name, value in results[-1].items() if name != "count"}
    memory = {kind: max(result["memory_gb"][kind] for result in results) for kind in last["memory_gb"]}
    return last | {"seconds": round(median(seconds), 3), "all_seconds": seconds, "memory_gb": memory}


def _relate(found: dict[Run, dict[str, Any]], rate: float, gflop: float, size: int) -> None:
    """Add ours / peer at the same threshold, and the share of the machine's rate where our join compares all with all."""
    exact = {EXACT} | ({OURS} if size * (size + 1) // 2 <= EXACT_UP_TO else set())
    for (name, threshold), result in found.items():
        result.pop("width", None)
        result["ours_takes"] = round(found[OURS, threshold]["seconds"] / result["seconds"], 4)
        if name in exact:
            result["share_of_sgemm"] = round(gflop / result["seconds"] / rate, 3)


def _by_threshold(found: dict[Run, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    thresholds = dict.fromkeys(str(threshold) for _, threshold in found)
    return {key: {name: result for (name, at), result in found.items() if str(at) == key} for key in thresholds}
