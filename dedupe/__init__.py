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
    from dedupe.caching import VectorCache
    from dedupe.corrections import Correction, read_corrections
    from dedupe.encoders import Encoder, load_encoder
    from dedupe.errors import DedupeError, InputError, ModelError, OutputError
    from dedupe.evaluation import Interval
    from dedupe.headlines import Headline
    from dedupe.labels.choosing import Choice, Goal, choose
    from dedupe.labels.confusions import Confusion
    from dedupe.labels.curves import Curve
    from dedupe.labels.evaluating import Evaluation, LevelScores, evaluate
    from dedupe.labels.labelled import LabelColumns
    from dedupe.labels.tuning import Tuning, tune, tune_by_answers
    from dedupe.matching import Match, Matches, match
    from dedupe.pairs import JudgedPair
    from dedupe.pipeline import compare, deduplicate
    from dedupe.report import write_report
    from dedupe.result import Caution, Deduplication, Story, Variant
    from dedupe.sources import Columns, Source, read_headlines, read_table
    from dedupe.text import fingerprint, normalize

__version__ = "0.1.0"
__all__ = [
    "Caution",
    "Choice",
    "Columns",
    "Confusion",
    "Correction",
    "Curve",
    "DedupeError",
    "Deduplication",
    "Encoder",
    "Evaluation",
    "Goal",
    "Headline",
    "InputError",
    "Interval",
    "JudgedPair",
    "LabelColumns",
    "LevelScores",
    "Match",
    "Matches",
    "ModelError",
    "OutputError",
    "Source",
    "Story",
    "Tuning",
    "Variant",
    "VectorCache",
    "choose",
    "compare",
    "deduplicate",
    "evaluate",
    "fingerprint",
    "load_encoder",
    "match",
    "normalize",
    "read_corrections",
    "read_headlines",
    "read_table",
    "tune",
    "tune_by_answers",
    "write_report",
]
_HOME = {
    "caching": ("VectorCache",),
    "labels.choosing": ("Choice", "Goal", "choose"),
    "labels.confusions": ("Confusion",),
    "corrections": ("Correction", "read_corrections"),
    "labels.curves": ("Curve",),
    "encoders": ("Encoder", "load_encoder"),
    "errors": ("DedupeError", "InputError", "ModelError", "OutputError"),
    "labels.evaluating": ("Evaluation", "LevelScores", "evaluate"),
    "evaluation": ("Interval",),
    "headlines": ("Headline",),
    "labels.labelled": ("LabelColumns",),
    "matching": ("Match", "Matches", "match"),
    "pairs": ("JudgedPair",),
    "pipeline": ("compare", "deduplicate"),
    "report": ("write_report",),
    "result": ("Caution", "Deduplication", "Story", "Variant"),
    "sources": ("Columns", "Source", "read_headlines", "read_table"),
    "text": ("fingerprint", "normalize"),
    "labels.tuning": ("Tuning", "tune", "tune_by_answers"),
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
