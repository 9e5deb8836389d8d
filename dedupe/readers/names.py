"""Names of inputs: globs, addresses and suffixes."""

from __future__ import annotations

from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path

from dedupe.errors import InputError
from dedupe.runtime.files import split_part

_PACKED_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd")
TIMEOUT = 60.0
"""Seconds for one download, unless the user says otherwise."""


def expand(names: Iterable[str | Path]) -> list[str]:
    """Return names with each glob replaced by what it matches but folders, sorted; `InputError` for a glob without any.

    A part that is named behind a glob is that of each file.
    """
    inputs: list[str] = []
    for name in map(str, names):
        file, part = split_part(name)
        if has_magic(file) and not is_address(file) and not Path(file).exists():
            matches = sorted(match for match in glob(file, recursive=True) if not Path(match).is_dir())
            if not matches:
                raise InputError(f"no file matches {file}: check the pattern")
            inputs += [f"{match}::{part}" if part else match for match in matches]
        else:
            inputs.append(name)
    return inputs


def is_address(name: str) -> bool:
    """Return whether a name is to be fetched."""
    return name.lower().startswith(("http://", "https://"))


def suffix(name: str) -> str:
    """Return the suffix that tells the format, in lower case: of "news.CSV.gz" it is ".csv"."""
    path = Path(name.split("?")[0] if is_address(name) else split_part(name)[0])
    return Path(path.stem if path.suffix.lower() in _PACKED_SUFFIXES else path).suffix.lower()
