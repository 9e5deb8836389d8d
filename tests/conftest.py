from __future__ import annotations

import re
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray


class FakeEncoder:
    """A hashed bag of words: titles that share words are close, on every machine and in every run."""

    bundled = True

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), 256), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.casefold()):
                row[zlib.crc32(word.encode()) % 256] += 1
        return rows


@pytest.fixture
def fake_encoder(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """Put the fake in the place of the bundled model, under the same calibration."""
    encoder = FakeEncoder()
    monkeypatch.setattr("dedupe.encoders.load_encoder", lambda name=None: encoder)
    return encoder
