"""Pairs in context -> groups of rows, and one Parquet file for each part of the input."""
