from __future__ import annotations

import atexit
import re
import shutil
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import tiny
from numpy.typing import NDArray

from dedupe import artefacts

WIDTH = 256
_FOLDER = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, _FOLDER)
shutil.copy(artefacts.BUNDLED / artefacts.FALLBACK, _FOLDER / artefacts.JUDGE)
np.save(_FOLDER / artefacts.HEAD, np.eye(WIDTH, dtype=np.float32))


@pytest.fixture(autouse=True)
def no_cache_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the command line away from the vectors of whoever runs the tests."""
    monkeypatch.setenv("HEADLINE_DEDUPE_CACHE", str(tmp_path / "vector-cache"))


class FakeEncoder:
    """A hashed bag of words: titles that share words are close, on every machine and in every run.

    It names a model folder, as the encoder that ships does, with the judge for encoders that have none.
    """

    folder = _FOLDER

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), WIDTH), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.casefold()):
                row[zlib.crc32(word.encode()) % WIDTH] += 1
        return rows


@pytest.fixture
def fake_encoder(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """Put the fake in the place of the bundled model, under the same calibration."""
    encoder = FakeEncoder()
    monkeypatch.setattr("dedupe.encoders.load_encoder", lambda name=None: encoder)
    return encoder


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model to train from, in seconds."""
    return tiny.save_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled stories to train on."""
    return tiny.write(tmp_path_factory.mktemp("labelled") / "stories.jsonl", tiny.labelled())


@pytest.fixture(scope="session")
def model(base: Path, stories: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder trained on them."""
    from dedupe.training import train

    out = tmp_path_factory.mktemp("trained") / "model"
    train(stories, out, base=base, epochs=1)
    return out
