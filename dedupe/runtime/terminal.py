"""Text that is safe to show: nothing that is read from a file, a feed or a server may control the terminal."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    """Return `text` with a space for each character that could control the terminal, except those in `keep`.

    These are escape and control characters, line ends, and marks that turn the direction of writing. Everything that this
    program puts on a terminal passes through here.
    """
    if text.isprintable():  # as most text is
        return text
    return "".join(c if c.isprintable() or c in keep else " " for c in text)
