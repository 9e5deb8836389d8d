"""Time `deduplicate` with its default settings, and the share of it that is not the encoder's.

    python benchmarks/overhead.py --data DIR --rows 10000 --out FILE

Rows are spread evenly over DIR/scale/headlines.jsonl.gz. See README.md beside this script for what the time includes.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import numpy as np
from records import circumstances, read_rows, write_json

import dedupe
from dedupe.artefacts import BUNDLED
from dedupe.trained import TrainedEncoder

SEED = 0
AFTER = {"after encoding": "describing titles, searching candidates", "after grouping story": "cautions"}


class Timed:
    """The bundled encoder with a stopwatch on `encode`; calibration is as with the default."""

    def __init__(self, inner: TrainedEncoder) -> None:
        self._inner = inner
        self.folder = inner.folder
        self.seconds, self.texts = 0.0, 0

    def encode(self, texts: list[str]) -> Any:
        """Encode, timed."""
        began = perf_counter()
        encoded = self._inner.encode(texts)
        self.seconds += perf_counter() - began
        self.texts += len(texts)
        return encoded


class Stages:
    """A `Progress` that notes how long each stage took.

    The time up to a stage's first call (done = 0) belongs to what came before it; encoding only calls when a part is
    done, so its first part includes the preparation before it.
    """

    def __init__(self) -> None:
        self._last, self._current = perf_counter(), "preparing"
        self.seconds: dict[str, float] = defaultdict(float)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note the time since the call before."""
        if done == 0:
            self._note(self._current)
            self._current = stage
            return
        self._note(stage)
        self._current = f"after {stage}"

    def finish(self) -> None:
        """Note what came after the last call."""
        self._note(self._current)

    def _note(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[stage] += now - self._last
        self._last = now


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--rows", type=click.IntRange(min=2), default=10_000, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def main(data: Path, rows: int, out: Path) -> None:
    chosen = evenly_spaced(list(read_rows(data / "scale" / "headlines.jsonl.gz")), rows)
    headlines = [dedupe.Headline(row["title"], published=row.get("date")) for row in chosen]
    warm_up()
    result = circumstances(SEED) | {"rows": len(headlines)} | measure(headlines)
    write_json(result, out)
    click.echo(table(result))


def evenly_spaced(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return `count` rows, one at the same seeded place in each of `count` equal stretches."""
    count = min(count, len(rows))
    offset = np.random.default_rng(SEED).random()
    return [rows[k] for k in ((np.arange(count) + offset) * len(rows) / count).astype(int).tolist()]


def warm_up() -> None:
    """Load the model, the judge and every lazily imported module, so that the time is that of the work."""
    dedupe.deduplicate(["Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo"]).rows()


def measure(headlines: list[dedupe.Headline]) -> dict[str, Any]:
    encoder, stages = Timed(TrainedEncoder(BUNDLED)), Stages()
    began = perf_counter()
    run = dedupe.deduplicate(headlines, encoder=encoder, progress=stages)
    stages.finish()
    grouped = perf_counter()
    run.rows()
    ended = perf_counter()
    total = ended - began
    return {
        "encoded_texts": encoder.texts,
        "kept_pairs": len(run.pairs),
        "stories": len(run.stories),
        "seconds": {
            "total": round(total, 2),
            "encoder": round(encoder.seconds, 2),
            "outside the encoder": round(total - encoder.seconds, 2),
        },
        "share_outside_encoder": round(1 - encoder.seconds / total, 4),
        "stages": by_stage(stages, encoder.seconds) | {"output rows": round(ended - grouped, 2)},
    }


def by_stage(stages: Stages, encoder_seconds: float) -> dict[str, float]:
    """Return seconds a stage, without the encoder's; what comes before encoding and around it is one figure."""
    seconds = dict(stages.seconds)
    before = seconds.pop("preparing", 0.0) + seconds.pop("encoding", 0.0) - encoder_seconds
    named: dict[str, float] = defaultdict(float)
    named["normalizing, exact groups, ordering texts"] = before
    for stage, value in seconds.items():
        named[AFTER.get(stage, "other") if stage.startswith("after ") else stage] += value
    return {stage: round(value, 2) for stage, value in named.items()}


def table(result: dict[str, Any]) -> str:
    lines = ["| what | seconds |", "|---|---|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in (result["seconds"] | result["stages"]).items()]
    share = result["share_outside_encoder"]
    return "\n".join([*lines, "", f"{result['rows']} headlines, {share:.1%} of the time outside the encoder"])


if __name__ == "__main__":
    main()
