"""`Caution`: what a careful reader should know of the input and the groups. Oddities are counted, never lost, never fatal."""

from __future__ import annotations

import sys
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dedupe.clustering.collapse import Collapsed
from dedupe.errors import DedupeWarning
from dedupe.headlines import Headline
from dedupe.runtime.arrays import Bools, Floats, Ints
from dedupe.text.language import not_english
from dedupe.text.normalize import MAX_LENGTH

_MAX_TITLES = 50  # distinct titles in a story beyond which an editor should look
_MIN_PROBABILITY = 0.2  # mean probability of a member below which it hardly belongs
_MAX_LISTED = 8  # stories named in a message
_HARMLESS = ("control-characters", "duplicate-id")  # cautions that change no group


@dataclass(frozen=True, slots=True)
class Caution:
    """Something a careful reader should know: a `code`, one line for people, and the input positions it is about.

    Codes: `empty-title`, `long-title`, `control-characters`, `bad-date`, `duplicate-id`, `not-english`, `large-story`,
    `loose-story`, `collapsed`, `sparse`, `uncorrected`, `uncalibrated`, `undated`.
    """

    code: str
    message: str
    positions: tuple[int, ...] = ()


def input_cautions(
    rows: Sequence[Headline], texts: Sequence[str], calibrated: bool, window: float | None
) -> Iterator[Caution]:
    """Yield one caution for each kind of oddity in the input. `texts`: normalized titles, cut to what is compared."""
    ids = Counter(row.id for row in rows if row.id is not None)
    kinds = (
        ("empty-title", "without a title: left ungrouped", [not text for text in texts]),
        ("long-title", f"compared by their first {MAX_LENGTH:,} characters", [len(t) >= MAX_LENGTH for t in texts]),
        (
            "control-characters",
            "with NUL or other control characters, ignored",
            [_has_control(row.title) for row in rows],
        ),
        ("bad-date", "with a date that cannot be read, treated as absent", [row.bad_date is not None for row in rows]),
        ("duplicate-id", "with the id of another row", [row.id is not None and ids[row.id] > 1 for row in rows]),
    )
    for code, what, marks in kinds:
        yield from caution(code, what, marks)
    if window is not None and rows and not any(row.published for row in rows):
        yield Caution("undated", "no row has a date that can be read: the window has no effect")
    if calibrated:
        what = "not in English, it seems: expect less of them, or name another model"
        yield from caution("not-english", what, not_english(texts))
    else:
        yield Caution("uncalibrated", "vectors of another model: probabilities are estimates, check the thresholds")


def run_cautions(crowds: Collapsed, skipped: int, uncorrected: Ints) -> Iterator[Caution]:
    """Yield the cautions about what a run did to rows.

    `skipped`: pairs not compared; `uncorrected`: nodes that corrections put together but the window keeps apart.
    """
    of = crowds.nodes.of_row
    yield from caution(
        "collapsed", "nearly equal to over a thousand others: one node at every threshold", crowds.absorbed
    )
    sparse = np.isin(of, np.concatenate([np.empty(0, np.int64), *crowds.sparse]))
    what = (
        f"near-copies that differ in a detail, compared only with alphabetical neighbors: {skipped:,} pairs not scored"
    )
    yield from caution("sparse", what, sparse)
    what = "that corrections put together but the window keeps apart: widen it to have them in one group"
    yield from caution("uncorrected", what, np.isin(of, uncorrected))


def story_cautions(labels: Ints, distinct: Ints, probabilities: Floats, unscored: Bools) -> Iterator[Caution]:
    """Yield the cautions about suspicious stories.

    `labels`, `probabilities`: (rows,). `distinct`: (stories,), titles of each; `unscored`: whether a pair of it was not kept.
    """
    loose = np.zeros(distinct.size, bool)
    loose[labels[probabilities < _MIN_PROBABILITY]] = True
    for code, marked, why in (
        ("large-story", distinct > _MAX_TITLES, f"over {_MAX_TITLES} distinct titles"),
        ("loose-story", loose & unscored, f"a member with a mean probability under {_MIN_PROBABILITY:g}"),
    ):
        stories = np.flatnonzero(marked)
        if stories.size:
            ids = ", ".join(map(str, stories[:_MAX_LISTED])) + (", ..." if stories.size > _MAX_LISTED else "")
            count = f"{stories.size} {'story' if stories.size == 1 else 'stories'}"
            positions = tuple(np.flatnonzero(np.isin(labels, stories)).tolist())
            yield Caution(code, f"{count} with {why}, worth a look: {ids}", positions)


def warn_caller(cautions: Iterable[Caution], attribute: str) -> None:
    """Issue one `DedupeWarning` at the line that called our caller, with every caution that can change groups.

    `attribute` is where the user finds the rows. Calls from inside the package issue nothing: commands, evaluation and `match`
    report cautions themselves, once for all their runs.
    """
    messages = [caution.message for caution in cautions if caution.code not in _HARMLESS]
    caller = str(sys._getframe(2).f_globals.get("__name__"))
    if messages and caller.partition(".")[0] != __name__.partition(".")[0]:
        warnings.warn(f"{'; '.join(messages)} (see {attribute})", DedupeWarning, stacklevel=3)


def caution(code: str, what: str, marks: Sequence[bool] | Bools) -> Iterator[Caution]:
    """Yield a caution about the rows that are marked, if any."""
    positions = tuple(k for k, marked in enumerate(marks) if marked)
    if positions:
        yield Caution(code, f"{len(positions):,} row{'' if len(positions) == 1 else 's'} {what}", positions)


def _has_control(title: str) -> bool:
    if title.isprintable():
        return False
    return any(ch < " " and ch not in "\t\r\n" for ch in title) or (
        not title.isascii() and any(map(_is_control, title))
    )


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in "\t\r\n"
