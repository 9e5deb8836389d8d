"""Opening an index: its folder, its settings, and the one writer at a time."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from dedupe.embedding import Encoder
from dedupe.embedding.model_folder import BUNDLED, FALLBACK, MANIFEST, READER
from dedupe.errors import InputError
from dedupe.index.database import FILE, Database
from dedupe.index.store import Store
from dedupe.result.settings import Settings
from dedupe.runtime.locks import exclusive
from dedupe.runtime.whole_files import as_output_errors

_WRITER = ".writer.json"


def open_store(folder: Path, make: Callable[[], dict[str, str]] | None, patience: float) -> Store:
    """Return the store of a folder; where it has none, one with the settings that `make` returns, unless it is None.

    Raises `InputError` where the folder is something else, or holds no index and none may be made.
    """
    if not holds_index(folder):
        _check_new(folder, make=make is not None)
        if make is not None:
            make()  # reports a mistake before there is a folder
        with as_output_errors(str(folder)):
            folder.mkdir(parents=True, exist_ok=True)
    database = Database(folder)
    try:
        if database.is_new:  # also where a process was killed before it had made the tables
            _make(database, make, patience)
        database.verify()
    except BaseException:
        database.close()
        raise
    return Store(database)


def _make(database: Database, make: Callable[[], dict[str, str]] | None, patience: float) -> None:
    if make is None:
        raise InputError(f"{database.folder} holds no index: check the path, or add headlines to make one")
    with writing(database.folder, patience):
        if database.is_new:
            settings = make()
            database.create(lambda: Store(database).set_meta(settings))


def holds_index(folder: Path) -> bool:
    """Return whether a folder has the file of an index; raises `InputError` where we may not look into it."""
    try:
        return (folder / FILE).is_file()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"cannot look into {folder} ({reason}): ask for the right to read it, or check the path"
        ) from None


def _check_new(folder: Path, *, make: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: name a folder for the index")
    if not make:
        raise InputError(f"{folder} holds no index: check the path, or add headlines to make one")
    if folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir()):
        raise InputError(f"{folder} holds other files and no index: name a new folder for the index")


@contextmanager
def writing(folder: Path, patience: float) -> Iterator[None]:
    """Be the one that writes into the folder. Waits some seconds for another, then says who it is, as an `OutputError`."""

    def busy() -> str:
        who = "another process"
        with suppress(OSError, ValueError, LookupError, TypeError):
            writer = json.loads((folder / _WRITER).read_text(encoding="utf-8"))
            who = f"process {writer['pid']:d} on {str(writer['host'])[:100]!r}, since {str(writer['since'])[:30]}"
        return f"{folder} is being written by {who}: let it end first, or wait for it with --wait"

    with exclusive(folder / FILE, patience, busy=busy):
        since = datetime.now(UTC).isoformat(timespec="seconds")
        with suppress(OSError):  # who waits is told less
            note = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})
            (folder / _WRITER).write_text(note, encoding="utf-8")
        try:
            yield
        finally:
            with suppress(OSError):
                (folder / _WRITER).unlink()


def description(settings: Settings, encoder: Encoder) -> dict[str, str]:
    """Return what an index is made with, as the store keeps it."""
    return {
        "window": repr(settings.window),
        "story_threshold": repr(settings.thresholds["story"]),
        "wording_threshold": repr(settings.thresholds["wording"]),
        "reader": settings.reader,
        "program": import_module("dedupe").__version__,
        **model_of(encoder),
    }


def model_of(encoder: Encoder) -> dict[str, str]:
    """Return what identifies an encoder and the model that judges its pairs; `InputError` for an encoder without an identity."""
    identity = getattr(encoder, "identity", None)
    if not isinstance(identity, str):
        raise InputError(
            f"the encoder {encoder!r} has no `identity`, by which an index knows its vectors: give it a text as that attribute"
        )
    folder = getattr(encoder, "folder", None)
    hashes: dict[str, Any] = json.loads(((folder or BUNDLED) / MANIFEST).read_text(encoding="utf-8"))["sha256"]
    names = sorted(hashes) if folder else [FALLBACK, READER]
    judge = sha256(" ".join(hashes[name] for name in names).encode()).hexdigest()
    return {"encoder": identity, "encoder_name": _name(encoder), "judge": judge}


def _name(encoder: Encoder) -> str:
    folder = getattr(encoder, "folder", None)
    if folder == BUNDLED:
        return "the bundled model"
    return str(folder or getattr(encoder, "name", None) or type(encoder).__name__)


def check_model(folder: Path, meta: Mapping[str, str], encoder: Encoder) -> None:
    """Raise `InputError` where an index was made with another model than this one."""
    model = model_of(encoder)
    if any(meta[name] != model[name] for name in ("encoder", "judge")):
        made, given = (f"{m['encoder_name']} ({m['encoder'][:8]}/{m['judge'][:8]})" for m in (meta, model))
        raise InputError(
            f"{folder} was made with another model, {made}, not {given}: name that model, or make another index"
        )


def check_settings(folder: Path, meta: Mapping[str, str], given: Mapping[str, Any]) -> None:
    """Raise `InputError` where a setting that is given is not the one an index was made with."""
    for name, value in given.items():
        stored: Any = meta[name] if name == "reader" else float(meta[name])
        if value is not None and value != stored:
            unit = " hours" if name == "window" else ""
            raise InputError(
                f"{folder} was made with {name} {stored:{'' if name == 'reader' else 'g'}}{unit}, not "
                f"{value:{'' if name == 'reader' else 'g'}}{unit}: leave it out, or make another index"
            )
