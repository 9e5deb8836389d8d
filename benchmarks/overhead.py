"""Time `deduplicate` with its default settings, and the share of time outside the encoder.

    python benchmarks/overhead.py --data DIR --rows 10000 --out FILE

Rows are spread evenly over DIR/scale/headlines.jsonl.gz. README.md in this folder says what the time includes.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import click
from records import circumstances, read_rows, write_json
from stopwatch import SEED, Stages, Timed, by_stage, evenly_spaced, warm_up

import dedupe
from dedupe.embedding.model_folder import BUNDLED
from dedupe.embedding.onnx_encoder import TrainedEncoder


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


def measure(headlines: list[dedupe.Headline]) -> dict[str, Any]:
    encoder, stages = Timed(TrainedEncoder(BUNDLED)), Stages()
    began = perf_counter()
    run = dedupe.deduplicate(headlines, encoder=encoder, progress=stages)
    stages.finish()
    finished = perf_counter()
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
        "stages": by_stage(stages, encoder.seconds) | {"output rows": round(ended - finished, 2)},
    }


def table(result: dict[str, Any]) -> str:
    lines = ["| what | seconds |", "|---|---|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in (result["seconds"] | result["stages"]).items()]
    share = result["share_outside_encoder"]
    return "\n".join([*lines, "", f"{result['rows']} headlines, {share:.1%} of the time outside the encoder"])


if __name__ == "__main__":
    main()
