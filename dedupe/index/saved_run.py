"""What a run leaves to the next, as one file: arrays of NumPy in a zip archive, whose checksums are checked as it is read.

It can be made again by a run from nothing. So whatever is wrong with a file, it counts as missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dedupe.candidates import PairTable
from dedupe.clustering import Constraints, Copies, Nodes
from dedupe.clustering.merge_tree import MergeTree
from dedupe.index.kept_context import KeptContext
from dedupe.index.kept_nodes import KeptNodes, NodeKeys
from dedupe.index.kept_outcome import Asked, Outcome
from dedupe.index.kept_pairs import OF_READINGS, KeptPairs
from dedupe.index.kept_titles import Told
from dedupe.levels import SCORED_LEVELS
from dedupe.result.cautions import Caution
from dedupe.runtime.files import writing_bytes
from dedupe.runtime.parallel import in_order
from dedupe.scoring import Judge, PairsRead, TitleFeatures
from dedupe.scoring.context import Matrices, Sums
from dedupe.scoring.echoes import words_of
from dedupe.scoring.title_features import Vocabulary
from dedupe.text.decorations import Undecorated
from dedupe.text.outlets import Outlets

_FORMAT = 5
_COLUMNS = ("similarity", "wording_similarity", "p_pair_wording", "p_pair_story")
_READ = ("read_wording", "read_story")
_OF_COPIES = ("of_row", "exact_of_row", "title_row", "text_row", "ties")
_OF_TREES = ("left", "right", "height")
_OF_CONSTRAINTS = ("must_link", "cannot_link")
_OF_TITLES = ("mass", "moods", "forms", "words", "first", "last", "facts")
_DAMAGE = (OSError, ValueError, LookupError, TypeError, EOFError, BadZipFile, msgspec.MsgspecError)

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Kept:
    """What a run leaves to the next."""

    nodes: KeptNodes
    pairs: KeptPairs
    context: KeptContext
    outcome: Outcome


def save(kept: Kept, asked: Asked, path: Path, about: Mapping[str, Any]) -> None:
    """Write a file, whole or not at all. `about`: what the run depends on. Raises `OutputError` where it cannot be written."""
    arrays: dict[str, Any] = _of_nodes(kept.nodes) | _of_pairs(kept.pairs) | _of_context(kept.context)
    arrays |= _of_outcome(kept.outcome, asked)
    arrays["about"] = _packed({"format": _FORMAT, "least_doubt": kept.pairs.least_doubt, **about})
    with writing_bytes(str(path)) as stream:
        np.savez(stream, **arrays)


def load(path: Path, about: Mapping[str, Any], judge: Judge) -> tuple[Kept, Asked] | None:
    """Return what `save` wrote, None where it is missing, damaged, of another format, or about something else."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            saved = _unpacked(file["about"], dict[str, Any])
            if {name: saved.get(name) for name in ("format", *about)} != _plain({"format": _FORMAT, **about}):
                return None
            names = sorted(file.files)
            arrays = dict(zip(names, in_order(file.__getitem__, names), strict=True))
        nodes = _nodes(arrays, judge)
        pairs = _pairs(arrays, float(saved["least_doubt"]))
        outcome, asked = _outcome(arrays, nodes.keys)
        return Kept(nodes, pairs, _context(arrays, nodes.titles, pairs.table), outcome), asked
    except _DAMAGE:
        return None


def _packed(value: Any) -> NDArray[np.uint8]:
    return np.frombuffer(msgspec.msgpack.encode(value), np.uint8)


def _unpacked(array: NDArray[np.uint8], kind: Any) -> Any:
    return msgspec.msgpack.decode(array.tobytes(), type=kind)


def _plain(about: Mapping[str, Any]) -> Any:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(about))


def _of_nodes(nodes: KeptNodes) -> Arrays:
    titles, kinds, members = nodes.titles, *nodes.vocabulary.content()
    keys = nodes.keys
    named = [
        (title.core, sorted(title.labels), _bytes(source), _bytes(generic))
        for title, source, generic in zip(keys.titles, keys.sources, keys.generic, strict=True)
    ]
    arrays: Arrays = {name: getattr(titles, name) for name in _OF_TITLES}
    arrays |= {"data": titles.entries.data, "indices": titles.entries.indices, "indptr": titles.entries.indptr}
    described = np.array(nodes.described)
    return arrays | {
        "keys": _packed(named),
        "vectors": np.asarray(nodes.vectors[:]),
        "kinds": kinds,
        "members": _packed(members),
        "described": described,
    }


