"""The journal's tables in PostgreSQL, as a list of migrations; a release only adds to its end."""

from collections.abc import Mapping

VERSIONS = "klarna_om.journal_version"
"""The table with the number of each migration that was made."""

FIRST = """
create table klarna_om.jobs (
    id uuid primary key,
    operation text not null,
    -- Where the calls go.
    target text not null default '',
    -- Is it delivered to workers in chunks? Else one program runs it.
    is_delivered boolean not null default false,
    -- Rows that are claimed, stamped and delivered together.
    window_size integer not null,
    -- The names of the shop's own columns, in the manifest's order.
    columns text[] not null default '{}',
    created_at timestamptz not null default clock_timestamp()
);
-- One row per write: an order has one, or one for each reference. `line` is where the current manifest names it first,
-- or null when it no longer does.
create table klarna_om.rows (
    job uuid not null,
    row integer not null,
    order_id text not null,
    reference text not null,
    capture_id text,
    body text,
    generation integer not null default 0,
    line integer,
    state text not null default 'pending'
        check (state in ('pending', 'unknown', 'done', 'refused', 'escalated')),
    -- How far an unknown row is in Klarna's schedule, and when it is tried again.
    tier integer not null default 0,
    due_at timestamptz,
    status integer,
    error_code text,
    correlation_id text,
    idempotency_key text,
    attempts integer not null default 0,
    started_at timestamptz,
    finished_at timestamptz,
    result_id text,
    detail text,
    primary key (job, row),
    unique (job, order_id, reference)
) with (fillfactor = 70);
create index rows_unsettled on klarna_om.rows (job, row) where state in ('pending', 'unknown') and line is not null;
-- Who works on a window of rows, and when its keys may first have been used. A new epoch means new keys.
create table klarna_om.chunks (
    job uuid not null,
    chunk integer not null,
    epoch integer not null default 0,
    first_used_at timestamptz,
    -- Names the claim that set `first_used_at`.
    stamp uuid,
    worker uuid not null,
    lease_until timestamptz not null,
    primary key (job, chunk)
);
-- The current manifest, line by line. `columns` has the shop's own columns.
create table klarna_om.lines (
    job uuid not null,
    line integer not null,
    order_id text,
    reference text not null,
    capture_id text,
    columns json,
    problem text,
    text text,
    detail text,
    primary key (job, line)
);
-- Requests a second that the rate limit allowed from a moment on: at most, and then.
create table klarna_om.limits (
    job uuid not null,
    recorded_at timestamptz not null,
    ceiling double precision not null,
    rate double precision not null,
    primary key (job, recorded_at)
)"""

MIGRATIONS: Mapping[int, str] = {1: FIRST}
