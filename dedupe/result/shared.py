"""The pairs of a result that share an address or an item of a page, by the rows that name the titles, the smaller row first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe.runtime.arrays import Bools
from dedupe.scoring.addresses import AddressPairs, address_pairs
from dedupe.text.address import clean_address

if TYPE_CHECKING:
    from dedupe.result.deduplication import Deduplication


def shared_addresses(result: Deduplication) -> dict[tuple[int, int], str]:
    """Return the cleaned address of each pair of titles that share one."""
    addresses, of_row = [clean_address(headline.url) for headline in result.headlines], result.nodes.of_row
    shared = address_pairs(addresses, of_row, result.vectors, result.scale, _generic(result))
    return dict(zip(_rows(result, shared), shared.address, strict=True))


def shared_records(result: Deduplication) -> frozenset[tuple[int, int]]:
    """Return the pairs of titles that share an item of a news page."""
    records = [headline.record for headline in result.headlines]
    return frozenset(_rows(result, address_pairs(records, result.nodes.of_row, result.vectors, result.scale)))


def _rows(result: Deduplication, shared: AddressPairs) -> list[tuple[int, int]]:
    rows = result.nodes.title_row
    return [(a, b) for a, b in np.sort([rows[shared.i], rows[shared.j]], axis=0).T.tolist()]


def _generic(result: Deduplication) -> Bools:
    """Which nodes have a title that says nothing, (nodes,)."""
    generic = np.zeros(len(result.nodes), bool)
    for caution in result.cautions:
        if caution.code == "generic-title":
            generic[result.nodes.of_row[list(caution.positions)]] = True
    return generic