def _nodes(arrays: Arrays, judge: Judge) -> KeptNodes:
    rows = _unpacked(arrays["keys"], list[tuple[str, list[str], bytes | None, bytes]])
    keys = NodeKeys(
        [Undecorated(core, frozenset(labels)) for core, labels, *_ in rows],
        [_text(source) for _, _, source, _ in rows],
        arrays["first"],
        arrays["last"],
        [generic.decode("utf-8", "surrogatepass") for *_, generic in rows],
    )
    vocabulary = Vocabulary.of(arrays["kinds"], _unpacked(arrays["members"], list[str]))
    shape = len(rows), len(arrays["kinds"])
    entries = csr_matrix((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)
    entries.has_sorted_indices = True
    titles = TitleFeatures.of(
        [title.core for title in keys.titles], entries, arrays["kinds"], {name: arrays[name] for name in _OF_TITLES}
    )
    vectors = arrays["vectors"]
    wording = vectors if judge.head is None else judge.wording_vectors(vectors)
    return KeptNodes(keys, titles, vectors, wording, vocabulary, int(arrays["described"]))


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _text(encoded: bytes | None) -> str | None:
    return None if encoded is None else encoded.decode("utf-8", "surrogatepass")


def _of_pairs(pairs: KeptPairs) -> Arrays:
    table = pairs.table
    arrays: Arrays = {
        "i": table.i,
        "j": table.j,
        "forced": pairs.forced,
        "read": pairs.read,
        "difference": pairs.difference,
        "similar": pairs.similar,
    }
    arrays |= {name: getattr(table, name) for name in _COLUMNS}
    return arrays | {f"reader_{name}": getattr(pairs.readings, name) for name in OF_READINGS}


def _pairs(arrays: Arrays, least_doubt: float) -> KeptPairs:
    unread = np.full(len(arrays["i"]), np.nan, np.float32)
    table = PairTable(arrays["i"], arrays["j"], read_wording=unread, read_story=unread)
    table = replace(table, **{name: arrays[name] for name in _COLUMNS})
    readings = replace(table.take(arrays["read"]), **{name: arrays[f"reader_{name}"] for name in OF_READINGS})
    return KeptPairs(
        table, arrays["forced"], arrays["difference"], arrays["read"], readings, arrays["similar"], least_doubt
    )


def _of_context(context: KeptContext) -> Arrays:
    table, levels = context.table, SCORED_LEVELS
    arrays: Arrays = {f"context_p_{level}": table.p_pair(level) for level in levels}
    arrays |= {f"p_{level}": context.probability[level] for level in levels}
    arrays |= {f"common_{level}": context.sums.common[level].astype(np.float32) for level in levels}
    is_read = np.flatnonzero(~np.isnan(table.read_story))
    arrays |= {"context_read": is_read} | {f"context_{name}": getattr(table, name)[is_read] for name in _READ}
    arrays |= {"said": context.sums.said.astype(np.float32), "echo_mass": context.sums.mass.astype(np.float32)}
    return arrays | {"places": context.places, "features": context.features}


def _context(arrays: Arrays, titles: TitleFeatures, table: PairTable) -> KeptContext:
    p_wording, p_story = (arrays[f"context_p_{level}"] for level in SCORED_LEVELS)
    table = replace(table, p_pair_wording=p_wording, p_pair_story=p_story)
    table = replace(table, read_wording=table.read_wording.copy(), read_story=table.read_story.copy())
    for name in _READ:
        getattr(table, name)[arrays["context_read"]] = arrays[f"context_{name}"]
    sums = Sums({level: arrays[f"common_{level}"] for level in SCORED_LEVELS}, arrays["said"], arrays["echo_mass"])
    matrices = Matrices(len(titles.texts), table.i, table.j)
    probability = {level: arrays[f"p_{level}"] for level in SCORED_LEVELS}
    kept = arrays["places"], arrays["features"]
    return KeptContext(matrices, table, words_of(titles), sums, None, probability, *kept)


def _of_outcome(outcome: Outcome, asked: Asked) -> Arrays:
    copies, nodes, constraints = outcome.copies, outcome.copies.nodes, outcome.constraints
    arrays: Arrays = {name: getattr(nodes, name) for name in _OF_COPIES} | {"generic": copies.generic}
    for level, tree in outcome.trees.items():
        arrays |= {f"{name}_{level}": getattr(tree, name) for name in _OF_TREES}
    for level in SCORED_LEVELS:
        arrays |= {f"{name}_{level}": getattr(constraints, name)[level] for name in _OF_CONSTRAINTS}
    said = {
        "asked": asked.key,
        "fingerprints": copies.fingerprints,
        "outlets": [list(map(_bytes, sorted(names))) for names in copies.outlets],
        "cautions": [(caution.code, caution.message, caution.positions) for caution in outcome.cautions],
        "read": outcome.read,
        "applied": constraints.applied,
        "levels": list(outcome.trees),
    }
    return arrays | {"outcome": _packed(said), "titles": _packed(list(map(_of_told, asked.tell())))}


def _outcome(arrays: Arrays, keys: NodeKeys) -> tuple[Outcome, Asked]:
    said, packed = _unpacked(arrays["outcome"], dict[str, Any]), arrays["titles"]
    count, columns = len(keys.titles), {name: arrays[name] for name in _OF_COPIES}
    nodes = Nodes(**columns, first=keys.first, last=keys.last, weight=np.ones(count, np.int64))
    outlets = Outlets(*(frozenset(str(_text(name)) for name in names) for names in said["outlets"]))
    copies = Copies((), nodes, [], [], said["fingerprints"], outlets, arrays["generic"])
    trees = {level: MergeTree(count, *(arrays[f"{name}_{level}"] for name in _OF_TREES)) for level in said["levels"]}
    must_link, cannot_link = ({level: arrays[f"{name}_{level}"] for level in SCORED_LEVELS} for name in _OF_CONSTRAINTS)
    constraints = Constraints(must_link, cannot_link, said["applied"])
    cautions = tuple(Caution(code, message, tuple(positions)) for code, message, positions in said["cautions"])
    outcome = Outcome(copies, (), constraints, cautions, PairsRead(*said["read"]), trees)
    return outcome, Asked(said["asked"], lambda: _told(packed))


def _of_told(told: Told) -> Any:
    title, source, text, core, key = told
    return _bytes(title), _bytes(source), text, None if core.core == text else core.core, sorted(core.labels), key


def _told(packed: NDArray[np.uint8]) -> Iterator[Told]:
    for title, source, text, core, labels, key in _unpacked(packed, list[Any]):
        undecorated = Undecorated(text if core is None else core, frozenset(labels))
        yield str(_text(title)), _text(source), text, undecorated, key
