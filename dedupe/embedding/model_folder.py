"""A model folder as `headline-dedupe train` writes it, and the check that nothing in it has changed.

| file | what |
|---|---|
| `model.json` | what it is, how it was made, and the SHA-256 of every other file |
| `encoder.onnx`, `tokenizer.json` | titles to unit rows |
| `reader.onnx` | pairs of titles to log odds: the cross-encoder |
| `head.npy` | the matrix that turns those rows into vectors for the wording level |
| `judge.json` | features to probabilities, and thresholds |
| `fallback.json` | the same for other encoders, fitted on the vectors of the base model |
| `README.md` | the model card |
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from dedupe.errors import ModelError

BUNDLED = Path(__file__).parent / "model"
MANIFEST, CARD = "model.json", "README.md"
ENCODER, READER, TOKENIZER, HEAD = "encoder.onnx", "reader.onnx", "tokenizer.json", "head.npy"
JUDGE, FALLBACK = "judge.json", "fallback.json"
FILES = (ENCODER, READER, TOKENIZER, HEAD, JUDGE, FALLBACK)
FORMAT = 2


def is_model_folder(folder: Path) -> bool:
    """Whether a folder holds a model of ours."""
    return (folder / MANIFEST).is_file() and not (folder / "modules.json").exists()


def verify(folder: Path) -> dict[str, Any]:
    """Return the manifest of a model folder; `ModelError` if a file of it is missing or has changed."""
    remedy = "reinstall headline-dedupe" if folder == BUNDLED else "train or copy it again"
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        expected: dict[str, str] = manifest["sha256"]
        if manifest["format"] != FORMAT or set(expected) != set(FILES):
            raise ModelError(f"{folder / MANIFEST} is of another version of headline-dedupe: {remedy}")
        for name, digest in expected.items():
            if (actual := sha256(folder / name)) != digest:
                raise ModelError(f"{folder / name} has SHA-256 {actual}, not {digest}: {remedy}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"the model in {folder} cannot be read ({error}): {remedy}") from error
    return manifest


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
