"""The callback to which long stages report, and progress bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol


class Progress(Protocol):
    """A callback that long work calls with the stage, how much of it is done, and how much there is in total.

    Stages of a run, in order: "encoding" (distinct titles that need a vector), "scoring" (parts of the search for pairs),
    "grouping wording" and "grouping story" (0 or 1 of 1). Training adds "training ...", "imitating", "fitting" and "writing".
    """

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Report that `done` of `total` are done."""


_SECONDS_BEFORE_BARS = 2.0


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@contextmanager
def reporting(progress: bool | Progress = True, unit: str = "") -> Iterator[Progress]:
    """Yield a `Progress`: the argument itself, `silent` for False, or bars for True.

    Bars are drawn on standard error, if that is a terminal, after two seconds. `unit`: what they count, shown if named;
    then bars of what is done go, since there are many.
    """
    if progress is not True:
        yield progress or silent
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID, TextColumn

    console = Console(stderr=True)
    counted = [TextColumn(f"{{task.completed:,}} of {{task.total:,}} {unit}")] if unit else []
    bars = Bars(*Bars.get_default_columns(), *counted, console=console, transient=True)
    start, tasks = monotonic(), dict[str, TaskID]()

    def report(stage: str, done: int, total: int) -> None:
        if monotonic() - start > _SECONDS_BEFORE_BARS:
            bars.start()
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total, visible=done < total or not unit)

    try:
        yield report if console.is_terminal else silent
    finally:
        if console.is_terminal:  # elsewhere it would print an empty line
            bars.stop()
