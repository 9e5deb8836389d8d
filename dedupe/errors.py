"""Everything that `dedupe` raises on purpose.

DedupeError
├── InputError      titles, rows, files or settings cannot be used
│   └── EmptyInput  a file has no rows
├── ModelError      the encoder cannot be loaded, or returns something other than vectors
└── OutputError     a file cannot be written

UserWarning
└── DedupeWarning   oddities of the input may have changed the result

A message states the rule, the value that broke it, and what to do. The command line prints it on one line and exits
with code 2. Any other exception is a bug of ours and keeps its traceback.
"""


def one_line(error: BaseException) -> str:
    """Return what an error of another library says, on one line; the name of its class where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__


class DedupeError(Exception):
    """Base class of all errors that this package raises on purpose; a message is one line, whatever names it quotes."""

    def __init__(self, message: str = "") -> None:
        super().__init__(" ".join(message.splitlines()))


class InputError(DedupeError):
    """Titles, rows, files or settings cannot be used."""


class EmptyInput(InputError):
    """A file is empty, or has no rows under its header."""


class ModelError(DedupeError):
    """The encoder cannot be loaded, or returns something other than vectors."""


class OutputError(DedupeError):
    """A file cannot be written."""


class DedupeWarning(UserWarning):
    """Oddities of the input that may have changed the result, one warning per call; or a title column that is in doubt."""
