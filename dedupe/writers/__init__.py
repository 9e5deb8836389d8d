"""A result in; CSV, TSV, JSON Lines, JSON, Parquet, Excel, SQLite, plain lines, a digest or a table on a terminal out."""

from dedupe.writers.dropped import DROPPED_FORMATS, write_dropped
from dedupe.writers.rows import BINARY_FORMATS, ROW_FORMATS, format_of, write_pairs, write_rows, write_stories
from dedupe.writers.story_table import STORY_FORMATS, write_story_table
from dedupe.writers.terminal import console_for, show_pair, write_grid, write_matches, write_table

__all__ = [
    "BINARY_FORMATS",
    "DROPPED_FORMATS",
    "ROW_FORMATS",
    "STORY_FORMATS",
    "console_for",
    "format_of",
    "show_pair",
    "write_dropped",
    "write_grid",
    "write_matches",
    "write_pairs",
    "write_rows",
    "write_stories",
    "write_story_table",
    "write_table",
]
