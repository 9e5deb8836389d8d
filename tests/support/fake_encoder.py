"""An encoder for tests that need no model: the same vectors on every machine and in every run."""

from __future__ import annotations

import atexit
import json
import re
import shutil
import tempfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding import model_folder

WIDTH = 256
_FOLDER = Path(tempfile.mkdtemp())
atexit.register(shutil.rmtree, _FOLDER)
for _name in set(model_folder.FILES) - {model_folder.HEAD}:
    _source = model_folder.FALLBACK if _name == model_folder.JUDGE else _name
    (_FOLDER / _name).symlink_to(model_folder.BUNDLED / _source)
np.save(_FOLDER / model_folder.HEAD, np.eye(WIDTH, dtype=np.float32))
_hashes = {name: model_folder.sha256(_FOLDER / name) for name in model_folder.FILES}
(_FOLDER / model_folder.MANIFEST).write_text(json.dumps({"format": model_folder.FORMAT, "sha256": _hashes}))


class FakeEncoder:
    """A hashed bag of words: titles that share words are close, on every machine and in every run.

    It names a model folder, as the encoder that ships does, with the judge for encoders that have none, and the reader.
    """

    folder = _FOLDER

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), WIDTH), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.casefold()):
                row[zlib.crc32(word.encode()) % WIDTH] += 1
        return rows
