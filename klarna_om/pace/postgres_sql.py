"""The statements of the pace in PostgreSQL: the arithmetic of `slots.py` for a block of slots, by the server's clock.

The row is locked before the clock is read, so that a wait for the lock is not counted as time that has not passed.
Times are seconds since the epoch. What lies too far ahead was written before the clock was set back, and is dropped.
"""

# The lock lets two processes begin at the same time.
SCHEMA = """\
select pg_advisory_xact_lock(7020481520);
create schema if not exists klarna_om;
create unlogged table if not exists klarna_om.pace (
    name text primary key,
    live float8 not null default 0,
    batch float8 not null default 0,
    held_until float8 not null default 0,
    per_second float8 not null check (per_second > 0 and per_second < 'infinity'),
    rate float8[] not null,
    version bigint not null default 0
) with (fillfactor = 50);
"""

INSERT = """
insert into klarna_om.pace (name, per_second, rate)
values (%(name)s, %(per_second)s, %(rate)s)
on conflict do nothing
"""

FETCH = """
with locked as materialized (
    select * from klarna_om.pace where name = %(name)s for update
), timed as materialized (
    select *, extract(epoch from clock_timestamp())::float8 as now from locked
), possible as (
    select now, version, rate, per_second, per_second * %(share)s::float8 as batch_per_second,
        least(rate[2], 1) / 10 as early,
        case when live <= now + %(longest)s then live else 0 end as live,
        case when batch <= now + %(longest)s then batch else 0 end as batch,
        case when held_until <= now + %(longest)s then held_until else 0 end as held_until
    from timed
), live_from as (
    select *, greatest(live, now - %(lateness)s) as live_from from possible
), live_count as (
    select *, case when held_until > now + %(ahead)s then 0 else
        greatest(0, least(%(live)s, floor((now + %(ahead)s + early - live_from) * per_second) + 1))
    end as live_count from live_from
), next_live as (
    select *, case when live_count > 0 then live_from + live_count / per_second else live end as next_live
    from live_count
), batch_from as (
    select *, greatest(next_live, batch, held_until, now - %(lateness)s) as batch_from from next_live
), batch_count as (
    select *,
        greatest(0, least(%(batch)s, floor((now + %(ahead)s - batch_from) * batch_per_second) + 1)) as batch_count
    from batch_from
), planned as (
    select *, case when batch_count > 0 then batch_from + batch_count / batch_per_second else batch end as next_batch,
        case when batch_count > 0 then greatest(
            next_live + batch_count / per_second,
            batch_from + (batch_count - 1) / batch_per_second - %(lateness)s + 1 / per_second
        ) else next_live end as next_live_of_all
    from batch_count
)
update klarna_om.pace as pace
set live = least(next_live_of_all, now + %(spacing)s), batch = least(next_batch, now + %(spacing)s)
from planned
where pace.name = %(name)s
returning now, live_count, live_from, batch_count, batch_from, pace.live, pace.batch, planned.held_until, early,
    planned.per_second, batch_per_second, planned.version, planned.rate
"""

WRITE = """
update klarna_om.pace
set version = version + 1, rate = %(rate)s, per_second = %(per_second)s, held_until = %(held_until)s,
    live = now + (live - now) * %(nearer)s, batch = now + (batch - now) * %(nearer)s
from (select extract(epoch from clock_timestamp())::float8 as now) as clock
where name = %(name)s and version = %(version)s
returning version
"""
