"""`TrainedEncoder`: the encoder of our model folders, on onnxruntime and tokenizers, which load faster than torch."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from dedupe.embedding.model_folder import BUNDLED, ENCODER, TOKENIZER, verify
from dedupe.embedding.model_folder import sha256 as file_digest
from dedupe.errors import ModelError
from dedupe.runtime.arrays import Float32s
from dedupe.runtime.parallel import in_order

_BATCH = 32  # titles


class TrainedEncoder:
    """An `Encoder` with a model of pairs fitted on it, in the same folder."""

    def __init__(self, folder: Path, *, verified: bool = True) -> None:
        """Verify and load `folder`; `ModelError` if it cannot be used. Without `verified` it need not be complete."""
        import onnxruntime
        from tokenizers import Tokenizer

        digests = (
            verify(folder)["sha256"]
            if verified
            else {name: file_digest(folder / name) for name in (ENCODER, TOKENIZER)}
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one batch per thread waits less than all threads sharing a batch
        options.add_session_config_entry("session.disable_quant_qdq", "1")  # dequantize the weights once, at load
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._session = onnxruntime.InferenceSession(str(folder / ENCODER), options, ["CPUExecutionProvider"])
        except Exception as error:  # their exceptions share no class; the files are unchanged, as `verify` found
            raise ModelError(f"the model in {folder} cannot be loaded: {error}") from error
        self.folder = folder
        self.identity = sha256(f"{digests[ENCODER]} {digests[TOKENIZER]}".encode()).hexdigest()
        self.dimension: int = self._session.get_outputs()[0].shape[1]

    def __repr__(self) -> str:
        return f"TrainedEncoder({'bundled' if self.folder == BUNDLED else str(self.folder)!r})"

    def encode(self, texts: list[str], /) -> Float32s:
        """Return unit rows, float32, (len(texts), d). A batch holds texts of equally many tokens, so nothing is padded."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        by_length: dict[int, list[int]] = {}
        for k, ids in enumerate(tokens):
            by_length.setdefault(len(ids), []).append(k)
        batches = [part[k : k + _BATCH] for part in by_length.values() for k in range(0, len(part), _BATCH)]
        rows = np.zeros((len(texts), self.dimension), np.float32)

        def run(batch: list[int]) -> Any:
            ids = np.array([tokens[k] for k in batch], np.int64)
            return self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]

        for batch, output in zip(batches, in_order(run, batches), strict=True):
            rows[batch] = output
        return rows
