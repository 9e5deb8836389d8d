"""An encoder that encodes each text once per run, and across runs where it is given a cache."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dedupe import VectorCache
from dedupe.embedding import Encoder, embed
from dedupe.runtime.arrays import Float32s
from dedupe.text import MAX_LENGTH, normalize


class CachingEncoder:
    """An encoder that encodes each text once. With a model folder, the judge of that folder is used.

    `cache`: where vectors are looked up and stored on disk, for another run.
    """

    def __init__(self, inner: Encoder, cache: VectorCache | None = None) -> None:
        self._inner, self._cache = inner, cache
        self._known: dict[str, Float32s] = {}
        if hasattr(inner, "folder"):
            self.folder = inner.folder

    def encode(self, texts: list[str]) -> Float32s:
        """Return the vectors of `texts`; only new texts are encoded."""
        self._learn(texts)
        return np.stack([self._known[text] for text in texts])

    def prepare(self, titles: Iterable[str]) -> None:
        """Encode titles in large batches before they are compared one pair at a time."""
        self._learn([normalize(title)[:MAX_LENGTH] for title in titles])

    def _learn(self, texts: list[str]) -> None:
        if new := sorted(set(texts) - self._known.keys()):
            self._known.update(zip(new, embed(self._inner, new, cache=self._cache)[:], strict=True))
