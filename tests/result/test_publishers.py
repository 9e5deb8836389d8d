"""Which rows have one publisher."""

from __future__ import annotations

import numpy as np
import pytest

from dedupe import Headline, InputError, deduplicate
from dedupe.result.publishers import counts_of, name_of, owners_of, preference_of, publishers_of
from dedupe.result.settings import SourceRules


def numbers(*sources: str | None, sisters: dict[str, str] | None = None) -> list[int]:
    return publishers_of([Headline("T", source=source) for source in sources], sisters or {}).tolist()


def test_spellings_and_desks_of_an_outlet_are_one_publisher() -> None:
    assert numbers("BBC News", "BBC", "bbc.co.uk", "https://www.bbc.com/news", "BBC Sport") == [0] * 5
    assert numbers("The Fjord Herald", "fjord herald", "FjordHerald") == [0] * 3
    assert numbers("Fjord Herald Sport", "Fjord Herald") == [0, 0]


def test_other_rows_tell_what_a_desk_is() -> None:
    rows = [
        Headline("T", source="Fjord Sport"),
        Headline("T", source="Fjord Politics"),
        Headline("T", source="Bay Sport"),
    ]
    assert publishers_of(rows, {}).tolist() == [0, 1, 2]
    assert publishers_of(rows, {}, [name_of(None, "https://fjord.com/a")]).tolist() == [0, 0, 1]
    never = SourceRules(never_same=True, others=("fjord",))
    assert owners_of(rows, never, np.arange(3), np.zeros(3, bool)) == [{0}, {0}, {1}]


def test_others_are_not() -> None:
    assert numbers("Fjord Herald", "Fjord Times", None, "", "Newsweek", "Fox Business", "Fox News") == [
        0,
        1,
        -1,
        -1,
        2,
        3,
        4,
    ]
    assert numbers("Fjord Sport", "Harbour Sport") == [0, 1]  # desks of nobody known are names


def test_the_address_tells_where_there_is_no_source() -> None:
    rows = [
        Headline("T", source="Fjord Herald"),
        Headline("T", url="https://www.fjordherald.com/a/1"),
        Headline("T", url="x"),
    ]
    assert publishers_of(rows, {}).tolist() == [0, 0, 1]


def test_sister_outlets_are_one_publisher_under_any_spelling() -> None:
    sisters = {"Fjord Herald": "Nordic Group", "harbourtimes.com": "The Nordic Group"}
    assert numbers("The Fjord Herald", "Harbour Times", "Nordic Group", "Daily Post", sisters=sisters) == [0, 0, 0, 1]
    assert numbers("Fjord Herald", "Nordic Group", sisters={"Fjord Herald": "Nordic Group"}) == [0, 0]


def test_counts_leave_unknown_publishers_out() -> None:
    assert counts_of(np.array([0, 1, 0, -1, -1]), np.array([0, 0, 0, 0, 1])).tolist() == [2, 0]
    assert counts_of(np.empty(0, np.int64), np.empty(0, np.int64)).tolist() == []


def test_a_node_has_the_publishers_of_its_rows() -> None:
    rows = [Headline("T", source=source) for source in ("A", "B", None, "A")]
    of_row, none, generic = np.array([0, 0, 1, 2]), np.zeros(3, bool), np.array([False, True, True])
    never = SourceRules(never_same=True)
    assert owners_of(rows, never, of_row, none) == [{0, 1}, set(), {0}]
    assert (
        owners_of(rows, SourceRules(), of_row, none) is owners_of(rows, SourceRules(), of_row, none & generic) is None
    )
    assert owners_of(rows, SourceRules(), of_row, generic) == [set(), {-2}, {-2}]
    assert owners_of(rows, never, of_row, generic) == [{0, 1}, {-2}, {0, -2}]


def test_an_order_of_sources() -> None:
    rows = [Headline("T", source=source) for source in ("reuters.com", "BBC", None, "Daily Post")]
    assert preference_of(rows, ["BBC", "Reuters", "bbc.com"]).tolist() == [1, 0, 2, 2]


@pytest.mark.parametrize("options", [{"prefer_sources": "BBC"}, {"prefer_sources": [1]}, {"publishers": {"A": None}}])
def test_names_are_text(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match="source"):
        deduplicate(["Ferry sinks off Oslo"], **options)  # type: ignore[arg-type]  # on purpose
