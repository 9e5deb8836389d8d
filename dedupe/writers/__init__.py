"""A result -> CSV, JSON Lines, Parquet or a table on a terminal."""
