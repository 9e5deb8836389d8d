"""Vectors -> candidate pairs: every two rows at least so similar."""
