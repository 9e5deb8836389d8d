"""The tables of `index.sqlite`, and the views on them that are for people.

Open the file with any SQLite tool. These views stay as they are when the tables change:

| view | one row for each | columns |
|---|---|---|
| `headlines` | stored headline | `row`, `story`, `wording` (ids), `title`, `published`, `time`, `source`, `url`, `id`, |
| | | `first_seen`, `last_seen`, `batch`, `state` (active, archived), `revises` (a row), `flags` |
| `stories` | story with headlines | `story`, `first`, `last`, `headlines`, `wordings`, `sources` (how many), |
| | | `title` (of its representative) |
| `events` | change of an id | `event`, `time`, `kind` (merged, split, moved, revision), `level`, `from_id`, `to_id`, |
| | | `headlines` (how many), `title_a`, `title_b`, `probability` (of the pair that caused it), `batch` |
| `retired` | id that ended | `id`, `level`, `leads_to` |

Times are in UTC. The tables hold them as microseconds since 1970. `time` is `published`, or where that is missing or lies in
the future, when the headline was taken, by default when it was added.
"""

from __future__ import annotations

FORMAT = 1
"""Of the tables; goes up when older programs can no longer use them."""
APPLICATION_ID = int.from_bytes(b"hdix", "big")
PAGE_SIZE = 16_384  # bytes; fits ten vectors of 384 numbers, five of 768 or three of 1,024

TABLES = """
CREATE TABLE meta (  -- settings, fixed when the index was made, and what changes with it
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE counters (  -- the next number of each kind; none is ever given twice
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE batches (
    batch INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,  -- when it was added
    given INTEGER NOT NULL,  -- headlines
    stored INTEGER NOT NULL  -- of these, without known ones
);
CREATE TABLE ids (  -- stories and wordings, also those that ended
    key INTEGER PRIMARY KEY,  -- in the order of their creation
    level TEXT NOT NULL CHECK (level IN ('story', 'wording')),
    id TEXT NOT NULL UNIQUE,
    leads_to INTEGER NOT NULL REFERENCES ids (key),  -- its own key while it lives
    batch INTEGER NOT NULL,  -- that made it
    first_row INTEGER NOT NULL,  -- its earliest headline then
    representative INTEGER  -- the row that stands for it
);
CREATE INDEX ids_by_end ON ids (leads_to);
CREATE TABLE headline_rows (
    row INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL,
    title TEXT NOT NULL,
    id TEXT,
    source TEXT,
    publisher TEXT,  -- the source, or where that is missing the host of the url
    url TEXT,
    address TEXT,  -- the cleaned url
    published INTEGER,
    bad_date TEXT,
    record TEXT,
    file TEXT,
    own TEXT,  -- the other columns of the row, as JSON
    time INTEGER NOT NULL,
    flags TEXT NOT NULL,
    revises INTEGER,  -- the first row of the item that this is a new title of
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    story INTEGER NOT NULL REFERENCES ids (key),
    wording INTEGER NOT NULL REFERENCES ids (key),
    place INTEGER UNIQUE,  -- in the archive; empty while the row is active
    vector INTEGER REFERENCES vectors (key)  -- of an archived row
);
CREATE INDEX rows_by_item ON headline_rows (id, source) WHERE id IS NOT NULL;
CREATE INDEX rows_by_title ON headline_rows (title) WHERE id IS NULL AND address IS NULL;
CREATE INDEX rows_by_address ON headline_rows (address) WHERE address IS NOT NULL;
CREATE INDEX rows_by_time ON headline_rows (time);
CREATE INDEX rows_by_story ON headline_rows (story);
CREATE INDEX rows_by_wording ON headline_rows (wording);
CREATE INDEX rows_by_vector ON headline_rows (vector) WHERE vector IS NOT NULL;
CREATE TABLE event_rows (
    event INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    level TEXT NOT NULL,
    from_key INTEGER NOT NULL REFERENCES ids (key),
    to_key INTEGER NOT NULL REFERENCES ids (key),
    headlines INTEGER NOT NULL,  -- whose id changed
    row_a INTEGER,  -- the pair that caused it; a row may have been forgotten
    row_b INTEGER,
    probability REAL
);
CREATE INDEX events_from ON event_rows (from_key);
CREATE INDEX events_to ON event_rows (to_key);
CREATE TABLE pending (  -- what was said of new headlines until their output is complete
    row INTEGER PRIMARY KEY REFERENCES headline_rows (row) ON DELETE CASCADE,
    new_story INTEGER NOT NULL,
    repeats INTEGER,  -- a row, which may have been forgotten
    level TEXT,
    probability REAL,
    flags TEXT NOT NULL
);
CREATE TABLE corrections (
    number INTEGER PRIMARY KEY,
    title_a TEXT NOT NULL,
    title_b TEXT NOT NULL,
    verdict TEXT NOT NULL,
    origin TEXT NOT NULL  -- the file and row, if any
);
CREATE TABLE vectors (  -- of texts; those that no archived row has can be made again
    key INTEGER PRIMARY KEY,
    text BLOB NOT NULL UNIQUE,  -- its hash
    batch INTEGER NOT NULL,
    numbers BLOB NOT NULL  -- float32
);
CREATE INDEX vectors_by_batch ON vectors (batch);
CREATE TABLE readings (  -- what the reader said of pairs; can be made again
    texts BLOB PRIMARY KEY,  -- the hash of both
    batch INTEGER NOT NULL,
    wording REAL NOT NULL,  -- log odds
    story REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE segments (  -- the FAISS files, which can be made again
    name TEXT PRIMARY KEY,
    first INTEGER NOT NULL,  -- places
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    checksum TEXT NOT NULL
);
"""


def _as_text(column: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000000, 'unixepoch')"


VIEWS = f"""
CREATE VIEW headlines AS
SELECT h.row, s.id AS story, w.id AS wording, h.title, {_as_text("h.published")} AS published, {_as_text("h.time")} AS time,
    h.source, h.url, h.id, {_as_text("h.first_seen")} AS first_seen, {_as_text("h.last_seen")} AS last_seen, h.batch,
    iif(h.place IS NULL, 'active', 'archived') AS state, h.revises, h.flags
FROM headline_rows h
JOIN ids os ON os.key = h.story JOIN ids s ON s.key = os.leads_to
JOIN ids ow ON ow.key = h.wording JOIN ids w ON w.key = ow.leads_to;
CREATE VIEW stories AS
SELECT s.id AS story, {_as_text("min(h.time)")} AS first, {_as_text("max(h.time)")} AS last, count(*) AS headlines,
    count(DISTINCT ow.leads_to) AS wordings, count(DISTINCT h.publisher) AS sources,
    (SELECT title FROM headline_rows WHERE row = s.representative) AS title
FROM headline_rows h
JOIN ids os ON os.key = h.story JOIN ids s ON s.key = os.leads_to JOIN ids ow ON ow.key = h.wording
GROUP BY s.key;
CREATE VIEW events AS
SELECT e.event, {_as_text("e.time")} AS time, e.kind, e.level, f.id AS from_id, t.id AS to_id, e.headlines,
    (SELECT title FROM headline_rows WHERE row = e.row_a) AS title_a,
    (SELECT title FROM headline_rows WHERE row = e.row_b) AS title_b, e.probability, e.batch
FROM event_rows e JOIN ids f ON f.key = e.from_key JOIN ids t ON t.key = e.to_key;
CREATE VIEW retired AS
SELECT g.id, g.level, t.id AS leads_to FROM ids g JOIN ids t ON t.key = g.leads_to WHERE g.leads_to != g.key;
"""
