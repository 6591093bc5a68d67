"""The statements of a reading: each is answered from counts or an index, whatever the number of rows."""

ONE_SNAPSHOT = "set transaction isolation level repeatable read, read only"

SHORT = "set local statement_timeout = '5s'"

# The jobs with open rows first, then the latest.
JOBS = """
with counted as (
    select job,
        coalesce(sum(rows) filter (where state = 'done'), 0)::bigint as done,
        coalesce(sum(rows) filter (where state = 'refused'), 0)::bigint as refused,
        coalesce(sum(rows) filter (where state = 'unknown'), 0)::bigint as unknown,
        coalesce(sum(rows) filter (where state = 'escalated'), 0)::bigint as escalated,
        coalesce(sum(rows) filter (where state = 'pending'), 0)::bigint as pending,
        sum(requests)::bigint as requests
    from klarna_om.counts group by job
)
select id, operation, target, created_at, done, refused, unknown, escalated, pending, requests,
    count(*) filter (where pending + unknown > 0) over () as running, count(*) over () as jobs
from klarna_om.jobs join counted on job = id
order by pending + unknown > 0 desc, created_at desc, id limit %(limit)s"""

LIMITS = """
select j.job, l.ceiling, l.rate from unnest(%(jobs)s::uuid[]) as j (job), lateral (
    select ceiling, rate from klarna_om.limits where job = j.job order by recorded_at desc limit 1
) as l"""

# A chunk that nobody has counts while it has open rows: its worker was lost, and no other one has taken it over.
CHUNKS = """
select c.job, c.chunk, c.worker, extract(epoch from c.lease_until - clock_timestamp())::float8 as seconds
from klarna_om.chunks as c join klarna_om.jobs as j on j.id = c.job
where c.job = any(%(jobs)s) and c.lease_until > '-infinity'
    and (c.lease_until > clock_timestamp() or exists (
        select from klarna_om.rows as r where r.job = c.job and r.state in ('pending', 'unknown') and r.line is not null
            and r.row between c.chunk * j.window_size + 1 and (c.chunk + 1) * j.window_size))
order by c.lease_until, c.worker, c.chunk limit %(limit)s"""

CODES = """
select state, status, error_code, sum(rows)::bigint from klarna_om.counts
where job = any(%(jobs)s) and state in ('refused', 'unknown', 'escalated')
group by state, status, error_code having sum(rows) > 0
order by 4 desc, state, status, error_code limit %(limit)s"""

_FOR_A_PERSON = """
    select r.line, r.order_id, r.reference, r.state, nullif(r.status, 0) as status, r.error_code, r.correlation_id,
        r.idempotency_key, r.finished_at, r.detail
    from klarna_om.rows as r
    where r.job = j.job and r.state = '{state}' and r.line is not null
    order by r.finished_at desc nulls last limit %(limit)s"""

# The state is no parameter: a plan that does not know it cannot use the index.
ROWS = f"""
select j.job, found.* from unnest(%(jobs)s::uuid[]) as j (job), lateral (
    ({_FOR_A_PERSON.format(state="escalated")}) union all ({_FOR_A_PERSON.format(state="refused")})
) as found
order by found.state, found.finished_at desc nulls last, j.job, found.line limit %(limit)s"""  # noqa: S608 - our own text

LINES = """
select l.job, l.line, coalesce(l.order_id, l.text, ''), l.reference, l.problem, null::integer, null, null, null,
    null::timestamptz, l.detail
from unnest(%(jobs)s::uuid[]) as j (job), lateral (
    select * from klarna_om.lines where job = j.job and problem in ('malformed', 'conflict') order by line
    limit %(limit)s
) as l order by l.problem desc, j.job, l.line limit %(limit)s"""

# No more are counted than this: a file of another kind may have a million of them.
LINE_COUNTS = """
select problem, count(*) from unnest(%(jobs)s::uuid[]) as j (job), lateral (
    select problem from klarna_om.lines where job = j.job and problem in ('malformed', 'conflict') limit 10000
) as l group by problem"""

HAS_PACE = "select to_regclass('klarna_om.pace') is not null"

# Of merchants whose pace was asked for in the last minute.
PACES = """
select per_second, rate[1] / rate[2], held_until - now from klarna_om.pace,
    (select extract(epoch from clock_timestamp())::float8 as now) as clock
where greatest(live, batch) > now - 60 order by name limit 5"""
