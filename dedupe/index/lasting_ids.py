"""The lasting ids of the groups of the active headlines, for reports and output rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from dedupe.index.store import Store
from dedupe.index.stored_headlines import ActiveRows, moment_of, text_of
from dedupe.levels import SCORED_LEVELS
from dedupe.result.deduplication import Deduplication
from dedupe.result.lasting import Lasting, LastingStory

_ACTIVE = (
    "g.leads_to IN (SELECT o.leads_to FROM headline_rows a JOIN ids o ON o.key IN (a.story, a.wording) "
    "WHERE a.place IS NULL)"
)
_IDS = f"SELECT g.key, g.leads_to, g.id FROM ids g WHERE {_ACTIVE} ORDER BY g.key"
_STORIES = (
    "SELECT g.leads_to, min(h.time), max(h.first_seen), count(*) FROM headline_rows h JOIN ids g ON g.key = h.story "
    f"WHERE {_ACTIVE} GROUP BY 1"
)
_PUBLISHERS = (
    "SELECT g.leads_to, h.publisher FROM headline_rows h JOIN ids g ON g.key = h.story "
    f"WHERE h.publisher IS NOT NULL AND {_ACTIVE} GROUP BY 1, 2 ORDER BY 1, count(*) DESC, min(h.time), 2"
)
_CHANGES = "SELECT leads_to, max(time) FROM ({} UNION ALL {}) GROUP BY 1".format(
    *(  # CROSS JOIN: from the active ids to their events, and not through all events
        f"SELECT g.leads_to, e.time FROM ids g CROSS JOIN event_rows e ON e.{side} = g.key "
        f"WHERE g.level = 'story' AND e.level = 'story' AND {_ACTIVE}"
        for side in ("from_key", "to_key")
    )
)


def with_ids(store: Store, rows: ActiveRows, result: Deduplication) -> Deduplication:
    """Return the run over the active headlines with the ids of its groups; in one state of the store."""
    names, former, publishers = dict[int, str](), defaultdict[int, list[str]](list), defaultdict[int, list[str]](list)
    for key, leads_to, id_ in store.database.rows(_IDS):
        if key == leads_to:
            names[key] = id_
        else:
            former[leads_to].append(id_)
    for key, name in store.database.rows(_PUBLISHERS):
        publishers[key].append(text_of(name))
    changes, stories = dict(store.database.rows(_CHANGES)), dict[int, LastingStory]()
    for key, began, seen, headlines in store.database.rows(_STORIES):
        times = moment_of(began), moment_of(max(seen, changes.get(key, seen)))
        stories[key] = LastingStory(names[key], tuple(former[key]), *times, headlines, tuple(publishers[key]))
    first = {level: np.unique(result.labels(level), return_index=True)[1] for level in SCORED_LEVELS}
    keys = {level: rows.column(level)[first[level]].tolist() for level in SCORED_LEVELS}
    lasting = Lasting(tuple(stories[key] for key in keys["story"]), tuple(names[key] for key in keys["wording"]))
    return replace(result, lasting=lasting)
