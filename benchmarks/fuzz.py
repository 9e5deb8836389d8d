"""Attack all readers with hostile inputs, take what is read through to the outputs, and count what goes wrong.

    python benchmarks/fuzz.py --inputs 50000 --out benchmarks/fuzz.json [--seed 0] [--keep DIR]

Each input is read as a file, by a pipe and with bad rows skipped. Wrong are: an exception that is no `InputError`, or has
more than one line; more than five seconds of processor time; a pipe that gives something else than the file; rows that are
missing; and output files that lack rows. `hostile.py` makes the inputs. --keep saves those that fail.
"""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import pyarrow.parquet as pq
from hostile import Case, damaged, whole
from records import circumstances, write_json

import dedupe
from dedupe.report import write_report
from dedupe.writers import write_pairs, write_rows, write_stories, write_table

_SECONDS = 5  # of processor time for one input, read three times
_BATCH = 40  # inputs whose rows are written together
_REFUSED = "refused"
_SIZE = 16  # of a stand-in for a vector


class Wrong(Exception):
    """What must not happen: its kind, and details."""


@dataclass
class Tally:
    """What happened to the inputs. `failures`: kind -> number; `examples`: the first of each kind."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    rows: int = 0

    def fail(self, kind: str, example: str) -> None:
        """Count a failure."""
        self.failures[kind] += 1
        self.examples.setdefault(kind, example)


@click.command(help=__doc__)
@click.option("--inputs", type=click.IntRange(1), default=50_000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path))
def main(inputs: int, seed: int, out: Path, keep: Path | None) -> None:
    with TemporaryDirectory() as folder:
        tally = attack(inputs, seed, Path(folder), keep)
    counts = {"inputs": inputs, "rows_written": tally.rows, "outcomes": dict(sorted(tally.outcomes.items()))}
    write_json(circumstances(seed) | counts | {"failures": dict(tally.failures), "examples": tally.examples}, out)
    click.echo(f"{inputs:,} inputs, {tally.rows:,} rows written, {sum(tally.failures.values()):,} failures")


def attack(inputs: int, seed: int, folder: Path, keep: Path | None = None) -> Tally:
    """Try `inputs` inputs in `folder`, and return what happened; every third is whole."""
    tally, batch = Tally(), list[dedupe.Headline]()
    for number in range(inputs):
        chance = Random(f"{seed} {number}")
        case = damaged(chance) if number % 3 else whole(chance)
        try:
            with _limited():
                headlines = read(case, folder)
            tally.outcomes[f"{case.kind}: {'refused' if headlines is None else 'read'}"] += 1
            batch += headlines or []
        except Wrong as wrong:
            tally.fail(str(wrong.args[0]), f"input {number} ({case.kind}): {wrong.args[1]}")
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{number}{case.suffix}").write_bytes(case.content)
        if number % _BATCH == _BATCH - 1 or number == inputs - 1:
            try:
                with _limited(_SECONDS * _BATCH):
                    write(batch, folder)
                tally.rows += len(batch)
            except Wrong as wrong:
                tally.fail(str(wrong.args[0]), f"inputs up to {number}: {wrong.args[1]}")
            batch = []
    return tally


def read(case: Case, folder: Path) -> list[dedupe.Headline] | None:
    """Read an input in three ways, and return its headlines; None if it is refused. Raises `Wrong`."""
    path = folder / f"input{case.suffix}"
    path.write_bytes(case.content)
    source = _read(path, case.options)
    contents = _contents(source)
    with _as_pipe(case.content, path):
        if _contents(_read(path, case.options)) != contents:
            raise Wrong("pipe", "it reads otherwise than the file")
    path.write_bytes(case.content)
    lenient = _read(path, case.options | {"skip_bad": True})
    path.unlink()  # rows that stay in it can still be read
    if source is None or contents == _REFUSED:
        if case.titles is not None or case.rows is not None:
            raise Wrong("refused", "it is whole")
        return lenient.headlines if lenient and _contents(lenient) != _REFUSED else None
    if _contents(lenient) != contents:
        raise Wrong("skip_bad", "it reads otherwise although nothing is bad")
    titles = [headline.title for headline in source.headlines]
    if (case.titles is not None and titles != case.titles) or (case.rows is not None and len(titles) != case.rows):
        raise Wrong("rows", f"{titles!r:.200} where {case.titles or case.rows!r:.200} is expected")
    return source.headlines


def write(headlines: list[dedupe.Headline], folder: Path) -> None:
    """Group the headlines, write them in all formats, and count the rows of each file. Raises `Wrong`."""
    if not headlines:
        return
    vectors = np.random.default_rng(0).normal(size=(len(headlines), _SIZE)).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dedupe.DedupeWarning)
        result = _expect_no_traceback(lambda: dedupe.deduplicate(headlines, embeddings=vectors, reader="off"))
    written: dict[str, tuple[Callable[[str], object], Callable[[Path], int]]] = {
        format: (partial(write_rows, result.output, format=format), count) for format, count in _ROWS.items()
    }
    written |= {
        "json": (partial(write_stories, result), _count_nested),
        "txt": (partial(write_table, result), lambda path: len(headlines)),
        "pairs.jsonl": (partial(write_pairs, result), lambda path: len(headlines)),
        "html": (partial(write_report, result), lambda path: len(headlines)),
    }
    for ending, (write_to, count) in written.items():
        path = folder / f"output.{ending}"
        _expect_no_traceback(partial(write_to, str(path)))
        if (rows := count(path)) != len(headlines):
            raise Wrong("output", f"{rows} of {len(headlines)} rows in {ending}")


def _csv_rows(delimiter: str) -> Callable[[Path], int]:
    def count(path: Path) -> int:
        text = path.read_bytes().decode()
        return sum(1 for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) - 1

    return count


def _count_nested(path: Path) -> int:
    stories = json.loads(path.read_bytes())["stories"]
    return sum(len(wording["headlines"]) for story in stories for wording in story["wordings"])


_ROWS: dict[str, Callable[[Path], int]] = {
    "csv": _csv_rows(","),
    "tsv": _csv_rows("\t"),
    "jsonl": lambda path: len([json.loads(line) for line in path.read_bytes().splitlines()]),
    "parquet": lambda path: pq.read_metadata(path).num_rows,
}


def _read(path: Path, options: dict[str, Any]) -> dedupe.readers.Source | None:
    def attempt() -> dedupe.readers.Source | None:
        try:
            return dedupe.read_headlines(path, **options)
        except dedupe.InputError as error:
            if str(path) not in str(error) or len(str(error).splitlines()) != 1:
                raise Wrong("message", repr(error)) from None
            return None

    return _expect_no_traceback(attempt)


def _contents(source: dedupe.readers.Source | None) -> str:
    """All that was read, as text to compare."""
    if source is None:
        return _REFUSED
    try:
        rows = [(row.title, row.published, dict(row.own)) for row in source.headlines]
    except dedupe.InputError:  # damage in a part of Parquet that was read only now
        return _REFUSED
    return repr([(source.format, source.columns), *rows])


def _expect_no_traceback(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Wrong:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise Wrong(f"traceback: {type(error).__name__} in {Path(place.filename).name}", f"{error!r:.300}") from error


@contextmanager
def _as_pipe(content: bytes, path: Path) -> Iterator[None]:
    """Let `path` be a pipe with this content, which it holds without a writer."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    path.unlink()
    path.symlink_to(f"/dev/fd/{reading}")
    try:
        yield
    finally:
        path.unlink()
        os.close(reading)


@contextmanager
def _limited(seconds: float = _SECONDS) -> Iterator[None]:
    """Raise `Wrong` after so many seconds of processor time."""

    def stop(number: int, frame: object) -> None:
        raise Wrong("time-out", f"more than {seconds} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


if __name__ == "__main__":
    main()
