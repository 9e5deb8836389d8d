"""The progress hook that long stages call, and the bars that the command line draws with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

Progress = Callable[[str, int, int], None]
"""Called as (stage, done, total) while a stage runs; stages are named in the order they come."""

_PATIENCE = 2.0  # seconds of work before a bar is worth the reader's attention


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@contextmanager
def bars(enabled: bool = True) -> Iterator[Progress]:
    """Yield a `Progress` that draws bars on standard error, where that is a terminal, once work passes two seconds."""
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    console = Console(stderr=True)
    if not (enabled and console.is_terminal):
        yield silent
        return
    began, tasks = monotonic(), dict[str, TaskID]()
    drawing = RichProgress(console=console, transient=True)

    def report(stage: str, done: int, total: int) -> None:
        if monotonic() - began > _PATIENCE:
            drawing.start()
            if stage not in tasks:
                tasks[stage] = drawing.add_task(stage, total=total)
            drawing.update(tasks[stage], completed=done, total=total)

    try:
        yield report
    finally:
        drawing.stop()


@contextmanager
def reporting(progress: bool | Progress) -> Iterator[Progress]:
    """Yield the `Progress` that an argument asks for: True for bars, False for none, or one to be called."""
    if progress is True:
        with bars() as report:
            yield report
    else:
        yield progress or silent
