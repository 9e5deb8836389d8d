"""The words in which people say what two titles are to each other."""

from __future__ import annotations

VERDICTS = ("wording", "story", "different")
"""The closest level that two titles reach."""
SKIPPED = "skipped"
"""Stands for a verdict where somebody was asked and did not know."""
COLUMNS = ("title_a", "title_b", "verdict")
"""Of a table of verdicts."""
TOGETHER = {"wording": ("wording",), "story": ("wording", "story")}
"""The verdicts that put two titles together at each level."""
APART = {"wording": ("story", "different"), "story": ("different",)}
"""The verdicts that keep two titles apart at each level."""
