"""What a careful reader should know of the input: counted, never lost, never fatal."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dedupe.headlines import Headline
from dedupe.result.deduplication import Caution
from dedupe.text.language import not_english
from dedupe.text.normalize import MAX_LENGTH


def input_cautions(rows: Sequence[Headline], texts: Sequence[str], calibrated: bool) -> Iterator[Caution]:
    """Yield one caution for each kind of oddity found. `texts`: normalized titles, cut to what is compared."""
    ids = Counter(row.id for row in rows if row.id is not None)
    kinds = (
        ("empty-title", "without a title stay alone", [not text for text in texts]),
        (
            "long-title",
            f"compared by their first {MAX_LENGTH:,} characters",
            [len(text) >= MAX_LENGTH for text in texts],
        ),
        ("control-characters", "hold NUL or other control characters, ignored", [_odd(row.title) for row in rows]),
        ("bad-date", "have a date that cannot be read, treated as absent", [row.bad_date is not None for row in rows]),
        ("duplicate-id", "share an id with another row", [row.id is not None and ids[row.id] > 1 for row in rows]),
    )
    for code, what, marks in kinds:
        yield from _caution(code, what, marks)
    if calibrated:
        what = "do not look English, as the bundled model is: expect less of them, or name another model"
        yield from _caution("not-english", what, not_english(texts).tolist())
    else:
        yield Caution("uncalibrated", "vectors of another model: probabilities are estimates, check the thresholds")


def crowded(marks: NDArray[np.bool_], unmet: int) -> Iterator[Caution]:
    """Yield a caution about the rows, (n,), of crowds that were not compared each with each; `unmet`: pairs left out."""
    what = (
        "nearly equal to very many others but for some detail, compared with those next to them in the alphabet only: "
        f"{unmet:,} pairs were not judged"
    )
    yield from _caution("crowded", what, marks.tolist())


def uncorrected(marks: NDArray[np.bool_]) -> Iterator[Caution]:
    """Yield a caution about the rows, (n,), that corrections put together and the window keeps apart."""
    what = (
        "put together by corrections lie further apart than the window, which goes before: widen it to have them in one"
    )
    yield from _caution("uncorrected", what, marks.tolist())


def _caution(code: str, what: str, marks: Sequence[bool]) -> Iterator[Caution]:
    positions = tuple(k for k, marked in enumerate(marks) if marked)
    if positions:
        yield Caution(code, f"{len(positions):,} row{'' if len(positions) == 1 else 's'} {what}", positions)


def _odd(title: str) -> bool:
    if title.isprintable():
        return False
    return any(ch < " " and ch not in "\t\r\n" for ch in title) or (not title.isascii() and any(map(_control, title)))


def _control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in "\t\r\n"
