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

COUNTS = """
-- How many rows of the current manifest are in each state, and their requests: kept by triggers, so that nobody counts
-- a million rows to see how far a job is. Each connection adds to one of 16 slots, so they seldom wait for each other.
create table klarna_om.counts (
    job uuid not null,
    slot integer not null,
    state text not null,
    status integer not null,
    -- Its beginning: a server may send any text.
    error_code text not null,
    rows bigint not null,
    requests bigint not null,
    primary key (job, slot, state, status, error_code)
) with (fillfactor = 50);
lock table klarna_om.rows in share row exclusive mode;
insert into klarna_om.counts (job, slot, state, status, error_code, rows, requests)
select job, 0, state, coalesce(status, 0), left(coalesce(error_code, ''), 200), count(*), sum(attempts)
from klarna_om.rows where line is not null group by 1, 2, 3, 4, 5;
-- With the rights of its owner, since whoever may write rows may have none on this table.
create function klarna_om.count_rows() returns trigger language plpgsql
    security definer set search_path = pg_catalog as $$
begin
    if tg_op = 'INSERT' then
        insert into klarna_om.counts as c (job, slot, state, status, error_code, rows, requests)
        select job, pg_backend_pid() % 16, state, coalesce(status, 0), left(coalesce(error_code, ''), 200), count(*),
            sum(attempts)
        from added where line is not null group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
        on conflict (job, slot, state, status, error_code) do update
        set rows = c.rows + excluded.rows, requests = c.requests + excluded.requests;
    elsif tg_op = 'UPDATE' then
        insert into klarna_om.counts as c (job, slot, state, status, error_code, rows, requests)
        select job, pg_backend_pid() % 16, state, coalesce(status, 0), left(coalesce(error_code, ''), 200), sum(change),
            sum(change * attempts)
        from (
            select job, state, status, error_code, attempts, 1 as change from added where line is not null
            union all select job, state, status, error_code, attempts, -1 from removed where line is not null
        ) as changed
        group by 1, 2, 3, 4, 5 having sum(change) <> 0 or sum(change * attempts) <> 0 order by 1, 2, 3, 4, 5
        on conflict (job, slot, state, status, error_code) do update
        set rows = c.rows + excluded.rows, requests = c.requests + excluded.requests;
    else
        insert into klarna_om.counts as c (job, slot, state, status, error_code, rows, requests)
        select job, pg_backend_pid() % 16, state, coalesce(status, 0), left(coalesce(error_code, ''), 200), -count(*),
            -sum(attempts)
        from removed where line is not null group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
        on conflict (job, slot, state, status, error_code) do update
        set rows = c.rows + excluded.rows, requests = c.requests + excluded.requests;
    end if;
    return null;
end
$$;
create trigger count_inserted after insert on klarna_om.rows
    referencing new table as added for each statement execute function klarna_om.count_rows();
create trigger count_updated after update on klarna_om.rows
    referencing old table as removed new table as added for each statement execute function klarna_om.count_rows();
create trigger count_deleted after delete on klarna_om.rows
    referencing old table as removed for each statement execute function klarna_om.count_rows();
-- What somebody looks at while a job runs.
create index rows_for_a_person on klarna_om.rows (job, state, finished_at desc nulls last)
    where state in ('refused', 'escalated') and line is not null;
create index lines_unusable on klarna_om.lines (job, line) where problem in ('malformed', 'conflict');
create index chunks_held on klarna_om.chunks (job, chunk) where lease_until > '-infinity'"""

MIGRATIONS: Mapping[int, str] = {1: FIRST, 2: COUNTS}
