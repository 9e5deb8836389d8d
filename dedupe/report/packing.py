"""Arrays as JSON: base64 of little-endian numbers, under the name of the typed array that reads them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NAMES = {"u1": "Uint8Array", "u2": "Uint16Array", "u4": "Uint32Array", "f4": "Float32Array", "f8": "Float64Array"}


def pack(values: NDArray[Any]) -> dict[str, str]:
    """Return `values`, (n,), floats as they are, other numbers (none negative) in as few bytes each as hold the largest."""
    if values.dtype.kind != "f":
        values = values.astype(np.min_scalar_type(int(values.max(initial=0))))
    little = values.astype(values.dtype.newbyteorder("<"))
    return {"type": _NAMES[little.dtype.str[1:]], "base64": b64encode(little.tobytes()).decode("ascii")}
