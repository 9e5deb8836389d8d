"""A folder takes the place of another in one step, so that a process that is killed leaves the old one or the new one."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import sys
from pathlib import Path

_AT_FDCWD = -100  # paths are relative to the current folder, or absolute
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def put_in_place(new: Path, out: Path) -> None:
    """Rename the folder `new` to `out`; a folder that has this name is removed.

    On Linux and macOS both swap their names, on file systems that can; elsewhere there is a moment in which only `new` and a
    folder beside it, named after `out`, exist. Raises `OSError` where the folders cannot be renamed.
    """
    if not out.exists():
        new.rename(out)
    elif _exchanged(new, out):
        shutil.rmtree(new)
    else:
        old = out.with_name(f"{out.name}.{secrets.token_hex(4)}.old")
        out.rename(old)
        new.rename(out)
        shutil.rmtree(old)


def _exchanged(first: Path, second: Path) -> bool:
    """Swap the names of two paths, and return whether the system could."""
    names = [os.fsencode(path) for path in (first, second)]
    try:
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return bool(library.renamex_np(*names, _EXCHANGE) == 0)
        return bool(library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0)
    except (AttributeError, TypeError):  # neither is there, or the system is Windows
        return False
