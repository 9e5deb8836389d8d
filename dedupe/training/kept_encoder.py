"""An encoder that was trained before, taken over from its model folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from dedupe.embedding.model_folder import ENCODER, HEAD, MANIFEST, TOKENIZER, sha256
from dedupe.errors import InputError, ModelError
from dedupe.training.network import BASE
from dedupe.training.optimization import History

ENCODER_FILES = (ENCODER, TOKENIZER, HEAD)


@dataclass(frozen=True, slots=True)
class KeptEncoder:
    """The encoder of `folder`, the `slices` that it learned from, by name, and what its manifest says of its training."""

    folder: Path
    slices: list[str]
    base: str
    log: History
    digest: str

    @classmethod
    def of(cls, folder: Path, base: str | Path | None) -> KeptEncoder:
        """Read the manifest of `folder`, whose other files need not be there.

        Raises `ModelError` for a folder that holds no intact encoder, `InputError` for one with another base, or that does not
        say what it learned from.
        """
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            changed = [name for name in ENCODER_FILES if sha256(folder / name) != manifest["sha256"][name]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"the encoder in {folder} cannot be read ({error}): name a model folder") from error
        if changed:
            raise ModelError(f"{folder / changed[0]} was changed: train or copy it again")
        if "encoder_slices" not in manifest:
            raise InputError(
                f"{folder / MANIFEST} has no 'encoder_slices', so nothing can be held back from the encoder"
            )
        own_base = str(manifest.get("base", BASE))
        if str(base or BASE) != own_base:
            raise InputError(f"the encoder in {folder} was made from {own_base}: name that with --base")
        digest = manifest["sha256"][ENCODER]
        return cls(folder, list(manifest["encoder_slices"]), own_base, manifest.get("encoder_log", []), digest)

    def copy_to(self, folder: Path) -> History:
        """Copy the files of the encoder, and return the log of its training."""
        for name in ENCODER_FILES:
            shutil.copyfile(self.folder / name, folder / name)
        return self.log
