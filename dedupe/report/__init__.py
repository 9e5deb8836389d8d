"""The report: a run as one HTML file that opens from disk, with nothing to install and nothing to load.

Everything in it is the run's own: groups, trees, judged pairs. So it can regroup at other thresholds by itself.
"""

from __future__ import annotations

from datetime import timedelta

from dedupe.report.data import report_of
from dedupe.report.page import render
from dedupe.result.deduplication import Deduplication
from dedupe.result.settings import hours_of
from dedupe.runtime.files import writing

MOST_ROWS = 50_000
MOST_PAIRS = 400_000


def write_report(
    result: Deduplication,
    path: str,
    *,
    title: str = "Headlines",
    window: timedelta | float | None = None,
    most_rows: int = MOST_ROWS,
    most_pairs: int = MOST_PAIRS,
) -> tuple[str, ...]:
    """Write the groups of a run as one HTML file: to read, search, regroup and check in a browser, offline.

    Args:
        result: the run.
        path: the file, which appears whole or not at all; an existing one is replaced. `-` is standard output.
        title: the heading of the page.
        window: that of the run, a timedelta or hours, to be shown; a result does not know it.
        most_rows: how many headlines the page lists, the largest groups first.
        most_pairs: how many judged pairs it holds, the most probable first, besides those that link groups.

    Returns a sentence for each thing left out, none for most runs; the page says the same. Raises `OutputError` if it
    cannot be written, `InputError` for a window that is none.
    """
    report = report_of(result, hours_of(window), most_rows, most_pairs)
    with writing(str(path)) as stream:
        stream.writelines(render(report, title))
    return report.left_out
