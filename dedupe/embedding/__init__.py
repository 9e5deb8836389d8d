"""Texts -> unit vectors, (n, d), float32; encoders by name or folder, and the check of our model folders.

In: normalized titles and an `Encoder`, or vectors that a user gives. Out: `Vectors`. `VectorCache` is in
`dedupe.embedding.cache`, since that loads SQLite.
"""

from dedupe.embedding.encoders import Encoder, VectorStore, as_encoder, embed, load_encoder
from dedupe.embedding.vectors import Vectors, release_pages, rows_at, unit_rows, zero_rows

__all__ = [
    "Encoder",
    "VectorStore",
    "Vectors",
    "as_encoder",
    "embed",
    "load_encoder",
    "release_pages",
    "rows_at",
    "unit_rows",
    "zero_rows",
]
