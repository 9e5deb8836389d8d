"""Networks in ONNX and their tokenizers: what they compute, or a `ModelError`.

onnxruntime runs without its telemetry: on its own it looks up servers, and keeps a device id in the user's home folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedupe.errors import ModelError, one_line
from dedupe.runtime.arrays import Float32s


def inference_session(model: Path | bytes) -> Any:
    """Return the `onnxruntime.InferenceSession` of a model, which computes on the calling thread alone.

    Raises what onnxruntime raises.
    """
    # Read when onnxruntime is imported: `disable_telemetry_events` comes too late. A value that the user has set stays.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.disable_quant_qdq", "1")  # int8 weights are scaled back once, at load
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, ["CPUExecutionProvider"])


def rows_of(session: Any, inputs: Mapping[str, NDArray[np.int64]], width: int, name: str) -> Float32s:
    """Return what a session computes from `inputs`, each (rows, tokens): finite numbers, (rows, width).

    `name`: of the model, for a `ModelError` where it computes anything else or fails.
    """
    rows = len(next(iter(inputs.values())))
    if rows == 1:  # summed in another order than rows of a batch: a row must not depend on what is computed with it
        return rows_of(session, {key: np.repeat(values, 2, axis=0) for key, values in inputs.items()}, width, name)[:1]
    try:
        output = np.asarray(session.run(None, dict(inputs))[0])
    except Exception as error:  # onnxruntime has a class of its own for each kind, which share no base
        raise ModelError(f"{name} cannot be used ({one_line(error)}): train or copy it again") from error
    if output.shape != (rows, width) or output.dtype.kind != "f" or not np.isfinite(output).all():
        found = f"an array of shape {output.shape}" if output.shape != (rows, width) else "NaN, infinity or no numbers"
        raise ModelError(f"{name} gives {found} where ({rows}, {width}) finite numbers belong: train or copy it again")
    return output


def tokenize(tokenizer: Any, texts: Sequence[str | tuple[str, str]], name: str) -> list[Any]:
    """Return the encodings of texts, or of pairs of them; `name` as for `rows_of`."""
    try:
        return list(tokenizer.encode_batch(texts))
    except Exception as error:  # of the class Exception itself
        raise ModelError(f"{name} cannot split titles ({one_line(error)}): train or copy it again") from error
