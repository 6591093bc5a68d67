"""The journal's tables. You can read them with `sqlite3` while a job runs.

Scripts are split at semicolons, so comments in them must have none.
"""

APPLICATION_ID = 0x4B4C4F4D
"""Marks the file as a journal of klarna_om; `file` and `sqlite3` show it."""

VERSION = 3

SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
-- One row: which job this is, and where its calls go.
CREATE TABLE job (
    id TEXT NOT NULL,
    operation TEXT NOT NULL,
    target TEXT NOT NULL,
    -- Rows that share one stamp of when their keys were first used.
    window INTEGER NOT NULL,
    created_at TEXT NOT NULL
);
-- One row per write: an order has one, or one for each reference. `line` is where the current manifest names it first,
-- or null when it no longer does.
CREATE TABLE rows (
    row INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL COLLATE NOCASE,
    reference TEXT NOT NULL,
    capture_id TEXT,
    body TEXT,
    generation INTEGER NOT NULL DEFAULT 0,
    line INTEGER,
    state TEXT NOT NULL DEFAULT 'pending',
    -- How far an unknown row is in Klarna's schedule, and when it is tried again.
    tier INTEGER NOT NULL DEFAULT 0,
    due_at TEXT,
    status INTEGER,
    error_code TEXT,
    correlation_id TEXT,
    idempotency_key TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    started_at TEXT,
    finished_at TEXT,
    result_id TEXT,
    detail TEXT,
    UNIQUE (order_id, reference)
);
-- When the keys of a window of rows may first have been used. A new epoch means new keys.
CREATE TABLE windows (
    window INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    first_used_at TEXT NOT NULL,
    PRIMARY KEY (window, epoch)
) WITHOUT ROWID;
-- The current manifest, line by line. `columns` has the shop's own columns, as JSON.
CREATE TABLE lines (
    line INTEGER PRIMARY KEY,
    order_id TEXT COLLATE NOCASE,
    reference TEXT NOT NULL,
    capture_id TEXT,
    body TEXT,
    columns TEXT,
    problem TEXT,
    text TEXT,
    detail TEXT
);
-- The names of the shop's own columns, in the manifest's order.
CREATE TABLE columns (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
-- Requests a second that the rate limit allowed from a moment on: at most, and then.
CREATE TABLE limits (recorded_at TEXT NOT NULL, ceiling REAL NOT NULL, rate REAL NOT NULL);
"""

# The rows get numbers of a new window, since their window's stamp means that they may have been sent.
RETRY_REFUSED = """
CREATE TEMP TABLE again AS
    SELECT row, row_number() OVER (ORDER BY row)
        + (SELECT ((SELECT max(row) FROM rows) + window - 1) / window * window FROM job) AS new
    FROM rows WHERE state = 'refused' AND line IS NOT NULL AND (:code IS NULL OR error_code = :code);
UPDATE rows SET row = again.new, generation = generation + 1, state = 'pending', status = NULL, error_code = NULL,
    correlation_id = NULL, detail = NULL, tier = 0, due_at = NULL
FROM again WHERE rows.row = again.row
"""

RETRY_UNKNOWN = """
UPDATE rows SET state = 'unknown', tier = 0, due_at = NULL
WHERE state IN ('unknown', 'escalated') AND line IS NOT NULL AND (:code IS NULL OR error_code = :code)
"""

POSTPONE = """
UPDATE rows SET tier = tier + 1, due_at = CASE tier WHEN 0 THEN ? WHEN 1 THEN ? END,
    state = CASE WHEN tier < 2 THEN 'unknown' ELSE 'escalated' END
WHERE row = ? AND state = 'unknown' AND (due_at IS NULL OR due_at <= ?)
"""

NEXT_DUE = """
SELECT min(due_at) FROM rows WHERE state = 'unknown' AND due_at > ? AND row BETWEEN ? AND ? AND line IS NOT NULL
"""

LATEST_STAMP = "SELECT epoch, first_used_at FROM windows WHERE window = ? ORDER BY epoch DESC LIMIT 1"

INSERT_STAMP = "INSERT INTO windows (window, epoch, first_used_at) VALUES (?, ?, ?)"

RECORD_RESULT = """
UPDATE rows SET state = ?, status = ?, error_code = ?, correlation_id = ?,
    idempotency_key = coalesce(?, idempotency_key), attempts = attempts + ?,
    started_at = coalesce(started_at, ?), finished_at = ?, result_id = ?, detail = ?
WHERE row = ? AND state NOT IN ('done', 'refused')
"""

UNSETTLED_ROWS = """
SELECT row, order_id, reference, capture_id, body, generation FROM rows
WHERE state = ? AND row BETWEEN ? AND ? AND line IS NOT NULL ORDER BY row LIMIT ?
"""

ALL_LINES = """
SELECT lines.line, coalesce(lines.order_id, lines.text, ''), lines.capture_id, nullif(lines.reference, ''),
    CASE WHEN lines.problem IS NOT NULL THEN lines.problem
         WHEN rows.line <> lines.line THEN 'duplicate' ELSE rows.state END AS outcome,
    status, error_code, correlation_id, idempotency_key, attempts, started_at, finished_at, result_id,
    coalesce(lines.detail, rows.detail), columns, rows.body, rows.line
FROM lines LEFT JOIN rows
    ON rows.order_id = lines.order_id AND rows.reference = lines.reference AND lines.problem IS NULL
"""

SELECT_LINES = f"""
SELECT * FROM ({ALL_LINES}) WHERE outcome IN ({{outcomes}}) AND (? IS NULL OR error_code = ?) ORDER BY line LIMIT ?
"""  # noqa: S608 - no value of anybody's

FIND_LINES = f"""
{ALL_LINES} WHERE lines.order_id = :text OR lines.reference = :text OR lines.text = :text
    OR EXISTS (SELECT 1 FROM json_each(lines.columns) WHERE value = :text)
ORDER BY lines.line
"""  # noqa: S608 - no value of anybody's

REPORT_LINES = f"{ALL_LINES} WHERE lines.line > ? ORDER BY lines.line LIMIT ?"

INSERT_LIMIT = "INSERT INTO limits (recorded_at, ceiling, rate) VALUES (?, ?, ?)"

LIMITS = "SELECT recorded_at, ceiling, rate FROM limits ORDER BY recorded_at, rowid"

FIRST_AND_LAST = """
SELECT min(started_at), max(finished_at), coalesce(sum(attempts), 0) FROM rows WHERE line IS NOT NULL
"""

# What ended alike, the largest group first, with the first lines of each.
GROUPS = """
SELECT outcome, status, error_code, total, line FROM (
    SELECT outcome, status, error_code, line,
        count(*) OVER (PARTITION BY outcome, status, error_code) AS total,
        row_number() OVER (PARTITION BY outcome, status, error_code ORDER BY line) AS number
    FROM (
        SELECT state AS outcome, status, error_code, line FROM rows
        WHERE state IN ('refused', 'unknown', 'escalated') AND line IS NOT NULL
        UNION ALL SELECT problem, NULL, NULL, line FROM lines WHERE problem IN ('malformed', 'conflict')
    )
) WHERE number <= :lines ORDER BY total DESC, outcome, status, error_code, line LIMIT :limit
"""

# To three digits, so that there are at most some thousand different ones.
DURATIONS = """
SELECT CASE WHEN ms < 1000 THEN ms WHEN ms < 10000 THEN ms / 10 * 10 WHEN ms < 100000 THEN ms / 100 * 100
    WHEN ms < 1000000 THEN ms / 1000 * 1000 WHEN ms < 10000000 THEN ms / 10000 * 10000
    ELSE ms / 100000 * 100000 END AS duration, count(*)
FROM (
    SELECT max(0, CAST(round((julianday(finished_at) - julianday(started_at)) * 86400000) AS INTEGER)) AS ms
    FROM rows WHERE state IN ('done', 'refused') AND line IS NOT NULL AND started_at IS NOT NULL
) GROUP BY duration ORDER BY duration
"""

MINUTES = """
SELECT min(finished_at), max(finished_at), sum(attempts) FROM rows
WHERE line IS NOT NULL AND finished_at IS NOT NULL GROUP BY substr(finished_at, 1, 16) ORDER BY 1
"""

BINS = """
SELECT state, CAST(round((julianday(finished_at) - julianday(:start)) * 86400000) AS INTEGER) / (1000 * :width) AS bin,
    sum(attempts)
FROM rows WHERE line IS NOT NULL AND finished_at BETWEEN :start AND :end GROUP BY state, bin
"""
