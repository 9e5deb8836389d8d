"""Python in a process that is killed when it opens a socket to anything but this machine's own processes."""

from __future__ import annotations

import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_MACHINES = {
    "x86_64": (0xC000003E, 41),
    "aarch64": (0xC00000B7, 198),
}  # the kernel's name of the machine, and of `socket`
KILLED = -signal.SIGSYS
"""The exit code of a process that tried."""
_PROGRAM = """
import ctypes, struct, sys
architecture, number = int(sys.argv.pop(1)), int(sys.argv.pop(1))
allow, kill = 0x7FFF0000, 0x80000000
steps = [  # instructions of BPF, and by how many to jump if equal and if not
    (0x20, 0, 0, 4), (0x15, 1, 0, architecture), (0x06, 0, 0, kill),
    (0x20, 0, 0, 0), (0x15, 1, 0, number), (0x06, 0, 0, allow),
    (0x20, 0, 0, 16), (0x15, 1, 0, 1), (0x06, 0, 0, kill),  # the first argument: 1 is AF_UNIX
    (0x06, 0, 0, allow),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
pointer = ctypes.c_void_p(ctypes.addressof(program))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, pointer, 0, 0):  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
    sys.exit(77)
exec(compile(sys.argv.pop(1), "<offline>", "exec"))
"""


def run(code: str, home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run code offline with `arguments` as its `sys.argv[1:]`, in `home` and with no environment but this folder.

    Skips the test where the system cannot watch a process.
    """
    known = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or known is None:
        pytest.skip("calls of a process are watched by seccomp, which only Linux on x86_64 and aarch64 has here")
    command = [sys.executable, "-c", _PROGRAM, *map(str, known), code, *map(str, arguments)]
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=900)
    if done.returncode == 77:
        pytest.skip("this system does not let a process install a seccomp filter")
    return done


def files_in(folder: Path) -> set[str]:
    """Return the names of all files and empty folders in a folder, relative to it."""
    entries = (path for path in folder.rglob("*") if not path.is_dir() or not any(path.iterdir()))
    return {path.relative_to(folder).as_posix() for path in entries}
