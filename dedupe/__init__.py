"""Find duplicate and paraphrased news headlines, and group them into stories.

>>> import dedupe
>>> result = dedupe.deduplicate(["Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo", "Rates rise"])
>>> result.labels("story").tolist()
[0, 0, 1]

Names are loaded when they are first used, so that `import dedupe` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dedupe.clustering.corrections import Correction, read_corrections
    from dedupe.embedding.cache import VectorCache
    from dedupe.embedding.encoders import Encoder, load_encoder
    from dedupe.errors import DedupeError, InputError, ModelError, OutputError
    from dedupe.headlines import Headline
    from dedupe.matching import Match, Matches, match
    from dedupe.pipeline import compare, deduplicate
    from dedupe.readers.inputs import Columns, Source, read_headlines, read_table
    from dedupe.report import write_report
    from dedupe.result.deduplication import Caution, Deduplication, Story, Wording
    from dedupe.result.pairs import JudgedPair
    from dedupe.text.normalize import fingerprint, normalize

__version__ = "0.1.0"
__all__ = [
    "Caution",
    "Columns",
    "Correction",
    "DedupeError",
    "Deduplication",
    "Encoder",
    "Headline",
    "InputError",
    "JudgedPair",
    "Match",
    "Matches",
    "ModelError",
    "OutputError",
    "Source",
    "Story",
    "VectorCache",
    "Wording",
    "compare",
    "deduplicate",
    "fingerprint",
    "load_encoder",
    "match",
    "normalize",
    "read_corrections",
    "read_headlines",
    "read_table",
    "write_report",
]
_HOME = {
    "embedding.cache": ("VectorCache",),
    "clustering.corrections": ("Correction", "read_corrections"),
    "embedding.encoders": ("Encoder", "load_encoder"),
    "errors": ("DedupeError", "InputError", "ModelError", "OutputError"),
    "headlines": ("Headline",),
    "matching": ("Match", "Matches", "match"),
    "result.pairs": ("JudgedPair",),
    "pipeline": ("compare", "deduplicate"),
    "report": ("write_report",),
    "result.deduplication": ("Caution", "Deduplication", "Story", "Wording"),
    "readers.inputs": ("Columns", "Source", "read_headlines", "read_table"),
    "text.normalize": ("fingerprint", "normalize"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module 'dedupe' has no attribute {name!r}")
    value = getattr(import_module(f"dedupe.{_MODULE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
