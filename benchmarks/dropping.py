"""How often a dropped row says the same as the row that is kept for it, and how often a contradiction is flagged wrongly.

`--data DIR`: `DIR/gold/*.jsonl`, fully grouped by two annotators (`title`, `source`, `published`, `variant_a`, `variant_b`), and
`DIR/stories/*.jsonl.gz` (`title`, `source`, `variant`), of whose wordings every pair of distinct titles is looked at.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import dedupe
from dedupe.text import undecorated
from dedupe.text.contradictions import contradictions
from dedupe.text.normalize import key_of_core, normalize

RULES: dict[str, dict[str, bool]] = {
    "drop_contradictions": {"drop_contradictions": True},
    "default": {},
    "strict": {"strict": True},
}
ANNOTATORS = ("variant_a", "variant_b")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, required=True, help="folder of labelled headlines")
    arguments.add_argument("--out", type=Path, required=True, help="JSON file to write")
    options = arguments.parse_args()
    result = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "dropped": dropped(sorted((options.data / "gold").glob("*.jsonl"))),
        "contradictions": flagged(sorted((options.data / "stories").glob("*.jsonl.gz"))),
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def dropped(paths: Iterable[Path]) -> dict[str, Any]:
    """Return for each rule how many rows are dropped, and the share that is one wording with the kept row, by both annotators."""
    counts, right = defaultdict[str, int](int), defaultdict[str, float](float)
    for path in paths:
        labelled = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        rows = [{key: row.get(key) for key in ("title", "source", "published")} for row in labelled]
        result = dedupe.deduplicate(rows)
        counts["headlines"] += len(rows)
        for name, rules in RULES.items():
            for row, kept in enumerate(result.repeats("wording", **rules).tolist()):
                if row != kept:
                    counts[name] += 1
                    right[name] += sum(labelled[row][key] == labelled[kept][key] for key in ANNOTATORS) / 2
    shares = {name: {"dropped": counts[name], "precision": round(right[name] / counts[name], 4)} for name in RULES}
    return {"headlines": counts["headlines"], **shares}


def flagged(paths: Iterable[Path]) -> dict[str, Any]:
    """Return how many pairs of titles of one labelled wording contradict each other, by kind."""
    pairs, kinds = 0, defaultdict[str, int](int)
    for first, second in (pair for path in paths for pair in wordings(path)):
        pairs += 1
        found = contradictions(first, second)
        kinds["any"] += bool(found)
        kinds["numbers"] += any(text.startswith("other numbers") for text in found)
    return {"pairs": pairs, **{kind: {"pairs": n, "share": round(n / pairs, 4)} for kind, n in sorted(kinds.items())}}


def wordings(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the pairs of distinct titles of each labelled wording, as they are compared."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            core = undecorated(normalize(row["title"]), row.get("source")).core
            groups[row["variant"]].setdefault(key_of_core(core), core)
    for titles in groups.values():
        yield from combinations(titles.values(), 2)


if __name__ == "__main__":
    main()
