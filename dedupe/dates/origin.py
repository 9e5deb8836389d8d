"""`Origin`: the moment that "5 h ago" counts from, and how it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

_MAX_SHOWN = 40  # characters of a date in a message


@dataclass(slots=True)
class Origin:
    """The moment at which an input was taken, from which its relative dates count.

    `how`: what tells it, for messages. `given`: whether it is certain: the user says so, or it was fetched then. `example`: the
    first date that was read so, "" for none.
    """

    when: datetime
    how: str
    given: bool = False
    example: str = ""

    def __post_init__(self) -> None:
        self.when = self.when.replace(microsecond=0)

    def said(self, name: str, option: str = "--now") -> list[str]:
        """Return what there is to say of the dates of an input: a line if any were relative. `option`: that gives the moment."""
        if not self.example:
            return []
        advice = "" if self.given else f": give {option} if it is from another time"
        return [f"{name}: dates such as {self.example!r} count from {self.when:%Y-%m-%d %H:%MZ}, {self.how}{advice}"]

    def note(self, text: str) -> None:
        """Keep the first date that was read from here."""
        self.example = self.example or " ".join(text.split())[:_MAX_SHOWN]
