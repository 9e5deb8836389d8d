"""Rows -> weighted nodes with vectors, in regions, such that pairs lie in one region or between two."""
