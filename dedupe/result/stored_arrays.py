"""The arrays of a result as members of a zip archive and back, checked: see `dedupe.result.storage`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from tokenize import TokenError
from typing import IO, Any
from zipfile import ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.pairs import PairTable
from dedupe.embedding.vectors import Int16Rows, Vectors
from dedupe.levels import SCORED_LEVELS
from dedupe.result.deduplication import Deduplication
from dedupe.scoring.context import CONTEXT_FEATURES

Arrays = Mapping[str, NDArray[Any]]
_Layout = dict[str, tuple[tuple[str, ...], str]]
_CHUNK_ROWS = 4096  # vectors read at a time


def _layout(levels: Sequence[str]) -> _Layout:
    """Return the shape of each array except the vectors, and the bound of its integers, "" for floats.

    An array is called by its path in a result. Shapes and bounds are names of sizes: a name is one size for all arrays.
    """
    layout: _Layout = {
        "facts": (("nodes",), "int32"),
        "nodes/of_row": (("rows",), "nodes"),
        "nodes/exact_of_row": (("rows",), "rows"),
        "nodes/ties": (("rows",), "rows"),
        "nodes/title_row": (("nodes",), "rows"),
        "nodes/text_row": (("nodes",), "rows"),
        "nodes/first": (("nodes",), ""),
        "nodes/last": (("nodes",), ""),
        "nodes/weight": (("nodes",), "rows + 1"),
    }
    layout |= {f"pair_table/{c.name}": (("pairs",), "nodes" if c.name in "ij" else "") for c in fields(PairTable)}
    layout["pair_table/context"] = (("pairs", "features"), "")
    for level in levels:
        bounds = {"left": "nodes", "right": "nodes", "height": ""}
        layout |= {f"trees/{level}/{name}": ((f"{level} merges",), bound) for name, bound in bounds.items()}
    for kind in ("must_link", "cannot_link"):
        layout |= {f"constraints/{kind}/{level}": (("two", f"{level} {kind}"), "rows") for level in SCORED_LEVELS}
    return layout


def open_member(archive: ZipFile, name: str) -> IO[bytes]:
    """Open a member to write. It has no date, so the same result gives the same bytes."""
    return archive.open(ZipInfo(name), "w", force_zip64=True)


def write_arrays(archive: ZipFile, result: Deduplication) -> None:
    """Write the arrays of a result, each as a member."""
    for name in ("vectors", *_layout(result.settings.levels)):
        value: Any = result
        for part in name.split("/"):
            value = value[part] if isinstance(value, Mapping) else getattr(value, part)
        array = value.stored if isinstance(value, Int16Rows) else value
        with open_member(archive, f"{name}.npy") as member:
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def read_arrays(archive: ZipFile, rows: int, nodes: int, levels: Sequence[str]) -> Arrays:
    """Return the arrays of a result, except the vectors; `ValueError` or `KeyError` for arrays that a run never leaves.

    All are there, fit each other, and point at rows and nodes that exist.
    """
    sizes = {"rows": rows, "nodes": nodes, "rows + 1": rows + 1, "two": 2}
    sizes |= {"int32": 1 << 31, "features": len(CONTEXT_FEATURES)}
    arrays = {}
    for name, (shape, bound) in _layout(levels).items():
        array = arrays[name] = _read_array(archive, f"{name}.npy")
        fits = array.ndim == len(shape) and array.dtype.kind == ("i" if bound else "f")
        fits = fits and all(sizes.setdefault(size, n) == n for size, n in zip(shape, array.shape, strict=True))
        if not fits or (bound and ((array < 0) | (array >= sizes[bound])).any()):
            raise ValueError(f"{name} does not fit the other arrays")
    _check_order(arrays, nodes, levels)
    return arrays


def read_vectors(archive: ZipFile) -> Vectors:
    """Return the vectors of a result, as float32 or as int16 in a temporary file; `ValueError` for anything else."""
    name = "vectors.npy"
    with archive.open(name) as stream:
        (rows, width), dtype = _read_header(stream, archive.getinfo(name).file_size)
        if dtype != np.int16:
            return _read_array(archive, name).astype(np.float32, copy=False)
        vectors = Int16Rows(rows, width)
        for start in range(0, rows, _CHUNK_ROWS):
            content = stream.read(min(_CHUNK_ROWS, rows - start) * width * dtype.itemsize)
            vectors.stored[start : start + _CHUNK_ROWS] = np.frombuffer(content, dtype).reshape(-1, width)
        return vectors


def _read_array(archive: ZipFile, name: str) -> NDArray[Any]:
    with archive.open(name) as stream:
        _read_header(stream, archive.getinfo(name).file_size)
        stream.seek(0)
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array


def _read_header(stream: IO[bytes], size: int) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and type of an array, after a check that it is as large as its member."""
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array of another version")
    try:
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    except (SyntaxError, TokenError):  # NumPy parses the header as Python literals
        raise ValueError("an array without a header that can be read") from None
    if fortran_order or dtype.kind not in "if" or min(shape, default=0) < 0:
        raise ValueError(f"an array of {dtype}")
    if dtype.itemsize * int(np.prod(shape, dtype=object)) != size - stream.tell():
        raise ValueError("an array that is not as large as its member")
    return shape, dtype


def _check_order(arrays: Arrays, nodes: int, levels: Sequence[str]) -> None:
    """Raise `ValueError` unless every node has a row, pairs are ordered, and merges go in no circle."""
    for level in levels:
        left, right = arrays[f"trees/{level}/left"], arrays[f"trees/{level}/right"]
        number = np.arange(len(left))
        absorbed = np.full(nodes, len(left))
        absorbed[right] = number
        # a group is absorbed once at most, and only after every group that it absorbed
        if (absorbed[right] != number).any() or (absorbed[left] <= number).any():
            raise ValueError("a merge tree goes in circles")
    rows_of_node = np.bincount(arrays["nodes/of_row"], minlength=nodes)
    if not rows_of_node.all() or (arrays["pair_table/i"] >= arrays["pair_table/j"]).any():
        raise ValueError("nodes or pairs are not as a run leaves them")
