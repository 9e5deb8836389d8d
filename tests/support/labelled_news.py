"""Headlines with labels, made from a few events: enough to score and to tune on with an encoder that only sees words."""

from __future__ import annotations

from typing import Any

_EVENTS = [
    ("ferry", "sinks", "Oslo", "harbour"),
    ("bakery", "burns", "Ghent", "oven"),
    ("ferry", "collides", "Bergen", "harbour"),
    ("museum", "reopens", "Lisbon", "flood"),
    ("bridge", "closes", "Riga", "storm"),
    ("museum", "floods", "Porto", "storm"),
    ("mayor", "resigns", "Turin", "budget"),
    ("mayor", "apologises", "Genoa", "budget"),
    ("glacier", "cracks", "Tromso", "summer"),
    ("library", "opens", "Bergen", "glacier"),
]
_TOLD = [
    ("{who} {does} in {where}", "a"),
    ("{who} {does} in {where}, officials say", "a"),
    ("In {where}, {who} {does} after {why} trouble", "b"),
    ("{where}: {who} {does}, {why} blamed", "b"),
    ("What we know of the {why} of {where}", "c"),
]


def labelled_rows(slices: int = 2) -> list[dict[str, Any]]:
    """Return rows with title, published, source, story, wording and slice, five a story, in an order of their own.

    Some have no label, or none of the wording.
    """
    rows = []
    for part in range(slices):
        for k, (who, does, where, why) in enumerate(_EVENTS[part:]):
            for n, (told, wording) in enumerate(_TOLD):
                title = told.format(who=who.title() if n < 2 else who, does=does, where=where, why=why)
                row = {"title": title, "published": f"2026-03-{part + 1:02}T{k + n:02}:00:00Z", "source": f"paper {n}"}
                rows.append(row | {"story": f"s{k}", "wording": wording, "slice": f"day {part}"})
    rows[3]["story"], rows[11]["wording"], rows[-1]["story"] = "", " ", None
    rows.append(dict(rows[0], source="paper 9", story="s1"))  # the same title, labelled otherwise
    rows.append(dict(rows[5], title="", story="s1"))  # no title at all
    return [rows[(7 * k) % len(rows)] for k in range(len(rows))] if len(rows) % 7 else rows


_CLEAR = """Ferry sinks off Oslo|Bakery burns down in Ghent|Museum reopens in Lisbon|Mayor of Turin resigns over budget
Bridge in Riga closed after crash|Glacier hut opens above Innsbruck|Teachers strike in Marseille|Zoo of Leipzig loses a penguin
Court frees editor in Ankara|Wolves return to Jutland|Opera of Verona cancels season|Tram derails in Zagreb
Bank of Norway raises rates|Volcano erupts near Reykjavik|Airport of Malaga shut by fog|Chess title goes to Yerevan
Pollen record broken in Kyoto|Dam cracks in Kerala|Vaccine trial begins in Nairobi|Parliament of Finland passes forest law"""


def clear_rows() -> list[dict[str, Any]]:
    """Return rows about events that have nothing in common, each told four times in nearly the same words."""
    titles = _CLEAR.replace("\n", "|").split("|")
    return [
        {"title": told.format(title), "story": f"s{k}", "wording": "a"}
        for k, title in enumerate(titles)
        for told in ("{}", "{}, officials say", "{}!", "{}, police say")
    ]
