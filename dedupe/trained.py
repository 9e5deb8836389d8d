"""`TrainedEncoder`: the encoder of a model folder, on onnxruntime and tokenizers, which start at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dedupe.artefacts import BUNDLED, ENCODER, TOKENIZER, verify
from dedupe.errors import ModelError
from dedupe.threads import limit

_TOGETHER = 32  # titles in one batch


class TrainedEncoder:
    """An `Encoder` that has a judge of its own, in the same folder."""

    def __init__(self, folder: Path) -> None:
        """Verify and load `folder`; `ModelError` where it cannot be used."""
        import onnxruntime
        from tokenizers import Tokenizer

        verify(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = limit()
        options.add_session_config_entry("session.disable_quant_qdq", "1")  # scale the weights back once, at load
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            self._session = onnxruntime.InferenceSession(str(folder / ENCODER), options, ["CPUExecutionProvider"])
        except Exception as error:  # their exceptions share no class; the files are the ones that were written
            raise ModelError(f"the model in {folder} cannot be loaded: {error}") from error
        self.folder = folder
        self.dimension: int = self._session.get_outputs()[0].shape[1]

    def __repr__(self) -> str:
        return f"TrainedEncoder({'bundled' if self.folder == BUNDLED else str(self.folder)!r})"

    def encode(self, texts: list[str], /) -> NDArray[np.float32]:
        """Return float32, (len(texts), d), unit rows; batches hold texts of like length."""
        tokens = [found.ids for found in self._tokenizer.encode_batch(texts)]
        order = sorted(range(len(texts)), key=lambda k: len(tokens[k]))
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for start in range(0, len(order), _TOGETHER):
            part = order[start : start + _TOGETHER]
            rows[part] = self._run([tokens[k] for k in part])
        return rows

    def _run(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        """The rows of one batch; what pads a shorter title is masked, so its value does not matter."""
        width = max(map(len, tokens))
        ids = np.array([row + [0] * (width - len(row)) for row in tokens], np.int64)
        mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in tokens], np.int64)
        found: NDArray[np.float32] = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return found
