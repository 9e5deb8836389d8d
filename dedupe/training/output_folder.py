"""The model folder that training writes, with manifest and model card, and the checkpoints beside it until it is complete."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2

from dedupe.embedding.model_folder import CARD, FILES, FORMAT, MANIFEST, is_model_folder, sha256
from dedupe.errors import InputError, OutputError
from dedupe.runtime.files import write_lines
from dedupe.runtime.folders import put_in_place
from dedupe.runtime.json_text import as_json
from dedupe.runtime.progress import Progress
from dedupe.runtime.whole_files import as_output_errors
from dedupe.training.network import BASE

_CHECKPOINTS = ".checkpoints"


def unused_folder(out: Path, force: bool) -> Path:
    """Return `out` as an absolute path; `OutputError` if it exists, unless it is a model folder and `force` is given."""
    out = out.resolve()
    if out.exists() and not (force and is_model_folder(out)):
        raise OutputError(f"{out} exists: choose another folder; --force only replaces a model folder")
    return out


def open_checkpoints(out: Path, settings: dict[str, Any]) -> Path:
    """Return the folder of checkpoints beside `out`; `InputError` if it belongs to a run with other settings."""
    folder = out.with_name(out.name + _CHECKPOINTS)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot create {folder} ({error.strerror}): choose another folder with -o") from error
    path = folder / "settings.json"
    if path.exists() and json.loads(path.read_text()) != settings:
        raise InputError(f"{folder} holds checkpoints of a run with other data or settings: delete it, or choose -o")
    write_lines([json.dumps(settings)], str(path))
    return folder


@contextmanager
def writing_folder(out: Path, record: dict[str, Any], card: str, progress: Progress, *, force: bool) -> Iterator[Path]:
    """Yield a folder to put the `FILES` in; then add the manifest with `record` and the card, and rename it to `out`.

    `card`: the template of the model card, by name. The checkpoints of the run are removed at the end. Raises `OutputError`
    where something took the place of `out` meanwhile; the checkpoints then stay.
    """
    progress("writing", 0, 1)
    partial = out.with_name(out.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    with as_output_errors(str(out)):
        partial.mkdir(parents=True)
        yield partial
        manifest = {"format": FORMAT, "sha256": {name: sha256(partial / name) for name in FILES}} | record
        (partial / MANIFEST).write_text(as_json(manifest, indent=1) + "\n", encoding="utf-8")
        (partial / CARD).write_text(_card(card, record), encoding="utf-8")
        put_in_place(partial, unused_folder(out, force))
        shutil.rmtree(out.with_name(out.name + _CHECKPOINTS))
    progress("writing", 1, 1)


def _card(template: str, record: dict[str, Any]) -> str:
    environment = jinja2.Environment(  # Markdown, so nothing is escaped
        loader=jinja2.PackageLoader("dedupe.training"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    base_option = f" --base {record['base']}" if record["base"] != BASE else ""
    return environment.get_template(f"{template}.md.jinja").render(record, base_option=base_option)
