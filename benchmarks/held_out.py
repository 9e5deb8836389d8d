"""Which rows of the files of pairs training leaves out, so that they can be used here."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from dedupe.text import MAX_LENGTH, normalize

PARTS, LEFT_OUT = 10, 3


def held_out(title: str) -> bool:
    """Return whether training leaves out the row of this title: a tenth of all titles, by a hash of the text.

    What counts is the normalized title, cut to what is encoded, without regard to case. So the answer does not depend on the
    file, the order or the machine.
    """
    text = normalize(title)[:MAX_LENGTH].casefold()
    return crc32(text.encode()) % PARTS == LEFT_OUT


def held_out_third(rows: int) -> NDArray[np.bool_]:
    """Return which of the rows of `gap/pairs.jsonl` training leaves out, (rows,): a third, drawn with the seed 0."""
    return np.random.default_rng(0).permutation(rows) < rows // 3
