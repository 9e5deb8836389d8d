"""`Caution`: a warning about the input or the groups. Odd rows are counted, never lost, never fatal."""

from __future__ import annotations

import sys
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dedupe.clustering.collapse import Copies
from dedupe.clustering.crowds import Collapsed
from dedupe.dates import AMBIGUOUS, BAD, UNKNOWN_ZONE
from dedupe.embedding import Encoder
from dedupe.embedding.cache import VectorCache
from dedupe.errors import DedupeWarning
from dedupe.result.display import counted
from dedupe.runtime.arrays import Bools, Floats, Ints
from dedupe.scoring.similarity_scale import MIN_ROWS
from dedupe.text.language import not_english
from dedupe.text.normalize import MAX_LENGTH

_MAX_TITLES = 50  # distinct titles in a story beyond which an editor should look
_MIN_PROBABILITY = 0.2  # mean probability of a member below which it hardly belongs
_MAX_LISTED = 8  # stories named in a message
_DATES = {
    BAD: "a date that cannot be read, or cannot be true",
    AMBIGUOUS: "a date whose day and month cannot be told apart (say which comes first)",
    UNKNOWN_ZONE: "a date in a time zone of unknown name",
}
_HARMLESS = ("control-characters", "duplicate-id", "made-title")  # cautions that change no group


@dataclass(frozen=True, slots=True)
class Caution:
    """A warning about the input or the groups: a code, a message of one line, and the input positions that it is about.

    Codes: `empty-title`, `made-title`, `long-title`, `control-characters`, `bad-date`, `ambiguous-date`, `unknown-zone`,
    `duplicate-id`, `not-english`, `generic-title`, `contradiction`, `large-story`, `loose-story`, `collapsed`, `sparse`,
    `sampled`, `uncorrected`, `uncalibrated`, `undated`, `unused-cache`.
    """

    code: str
    message: str
    positions: tuple[int, ...] = ()


def input_cautions(copies: Copies, calibrated: bool, window: float | None) -> Iterator[Caution]:
    """Yield one caution for each kind of oddity in the input."""
    rows, texts = copies.headlines, copies.texts
    ids = Counter(row.id for row in rows)
    long = f"compared by the first {MAX_LENGTH:,} characters only"
    yield from _caution("empty-title", "without a title: left ungrouped", [not text for text in texts])
    made = "without a title, compared by the first sentence of the text"
    yield from _caution("made-title", made, [row.title_made is True for row in rows])
    yield from _caution("long-title", long, [len(text) >= MAX_LENGTH for text in texts])
    limits = "within one day, to titles of its address or copies from its source"
    yield from _caution(
        "generic-title", f"with a title that says nothing by itself: joined only {limits}", copies.generic
    )
    controls = [_has_control(row.title) for row in rows]
    yield from _caution("control-characters", "with NUL or other control characters, which are ignored", controls)
    problems = [row.date_problem for row in rows]
    for code, what in _DATES.items():
        yield from _caution(code, f"with {what}, which counts as missing", [problem == code for problem in problems])
    repeated = [row.id is not None and ids[row.id] > 1 for row in rows]
    yield from _caution("duplicate-id", "with the id of another row", repeated)
    if window is not None and rows and not any(row.published for row in rows):
        yield Caution("undated", "no row has a readable date, so the window has no effect: name the date column")
    if calibrated:
        foreign = "apparently not in English: expect more mistakes, or use another model"
        yield from _caution("not-english", foreign, not_english(texts))
    else:
        few = f", and of under {MIN_ROWS} titles they are mostly too high: give more titles at once"
        advice = few if len(copies.nodes) < MIN_ROWS else ": check the thresholds"
        yield Caution("uncalibrated", f"the vectors are from another model, so probabilities are estimates{advice}")


def run_cautions(crowds: Collapsed, skipped: int, sampled: Ints, uncorrected: Ints) -> Iterator[Caution]:
    """Yield the cautions about what a run did to rows.

    `skipped`: pairs not compared; `sampled`: nodes whose context is estimated; `uncorrected`: nodes that corrections put
    together but the window keeps apart.
    """
    of = crowds.nodes.of_row
    absorbed = "nearly equal to over a thousand others: in one wording at every threshold"
    yield from _caution("collapsed", absorbed, crowds.absorbed)
    sparse = "among over a thousand that are all alike, compared only with their alphabetical neighbours"
    nodes = np.concatenate([np.empty(0, np.int64), *crowds.sparse])
    yield from _caution("sparse", f"{sparse}: {skipped:,} pairs not scored", np.isin(of, nodes))
    estimated = "with thousands of probable partners, so what these have in common is estimated from a sample"
    yield from _caution("sampled", estimated, np.isin(of, sampled))
    apart = "that corrections join but the window keeps apart: widen the window to join them"
    yield from _caution("uncorrected", apart, np.isin(of, uncorrected))


def cache_cautions(cache: VectorCache | None, encoder: Encoder | None) -> Iterator[Caution]:
    """Yield a caution where the vectors of an encoder could not be cached."""
    if cache is not None and not isinstance(getattr(encoder, "identity", None), str):
        yield Caution("unused-cache", "the encoder has no `identity`, so its vectors were not cached")


def story_cautions(labels: Ints, distinct: Ints, probabilities: Floats, unscored: Bools) -> Iterator[Caution]:
    """Yield the cautions about suspicious stories.

    `labels`, `probabilities`: (rows,). `distinct`, (stories,): how many titles each has. `unscored`, (stories,): whether a
    pair in it has no probability.
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
            count = counted(stories.size, "story", "stories")
            positions = tuple(np.flatnonzero(np.isin(labels, stories)).tolist())
            yield Caution(code, f"{count} with {why}, worth a look: {ids}", positions)


def contradiction_cautions(rows: Ints) -> Iterator[Caution]:
    """Yield the caution about rows that contradict the headline of their wording, ascending, if there are any."""
    if len(rows):
        what = "the headline of its wording in a number, a day, an opposite or a negation: look before you drop it"
        count = counted(len(rows), "row that contradicts", "rows, each of which contradicts")
        yield Caution("contradiction", f"{count} {what}", tuple(rows.tolist()))


def warn_caller(cautions: Iterable[Caution], attribute: str) -> None:
    """Issue one `DedupeWarning` at the line that called our caller, with every caution that can change groups.

    `attribute`: where the user finds the rows. Calls from inside the package issue nothing, since commands, evaluation and
    `match` report cautions themselves, once for all their runs.
    """
    messages = [caution.message for caution in cautions if caution.code not in _HARMLESS]
    caller = str(sys._getframe(2).f_globals.get("__name__"))
    if messages and caller.partition(".")[0] != __name__.partition(".")[0]:
        warnings.warn(f"{'; '.join(messages)} (see {attribute})", DedupeWarning, stacklevel=3)


def _caution(code: str, what: str, marks: Sequence[bool] | Bools) -> Iterator[Caution]:
    """Yield a caution about the rows that are marked, if any."""
    positions = tuple(np.flatnonzero(marks).tolist())
    if positions:
        yield Caution(code, f"{counted(len(positions), 'row')} {what}", positions)


def _has_control(title: str) -> bool:
    if title.isprintable():  # as most are: quicker than the categories
        return False
    return any(unicodedata.category(character) == "Cc" and character not in "\t\r\n" for character in title)
