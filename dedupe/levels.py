"""The levels of sameness, the verdicts of people about two titles, and the rules for which title to keep."""

from __future__ import annotations

LEVELS = ("exact", "wording", "story")
"""From the closest to the widest; each lies inside the next."""
SCORED_LEVELS = ("wording", "story")
"""The levels that have a probability: exact copies are certain."""
VERDICTS = ("wording", "story", "different")
"""What people say of two titles: the closest level that they reach."""
SKIPPED = "skipped"
"""Stands for a verdict where somebody was asked and did not know."""
VERDICT_COLUMNS = ("title_a", "title_b", "verdict")
"""The columns of a table of verdicts."""
JOINING_VERDICTS = {"wording": ("wording",), "story": ("wording", "story")}
"""The verdicts that put two titles together at each level."""
SEPARATING_VERDICTS = {"wording": ("story", "different"), "story": ("different",)}
"""The verdicts that keep two titles apart at each level."""
KEEP_RULES = ("central", "earliest", "complete")
"""Which headline represents its group: closest to all others, first published, or stating most facts."""
