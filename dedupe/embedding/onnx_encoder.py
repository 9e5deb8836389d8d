"""`TrainedEncoder`: the encoder of a model folder, on onnxruntime and tokenizers, which start at once."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dedupe.embedding.model_folder import BUNDLED, ENCODER, TOKENIZER, verify
from dedupe.errors import ModelError
from dedupe.runtime.parallel import in_order

_TOGETHER = 32  # titles in one batch


class TrainedEncoder:
    """An `Encoder` that has a judge of its own, in the same folder."""

    def __init__(self, folder: Path) -> None:
        """Verify and load `folder`; `ModelError` where it cannot be used."""
        import onnxruntime
        from tokenizers import Tokenizer

        digests = verify(folder)["sha256"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # each thread runs batches of its own, which waits less than sharing one
        options.add_session_config_entry("session.disable_quant_qdq", "1")  # scale the weights back once, at load
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._session = onnxruntime.InferenceSession(str(folder / ENCODER), options, ["CPUExecutionProvider"])
        except Exception as error:  # their exceptions share no class; the files are the ones that were written
            raise ModelError(f"the model in {folder} cannot be loaded: {error}") from error
        self.folder = folder
        self.identity = sha256(f"{digests[ENCODER]} {digests[TOKENIZER]}".encode()).hexdigest()
        self.dimension: int = self._session.get_outputs()[0].shape[1]

    def __repr__(self) -> str:
        return f"TrainedEncoder({'bundled' if self.folder == BUNDLED else str(self.folder)!r})"

    def encode(self, texts: list[str], /) -> NDArray[np.float32]:
        """Return float32, (len(texts), d), unit rows; a batch holds texts of one length in tokens, so nothing is padded."""
        tokens = [found.ids for found in self._tokenizer.encode_batch(texts)]
        of_length: dict[int, list[int]] = {}
        for k, ids in enumerate(tokens):
            of_length.setdefault(len(ids), []).append(k)
        rows = np.zeros((len(texts), self.dimension), np.float32)
        parts = [of[k : k + _TOGETHER] for of in of_length.values() for k in range(0, len(of), _TOGETHER)]
        found = in_order(lambda part: self._run(np.array([tokens[k] for k in part], np.int64)), parts)
        for part, vectors in zip(parts, found, strict=True):
            rows[part] = vectors
        return rows

    def _run(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """The rows of one batch, (texts, tokens)."""
        found: NDArray[np.float32] = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
        return found
