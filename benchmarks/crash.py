"""Kill the program at random moments, interrupt it at others, and count what is left.

    python benchmarks/crash.py --out FILE [--kills 1000] [--interrupts 200] [--jobs 1] [--seed 0]

Each trial works in a folder of its own, with made-up headlines and the bundled model. Half of the moments are drawn from the
whole time that an undisturbed run takes, half from its last quarter, in which files are written. After a kill (SIGKILL) every
file must be the old one or the new one, whole, and the next run must succeed and leave nothing that does not belong there. An
interrupt (SIGINT) must end in one line and exit code 130, with no file left behind. An index must hold whole batches, pass
`index check`, look so to two readers all the time, and get to the same ids when the rest is added. Exit code 1: something was
not as it must be.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from crash_index import Index
from crash_trials import SCENARIOS as OF_COMMANDS
from crash_trials import Scenario
from records import circumstances, write_json

SCENARIOS: dict[str, type[Scenario]] = {**OF_COMMANDS, "index": Index}
ALLOWED = {
    "kill": {"old files", "new files", "whole batches", "ended before"},
    "interrupt": {"interrupted", "ended before", "before Python listened"},
}


@click.command(help=__doc__)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--kills", type=click.IntRange(0), default=1000, show_default=True, help="Over all scenarios together.")
@click.option("--interrupts", type=click.IntRange(0), default=200, show_default=True, help="Over those that take them.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Trials at the same time.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--only", type=click.Choice(sorted(SCENARIOS)), multiple=True, help="Scenarios to try; default: all.")
def main(out: Path, kills: int, interrupts: int, jobs: int, seed: int, only: tuple[str, ...]) -> None:
    result: dict[str, Any] = {"circumstances": circumstances(seed), "kills": {}, "interrupts": {}}
    names = only or tuple(SCENARIOS)
    plans = {
        "kills": dict(shares(kills, names)),
        "interrupts": dict(shares(interrupts, [name for name in names if SCENARIOS[name].interruptible])),
    }
    with TemporaryDirectory() as folder:
        for name in names:
            scenario = SCENARIOS[name](Path(folder, name))
            for kind, trials in plans.items():
                number = trials.get(name, 0)
                counts = tried(scenario, kind.removesuffix("s"), number, jobs, random.Random(f"{seed} {name} {kind}"))
                if number:
                    result[kind][name] = {"seconds_undisturbed": round(scenario.seconds, 2), "outcomes": counts}
                    click.echo(f"{kind} of {name}: {counts}")
                    write_json(result, out)
    failures = bad(result)
    result["bad"] = failures
    write_json(result, out)
    for line in failures:
        click.echo(line, err=True)
    sys.exit(1 if failures else 0)


def shares(number: int, names: Any) -> Iterator[tuple[str, int]]:
    """Yield how many of `number` trials each scenario gets, as evenly as possible."""
    for place, name in enumerate(names):
        yield name, number // len(names) + (place < number % len(names))


def tried(scenario: Scenario, kind: str, number: int, jobs: int, draw: random.Random) -> dict[str, int]:
    """Return how often each outcome occurred in `number` trials."""
    moments = [draw.uniform(0.75 if k % 2 else 0, 1.05) for k in range(number)]
    trial = scenario.killed if kind == "kill" else scenario.interrupted
    with ThreadPoolExecutor(jobs) as pool:
        return dict(sorted(Counter(pool.map(trial, range(number), moments)).items()))


def bad(result: dict[str, Any]) -> list[str]:
    """Return a line for each outcome that must not occur."""
    return [
        f"{kind} of {name}: {count} x {outcome}"
        for kind, allowed in (("kills", ALLOWED["kill"]), ("interrupts", ALLOWED["interrupt"]))
        for name, counted in result[kind].items()
        for outcome, count in counted["outcomes"].items()
        if outcome not in allowed
    ]


if __name__ == "__main__":
    main()
