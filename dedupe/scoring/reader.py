"""`Reader`: a cross-encoder, which reads the two titles of a pair together and says what they are to each other.

The encoder reads each title alone, so "Fed raises rates" and "Fed cuts rates" get nearly the same vector. The reader sees both
at once. It costs about as much for a pair as the encoder for two titles, so a large run reads only the least certain pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.pairs import PairTable
from dedupe.embedding.model_folder import BUNDLED, READER, TOKENIZER, verify
from dedupe.errors import ModelError
from dedupe.levels import SCORED_LEVELS
from dedupe.runtime.arrays import Float32s, Ints
from dedupe.runtime.onnx import inference_session, rows_of, tokenize
from dedupe.runtime.parallel import in_order
from dedupe.runtime.progress import Progress, silent

MAX_TOKENS = 112
"""Of both titles of a pair and what separates them; the longer title is cut first."""
_BATCH = 16  # pairs; one batch per thread waits less than all threads sharing a batch
_CHUNK_PAIRS = 4096
_AUTO_PAIRS = 20_000  # read by "auto" in any run
_AUTO_PER_NODE = 0.5  # read by "auto" in large runs


class ReadingStore(Protocol):
    """Where log odds of earlier runs are looked up and stored, by the two texts of a pair: the smaller first."""

    def read(self, first: Sequence[str], second: Sequence[str], /) -> tuple[list[int], Float32s]:
        """Return the positions of the pairs that were read before, and their log odds: float32, (positions, 2)."""

    def write(self, first: Sequence[str], second: Sequence[str], log_odds: Float32s, /) -> None:
        """Store the log odds of pairs, (pairs, 2)."""


class Reader:
    """The reader of a model folder."""

    def __init__(self, folder: Path, *, verified: bool = True) -> None:
        """Verify and load `folder`; `ModelError` if it cannot be used. Without `verified` it need not be complete."""
        from tokenizers import Tokenizer

        if verified:
            verify(folder)
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._tokenizer.enable_truncation(MAX_TOKENS)
            self._session = inference_session(folder / READER)
        except ImportError:  # of onnxruntime, perhaps interrupted: nothing is wrong with the model
            raise
        except Exception as error:  # their exceptions share no class; the files are unchanged, as `verify` found
            raise ModelError(f"the reader in {folder} cannot be loaded ({error}): train or copy it again") from error
        self._name = f"the reader in {folder}"

    def log_odds(
        self,
        texts: Sequence[str] | NDArray[np.object_],
        i: Ints,
        j: Ints,
        progress: Progress = silent,
        store: ReadingStore | None = None,
    ) -> Float32s:
        """Return the log odds of one wording and of one story for pairs of texts, float32, (pairs, 2).

        The order of the two texts makes no difference. `progress` is called as ("reading", done, pairs). Pairs that the
        `store` has are not read again, and the others are added to it.
        """
        log_odds = np.empty((len(i), len(SCORED_LEVELS)), np.float32)
        for start in range(0, len(i), _CHUNK_PAIRS):
            part = slice(start, start + _CHUNK_PAIRS)
            ordered = [sorted((texts[a], texts[b])) for a, b in zip(i[part].tolist(), j[part].tolist(), strict=True)]
            log_odds[part] = self._looked_up([(first, second) for first, second in ordered], store)
            progress("reading", min(start + _CHUNK_PAIRS, len(i)), len(i))
        return log_odds

    def _looked_up(self, pairs: list[tuple[str, str]], store: ReadingStore | None) -> Float32s:
        if store is None:
            return self._read(pairs)
        log_odds = np.empty((len(pairs), len(SCORED_LEVELS)), np.float32)
        known, rows = store.read([first for first, _ in pairs], [second for _, second in pairs])
        if known:
            log_odds[known] = rows
        missing = np.delete(np.arange(len(pairs)), known).tolist()
        if missing:
            log_odds[missing] = self._read([pairs[k] for k in missing])
            store.write([pairs[k][0] for k in missing], [pairs[k][1] for k in missing], log_odds[missing])
        return log_odds

    def _read(self, pairs: list[tuple[str, str]]) -> Float32s:
        """Read pairs in batches of equally many tokens, so that nothing is padded."""
        encoded = tokenize(self._tokenizer, pairs, self._name)
        by_length: dict[int, list[int]] = {}
        for k, encoding in enumerate(encoded):
            by_length.setdefault(len(encoding.ids), []).append(k)
        batches = [part[k : k + _BATCH] for part in by_length.values() for k in range(0, len(part), _BATCH)]
        rows = np.empty((len(pairs), len(SCORED_LEVELS)), np.float32)

        def run(batch: list[int]) -> Float32s:
            ids, sides = (np.array([getattr(encoded[k], name) for k in batch], np.int64) for name in _INPUTS.values())
            inputs = dict(zip(_INPUTS, (ids, sides), strict=True))
            return rows_of(self._session, inputs, len(SCORED_LEVELS), self._name)

        for batch, output in zip(batches, in_order(run, batches), strict=True):
            rows[batch] = output
        return rows


_INPUTS = {"input_ids": "ids", "token_type_ids": "type_ids"}  # of the network, and where an encoding has them

load_reader = lru_cache(maxsize=2)(Reader)


def reader_of(encoder: Any) -> Reader:
    """Return the reader in the folder that an encoder names, or, where it names none, the bundled one."""
    return load_reader(getattr(encoder, "folder", None) or BUNDLED)


class PairsRead(NamedTuple):
    """How many pairs a run scored, how many of them it read, and how many "auto" left unread."""

    scored: int
    read: int
    left: int


def pairs_to_read(
    pairs: PairTable, nodes: int, reading: str, *, at_least: int = _AUTO_PAIRS, per_node: float = _AUTO_PER_NODE
) -> Ints:
    """Return the places of the pairs to read, ascending: all, none, or for "auto" the least certain of many.

    The least certain are those whose probability, at the level that is less certain, is nearest to one half. `at_least`: how
    many "auto" reads in any run; `per_node`: in large runs, for each of the `nodes`.
    """
    budget = reading_budget(len(pairs), nodes, reading, at_least=at_least, per_node=per_node)
    return np.arange(len(pairs)) if len(pairs) <= budget else _largest(doubt(pairs), budget)


def reading_budget(
    pairs: int, nodes: int, reading: str, *, at_least: int = _AUTO_PAIRS, per_node: float = _AUTO_PER_NODE
) -> int:
    """Return how many of so many pairs are read at most; arguments as above."""
    return {"all": pairs, "off": 0}.get(reading, max(at_least, int(per_node * nodes)))


def doubt(pairs: PairTable) -> Float32s:
    """Return how uncertain each pair is by itself at the level that is less certain, 0 to 0.25, (pairs,)."""
    return np.asarray(np.maximum(*(p * (1 - p) for p in map(pairs.p_pair, SCORED_LEVELS))))


def _largest(values: Float32s, count: int) -> Ints:
    """Return the places of the `count` largest values, ascending; of equal ones the first."""
    least = np.partition(values, len(values) - count)[len(values) - count] if count else np.inf
    above, level = np.flatnonzero(values > least), np.flatnonzero(values == least)
    return np.sort(np.concatenate([above, level[: count - len(above)]]))
