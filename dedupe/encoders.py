"""Encoders: the protocol, ours and others by name, and the only place where unit rows are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dedupe.artefacts import BUNDLED, is_artefact
from dedupe.errors import ModelError
from dedupe.progress import Progress
from dedupe.threads import limit_torch
from dedupe.trained import TrainedEncoder

_CHUNK = 256  # texts an encoder is given at a time
_UNIT = 1e-6  # a norm this close to 1 is 1: rows that are unit already stay as they are, bit for bit


class Encoder(Protocol):
    """Anything that turns texts into vectors."""

    def encode(self, texts: list[str], /) -> Any:
        """Return floats, (len(texts), d): something that NumPy reads as a matrix. Lengths do not matter."""


class SentenceEncoder:
    """A sentence-transformers model as an `Encoder`."""

    def __init__(self, model: Any, name: str) -> None:
        self.model = model
        self.name = name

    def __repr__(self) -> str:
        return f"SentenceEncoder({self.name!r})"

    def encode(self, texts: list[str], /) -> NDArray[np.float32]:
        """Return float32, (len(texts), d)."""
        encoded = self.model.encode(texts, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(encoded, dtype=np.float32)


def load_encoder(name: str | Path | None = None) -> Encoder:
    """Return the bundled encoder, one that `headline-dedupe train` wrote to a folder, or a sentence-transformers model.

    Each is loaded once a process. Only a name that is no folder and is not cached is fetched over the network. Raises
    `ModelError` where the model is missing, is not one, or is one of ours and its files have changed.
    """
    if name is None:
        return _load_trained(BUNDLED)
    folder = Path(name).expanduser()
    if is_artefact(folder):
        return _load_trained(folder.resolve())
    if folder.is_dir():
        return _load_folder(str(folder.resolve()))
    if isinstance(name, Path) or folder.exists() or str(name).startswith(("/", ".", "~", "\\")):
        raise ModelError(f"no model folder {str(name)!r}: give a sentence-transformers folder or model name")
    return _load_named(name)


def embed(encoder: Encoder, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
    """Return the vectors of `texts`: float32, (n, d), unit rows, in their order.

    Texts are encoded in order of length, then alphabet, so that batches waste no padding and do not depend on the order
    given. `progress` is called as ("encoding", done, n). Raises `ModelError` where `encoder` returns anything but a
    finite matrix with one row a text.
    """
    order = sorted(range(len(texts)), key=lambda position: (len(texts[position]), texts[position]))
    vectors = np.empty((len(texts), 0), dtype=np.float32)
    for start in range(0, len(order), _CHUNK):
        part = order[start : start + _CHUNK]
        rows = unit_rows(encoder.encode([texts[position] for position in part]), len(part))
        if not start:
            vectors = np.empty((len(texts), rows.shape[1]), dtype=np.float32)
        if rows.shape[1] != vectors.shape[1]:
            raise ModelError(f"the encoder returned rows of {vectors.shape[1]} and then {rows.shape[1]} numbers")
        vectors[part] = rows
        if progress is not None:
            progress("encoding", start + len(part), len(texts))
    return vectors


def unit_rows(matrix: Any, rows: int) -> NDArray[np.float32]:
    """Return `matrix` as float32, (rows, d), with rows of length 1; an all-zero row stays zero.

    Raises `ModelError` unless it is a finite matrix of floats with that many rows.
    """
    values = _as_matrix(matrix)
    if values.ndim != 2 or len(values) != rows or (rows and not values.shape[1]):
        raise ModelError(f"vectors must be a matrix of {rows} rows, one a text, but shape {values.shape} came")
    norms = np.sqrt(np.einsum("nd,nd->n", values, values, dtype=np.float64))
    bad = np.flatnonzero(~np.isfinite(norms))
    if len(bad):
        raise ModelError(f"vectors must be finite, but {len(bad)} of {rows} rows are not, the first is row {bad[0]}")
    norms[(norms == 0) | (np.abs(norms - 1) < _UNIT)] = 1
    scaled: NDArray[np.float64] = values / norms[:, None]
    return scaled.astype(np.float32)


def _as_matrix(matrix: Any) -> NDArray[Any]:
    try:
        values = np.asarray(matrix)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ModelError(f"vectors must be a matrix of floats, but a {type(matrix).__name__} came: {error}") from error
    if values.dtype.kind not in "fiu":
        raise ModelError(f"vectors must be a matrix of floats, but a {type(matrix).__name__} of {values.dtype} came")
    return values if values.dtype.kind == "f" else values.astype(np.float32)


@lru_cache(maxsize=2)
def _load_trained(folder: Path) -> TrainedEncoder:
    return TrainedEncoder(folder)


@lru_cache(maxsize=2)
def _load_folder(folder: str) -> Encoder:
    if not (Path(folder) / "modules.json").is_file():
        raise ModelError(
            f"{folder} is not a sentence-transformers folder: it has no modules.json, nor a model.json of ours"
        )
    for pickled in sorted(Path(folder).rglob("pytorch_model*.bin")):
        if not list(pickled.parent.glob("*.safetensors")):
            raise ModelError(f"{pickled} is a pickle file, which is never loaded: save the model as safetensors")
    return SentenceEncoder(_load(folder, local=True), folder)


@lru_cache(maxsize=2)
def _load_named(name: str) -> Encoder:
    return SentenceEncoder(_load(name, local=False), name)


def _load(name: str, *, local: bool) -> Any:
    from sentence_transformers import SentenceTransformer

    limit_torch()
    try:
        with _quiet():
            return SentenceTransformer(
                name, local_files_only=local, model_kwargs={"use_safetensors": True}, device="cpu"
            )
    except Exception as error:  # whatever the many libraries below raise, the user's next step is the same
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ModelError(f"the model {name!r} cannot be loaded ({type(error).__name__}: {reason})") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Switch off the bar that transformers draws while it loads weights, and put it back as it was."""
    from transformers.utils import logging

    bar: Any = logging  # its functions carry no types
    was_on = bar.is_progress_bar_enabled()
    bar.disable_progress_bar()
    try:
        yield
    finally:
        if was_on:
            bar.enable_progress_bar()
