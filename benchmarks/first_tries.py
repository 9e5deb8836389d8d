"""Pairs of titles that people try first: are they judged right by `compare`, and in lists of twenty titles?

    python benchmarks/first_tries.py --out benchmarks/first_tries.json [--half looked_at|unseen] [--show]

`first_tries.jsonl` has invented titles with a verdict by the guide of the labelled sets. See README.md in this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from records import circumstances, read_rows, write_json

import dedupe

PAIRS = Path(__file__).with_name("first_tries.jsonl")
VERDICTS = ("wording", "story", "different")
HALVES = ("looked_at", "unseen")
_LIST_PAIRS = 10  # of one list


@click.command(help=__doc__)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--half", type=click.Choice(HALVES), multiple=True, default=HALVES, show_default=True)
@click.option("--show", is_flag=True, help="Print each pair that is judged wrong.")
def main(out: Path | None, half: Sequence[str], show: bool) -> None:
    encoder, result = dedupe.load_encoder(), circumstances(seed=0)
    ways: dict[str, Callable[[list[dict[str, Any]]], list[str]]] = {
        "compare": lambda rows: [_compared(row, encoder) for row in rows],
        "lists": lambda rows: list(_in_lists(rows, encoder)),
    }
    for name in half:
        rows = [row for row in read_rows(PAIRS) if row["half"] == name]
        result[name] = {way: _shares(rows, judge(rows), show) for way, judge in ways.items()}
        for way, shares in result[name].items():
            click.echo(
                f"{name}, {way}: " + ", ".join(f"{key} {shares[key]}" for key in (*VERDICTS, "events") if key in shares)
            )
    if out is not None:
        write_json(result, out)


def _compared(row: dict[str, Any], encoder: Any) -> str:
    verdict = dedupe.compare(row["a"], row["b"], encoder=encoder).verdict
    return "wording" if verdict == "exact" else verdict


def _in_lists(rows: list[dict[str, Any]], encoder: Any) -> Iterator[str]:
    """Yield the verdict on each pair where the titles of ten pairs, spread evenly over the rows, are one list."""
    lists = max(len(rows) // _LIST_PAIRS, 1)
    verdicts = {}
    for start in range(lists):
        places = range(start, len(rows), lists)
        run = dedupe.deduplicate([rows[k][side] for side in "ab" for k in places], encoder=encoder)
        groups = {level: run.labels(level) for level in VERDICTS[:2]}
        for n, k in enumerate(places):
            joined = [level for level, labels in groups.items() if labels[n] == labels[n + len(places)]]
            verdicts[k] = (*joined, "different")[0]
    yield from (verdicts[k] for k in range(len(rows)))


def _shares(rows: list[dict[str, Any]], verdicts: list[str], show: bool) -> dict[str, Any]:
    """Return "right of all" per verdict and kind; `events`: the same where wording and story count as one."""
    right: dict[str, list[bool]] = {}
    for row, verdict in zip(rows, verdicts, strict=True):
        true = row["verdict"]
        for key in (true, f"{true}, {row['kind']}"):
            right.setdefault(key, []).append(verdict == true)
        right.setdefault("events", []).append((verdict == "different") == (true == "different"))
        if show and verdict != true:
            click.echo(f"  {true} judged {verdict} ({row['kind']}): {row['a']} | {row['b']}")
    return {key: f"{sum(values)} of {len(values)}" for key, values in right.items()}


if __name__ == "__main__":
    main()
