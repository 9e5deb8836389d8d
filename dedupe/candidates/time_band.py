"""`TimeBand`: which nodes are close enough in time to be one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dedupe.runtime.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class TimeBand:
    """The earliest and latest hour of each node, (n,), NaN where undated, and the hours that a pair may span."""

    first: Floats
    last: Floats
    window: float

    def take(self, nodes: Ints) -> TimeBand:
        """Return the band of these nodes."""
        return TimeBand(self.first[nodes], self.last[nodes], self.window)

    def allows(self, i: Ints, j: Ints) -> Bools:
        """Return which pairs span no more than the window, (pairs,); an undated node fits every other."""
        span = np.maximum(self.last[i], self.last[j]) - np.minimum(self.first[i], self.first[j])
        return ~(span > self.window)

    def order(self) -> tuple[Ints, Ints]:
        """Return the nodes by time, and for each the index in that order at which its band ends; both (n,)."""
        hours = np.where(np.isnan(self.first), -np.inf, self.first)  # undated nodes come first and fit all others
        order = np.argsort(hours, kind="stable")
        ends = np.searchsorted(hours[order], hours[order] + self.window, side="right")
        return order, np.where(np.isinf(hours[order]), len(order), ends)
