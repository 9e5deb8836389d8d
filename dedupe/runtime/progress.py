"""The callback that long stages call, and the progress bars of the command line, which are one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

Progress = Callable[[str, int, int], None]
"""A callback, called as `(stage, done, total)` while work goes on; `done` counts up to `total` in each stage.

Stages of a run, in order: "encoding" (distinct titles that need a vector), "judging" (parts of the search for pairs),
"grouping wording" and "grouping story" (0 or 1 of 1). Training has its own: "training ...", "imitating", "fitting", "writing".
"""
_SECONDS_BEFORE_BARS = 2.0


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@contextmanager
def bars(enabled: bool = True) -> Iterator[Progress]:
    """Yield a `Progress` that draws bars on standard error once work takes two seconds, if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    console = Console(stderr=True)
    if not (enabled and console.is_terminal):
        yield silent
        return
    start, tasks = monotonic(), dict[str, TaskID]()
    drawing = RichProgress(console=console, transient=True)

    def report(stage: str, done: int, total: int) -> None:
        if monotonic() - start > _SECONDS_BEFORE_BARS:
            drawing.start()
            if stage not in tasks:
                tasks[stage] = drawing.add_task(stage, total=total)
            drawing.update(tasks[stage], completed=done, total=total)

    try:
        yield report
    finally:
        drawing.stop()
