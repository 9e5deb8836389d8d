"""Files, feeds, pages and frames -> headlines."""
