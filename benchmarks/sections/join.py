"""Pairs above a threshold: our join beside those of peers, in turn, each in a separate process."""

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

MAX_SECONDS = 600.0  # after which a peer is stopped at sizes that are run once
QUADRATIC = 60_000  # rows up to which peers that compare all rows are run, and runs are repeated
HIGH, LOW = 0.5, 0.35
ALL = [(OURS, HIGH), (FAISS, HIGH), ("paraphrase_mining", HIGH), ("semhash", HIGH), ("community_detection", HIGH)]
ALL += [(OURS, LOW), (FAISS, LOW)]
FEW = [(EXACT, HIGH), (OURS, HIGH), ("semhash", HIGH)]  # the first finds all pairs
NOTE = (
    "seconds: median, each run in a separate process after a warm-up on 256 rows. pair_recall: of all pairs at or above "
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
        summaries = {run: _summary([results[run] for _, results in rounds]) for run in runs}
        for name, threshold in runs:
            if JOINS[name].pairs is not None and "stopped" not in summaries[name, threshold]:
                oracle = _keys(Path(folder), (FAISS if (FAISS, threshold) in runs else EXACT, threshold))
                arguments = (store, size, _keys(Path(folder), (name, threshold)), oracle, threshold)
                summaries[name, threshold] |= apart(_compared, *arguments)[0]
    _relate(summaries, rate, upper_triangle_gflop(size, summaries[runs[0]].pop("width")), size)
    return {"sgemm_gflops": rate, "repeats": repeats, "thresholds": _by_threshold(summaries)}


def _round(store: Store, size: int, runs: list[Run], folder: Path) -> tuple[float, dict[Run, dict[str, Any]]]:
    """Run every join once. Ours comes first, because paraphrase_mining needs the number of pairs."""
    rate, _ = apart(sgemm_gflops)
    results: dict[Run, dict[str, Any]] = {}
    for name, threshold in runs:
        count = results[runs[0]]["count"] if results else 0
        arguments = (store, size, name, threshold, count, _keys(folder, (name, threshold)))
        ours = name in (OURS, EXACT)
        try:
            result, memory = apart(_timed, *arguments, within=None if ours or size <= QUADRATIC else MAX_SECONDS)
        except TimeoutError:
            result, memory = {"seconds": MAX_SECONDS, "stopped": True}, {}
        results[name, threshold] = result | {"memory_gb": memory}
    return rate, results


def _timed(store: Store, size: int, name: str, threshold: float, count: int, keys: Path) -> dict[str, Any]:
    method, vectors = JOINS[name], store.matrix(size)
    method.run(vectors[:256], threshold, count)
    began = perf_counter()
    pairs = method.run(vectors, threshold, count)
    result: dict[str, Any] = {"seconds": perf_counter() - began, "width": vectors.shape[1]}
    if name == OURS:
        result["reported_recall"] = round(pairs[3], 5)
    if method.pairs is None:
        return result | {"groups": len(pairs)}
    i, j = method.pairs(pairs)
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


def _relate(summaries: dict[Run, dict[str, Any]], rate: float, gflop: float, size: int) -> None:
    """Add our time / its time at the same threshold, and, where our join compares all rows, its share of the machine's rate."""
    exact = {EXACT} | ({OURS} if size * (size + 1) // 2 <= EXACT_UP_TO else set())
    for (name, threshold), result in summaries.items():
        result.pop("width", None)
        result["ours_takes"] = round(summaries[OURS, threshold]["seconds"] / result["seconds"], 4)
        if name in exact:
            result["share_of_sgemm"] = round(gflop / result["seconds"] / rate, 3)


def _by_threshold(summaries: dict[Run, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    thresholds = dict.fromkeys(str(threshold) for _, threshold in summaries)
    return {key: {name: result for (name, at), result in summaries.items() if str(at) == key} for key in thresholds}
