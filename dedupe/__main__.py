"""`python -m dedupe` is `headline-dedupe`: what must hold before the first import and after the last line.

Ctrl-C ends the program with one line and exit code 130, whatever it is doing. Imports take longest, so they all come after
this is so: hardly anything is imported at the top of this module or of `dedupe`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_MOMENT = 0.01  # seconds
_interrupted = False


def main() -> None:
    """Run the command line; the entry point of `headline-dedupe`."""
    try:
        _prepare()
        from dedupe.cli import main as command_line

        command_line()
    except SystemExit:
        raise
    except BaseException as error:
        if not _interrupted and not isinstance(error, KeyboardInterrupt):
            raise
        _say_interrupted()  # libraries turn an interrupt during their import into other errors
        sys.exit(130)
    finally:
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is the end of the interpreter


def _prepare() -> None:
    import signal

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it was started to ignore Ctrl-C
        signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = _unraisable
    _open_standard_streams()


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _interrupted
    _interrupted = True
    raise KeyboardInterrupt


def _unraisable(error: Any) -> None:
    """Interrupt again where it came while an object was deleted or a callback ran, which exceptions cannot leave."""
    if error.exc_type is KeyboardInterrupt:
        from _thread import start_new_thread

        start_new_thread(_interrupt_soon, ())  # once this hook has returned
    elif not _interrupted:
        sys.__unraisablehook__(error)


def _interrupt_soon() -> None:
    from _thread import interrupt_main
    from time import sleep

    sleep(_MOMENT)
    interrupt_main()


def _open_standard_streams() -> None:
    """Open the null device in the place of closed streams, so that no other file gets their numbers.

    Standard output stays None: what would write to it says so.
    """
    import os

    for descriptor, name, mode in ((0, "stdin", "r"), (1, "", ""), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            if name:
                setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - stays open


def _say_interrupted() -> None:
    try:
        sys.stderr.write("headline-dedupe: interrupted\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


if __name__ == "__main__":
    main()
