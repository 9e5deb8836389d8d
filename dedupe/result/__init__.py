"""What a run returns: groups, pairs and warnings as objects, arrays, rows and frames, and as one file.

In: the nodes, pair table, merge trees and settings of a run. Out: `Deduplication`, `Matches`, and their parts (`Story`,
`Wording`, `ScoredPairs`, `Caution`). Only `OutputRows` is imported here, so that the commands, which write rows, start fast:
use the modules.
"""

from dedupe.result.columns import OutputRows

__all__ = ["OutputRows"]
