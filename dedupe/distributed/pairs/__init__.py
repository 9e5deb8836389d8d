"""Regions -> candidate pairs, scored by themselves, read, and judged in context."""
