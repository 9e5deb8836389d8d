"""`python -m dedupe` is `headline-dedupe`: what must hold before the first import and after the last line.

Ctrl-C ends the program with one line and exit code 130, whatever it is doing; the imports take longest. Little is imported
here, so that this holds from the first moment.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from _thread import interrupt_main, start_new_thread
from types import FrameType
from typing import Any

_MOMENT = 0.01  # seconds
_interrupted = False


def main() -> None:
    """Run the command line; the entry point of `headline-dedupe`."""
    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it was started to ignore Ctrl-C
            signal.signal(signal.SIGINT, _interrupt)
        sys.unraisablehook = _unraisable
        _open_standard_streams()
        from dedupe.cli import main as command_line

        command_line()
    except SystemExit:
        raise
    except BaseException:
        if not _interrupted:
            raise
        _say_interrupted()  # libraries turn an interrupt during their import into other errors
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is the end of the interpreter


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _interrupted
    _interrupted = True
    raise KeyboardInterrupt


def _unraisable(error: Any) -> None:
    """Interrupt again where it came while an object was deleted or a callback ran, which exceptions cannot leave."""
    if error.exc_type is KeyboardInterrupt:
        start_new_thread(_interrupt_soon, ())  # once this hook has returned
    elif not _interrupted:
        sys.__unraisablehook__(error)


def _interrupt_soon() -> None:
    time.sleep(_MOMENT)
    interrupt_main()


def _open_standard_streams() -> None:
    """Open the null device in the place of closed streams, so that no other file gets their numbers.

    Standard output stays None: what would write to it says so.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "", ""), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            if name:
                setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _say_interrupted() -> None:
    try:
        sys.stderr.write("headline-dedupe: interrupted\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


if __name__ == "__main__":
    main()
