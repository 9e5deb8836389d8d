"""What contradicts, and what two titles of one news may well differ in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.text.amounts import amounts
from dedupe.text.contradictions import contradictions

CONTRARY = [
    ("Ferry sinks off Oslo, 3 dead", "Ferry sinks off Oslo, five dead", "other numbers: 3 and 5"),
    ("Storm leaves 14 hurt in Vigo", "At least 20 injured in Vigo storm", "other numbers: 14 and 20"),
    ("Quake kills 300 in Merania", "450 dead after quake in Merania", "other numbers: 300 and 450"),
    (
        "Bitcoin tops $95,000 for first time",
        "Bitcoin tops $100,000 for first time",
        "other numbers: $95000 and $100000",
    ),
    ("Inflation in Norland eases to 2.9%", "Inflation in Norland eases to 2.7 percent", "other numbers: 2.9% and 2.7%"),
    ("Rolldown 1.2.0 released", "Rolldown 1.3.0 is out", "rolldown 1.2.0 and rolldown 1.3.0"),
    ("Acme Q1 profit beats forecasts", "Acme Q2 profit beats forecasts", "q 1 and q 2"),
    ("Talks resume Monday in Geneva", "Talks resume in Geneva on Tuesday", "other days: Monday and Tuesday"),
    ("Orchard fair opens in August", "Orchard fair opens in September", "other days: August and September"),
    ("Bank of Norland raises rates", "Bank of Norland cuts rates", "one says the opposite of the other"),
    ("Judge blocks sale of steel mill", "Judge allows sale of steel mill", "one says the opposite of the other"),
    ("Bank of Norland holds rates", "Bank of Norland raises rates", "one says the opposite of the other"),
    ("Missing hiker found alive in canyon", "Missing hiker found dead in canyon", "one says the opposite of the other"),
    ("Vaccine found safe for infants", "Vaccine found unsafe for infants", "one says the opposite of the other"),
    ("Mayor did resign, spokesman says", "Mayor did not resign, spokesman says", "only the second is negated"),
    ("Mayor refuses to resign over dam", "Mayor to resign over dam", "only the first is negated"),
    ("Push gate no longer blocks default branch", "Push gate blocks default branch", "only the first is negated"),
    ("Acme halts shipments to Norland", "Acme lifts halt on shipments to Norland", "only the second says that it ends"),
    ("Norland bans wheat exports", "Norland lifts ban on wheat exports", "only the second says that it ends"),
]
ONE_NEWS = [
    ("Ferry sinks off Oslo, 3 dead", "Three dead as ferry sinks off Oslo"),
    ("Nearly 1,000 dead in Merania quake", "Merania quake: 987 dead"),
    ("Over 900 dead in Merania quake", "Merania quake kills 920 people"),
    ("Acme buys Borealis for $11.3 billion", "Acme to pay about $11bn for Borealis"),
    ("Oil rises more than 4%", "Oil rises nearly 5%"),
    ("Inflation eases to 2.9%", "Inflation eases to about 3 percent"),
    ("Two killed, 8 hurt in Vigo bar shooting", "10 shot, 2 fatally, in bar in Vigo"),
    ("Acme speeds up releases from every four weeks to two", "Acme moves to two-week releases"),
    ("Walkout at Acme ends after 101 days", "Acme workers end 3-month walkout"),
    ("Captain not guilty over ferry deaths", "Captain acquitted over ferry deaths"),
    ("Judge won't allow sale of steel mill", "Judge blocks sale of steel mill"),
    ("Oil rises as stocks fall", "Stocks fall, oil rises"),
    ("Mayor resigns over dam", "Mayor of Vigo quits: 'I could not stay'"),
    ("Norland lifts ban on wheat exports", "Norland ends its ban on exports of wheat"),
    ("Storm closes port of Rotterdam", "Rotterdam port shut by storm"),
]


@pytest.mark.parametrize(("first", "second", "said"), CONTRARY)
def test_what_contradicts_is_named(first: str, second: str, said: str) -> None:
    assert said in contradictions(first, second)
    assert contradictions(second, first)


@pytest.mark.parametrize(("first", "second"), ONE_NEWS)
def test_rounding_and_other_words_are_no_contradiction(first: str, second: str) -> None:
    assert contradictions(first, second) == contradictions(second, first) == []


@given(
    st.lists(st.sampled_from("Ferry sinks not 14 % $3 bn Monday cuts halts lifts ban unsafe over -".split())).map(
        " ".join
    )
)
def test_no_title_contradicts_itself(title: str) -> None:
    assert contradictions(title, title) == []


@given(st.integers(1, 10**7), st.sampled_from(["", "nearly ", "over ", "about ", "$", "at least "]))
def test_an_amount_lies_in_its_own_range(value: int, before: str) -> None:
    for amount in amounts(f"Storm costs {before}{value:,} homes"):
        assert amount.low <= value <= amount.high
