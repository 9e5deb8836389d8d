"""Files, feeds, pages and frames -> headlines.

In: names of inputs, or a frame. Out: a `Source` (the headlines, and how they were read), or a list of headlines.
"""

from dedupe.readers.columnar import read_table, rows_of
from dedupe.readers.delimited import Columns, listed, named_column
from dedupe.readers.inputs import read_headlines
from dedupe.readers.page_source import read_page
from dedupe.readers.source import FORMATS, Source

__all__ = [
    "FORMATS",
    "Columns",
    "Source",
    "listed",
    "named_column",
    "read_headlines",
    "read_page",
    "read_table",
    "rows_of",
]
