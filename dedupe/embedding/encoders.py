"""Encoders: the protocol, ours and others by name, and the only place where unit rows are made."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding.model_folder import BUNDLED, SHIPPED, is_artefact
from dedupe.embedding.onnx_encoder import TrainedEncoder
from dedupe.embedding.vectors import Vectors, empty_rows, let_go, rows_at
from dedupe.errors import ModelError
from dedupe.runtime.progress import Progress
from dedupe.runtime.threads import limit_torch

if TYPE_CHECKING:
    from dedupe.embedding.cache import VectorCache

_Rows = Generator[tuple[list[int], NDArray[np.float32]], None, None]  # positions of some texts, and their unit rows
_SCALED_TOGETHER = 4096  # rows brought to unit length at a time
_CHUNK = 1024  # texts an encoder is given at a time: enough for full batches of each length
_READ_TOGETHER = 4096  # texts looked up in the cache at a time: so few that the room for their rows is used again
_SETTINGS = ("max_seq_length", "prompts", "default_prompt_name", "truncate_dim")  # of a sentence-transformers model
_SAVE_AFTER, _SAVE_SECONDS = 2_048, 5.0  # new rows, or seconds, after which they go to the cache
_UNIT = 1e-6  # a norm this close to 1 is 1: rows that are unit already stay as they are, bit for bit


class Encoder(Protocol):
    """Anything that turns texts into vectors.

    It may have an attribute `identity`, a string that no encoder with other vectors shares: then its vectors can be
    cached.
    """

    def encode(self, texts: list[str], /) -> Any:
        """Return floats, (len(texts), d): something that NumPy reads as a matrix. Lengths do not matter."""


class SentenceEncoder:
    """A sentence-transformers model as an `Encoder`."""

    def __init__(self, model: Any, name: str) -> None:
        self.model = model
        self.name = name

    def __repr__(self) -> str:
        return f"SentenceEncoder({self.name!r})"

    @cached_property
    def identity(self) -> str | None:
        """The SHA-256 of all that its vectors depend on; None where that cannot be read out, which is not cached."""
        try:
            return _fingerprint(self.model)
        except (AttributeError, RuntimeError, TypeError):  # no tokenizer of ours to read, or tensors without bytes
            return None

    def encode(self, texts: list[str], /) -> NDArray[np.float32]:
        """Return float32, (len(texts), d)."""
        encoded = self.model.encode(texts, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(encoded, dtype=np.float32)


def load_encoder(name: str | Path | None = None) -> Encoder:
    """Return the bundled encoder, the "small" one, one in a folder that `train` or `distil` wrote, or any other by name.

    Others are sentence-transformers models, by name or folder; a folder called small is "./small". Each is loaded once a
    process. Only a name that is no folder and is not cached is fetched over the network. Raises
    `ModelError` where the model is missing, is not one, or is one of ours and its files have changed.
    """
    if name is None:
        return _load_trained(BUNDLED)
    if name in SHIPPED:
        return _load_trained(SHIPPED[str(name)])
    folder = Path(name).expanduser()
    if is_artefact(folder):
        return _load_trained(folder.resolve())
    if folder.is_dir():
        return _load_folder(str(folder.resolve()))
    if isinstance(name, Path) or folder.exists() or str(name).startswith(("/", ".", "~", "\\")):
        raise ModelError(f"no model folder {str(name)!r}: give a sentence-transformers folder or model name")
    return _load_named(name)


def as_encoder(encoder: Encoder | str | Path | None) -> Encoder:
    """Return an encoder as it is, or what `load_encoder` returns for a name, a folder or None."""
    return load_encoder(encoder) if encoder is None or isinstance(encoder, (str, Path)) else encoder


def embed(
    encoder: Encoder, texts: Sequence[str], progress: Progress | None = None, cache: VectorCache | None = None
) -> Vectors:
    """Return the vectors of `texts`: float32, (n, d), unit rows, in their order; packed where there are very many.

    Texts are encoded in order of length, then alphabet, so that batches waste no padding and do not depend on the order
    given. With a `cache`, and an encoder that has an `identity`, only texts that it does not hold are encoded, and kept
    there as they come. `progress` is called as ("encoding", done, n). Raises `ModelError` where `encoder` returns
    anything but a finite matrix with one row a text.
    """
    order = sorted(range(len(texts)), key=lambda position: (len(texts[position]), texts[position]))
    identity = None if cache is None else getattr(encoder, "identity", None)
    if cache is not None and isinstance(identity, str):
        return _gather(_recall(encoder, texts, order, cache, identity), len(texts), progress)
    return _gather(_encode(encoder, texts, order), len(texts), progress)


def embed_each(encoder: Encoder, texts: Sequence[str], progress: Progress, cache: VectorCache | None) -> Vectors:
    """Return a row a text, as `embed` does: each distinct text is encoded once, an empty one not at all but zero.

    (n, 0) where all are empty.
    """
    distinct = [text for text in dict.fromkeys(texts) if text]
    if not distinct:
        return np.zeros((len(texts), 0), np.float32)
    if len(distinct) == len(texts):
        return embed(encoder, distinct, progress, cache)
    encoded = embed(encoder, distinct, progress, cache)
    place = {text: k for k, text in enumerate(distinct)}
    return rows_at(encoded, np.array([place.get(text, -1) for text in texts], np.int64))


def _gather(source: _Rows, count: int, progress: Progress | None) -> Vectors:
    """Put the rows in their places, and tell how far that is."""
    vectors, done = empty_rows(count, 0), 0
    with closing(source):
        for part, rows in source:
            if not done:
                vectors = empty_rows(count, rows.shape[1])
            if rows.shape[1] != vectors.shape[1]:
                raise ModelError(
                    f"the encoder returned rows of {vectors.shape[1]} and then {rows.shape[1]} numbers: all must be of "
                    "one width, and those in the cache under the same identity too"
                )
            vectors[part] = rows
            done += len(part)
            if progress is not None:
                progress("encoding", done, count)
    return vectors


def _encode(encoder: Encoder, texts: Sequence[str], order: list[int]) -> _Rows:
    """Encode the texts at the positions in `order`, some at a time."""
    for start in range(0, len(order), _CHUNK):
        part = order[start : start + _CHUNK]
        yield part, unit_rows(encoder.encode([texts[position] for position in part]), len(part))[:]


def _recall(encoder: Encoder, texts: Sequence[str], order: list[int], cache: VectorCache, identity: str) -> _Rows:
    """Take what the cache holds, then encode the rest."""
    missing: list[int] = []
    for start in range(0, len(order), _READ_TOGETHER):
        part = order[start : start + _READ_TOGETHER]
        found, rows = cache.read(identity, [texts[position] for position in part])
        if found:
            yield [part[k] for k in found], unit_rows(rows, len(found))[:]
        missing += np.delete(part, found).tolist()
    yield from _encode_and_keep(encoder, texts, missing, cache, identity)


def _encode_and_keep(
    encoder: Encoder, texts: Sequence[str], order: list[int], cache: VectorCache, identity: str
) -> _Rows:
    """Encode, and write to the cache aside now and then, and when it breaks off."""
    unsaved: list[tuple[list[int], NDArray[np.float32]]] = []
    since, saving = monotonic(), None
    with ThreadPoolExecutor(1) as aside:  # leaving it waits for what is being saved
        try:
            for part, rows in _encode(encoder, texts, order):
                yield part, rows
                unsaved.append((part, rows))
                if len(unsaved) * _CHUNK >= _SAVE_AFTER or monotonic() - since > _SAVE_SECONDS:
                    if saving is not None:
                        saving.result()
                    saving = aside.submit(_save, unsaved, texts, cache, identity)
                    unsaved, since = [], monotonic()
        finally:
            if saving is not None:
                saving.result()
            _save(unsaved, texts, cache, identity)


def _save(
    unsaved: list[tuple[list[int], NDArray[np.float32]]], texts: Sequence[str], cache: VectorCache, identity: str
) -> None:
    if unsaved:
        kept = [texts[position] for part, _ in unsaved for position in part]
        cache.write(identity, kept, np.concatenate([rows for _, rows in unsaved]))


def unit_rows(matrix: Any, rows: int, at: NDArray[np.int64] | None = None) -> Vectors:
    """Return `matrix`, (rows, d), as float32 with rows of length 1, or those rows `at` the places given.

    An all-zero row stays zero. Raises `ModelError` unless it is a finite matrix of floats with that many rows.
    """
    values = _as_matrix(matrix)
    if values.ndim != 2 or len(values) != rows or (rows and not values.shape[1]):
        raise ModelError(f"vectors must be a matrix of {rows} rows, one a text, but shape {values.shape} came")
    places = np.arange(rows) if at is None else at
    units = empty_rows(len(places), values.shape[1])
    for start in range(0, len(places), _SCALED_TOGETHER):
        part = places[start : start + _SCALED_TOGETHER]
        units[start : start + len(part)] = _unit(values[part], part)
    let_go(matrix)
    return units


def _unit(values: NDArray[Any], places: NDArray[np.int64]) -> NDArray[np.floating[Any]]:
    norms = np.sqrt(np.einsum("nd,nd->n", values, values, dtype=np.float64))
    bad = np.flatnonzero(~np.isfinite(norms))
    if len(bad):
        raise ModelError(f"vectors must be finite, but row {places[bad[0]]} is not")
    norms[(norms == 0) | (np.abs(norms - 1) < _UNIT)] = 1
    return values if (norms == 1).all() else values / norms[:, None]


def _as_matrix(matrix: Any) -> NDArray[Any]:
    try:
        values = np.asarray(matrix)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ModelError(f"vectors must be a matrix of floats, but a {type(matrix).__name__} came: {error}") from error
    if values.dtype.kind not in "fiu":
        raise ModelError(f"vectors must be a matrix of floats, but a {type(matrix).__name__} of {values.dtype} came")
    return values if values.dtype.kind == "f" else values.astype(np.float32)


def _fingerprint(model: Any) -> str:
    """The SHA-256 of a sentence-transformers model: settings, tokenizer and weights."""
    import torch

    tokenizer = json.loads(model.tokenizer.backend_tokenizer.to_str())
    tokenizer |= {"truncation": None, "padding": None}  # these change with use
    configs = {module.config.to_json_string() for module in model.modules() if hasattr(module, "config")}
    settings = [getattr(model, name, None) for name in _SETTINGS]
    found = sha256(repr((repr(model), settings, sorted(configs), json.dumps(tokenizer))).encode())
    for name, tensor in model.state_dict().items():
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy())
    return found.hexdigest()


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
