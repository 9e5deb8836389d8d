"""A result as one file: `Deduplication.save` and `load_result`.

The file is a zip archive whose members are not compressed. Nothing in it is a pickle.

| member | what |
|---|---|
| `manifest.json` | about the file: `format`, its `version`, the `program` that wrote it, `members` (bytes of each other member) |
| | about the run: `headlines` (how many), `settings`, `scale`, `calibrated`, `pairs_read`, `recall`, `given_up`, `corrections`,
| | `cautions`, `outlets`, `judge` (coefficients, without the head, which only encoding needs) |
| `headlines.jsonl` | the fields of one `Headline` per line; what JSON lacks is written as in `dedupe.result.values` |
| `tables/0.arrow`, ... | rows from a Parquet file or a frame, as an Arrow stream; `table` in `headlines.jsonl`: table, row |
| `nodes/*.npy` | the columns of `Nodes` |
| `pair_table/*.npy` | the columns of `PairTable` |
| `trees/LEVEL/*.npy` | `left`, `right` and `height` of each `MergeTree` |
| `constraints/KIND/LEVEL.npy` | `must_link` and `cannot_link` of `Constraints` |
| `vectors.npy`, `facts.npy` | one row for each node |

The version goes up when older programs can no longer read the file. Sizes are checked before anything is read: the members
together are no larger than the file, and no array is larger than its member.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from dedupe.candidates.pairs import PairTable
from dedupe.clustering.collapse import Nodes
from dedupe.clustering.constraints import Constraints
from dedupe.clustering.merge_tree import MergeTree
from dedupe.errors import InputError, OutputError, one_line
from dedupe.headlines import Headline
from dedupe.levels import SCORED_LEVELS
from dedupe.result.cautions import Caution
from dedupe.result.deduplication import Deduplication
from dedupe.result.settings import Settings, SourceRules
from dedupe.result.stored_arrays import Arrays, open_member, read_arrays, read_vectors, write_arrays
from dedupe.result.values import from_json, to_json
from dedupe.runtime.arrays import Ints
from dedupe.runtime.arrow import StoredRow, StoredTable
from dedupe.runtime.files import PACKED, writing_bytes
from dedupe.scoring.model import judge_from_json as judge_of_coefficients
from dedupe.scoring.model import to_json as coefficients_of
from dedupe.scoring.reader import PairsRead
from dedupe.scoring.similarity_scale import Scale
from dedupe.text.outlets import Outlets

_FORMAT, _VERSION = "headline-dedupe result", 3
_PROGRAM: str = import_module("dedupe").__version__  # a plain import would look like one of all public names
_MANIFEST = "manifest.json"
_HEADLINES = "headlines.jsonl"
_FIELDS = tuple(column.name for column in fields(Headline) if column.name != "row")


def save_result(result: Deduplication, path: str | Path) -> None:
    """Write a result to one file, whole or not at all; see `Deduplication.save`."""
    if str(path) == "-" or Path(path).suffix.lower() in PACKED:
        raise OutputError(f"a result cannot be saved as {path}: name a file that does not end in {' or '.join(PACKED)}")
    with writing_bytes(str(path)) as stream, ZipFile(stream, "w", ZIP_STORED) as archive:
        _write_headlines(archive, result.headlines)
        write_arrays(archive, result)
        manifest = {
            "format": _FORMAT,
            "version": _VERSION,
            "program": _PROGRAM,
            "headlines": len(result),
            "settings": asdict(result.settings),
            "judge": coefficients_of(result.judge) | {"calibrated": result.judge.calibrated},
            "scale": asdict(result.scale),
            "calibrated": result.calibrated,
            "pairs_read": result.pairs_read,
            "recall": result.recall,
            "given_up": result.given_up,
            "corrections": result.corrections,
            "cautions": [asdict(caution) for caution in result.cautions],
            "outlets": {kind: sorted(marks) for kind, marks in result.outlets._asdict().items()},
            "members": {info.filename: info.file_size for info in archive.infolist()},
        }
        with open_member(archive, _MANIFEST) as member:
            member.write(json.dumps(manifest, indent=1).encode())


def load_result(path: str | Path) -> Deduplication:
    """Return the result that `Deduplication.save` wrote to a file.

    Nothing is encoded, searched or scored again, and no model is needed. Raises `InputError` if the file cannot be read,
    is damaged, is something else, or was written by a newer version of headline-dedupe.
    """
    with _reported(path), ZipFile(path) as archive:
        manifest = _manifest(archive, Path(path).stat().st_size)
        settings, count = _settings(manifest["settings"]), manifest["headlines"]
        if set(settings.thresholds) != set(SCORED_LEVELS):
            raise ValueError("thresholds of other levels")
        vectors = read_vectors(archive)
        arrays = read_arrays(archive, count, len(vectors), settings.levels)
        headlines = tuple(_read_headlines(archive))
        cautions = tuple(Caution(c["code"], c["message"], tuple(c["positions"])) for c in manifest["cautions"])
        if len(headlines) != count or any(not 0 <= k < count for caution in cautions for k in caution.positions):
            raise ValueError(f"rows outside the {count} headlines")
        must_link, cannot_link = (_below(arrays, f"constraints/{kind}/") for kind in ("must_link", "cannot_link"))
        return Deduplication(
            headlines=headlines,
            nodes=Nodes(**_below(arrays, "nodes/")),
            pair_table=PairTable(**_below(arrays, "pair_table/")),
            trees={level: MergeTree(len(vectors), **_below(arrays, f"trees/{level}/")) for level in settings.levels},
            settings=settings,
            vectors=vectors,
            facts=arrays["facts"],
            constraints=Constraints(must_link, cannot_link, manifest["corrections"]),
            judge=replace(judge_of_coefficients(manifest["judge"]), calibrated=manifest["judge"]["calibrated"]),
            scale=Scale(**manifest["scale"]),
            calibrated=manifest["calibrated"],
            pairs_read=PairsRead(*manifest["pairs_read"]),
            recall=manifest["recall"],
            given_up=manifest["given_up"],
            cautions=cautions,
            outlets=Outlets(**{kind: frozenset(marks) for kind, marks in manifest["outlets"].items()}),
        )


def _settings(stored: dict[str, Any]) -> Settings:
    """Return stored settings; those of older versions have no rules about sources."""
    rules = stored.pop("sources", {"preferred": [], "publishers": {}, "never_same": False})
    return Settings(**stored, sources=SourceRules.of(rules["preferred"], rules["publishers"], rules["never_same"]))


def _below(arrays: Arrays, folder: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(folder): array for name, array in arrays.items() if name.startswith(folder)}


@contextmanager
def _reported(path: str | Path) -> Iterator[None]:
    """Turn every error that reading a damaged file can raise into one `InputError`."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}): check the path") from None
    except BadZipFile as error:
        raise InputError(f"{path} is not a saved result, or damaged ({error}): save the result again") from None
    except (ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged ({one_line(error)}): save the result again") from None


def _manifest(archive: ZipFile, size: int) -> dict[str, Any]:
    """Return the manifest of a file of `size` bytes, after a check of its version and of the sizes of its members."""
    sizes = {info.filename: info.file_size for info in archive.infolist()}
    manifest: Any = json.loads(archive.read(_MANIFEST)) if 0 < sizes.pop(_MANIFEST, 0) <= size else None
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise InputError("this is not a saved result: give a file that `Deduplication.save` wrote")
    if manifest["version"] > _VERSION:
        written_by = f"headline-dedupe {manifest['program']}, in a format that {_PROGRAM} cannot read"
        raise InputError(f"this was saved by {written_by}: update headline-dedupe")
    if manifest["version"] < _VERSION:
        raise InputError("this was saved by an older headline-dedupe, and lacks the model: group the headlines again")
    if any(info.compress_type != ZIP_STORED for info in archive.infolist()) or sum(sizes.values()) > size:
        raise ValueError("its members are compressed, or larger than the file")
    if sizes != manifest["members"] or len(archive.infolist()) != len(sizes) + 1:
        raise ValueError("its members are not those of the manifest")
    return manifest


def _write_headlines(archive: ZipFile, headlines: Sequence[Headline]) -> None:
    tables: dict[StoredTable, list[int]] = {}  # the rows of each table to keep
    with open_member(archive, _HEADLINES) as member:
        for position, headline in enumerate(headlines):
            values = {name: getattr(headline, name) for name in _FIELDS}
            record = {name: value for name, value in values.items() if value is not None and value != {}}
            row = headline.row
            if isinstance(row, StoredRow):
                positions = tables.setdefault(row.table, [])
                record["table"] = [list(tables).index(row.table), len(positions)]
                positions.append(row.position)
            elif row is not None:
                record["row"] = row
            try:
                member.write(f"{json.dumps(to_json(record))}\n".encode())
            except TypeError as error:
                problem = f"headline {position} holds {error}, which a saved result cannot keep"
                raise InputError(f"{problem}: convert it to text first") from None
    for number, (table, positions) in enumerate(tables.items()):
        with open_member(archive, f"tables/{number}.arrow") as member:
            _write_table(table, np.array(positions), member)


def _write_table(table: StoredTable, positions: Ints, member: IO[bytes]) -> None:
    import pyarrow as pa

    columns = list(dict.fromkeys([*table.names, *table.index_columns]))
    parts = (part.replace_schema_metadata(table.schema.metadata) for part in table.parts(positions, columns))
    first = next(parts)
    with pa.ipc.new_stream(member, first.schema) as writer:  # a stream may change its dictionaries on the way
        for part in chain([first], parts):
            writer.write_table(part)


def _read_table(archive: ZipFile, name: str) -> StoredTable:
    import pyarrow as pa

    try:
        table = pa.ipc.open_stream(pa.BufferReader(archive.read(name))).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"a table that is no Arrow stream: {error}") from None
    return StoredTable(table, str(archive.filename))


def _read_headlines(archive: ZipFile) -> Iterator[Headline]:
    tables = [_read_table(archive, name) for name in archive.namelist() if name.startswith("tables/")]  # in their order
    with archive.open(_HEADLINES) as lines:
        for line in lines:
            record = json.loads(line)
            place = record.pop("table", None)
            headline = Headline(**from_json(record))
            if place is not None:
                number, row = place
                if not 0 <= row < len(tables[number]):
                    raise ValueError("a headline names a row that is not there")
                headline = replace(headline, row=StoredRow(tables[number], row))
            yield headline
