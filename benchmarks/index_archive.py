"""A large archive beside some thousand active headlines: opening, adding, asking, memory.

Its headlines are titles of `scale` again and again, each with the vector of the title moved a little in a random direction. They
are written into the tables of an index by themselves, since to add them one batch after another would take days.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from shutil import copytree, rmtree
from time import perf_counter
from typing import Any

import numpy as np
from enlarged import near
from index_active import BATCH, DAYS, START, dated, spread, titles_of
from index_clocks import Remembering, measured
from memory import apart
from stopwatch import SEED

import dedupe
from dedupe.headlines import Headline
from dedupe.index.store import Group, Store
from dedupe.index.stored_headlines import StoredHeadline, microseconds
from dedupe.index.vectors_kept import key_of

ACTIVE, ASKED, COSINE = 5_000, 20, 0.8
_CHUNK = 10_000


def measure(data: Path, cache: Path, archived: int) -> dict[str, Any]:
    """Return seconds and memory of an index with so many archived headlines."""
    folder = cache / f"archive-{archived}.index"
    made, memory = apart(_make, data, cache, folder, archived) if not folder.exists() else ({"seconds": None}, None)
    copy = folder.with_name(f"{folder.name}.used")  # since what is added stays
    rmtree(copy, ignore_errors=True)
    copytree(folder, copy)
    used, peak = apart(_use, data, cache, copy)
    rmtree(copy)
    size = sum(file.stat().st_size for file in folder.iterdir())
    return {
        "archived": archived,
        "active": ACTIVE,
        "made": made | {"peak_memory_gb": memory},
        "bytes_on_disk": size,
        **used,
        "peak_memory_gb_of_use": peak,
    }


def _rows(data: Path) -> list[Headline]:
    return dated(titles_of(data, ACTIVE + BATCH * 2 + ASKED), ACTIVE)


def _make(data: Path, cache: Path, folder: Path, archived: int) -> dict[str, Any]:
    """Add the active headlines, and write the archive."""
    part = folder.with_name(f"{folder.name}.part")
    rmtree(part, ignore_errors=True)
    encoder, rows, began = Remembering(cache), _rows(data), perf_counter()
    with dedupe.StoryIndex(part, window="7d", encoder=encoder) as index:
        index.add(rows[:ACTIVE])
        titles = titles_of(data, ACTIVE + min(archived, 5 * _CHUNK))[ACTIVE:]
        vectors = encoder.encode(titles)
        for first in range(0, archived, _CHUNK):
            _write(index._store, titles, vectors, first, min(_CHUNK, archived - first))
        index._store.count_on("place", archived)
        index._archived.tend()
    part.rename(folder)
    return {"seconds": round(perf_counter() - began, 1)}


def _write(store: Store, titles: list[str], vectors: np.ndarray, first: int, count: int) -> None:
    """Write some archived headlines, each a story of its own, dated before the window."""
    rng = np.random.default_rng([SEED, first])
    places = first + np.arange(count)
    rows = near(vectors[places % len(titles)], np.full(count, COSINE, np.float32), rng)
    before = microseconds(START - timedelta(days=DAYS + 1))
    with store.database.writing():
        row, key = store.count_on("row", count), store.count_on("key", 2 * count)
        stored, groups = list[StoredHeadline](), list[Group]()
        for k, place in enumerate(places.tolist()):
            story, time = key + 2 * k, before - 60_000_000 * place
            title = f"{titles[place % len(titles)]} ({place})"
            stored.append(
                StoredHeadline(row + k, Headline(title), time, (), None, time, time, story, story + 1, place + 1)
            )
            groups += [Group(story, "story", f"archive-{place}", story, 1, row + k, row + k)]
            groups += [Group(story + 1, "wording", f"archive-w{place}", story + 1, 1, row + k, row + k)]
        store.create_groups(groups)
        store.insert(stored, 1)
        entries = [(key_of(f"archived {place}"), 1, rows[k].tobytes()) for k, place in enumerate(places.tolist())]
        store.database.execute_many("INSERT INTO vectors (text, batch, numbers) VALUES (?, ?, ?)", entries)
        store.archived.set_vectors([s.row for s in stored], [entry[0] for entry in entries])


def _use(data: Path, cache: Path, folder: Path) -> dict[str, Any]:
    """Open the index in a process that has not seen it, add twice, and ask."""
    encoder, rows = Remembering(cache), _rows(data)
    began = perf_counter()
    with dedupe.StoryIndex(folder, encoder=encoder) as index:
        opened = perf_counter() - began
        grouped = measured(encoder, index.result)
        parts = [rows[ACTIVE + k * BATCH : ACTIVE + (k + 1) * BATCH] for k in range(2)]
        adds = [measured(encoder, lambda part=part: index.add(part)) for part in parts]
        asked = [measured(encoder, lambda row=row: index.match([row], all=True)) for row in rows[-ASKED:]]
    return {
        "seconds_to_open": round(opened, 3),
        "grouping_the_active": grouped,
        "adds_of_200": adds,
        "match_of_one_in_all": spread([m["seconds"] + m["seconds_reading"] for m in asked]),
        "match_of_one_in_all_without_reading": spread([m["seconds"] for m in asked]),
        "pairs_read_for_one": round(sum(m["pairs_read"] for m in asked) / ASKED),
    }
