"""The levels of sameness, the verdicts on two titles, and the values of the options `keep` and `reader`."""

from __future__ import annotations

LEVELS = ("exact", "wording", "story")
"""From the closest to the widest: copies are in one wording, and a wording is in one story."""
SCORED_LEVELS = ("wording", "story")
"""The levels whose pairs get a probability; exact copies need none."""
VERDICTS = ("wording", "story", "different")
"""What a person can say about two titles: the closest level that they share, if any."""
SKIPPED = "skipped"
"""Written in place of a verdict by a person who could not decide."""
VERDICT_COLUMNS = ("title_a", "title_b", "verdict")
"""The columns of a file of verdicts."""
JOINING_VERDICTS = {"wording": ("wording",), "story": ("wording", "story")}
"""Per level, the verdicts after which two titles must be in one group."""
SEPARATING_VERDICTS = {"wording": ("story", "different"), "story": ("different",)}
"""Per level, the verdicts after which two titles must be in different groups."""
KEEP_RULES = ("central", "earliest", "latest", "first", "complete")
"""Which headline represents its group: the closest to all others, the first or last published, the first of the input, or the
one with most facts."""
READING = ("auto", "all", "off")
"""Which pairs the reader reads: all, none, or for "auto" all of a small run and the least certain of a large one."""
