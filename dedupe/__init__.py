"""Find duplicate and paraphrased news headlines, and group them into stories.

>>> import dedupe
>>> result = dedupe.deduplicate(["Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo", "Rates rise"])
>>> result.labels("story").tolist()
[0, 0, 1]

Names are loaded when they are first used, so `import dedupe` is fast.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dedupe.clustering import Correction, read_corrections
    from dedupe.embedding import load_encoder
    from dedupe.embedding.cache import VectorCache
    from dedupe.errors import DedupeError, DedupeWarning, InputError, ModelError, OutputError
    from dedupe.headlines import Headline
    from dedupe.index import StoryIndex
    from dedupe.pipeline import compare, deduplicate, match
    from dedupe.readers.columnar import read_table
    from dedupe.readers.delimited import Columns
    from dedupe.readers.inputs import read_headlines
    from dedupe.readers.page_source import read_page
    from dedupe.report import write_report
    from dedupe.result.deduplication import Deduplication
    from dedupe.result.groups import Story, Wording
    from dedupe.result.matches import Matches
    from dedupe.result.pairs import ScoredPair
    from dedupe.result.storage import load_result
    from dedupe.runtime import Progress, set_threads

__version__ = "0.1.0"
__all__ = [
    "Columns",
    "Correction",
    "DedupeError",
    "DedupeWarning",
    "Deduplication",
    "Headline",
    "InputError",
    "Matches",
    "ModelError",
    "OutputError",
    "Progress",
    "ScoredPair",
    "Story",
    "StoryIndex",
    "VectorCache",
    "Wording",
    "compare",
    "deduplicate",
    "load_encoder",
    "load_result",
    "match",
    "read_corrections",
    "read_headlines",
    "read_page",
    "read_table",
    "set_threads",
    "write_report",
]
_NAMES = {
    "clustering": "Correction read_corrections",
    "embedding": "load_encoder",
    "embedding.cache": "VectorCache",
    "errors": "DedupeError DedupeWarning InputError ModelError OutputError",
    "headlines": "Headline",
    "index": "StoryIndex",
    "pipeline": "compare deduplicate match",
    "readers.columnar": "read_table",
    "readers.delimited": "Columns",
    "readers.inputs": "read_headlines",
    "readers.page_source": "read_page",
    "report": "write_report",
    "result.deduplication": "Deduplication",
    "result.groups": "Story Wording",
    "result.matches": "Matches",
    "result.pairs": "ScoredPair",
    "result.storage": "load_result",
    "runtime": "Progress set_threads",
}
_MODULE = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module 'dedupe' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"dedupe.{_MODULE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
