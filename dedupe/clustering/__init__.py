"""Headlines -> weighted nodes, and scored pairs of nodes -> groups.

In: headlines and corrections, later a `Scorer` and its `PairTable`. Out: `Nodes`, `Constraints`, and a `MergeTree` for
each level, which a threshold cuts into groups.
"""

from dedupe.clustering.collapse import Copies, Nodes, collapse_copies, tie_ranks
from dedupe.clustering.constraints import Constraints, constraints_of, rows_named, with_must_links
from dedupe.clustering.corrections import Correction, CorrectionLike, as_corrections, read_corrections
from dedupe.clustering.crowds import Collapsed, collapse_crowds
from dedupe.clustering.linkage import link, merge_tree
from dedupe.clustering.merge_tree import MergeTree

__all__ = [
    "Collapsed",
    "Constraints",
    "Copies",
    "Correction",
    "CorrectionLike",
    "MergeTree",
    "Nodes",
    "as_corrections",
    "collapse_copies",
    "collapse_crowds",
    "constraints_of",
    "link",
    "merge_tree",
    "read_corrections",
    "rows_named",
    "tie_ranks",
    "with_must_links",
]
