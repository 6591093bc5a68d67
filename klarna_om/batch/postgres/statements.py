"""The statements of a journal in PostgreSQL.

Leases, stamps and due times are on one clock: the database's own, or `%(now)s` where the caller's is to count. They
leave the database as ages and delays, so that the clocks of two machines are never compared.
"""

NOW = "coalesce(%(now)s::timestamptz, clock_timestamp())"

_LEASE_END = f"{NOW} + make_interval(secs => %(seconds)s)"

# A job that is loaded or bound to a host meanwhile is waited for.
_JOB = """
select id from klarna_om.jobs
where id = %(job)s and (%(target)s::text is null or target = %(target)s) for share"""

ENSURE_JOB = """
insert into klarna_om.jobs (id, operation, window_size) values (%(job)s, %(operation)s, %(window)s)
on conflict (id) do nothing"""

READ_JOB = "select operation, window_size from klarna_om.jobs where id = %(job)s"

LOCK_JOB = "select target from klarna_om.jobs where id = %(job)s for update"

SET_TARGET = "update klarna_om.jobs set target = %(target)s where id = %(job)s"

READ_TARGET = "select target from klarna_om.jobs where id = %(job)s"

SENT_SO_FAR = """
select exists (select from klarna_om.rows where job = %(job)s and state <> 'pending'),
    exists (select from klarna_om.chunks where job = %(job)s and first_used_at is not null)"""

LEASE = f"""
with job as ({_JOB})
insert into klarna_om.chunks as c (job, chunk, worker, lease_until)
select job.id, w.chunk, %(worker)s, {_LEASE_END} from job, unnest(%(chunks)s::integer[]) as w (chunk) order by w.chunk
on conflict (job, chunk) do update set worker = excluded.worker, lease_until = excluded.lease_until
where c.worker = excluded.worker or c.lease_until <= {NOW}
returning chunk"""

CLAIM = f"""
with job as ({_JOB})
insert into klarna_om.chunks as c (job, chunk, first_used_at, stamp, worker, lease_until)
select job.id, %(chunk)s, {NOW}, %(stamp)s, %(worker)s, {_LEASE_END} from job
on conflict (job, chunk) do update set worker = excluded.worker, lease_until = excluded.lease_until,
    first_used_at = coalesce(c.first_used_at, excluded.first_used_at),
    stamp = case when c.first_used_at is null then excluded.stamp else c.stamp end
where c.worker = excluded.worker or c.lease_until <= {NOW}
returning epoch, {NOW} - first_used_at, stamp <> %(stamp)s"""

RENEW_STAMP = f"""
update klarna_om.chunks set epoch = epoch + 1, first_used_at = {NOW}, stamp = %(stamp)s
where job = %(job)s and chunk = %(chunk)s and epoch = %(epoch)s"""

READ_STAMP = f"""
select epoch, {NOW} - first_used_at from klarna_om.chunks where job = %(job)s and chunk = %(chunk)s"""

# In the order of the chunks, as results are recorded: the two would wait for each other.
_OWN_CHUNKS = """
with own as (
    select c.chunk from klarna_om.chunks as c
    join unnest(%(chunks)s::integer[], %(workers)s::uuid[]) as w (chunk, worker) using (chunk, worker)
    where c.job = %(job)s order by c.chunk for update of c
)"""

# Under a later epoch the rows may have been sent before it, so its stamp stays.
REMOVE_STAMPS = f"""
{_OWN_CHUNKS} update klarna_om.chunks as c set first_used_at = null, stamp = null
from own where c.job = %(job)s and c.chunk = own.chunk and c.epoch = 0 returning c.chunk"""

RENEW_LEASES = f"""
{_OWN_CHUNKS} update klarna_om.chunks as c set lease_until = {_LEASE_END}
from own where c.job = %(job)s and c.chunk = own.chunk returning c.chunk"""

RELEASE_LEASES = f"""
{_OWN_CHUNKS} update klarna_om.chunks as c set lease_until = '-infinity'
from own where c.job = %(job)s and c.chunk = own.chunk"""

LAST_ROW = "select coalesce(max(row), 0) from klarna_om.rows where job = %(job)s"

# The state is no parameter: a plan that does not know it cannot use the index of the unsettled rows.
UNSETTLED_ROWS = """
select row, order_id, reference, capture_id, body, generation from klarna_om.rows
where job = %(job)s and state = '{state}' and row between %(low)s and %(high)s and line is not null
order by row limit %(limit)s"""

