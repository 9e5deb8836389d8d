"""The model folder that training writes, with its manifest and model card; it appears when it is complete."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2

from dedupe.embedding.model_folder import CARD, FILES, FORMAT, MANIFEST, is_model_folder, sha256
from dedupe.errors import OutputError
from dedupe.runtime.progress import Progress
from dedupe.training.network import BASE


def unused_folder(out: Path, force: bool) -> Path:
    """Return `out` as an absolute path; `OutputError` if it exists, unless it is a model folder and `force` is given."""
    out = out.resolve()
    if out.exists() and not (force and is_model_folder(out)):
        raise OutputError(f"{out} exists: choose another folder; --force only replaces a model folder")
    return out


@contextmanager
def writing_folder(out: Path, record: dict[str, Any], card: str, progress: Progress) -> Iterator[Path]:
    """Yield a folder to put the `FILES` in; then add the manifest with `record` and the card, and rename it to `out`.

    `card`: the template of the model card, by name.
    """
    progress("writing", 0, 1)
    partial = out.with_name(out.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    manifest = {"format": FORMAT, "sha256": {name: sha256(partial / name) for name in FILES}} | record
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (partial / CARD).write_text(_card(card, record), encoding="utf-8")
    shutil.rmtree(out, ignore_errors=True)
    partial.replace(out)
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
