"""Texts -> unit vectors, (n, d): encoders by name or folder, `embed`, the cache of vectors, and our model folders."""
