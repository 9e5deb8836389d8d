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
from dedupe.headlines import Headline
from dedupe.result.display import counted
from dedupe.runtime.arrays import Bools, Floats, Ints
from dedupe.scoring.similarity_scale import MIN_ROWS
from dedupe.text.language import not_english
from dedupe.text.normalize import MAX_LENGTH

_MAX_TITLES = 50  # distinct titles in a story beyond which an editor should look
_MIN_PROBABILITY = 0.2  # mean probability of a member below which it hardly belongs
MAX_LISTED = 8
"""Stories named in a message."""
CONTRADICTION = "contradiction"
_DATES = (BAD, AMBIGUOUS, UNKNOWN_ZONE)
_MISSING = "which counts as missing"
_WHAT = {
    "empty-title": "without a title: left ungrouped",
    "made-title": "without a title, compared by the first sentence of the text",
    "long-title": f"compared by the first {MAX_LENGTH:,} characters only",
    "generic-title": "with a title that says nothing by itself: joined only within one day, to titles of its address or copies "
    "from its source",
    "control-characters": "with NUL or other control characters, which are ignored",
    BAD: f"with a date that cannot be read, or cannot be true, {_MISSING}",
    AMBIGUOUS: f"with a date whose day and month cannot be told apart (say which comes first), {_MISSING}",
    UNKNOWN_ZONE: f"with a date in a time zone of unknown name, {_MISSING}",
    "duplicate-id": "with the id of another row",
    "undated": "no row has a readable date, so the window has no effect: name the date column",
    "not-english": "apparently not in English: expect more mistakes, or use another model",
    "uncalibrated": "the vectors are from another model, so probabilities are estimates",
    "collapsed": "nearly equal to over a thousand others: in one wording at every threshold",
    "sparse": "among over a thousand that are all alike, compared only with their alphabetical neighbours",
    "sampled": "with thousands of probable partners, so what these have in common is estimated from a sample",
    "uncorrected": "that corrections join but the window keeps apart: widen the window to join them",
    CONTRADICTION: "the headline of its wording in a number, a day, an opposite or a negation: look before you drop it",
}
_STORIES = {
    "large-story": f"over {_MAX_TITLES} distinct titles",
    "loose-story": f"a member with a mean probability under {_MIN_PROBABILITY:g}",
}
CODES = (*_WHAT, *_STORIES)
"""The codes of the cautions about a run, in the order of its warnings."""
STORY_CODES = tuple(_STORIES)
"""Those of cautions about stories."""
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


def input_cautions(
    copies: Copies, calibrated: bool, window: float | None, repeated: Bools | None = None
) -> Iterator[Caution]:
    """Yield one caution for each kind of oddity in the input.

    `repeated`: (rows,), which have the id of another row, where that is known; by default the rows themselves tell.
    """
    rows, texts = copies.headlines, copies.texts
    yield from row_caution("empty-title", [not text for text in texts])
    yield from row_caution("made-title", [row.title_made is True for row in rows])
    yield from row_caution("long-title", [len(text) >= MAX_LENGTH for text in texts])
    yield from row_caution("generic-title", copies.generic)
    yield from row_caution("control-characters", [_has_control(row.title) for row in rows])
    problems = [row.date_problem for row in rows]
    for code in _DATES:
        yield from row_caution(code, [problem == code for problem in problems])
    yield from row_caution("duplicate-id", _with_shared_id(rows) if repeated is None else repeated)
    if window is not None and rows and not any(row.published for row in rows):
        yield Caution("undated", message_of("undated"))
    if calibrated:
        yield from row_caution("not-english", not_english(texts))
    else:
        yield Caution("uncalibrated", message_of("uncalibrated", len(copies.nodes)))


def run_cautions(crowds: Collapsed, skipped: int, sampled: Ints, uncorrected: Ints) -> Iterator[Caution]:
    """Yield the cautions about what a run did to rows.

    `skipped`: pairs not compared; `sampled`: nodes whose context is estimated; `uncorrected`: nodes that corrections put
    together but the window keeps apart.
    """
    of, sparse = crowds.nodes.of_row, np.concatenate([np.empty(0, np.int64), *crowds.sparse])
    yield from row_caution("collapsed", crowds.absorbed)
    yield from row_caution("sparse", np.isin(of, sparse), skipped)
    yield from row_caution("sampled", np.isin(of, sampled))
    yield from row_caution("uncorrected", np.isin(of, uncorrected))


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
    for code, marked in (("large-story", distinct > _MAX_TITLES), ("loose-story", loose & unscored)):
        stories = np.flatnonzero(marked)
        if stories.size:
            positions = tuple(np.flatnonzero(np.isin(labels, stories)).tolist())
            yield Caution(code, story_message(code, stories.size, stories[:MAX_LISTED].tolist()), positions)


def contradiction_cautions(rows: Ints) -> Iterator[Caution]:
    """Yield the caution about rows that contradict the headline of their wording, ascending, if there are any."""
    if len(rows):
        yield Caution(CONTRADICTION, message_of(CONTRADICTION, len(rows)), tuple(rows.tolist()))


def warn_caller(cautions: Iterable[Caution], attribute: str) -> None:
    """Issue one `DedupeWarning` at the line that called our caller, with every caution that can change groups.

    `attribute`: where the user finds the rows. Calls from inside the package issue nothing, since commands, evaluation and
    `match` report cautions themselves, once for all their runs.
    """
    messages = [caution.message for caution in cautions if caution.code not in _HARMLESS]
    caller = str(sys._getframe(2).f_globals.get("__name__"))
    if messages and caller.partition(".")[0] != __name__.partition(".")[0]:
        warnings.warn(f"{'; '.join(messages)} (see {attribute})", DedupeWarning, stacklevel=3)


def row_caution(code: str, marks: Sequence[bool] | Bools, skipped: int = 0) -> Iterator[Caution]:
    """Yield a caution about the rows that are marked, (rows,), if any; `skipped` as for `message_of`."""
    positions = tuple(np.flatnonzero(marks).tolist())
    if positions:
        yield Caution(code, message_of(code, len(positions), skipped), positions)


def message_of(code: str, rows: int = 0, skipped: int = 0) -> str:
    """Return the message of a caution about so many rows, or about none. `skipped`: the pairs that "sparse" left out.

    "uncalibrated" takes the number of titles instead.
    """
    if code == "uncalibrated":
        few = f", and of under {MIN_ROWS} titles they are mostly too high: give more titles at once"
        return _WHAT[code] + (few if rows < MIN_ROWS else ": check the thresholds")
    if code == "undated":
        return _WHAT[code]
    nouns = ("row that contradicts", "rows, each of which contradicts") if code == CONTRADICTION else ("row", "rows")
    unscored = f": {skipped:,} pairs not scored" if code == "sparse" else ""
    return f"{counted(rows, *nouns)} {_WHAT[code]}{unscored}"


def story_message(code: str, stories: int, first: Sequence[int]) -> str:
    """Return the message of a caution about so many stories. `first`: the numbers of the first `MAX_LISTED` of them."""
    ids = ", ".join(map(str, first)) + (", ..." if stories > len(first) else "")
    return f"{counted(stories, 'story', 'stories')} with {_STORIES[code]}, worth a look: {ids}"


def _with_shared_id(rows: Sequence[Headline]) -> list[bool]:
    ids = Counter(row.id for row in rows)
    return [row.id is not None and ids[row.id] > 1 for row in rows]


def _has_control(title: str) -> bool:
    if title.isprintable():  # as most are: quicker than the categories
        return False
    return any(unicodedata.category(character) == "Cc" and character not in "\t\r\n" for character in title)
