"""The journal's tables. You can read them with `sqlite3` while a job runs.

Scripts are split at semicolons, so comments in them must have none.
"""

APPLICATION_ID = 0x4B4C4F4D
"""Marks the file as a journal of klarna_om; `file` and `sqlite3` show it."""

VERSION = 1

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
-- One row per order. `line` is where the current manifest names it first, or null when it no longer does.
CREATE TABLE rows (
    row INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL COLLATE NOCASE UNIQUE,
    line INTEGER,
    state TEXT NOT NULL DEFAULT 'pending',
    status INTEGER,
    error_code TEXT,
    correlation_id TEXT,
    idempotency_key TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    started_at TEXT,
    finished_at TEXT,
    detail TEXT
);
-- When the keys of a window of rows may first have been used. A new epoch means new keys.
CREATE TABLE windows (
    window INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    first_used_at TEXT NOT NULL,
    PRIMARY KEY (window, epoch)
) WITHOUT ROWID;
-- The current manifest, line by line.
CREATE TABLE lines (
    line INTEGER PRIMARY KEY,
    order_id TEXT COLLATE NOCASE,
    problem TEXT,
    text TEXT,
    detail TEXT
);
"""

LATEST_STAMP = "SELECT epoch, first_used_at FROM windows WHERE window = ? ORDER BY epoch DESC LIMIT 1"

INSERT_STAMP = "INSERT INTO windows (window, epoch, first_used_at) VALUES (?, ?, ?)"

INSERT_LINE = "INSERT INTO lines (line, order_id, problem, text, detail) VALUES (?, ?, ?, ?, ?)"

# New orders begin a new window: an old window's stamp means that every row in it may have been sent.
UPDATE_ROWS = """
CREATE TEMP TABLE firsts AS
    SELECT order_id, min(line) AS line FROM lines WHERE order_id IS NOT NULL GROUP BY order_id;
UPDATE rows SET line = NULL;
UPDATE rows SET line = firsts.line FROM firsts WHERE rows.order_id = firsts.order_id;
INSERT INTO rows (row, order_id, line)
    SELECT (SELECT (coalesce(max(row), 0) + {window} - 1) / {window} * {window} FROM rows)
           + row_number() OVER (ORDER BY line), order_id, line
    FROM firsts WHERE NOT EXISTS (SELECT 1 FROM rows WHERE rows.order_id = firsts.order_id)
    ORDER BY line;
DROP TABLE firsts;
"""

RECORD_RESULT = """
UPDATE rows SET state = ?, status = ?, error_code = ?, correlation_id = ?,
    idempotency_key = coalesce(?, idempotency_key), attempts = attempts + ?,
    started_at = coalesce(started_at, ?), finished_at = ?, detail = ?
WHERE row = ? AND state NOT IN ('done', 'refused')
"""

UNSETTLED_ROWS = """
SELECT row, order_id FROM rows WHERE state = ? AND row BETWEEN ? AND ? AND line IS NOT NULL ORDER BY row LIMIT ?
"""

# Windows are counted from 0, rows from 1; see `Identity.window_of`.
EPOCHS = """
SELECT row, order_id,
    coalesce((SELECT max(epoch) FROM windows WHERE window = (row - 1) / (SELECT window FROM job)), 0)
FROM rows WHERE order_id = ?
"""

REPORT_LINES = """
SELECT lines.line, coalesce(lines.order_id, lines.text, ''),
    CASE WHEN lines.problem IS NOT NULL THEN lines.problem
         WHEN rows.line <> lines.line THEN 'duplicate' ELSE rows.state END,
    status, error_code, correlation_id, idempotency_key, attempts, started_at, finished_at,
    coalesce(lines.detail, rows.detail), rows.line
FROM lines LEFT JOIN rows ON rows.order_id = lines.order_id
WHERE lines.line > ? ORDER BY lines.line LIMIT ?
"""
