"""A result in; CSV, TSV, JSON Lines, JSON, Parquet, plain lines or a table on a terminal out."""

from dedupe.writers.dropped import DROPPED_FORMATS, write_dropped
from dedupe.writers.rows import ROW_FORMATS, format_of, write_pairs, write_rows, write_stories
from dedupe.writers.terminal import console_for, show_pair, write_matches, write_table

__all__ = [
    "DROPPED_FORMATS",
    "ROW_FORMATS",
    "console_for",
    "format_of",
    "show_pair",
    "write_dropped",
    "write_matches",
    "write_pairs",
    "write_rows",
    "write_stories",
    "write_table",
]
