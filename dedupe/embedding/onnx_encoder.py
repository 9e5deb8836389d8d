"""`TrainedEncoder`: the encoder of our model folders, on onnxruntime and tokenizers, which load faster than torch."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np

from dedupe.embedding.model_folder import BUNDLED, ENCODER, TOKENIZER, verify
from dedupe.embedding.model_folder import sha256 as file_digest
from dedupe.errors import ModelError
from dedupe.runtime.arrays import Float32s
from dedupe.runtime.onnx import inference_session, rows_of, tokenize
from dedupe.runtime.parallel import in_order

_BATCH = 32  # titles; one batch per thread waits less than all threads sharing a batch


class TrainedEncoder:
    """An `Encoder` with a model of pairs fitted on it, in the same folder."""

    def __init__(self, folder: Path, *, verified: bool = True) -> None:
        """Verify and load `folder`; `ModelError` if it cannot be used. Without `verified` it need not be complete."""
        from tokenizers import Tokenizer

        digests = (
            verify(folder)["sha256"]
            if verified
            else {name: file_digest(folder / name) for name in (ENCODER, TOKENIZER)}
        )
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._session = inference_session(folder / ENCODER)
            self.dimension = int(self._session.get_outputs()[0].shape[1])
        except ImportError:  # of onnxruntime, perhaps interrupted: nothing is wrong with the model
            raise
        except Exception as error:  # their exceptions share no class; the files are unchanged, as `verify` found
            raise ModelError(f"the model in {folder} cannot be loaded ({error}): train or copy it again") from error
        self.folder = folder
        self.identity = sha256(f"{digests[ENCODER]} {digests[TOKENIZER]}".encode()).hexdigest()

    def __repr__(self) -> str:
        return f"TrainedEncoder({'bundled' if self.folder == BUNDLED else str(self.folder)!r})"

    def encode(self, texts: list[str], /) -> Float32s:
        """Return unit rows, float32, (len(texts), d). A batch holds texts of equally many tokens, so nothing is padded."""
        tokens = [encoding.ids for encoding in tokenize(self._tokenizer, texts, f"the model in {self.folder}")]
        by_length: dict[int, list[int]] = {}
        for k, ids in enumerate(tokens):
            by_length.setdefault(len(ids), []).append(k)
        batches = [part[k : k + _BATCH] for part in by_length.values() for k in range(0, len(part), _BATCH)]
        rows = np.zeros((len(texts), self.dimension), np.float32)

        def run(batch: list[int]) -> Float32s:
            ids = np.array([tokens[k] for k in batch], np.int64)
            inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
            return rows_of(self._session, inputs, self.dimension, f"the model in {self.folder}")

        for batch, output in zip(batches, in_order(run, batches), strict=True):
            rows[batch] = output
        return rows