# Whoever claims a window waits until its results are recorded, and after it none of another worker is.
RECORD = """
with held as (
    select chunk, worker from klarna_om.chunks
    where job = %(job)s and chunk = any(%(chunk)s::integer[]) order by chunk for share
), result as (
    select * from unnest(
        %(row)s::integer[], %(chunk)s::integer[], %(worker)s::uuid[], %(state)s::text[], %(status)s::integer[],
        %(error_code)s::text[], %(correlation_id)s::text[], %(idempotency_key)s::text[], %(attempts)s::integer[],
        %(started_at)s::timestamptz[], %(finished_at)s::timestamptz[], %(result_id)s::text[], %(detail)s::text[]
    ) as u (row, chunk, worker, state, status, error_code, correlation_id, idempotency_key, attempts, started_at,
        finished_at, result_id, detail)
), kept as (
    select result.* from result left join held using (chunk)
    where result.state = 'done' or result.worker is null or held.worker = result.worker
)
update klarna_om.rows as r set state = kept.state, status = kept.status, error_code = kept.error_code,
    correlation_id = kept.correlation_id, idempotency_key = coalesce(kept.idempotency_key, r.idempotency_key),
    attempts = r.attempts + case when r.state = kept.state and r.finished_at = kept.finished_at then 0
        else kept.attempts end,  -- 0 where this result was committed, and the answer to the commit was lost
    started_at = coalesce(r.started_at, kept.started_at), finished_at = kept.finished_at,
    result_id = kept.result_id, detail = kept.detail
from kept where r.job = %(job)s and r.row = kept.row and r.state not in ('done', 'refused')"""

# The rows get numbers of a new window, since their window's stamp means that they may have been sent.
RETRY_REFUSED = """
with again as (
    select row, row_number() over (order by row) + (
        select (max(r.row) + j.window_size - 1) / j.window_size * j.window_size
        from klarna_om.rows as r join klarna_om.jobs as j on j.id = r.job where r.job = %(job)s group by j.window_size
    ) as new
    from klarna_om.rows where job = %(job)s and state = 'refused' and line is not null
        and (%(code)s::text is null or error_code = %(code)s)
)
update klarna_om.rows as r set row = again.new, generation = generation + 1, state = 'pending', status = null,
    error_code = null, correlation_id = null, detail = null, tier = 0, due_at = null
from again where r.job = %(job)s and r.row = again.row"""

RETRY_UNKNOWN = """
update klarna_om.rows set state = 'unknown', tier = 0, due_at = null
where job = %(job)s and state in ('unknown', 'escalated') and line is not null
    and (%(code)s::text is null or error_code = %(code)s)"""

POSTPONE = f"""
update klarna_om.rows set tier = tier + 1,
    due_at = case tier when 0 then {NOW} + make_interval(secs => %(first)s)
        when 1 then {NOW} + make_interval(secs => %(second)s) end,
    state = case when tier < 2 then 'unknown' else 'escalated' end
where job = %(job)s and row = any(%(rows)s::integer[]) and state = 'unknown' and (due_at is null or due_at <= {NOW})
returning state"""

NEXT_DUE = f"""
select min(due_at) - {NOW} from klarna_om.rows
where job = %(job)s and state = 'unknown' and due_at > {NOW} and line is not null
    and row between %(low)s and %(high)s"""

# Again where it was committed, and the answer to the commit was lost.
INSERT_LIMIT = """
insert into klarna_om.limits (job, recorded_at, ceiling, rate) values (%(job)s, %(at)s, %(ceiling)s, %(rate)s)
on conflict (job, recorded_at) do nothing"""

COLUMN_NAMES = "select columns from klarna_om.jobs where id = %(job)s"

COUNT_STATES = """
select state, count(*) from klarna_om.rows where job = %(job)s and line is not null group by state"""

COUNT_PROBLEMS = """
select coalesce(problem, ''), count(*) from klarna_om.lines where job = %(job)s group by problem"""

LAST_RESULT_AT = "select max(finished_at) from klarna_om.rows where job = %(job)s and line is not null"

_LINES = """
select lines.line, coalesce(lines.order_id, lines.text, ''), lines.capture_id, nullif(lines.reference, ''),
    case when lines.problem is not null then lines.problem
         when rows.line <> lines.line then 'duplicate' else rows.state end as outcome,
    status, error_code, correlation_id, idempotency_key, attempts, started_at, finished_at, result_id,
    coalesce(lines.detail, rows.detail), columns::text, rows.body, rows.line as first_line
from klarna_om.lines left join klarna_om.rows
    on rows.job = lines.job and rows.order_id = lines.order_id and rows.reference = lines.reference
    and lines.problem is null
where lines.job = %(job)s"""

REPORT_LINES = f"{_LINES} and lines.line > %(after)s order by lines.line limit %(limit)s"

SELECT_LINES = f"""
select * from ({_LINES}) as found where outcome = any(%(outcomes)s::text[])
    and (%(code)s::text is null or error_code = %(code)s) order by line limit %(limit)s"""

FIND_LINES = f"""
{_LINES} and (lines.order_id = lower(%(text)s) or lines.reference = %(text)s or lines.text = %(text)s
    or exists (select from json_each_text(lines.columns) as shown where shown.value = %(text)s))
order by lines.line"""
