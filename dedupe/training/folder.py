"""A model folder, written under a temporary name and renamed when it is whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dedupe.embedding.model_folder import CARD, FILES, FORMAT, MANIFEST, is_model_folder, sha256
from dedupe.errors import OutputError
from dedupe.runtime.progress import Progress


def free_folder(out: Path, force: bool) -> Path:
    """Return where a model may be written; `OutputError` where something is that `force` does not replace."""
    out = out.resolve()
    if out.exists() and not (force and is_model_folder(out)):
        raise OutputError(f"{out} exists: choose another folder; --force only replaces a model folder")
    return out


def write_folder(
    out: Path,
    fill: Callable[[Path], None],
    record: dict[str, Any],
    card: str,
    progress: Progress,
) -> None:
    """Write the files that `fill` puts into a folder, the manifest with `record`, and the card."""
    progress("writing", 0, 1)
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    fill(part)
    manifest = {"format": FORMAT, "sha256": {name: sha256(part / name) for name in FILES}} | record
    (part / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (part / CARD).write_text(card, encoding="utf-8")
    shutil.rmtree(out, ignore_errors=True)
    part.replace(out)
    progress("writing", 1, 1)
