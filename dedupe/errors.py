"""Everything that `dedupe` raises on purpose.

DedupeError
├── InputError      the given titles, rows, files or settings cannot be used
│   └── EmptyInput  a file has nothing in it
├── ModelError      the encoder cannot be loaded, or does not return what it must
└── OutputError     the result cannot be written where it was asked for

UserWarning
└── DedupeWarning   the result may not be what you expect: what to know about the input

A message states the rule, the value that broke it, and what to do. The command line prints it as one line and
exits with code 2. Anything else that escapes is a defect of ours and keeps its traceback.
"""


class DedupeError(Exception):
    """Root of all errors raised on purpose."""


class InputError(DedupeError):
    """The given titles, rows, files or settings cannot be used."""


class EmptyInput(InputError):
    """A file has nothing in it, or no rows under its header."""


class ModelError(DedupeError):
    """The encoder cannot be loaded, or does not return what it must."""


class OutputError(DedupeError):
    """The result cannot be written where it was asked for."""


class DedupeWarning(UserWarning):
    """What a user should know about the input of a run; one warning per call of `deduplicate` or `match`."""
