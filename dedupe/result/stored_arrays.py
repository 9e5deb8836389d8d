"""The arrays of a result as members of a zip archive and back, checked: see `dedupe.result.storage`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from tokenize import TokenError
from typing import IO, Any, TypedDict
from zipfile import ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.pairs import PairTable
from dedupe.clustering.collapse import Nodes
from dedupe.clustering.constraints import Constraints
from dedupe.clustering.merge_tree import MergeTree
from dedupe.embedding.vectors import Int16Rows, Vectors
from dedupe.levels import SCORED_LEVELS
from dedupe.result.deduplication import Deduplication
from dedupe.runtime.arrays import Ints
from dedupe.scoring.context import CONTEXT_FEATURES

_Arrays = Mapping[str, NDArray[Any]]
_VECTORS = "vectors.npy"
_CHUNK_ROWS = 4096  # vectors read at a time


class Parts(TypedDict):
    """The fields of a result that are made of arrays."""

    nodes: Nodes
    pair_table: PairTable
    trees: dict[str, MergeTree]
    constraints: Constraints
    facts: Ints
    vectors: Vectors


def open_member(archive: ZipFile, name: str) -> IO[bytes]:
    """Open a member to write. It has no date, so the same result gives the same bytes."""
    return archive.open(ZipInfo(name), "w", force_zip64=True)


def write_arrays(archive: ZipFile, result: Deduplication) -> None:
    """Write the arrays of a result, each as a member."""
    arrays = {f"nodes/{column.name}": getattr(result.nodes, column.name) for column in fields(Nodes)}
    arrays |= {f"pairs/{column.name}": getattr(result.pair_table, column.name) for column in fields(PairTable)}
    for level, tree in result.trees.items():
        arrays |= {f"trees/{level}/{name}": getattr(tree, name) for name in ("left", "right", "height")}
    arrays |= {f"constraints/must_link/{level}": pairs for level, pairs in result.constraints.must_link.items()}
    arrays |= {f"constraints/cannot_link/{level}": pairs for level, pairs in result.constraints.cannot_link.items()}
    vectors = result.vectors.stored if isinstance(result.vectors, Int16Rows) else result.vectors
    for name, array in (arrays | {"facts": result.facts, "vectors": vectors}).items():
        with open_member(archive, f"{name}.npy") as member:
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def read_arrays(archive: ZipFile, rows: int, levels: Sequence[str], corrections: int) -> Parts:
    """Return the parts of a result of this many rows; `ValueError` or `KeyError` for arrays that a run never leaves."""
    vectors = _read_vectors(archive)
    names = [name for name in archive.namelist() if name.endswith(".npy") and name != _VECTORS]
    arrays = {name.removesuffix(".npy"): _read_array(archive, name) for name in names}
    _check_shapes(arrays, rows, len(vectors), levels)
    _check_order(arrays, len(vectors), levels)

    def group(name: str) -> dict[str, Any]:
        return {key.removeprefix(f"{name}/"): array for key, array in arrays.items() if key.startswith(f"{name}/")}

    return {
        "nodes": Nodes(**group("nodes")),
        "pair_table": PairTable(**group("pairs")),
        "trees": {level: MergeTree(len(vectors), **group(f"trees/{level}")) for level in levels},
        "constraints": Constraints(group("constraints/must_link"), group("constraints/cannot_link"), corrections),
        "facts": arrays["facts"],
        "vectors": vectors,
    }


def _read_array(archive: ZipFile, name: str) -> NDArray[Any]:
    with archive.open(name) as stream:
        _read_header(stream, archive.getinfo(name).file_size)
        stream.seek(0)
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array


def _read_vectors(archive: ZipFile) -> Vectors:
    with archive.open(_VECTORS) as stream:
        (rows, width), dtype = _read_header(stream, archive.getinfo(_VECTORS).file_size)
        if dtype != np.int16:
            return _read_array(archive, _VECTORS).astype(np.float32, copy=False)
        vectors = Int16Rows(rows, width)
        for start in range(0, rows, _CHUNK_ROWS):
            content = stream.read(min(_CHUNK_ROWS, rows - start) * width * dtype.itemsize)
            vectors.stored[start : start + _CHUNK_ROWS] = np.frombuffer(content, dtype).reshape(-1, width)
        return vectors


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


def _check_shapes(arrays: _Arrays, rows: int, nodes: int, levels: Sequence[str]) -> None:
    """Raise `ValueError` unless all arrays are there, fit each other, and point at rows and nodes that exist."""
    pairs = len(arrays["pairs/i"])
    layout: dict[
        str, tuple[tuple[int, ...], int | None]
    ] = {  # shape, -1 for any length; limit of integers, None for floats
        "nodes/of_row": ((rows,), nodes),
        "nodes/exact_of_row": ((rows,), rows),
        "nodes/ties": ((rows,), rows),
        "nodes/title_row": ((nodes,), rows),
        "nodes/text_row": ((nodes,), rows),
        "nodes/first": ((nodes,), None),
        "nodes/last": ((nodes,), None),
        "nodes/weight": ((nodes,), rows + 1),
        "facts": ((nodes,), 1 << 31),
    }
    layout |= {
        f"pairs/{column.name}": ((pairs,), nodes if column.name in "ij" else None) for column in fields(PairTable)
    }
    layout["pairs/context"] = ((pairs, len(CONTEXT_FEATURES)), None)
    for level in levels:
        merges = len(arrays[f"trees/{level}/left"])
        layout |= {f"trees/{level}/{name}": ((merges,), nodes) for name in ("left", "right")}
        layout[f"trees/{level}/height"] = ((merges,), None)
    kinds = ("must_link", "cannot_link")
    layout |= {f"constraints/{kind}/{level}": ((2, -1), rows) for kind in kinds for level in SCORED_LEVELS}
    if set(arrays) != set(layout):
        raise ValueError("arrays are missing")
    for name, (shape, limit) in layout.items():
        array = arrays[name]
        fits = array.ndim == len(shape) and all(n == m or m < 0 for n, m in zip(array.shape, shape, strict=True))
        if limit is None:
            fits = fits and array.dtype.kind == "f"
        else:
            fits = fits and array.dtype.kind == "i" and not ((array < 0) | (array >= limit)).any()
        if not fits:
            raise ValueError(f"{name} does not fit the other arrays")


def _check_order(arrays: _Arrays, nodes: int, levels: Sequence[str]) -> None:
    """Raise `ValueError` unless every node has a row, pairs are ordered, and merges go in no circle."""
    trees = [(arrays[f"trees/{level}/left"], arrays[f"trees/{level}/right"]) for level in levels]
    for left, right in trees:
        number = np.arange(len(left))
        absorbed = np.full(nodes, len(left))
        absorbed[right] = number
        # a group is absorbed once at most, and after all that it takes in
        if (absorbed[right] != number).any() or (absorbed[left] <= number).any():
            raise ValueError("a merge tree goes in circles")
    if not np.bincount(arrays["nodes/of_row"], minlength=nodes).all() or (arrays["pairs/i"] >= arrays["pairs/j"]).any():
        raise ValueError("nodes or pairs are not as a run leaves them")
