"""Encoders: the protocol, loading them by name or folder, and `embed`, which makes the vectors of texts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dedupe.embedding.model_folder import BUNDLED, is_model_folder
from dedupe.embedding.onnx_encoder import TrainedEncoder
from dedupe.embedding.vectors import Vectors, unit_rows, zero_rows
from dedupe.errors import InputError, ModelError
from dedupe.runtime.arrays import Float32s
from dedupe.runtime.parallel import limit_torch
from dedupe.runtime.progress import Progress, silent

_CHUNK_TEXTS = 1024  # enough for full batches of each length
_LOOKUP_TEXTS = 4096
_SETTINGS = ("max_seq_length", "prompts", "default_prompt_name", "truncate_dim")  # of a sentence-transformers model
_HUB_SECONDS = 5.0
_NOT_FOUND = (401, 404)  # what the hub says of a repository that does not exist, or is private


class Encoder(Protocol):
    """What makes vectors of texts: any object with this method.

    Its vectors can be cached if it also has an attribute `identity`, a string that no encoder with other vectors shares.
    """

    def encode(self, texts: list[str], /) -> Any:
        """Return floats, (len(texts), d): anything that NumPy reads as a matrix. Rows need not have length 1."""


class VectorStore(Protocol):
    """Where vectors are looked up by the identity of their encoder and by text, and stored afterwards; see `VectorCache`."""

    def read(self, identity: str, texts: Sequence[str], /) -> tuple[list[int], Float32s]:
        """Return the positions of the `texts` that are stored, and their unit vectors: float32, (positions, d)."""

    def write(self, identity: str, texts: Sequence[str], rows: Float32s, /) -> None:
        """Store the vectors of `texts`, (n, d)."""


class SentenceEncoder:
    """A sentence-transformers model as an `Encoder`."""

    def __init__(self, model: Any, name: str) -> None:
        self.model, self.name = model, name

    def __repr__(self) -> str:
        return f"SentenceEncoder({self.name!r})"

    @cached_property
    def identity(self) -> str | None:
        """SHA-256 of settings, tokenizer and weights; None where they cannot be read, and then nothing is cached."""
        import torch

        try:
            tokenizer = json.loads(self.model.tokenizer.backend_tokenizer.to_str())
            tokenizer |= {"truncation": None, "padding": None}  # these change with use
            configs = {module.config.to_json_string() for module in self.model.modules() if hasattr(module, "config")}
            settings = [getattr(self.model, name, None) for name in _SETTINGS]
            digest = sha256(repr((repr(self.model), settings, sorted(configs), json.dumps(tokenizer))).encode())
            for name, tensor in self.model.state_dict().items():
                digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
                digest.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy())
        except (AttributeError, RuntimeError, TypeError):  # another kind of tokenizer, or tensors without bytes
            return None
        return digest.hexdigest()

    def encode(self, texts: list[str], /) -> Float32s:
        """Return float32, (len(texts), d); `ModelError` where the model fails."""
        try:
            return np.asarray(self.model.encode(texts, show_progress_bar=False, convert_to_numpy=True), np.float32)
        except Exception as error:  # as in `_load_sentence_model`: files that do not fit each other are found late
            raise ModelError(f"the model {self.name!r} cannot encode ({_reason(error)}): give another") from error


def load_encoder(name: str | Path | None = None) -> Encoder:
    """Load an encoder by name or folder; each is loaded once per process.

    `name`: None for the bundled model, a folder that `train` wrote, or the name or folder of any sentence-transformers model.
    The network is used only for a name that is neither a folder nor in the local cache of models.

    Raises `ModelError` where the model is missing, cannot be loaded, or is one of ours and its files have changed.
    """
    if name is None:
        return _load_trained(BUNDLED)
    folder = Path(name).expanduser()
    if is_model_folder(folder):
        return _load_trained(folder.resolve())
    if folder.is_dir():
        return _load_folder(folder.resolve())
    if isinstance(name, Path) or folder.exists() or name.startswith(("/", ".", "~", "\\")):
        raise ModelError(f"no model folder {str(name)!r}: give a sentence-transformers folder or model name")
    return _load_named(name)


def as_encoder(encoder: Encoder | str | Path | None) -> Encoder:
    """Return an encoder as it is, and load one that is given by name, by folder or, as None, by default."""
    if encoder is None or isinstance(encoder, str | Path):
        return load_encoder(encoder)
    if not callable(getattr(encoder, "encode", None)):
        raise InputError(f"the encoder must have a method `encode`, or be a name or folder, not {encoder!r}")
    return encoder


def embed(
    encoder: Encoder,
    texts: Sequence[str],
    progress: Progress = silent,
    cache: VectorStore | None = None,
    *,
    chunk: int = _CHUNK_TEXTS,
) -> Vectors:
    """Return the vectors of `texts`: unit rows, (n, d), in their order; zeros for an empty text, (n, 0) if all are.

    Each distinct text is encoded once, in chunks ordered by length, then alphabet, so that batches need little padding and
    do not depend on the order of `texts`. With a `cache`, and an encoder that has an `identity`, only texts missing from
    it are encoded, and added to it chunk by chunk. `progress` is called as ("encoding", done, distinct texts).

    Raises `ModelError` where `encoder` returns anything but a finite matrix with one row per text.
    """
    first = {text: position for position, text in reversed([*enumerate(texts)])}
    order = [first[text] for text in sorted(first.keys() - {""}, key=lambda text: (len(text), text))]
    vectors, done = zero_rows(len(texts), 0), 0
    for positions, rows in _encoded(encoder, texts, order, cache, chunk):
        if not done:
            vectors = zero_rows(len(texts), rows.shape[1])
        if rows.shape[1] != vectors.shape[1]:
            raise ModelError(
                f"the encoder returned rows of {vectors.shape[1]} and then {rows.shape[1]} numbers: all must have one "
                "width, also those in the cache under the same identity"
            )
        vectors[positions] = rows[:]
        done += len(positions)
        progress("encoding", done, len(order))
    if copies := [position for position, text in enumerate(texts) if text and first[text] != position]:
        vectors[copies] = vectors[[first[texts[position]] for position in copies]]
    return vectors


def _encoded(
    encoder: Encoder, texts: Sequence[str], order: list[int], cache: VectorStore | None, chunk: int
) -> Iterator[tuple[list[int], Vectors]]:
    """Yield positions and their unit rows: those from the cache, then those encoded, which are written to it."""
    identity = getattr(encoder, "identity", None)
    if not isinstance(identity, str):
        identity, cache = "", None
    if cache is not None:
        missing: list[int] = []
        for start in range(0, len(order), _LOOKUP_TEXTS):
            part = order[start : start + _LOOKUP_TEXTS]
            known, rows = cache.read(identity, [texts[k] for k in part])
            if known:
                yield [part[k] for k in known], unit_rows(rows, len(known))
            missing += np.delete(part, known).tolist()
        order = missing
    writes = []
    with ThreadPoolExecutor(1) as writer:  # leaving it, also by an interrupt, waits for what is being written
        for start in range(0, len(order), chunk):
            part = order[start : start + chunk]
            names = [texts[k] for k in part]
            vectors = unit_rows(encoder.encode(names), len(names))
            yield part, vectors
            if cache is not None:
                writes.append(writer.submit(cache.write, identity, names, vectors[:]))
    for write in writes:
        write.result()


_load_trained = lru_cache(maxsize=2)(TrainedEncoder)


@lru_cache(maxsize=2)
def _load_folder(folder: Path) -> Encoder:
    if not (folder / "modules.json").is_file():
        raise ModelError(
            f"{folder} is not a model folder: it has neither model.json (headline-dedupe) nor modules.json "
            "(sentence-transformers): give another folder"
        )
    for weights in sorted(folder.rglob("pytorch_model*.bin")):
        if not list(weights.parent.glob("*.safetensors")):
            raise ModelError(f"{weights} is a pickle file, which is never loaded: save the model as safetensors")
    return _load_sentence_model(str(folder), local=True)


@lru_cache(maxsize=2)
def _load_named(name: str) -> Encoder:
    """Load from the local cache of models, else from the hub: asked first, as its client retries for over a minute."""
    import huggingface_hub as hub

    home = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
    repositories = (name,) if "/" in name else (f"sentence-transformers/{name}", name)
    files = ("modules.json", "config.json")
    try:
        paths = [hub.try_to_load_from_cache(repository, file, home) for repository in repositories for file in files]
        cached = any(isinstance(path, str) for path in paths)
        known = cached or any(map(_on_hub, repositories))
    except Exception as error:  # not connected, switched off, in trouble, or no valid name
        raise ModelError(
            f"no model {name!r}: it is neither a folder nor in the local cache, and the Hugging Face Hub cannot be asked "
            f"({_first_line(error)}): check the name, or connect to download it"
        ) from error
    if not known:
        raise ModelError(
            f"no model {name!r}: it is neither a folder nor in the local cache, and the Hugging Face Hub has no public model "
            "of this name: check the name"
        )
    return _load_sentence_model(name, local=cached)


def _on_hub(repository: str) -> bool:
    import huggingface_hub as hub
    from huggingface_hub.errors import HfHubHTTPError

    try:
        hub.HfApi().model_info(repository, timeout=_HUB_SECONDS)
    except HfHubHTTPError as error:
        if error.response is not None and error.response.status_code in _NOT_FOUND:
            return False
        raise
    return True


def _load_sentence_model(name: str, *, local: bool) -> SentenceEncoder:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    limit_torch()
    bar: Any = logging  # of loading weights; its functions carry no types
    was_enabled = bar.is_progress_bar_enabled()
    bar.disable_progress_bar()
    safe = {"use_safetensors": True}
    try:
        model = SentenceTransformer(
            name, device="cpu", local_files_only=local, trust_remote_code=False, model_kwargs=safe
        )
    except Exception as error:  # the libraries below share no exception class, and the user's next step is the same
        advice = "give another, or download it again"
        raise ModelError(f"the model {name!r} cannot be loaded ({_reason(error)}): {advice}") from error
    finally:
        if was_enabled:
            bar.enable_progress_bar()
    return SentenceEncoder(model, name)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
