"""PostgreSQL and Redis as stores of slots: what they grant, what they lose, and connections that break."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
import redis.asyncio
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from klarna_om import KlarnaClient
from klarna_om.pace import postgres as postgres_pace
from klarna_om.pace.adaptive_rate import AdaptiveRate
from klarna_om.pace.merchant import Merchant
from klarna_om.pace.postgres import PostgresPace, PostgresStore, schema_sql
from klarna_om.pace.redis import RedisPace, RedisStore
from klarna_om.pace.slots import AHEAD, LATENESS, LONGEST_AHEAD
from klarna_om.pace.store import Store
from tests.pace.scenario import quota
from tests.support.calls import ORDER_ID
from tests.support.postgres import new_database
from tests.support.relay import relay_to
from tests.support.wire import Wire

RATE = 110.0
LIMIT = RATE / 0.95
MOST = 1 + int((AHEAD + LATENESS) * RATE + 1e-6)
"""Slots that are granted at once after a pause."""


def new_rate() -> AdaptiveRate:
    return AdaptiveRate(LIMIT, 1.0, None)


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[str]:
    """A database without our tables."""
    with new_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture(params=["postgres", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A new row in each kind of store."""
    if request.param == "postgres":
        row: Store = PostgresStore(request.getfixturevalue("database"), uuid4().hex, new_rate())
        yield row
        await row.close()
    else:
        client = redis.asyncio.Redis.from_url(request.getfixturevalue("redis_url"))
        row = RedisStore(client, uuid4().hex, new_rate())
        yield row
        await row.close()
        await client.aclose()


async def test_slots_are_evenly_spaced_and_never_far_ahead(store: Store) -> None:
    grant = await store.fetch({"live": 0, "batch": 100}, 1.0)
    slots = grant.slots["batch"]

    assert len(slots) == MOST
    assert slots[0] == pytest.approx(grant.now - LATENESS, abs=1e-5)
    assert slots[-1] <= grant.now + AHEAD
    assert [later - slot for slot, later in itertools.pairwise(slots)] == pytest.approx(
        [1 / RATE] * (MOST - 1), abs=1e-5
    )
    assert grant.due["batch"] == pytest.approx(slots[-1] + 1 / RATE, abs=1e-5)


async def test_no_slot_is_granted_twice(store: Store) -> None:
    first = await store.fetch({"live": 0, "batch": 100}, 1.0)
    grants = [await store.fetch({"live": 0, "batch": 2}, 1.0) for _ in range(20)]

    slots = sorted(slot for grant in [first, *grants] for slot in grant.slots["batch"])

    assert all(later - slot > 0.9 / RATE for slot, later in itertools.pairwise(slots))
    assert slots[-1] <= grants[-1].now + AHEAD


async def test_a_live_call_may_be_early_and_a_batch_waits_for_it(store: Store) -> None:
    live = await store.fetch({"live": 5, "batch": 0}, 1.0)
    batch = await store.fetch({"live": 0, "batch": 100}, 1.0)

    assert [*live.slots["live"]] == pytest.approx([live.now] * 5)
    assert batch.slots["batch"][0] >= live.now - LATENESS + 5 / RATE - 1e-5
    assert (await store.fetch({"live": 1, "batch": 0}, 1.0)).slots["live"]


async def test_a_batch_with_a_share_leaves_slots_for_live_calls(store: Store) -> None:
    grant = await store.fetch({"live": 0, "batch": 100}, 0.5)
    slots = grant.slots["batch"]

    assert len(slots) == 1 + int((AHEAD + LATENESS) * RATE / 2 + 1e-6)
    assert slots[1] - slots[0] == pytest.approx(2 / RATE, abs=1e-5)


async def test_nothing_is_granted_while_it_is_held(store: Store) -> None:
    grant = await store.fetch({"live": 0, "batch": 0}, 1.0)
    assert await store.write(grant.version, grant.rate, RATE, grant.now + 9, 1.0)

    held = await store.fetch({"live": 1, "batch": 1}, 1.0)

    assert held.slots == {"live": [], "batch": []}
    assert held.held_until == held.due["live"] == held.due["batch"] == pytest.approx(grant.now + 9, abs=1e-5)


async def test_a_write_after_somebody_elses_is_refused(store: Store) -> None:
    grant = await store.fetch({"live": 0, "batch": 0}, 1.0)
    other = AdaptiveRate(40, 2.0, None)

    assert await store.write(grant.version, other.numbers(), other.value, 0.0, 1.0)
    assert not await store.write(grant.version, grant.rate, RATE, 0.0, 1.0)

    after = await store.fetch({"live": 0, "batch": 0}, 1.0)
    assert [*after.rate] == [*other.numbers()]
    assert after.version == grant.version + 1


async def test_slots_come_nearer_where_the_limit_is_raised(store: Store) -> None:
    before = await store.fetch({"live": 0, "batch": 100}, 0.1)
    assert await store.write(before.version, before.rate, RATE, 0.0, 0.0)

    after = await store.fetch({"live": 0, "batch": 0}, 1.0)

    assert after.due["batch"] <= after.now


async def test_what_lies_too_far_ahead_is_of_another_clock(store: Store) -> None:
    grant = await store.fetch({"live": 0, "batch": 1}, 1.0)
    assert await store.write(grant.version, grant.rate, RATE, grant.now + LONGEST_AHEAD + 60, -1e7)

    after = await store.fetch({"live": 1, "batch": 1}, 1.0)

    assert len(after.slots["live"]) == len(after.slots["batch"]) == 1
    assert after.held_until == 0.0


async def test_a_row_that_was_lost_begins_anew(database: str) -> None:
    store = PostgresStore(database, uuid4().hex, new_rate())
    await store.fetch({"live": 0, "batch": 0}, 1.0)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        for loss in ("truncate klarna_om.pace", "drop table klarna_om.pace", "drop schema klarna_om cascade"):
            await connection.execute(loss.encode())

            assert len((await store.fetch({"live": 0, "batch": 100}, 1.0)).slots["batch"]) == MOST
        await connection.execute(schema_sql().encode())
    await store.close()


async def test_the_statements_run_whatever_the_databases_isolation_is(postgres_server: str) -> None:
    with new_database(postgres_server) as dsn:
        name = conninfo_to_dict(dsn)["dbname"]
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            change = f"alter database \"{name}\" set default_transaction_isolation to 'serializable'"
            await connection.execute(change.encode())
        row = uuid4().hex
        stores = [PostgresStore(dsn, row, new_rate()) for _ in range(4)]
        for store in stores:
            await store.fetch({"live": 0, "batch": 0}, 1.0)

        grants = await asyncio.gather(*(_fetch_often(store) for store in stores))
        for store in stores:
            await store.close()

    slots = sorted(slot for slots in grants for slot in slots)
    assert all(later - slot > 0.9 / RATE for slot, later in itertools.pairwise(slots))


async def _fetch_often(store: Store) -> list[float]:
    return [slot for _ in range(25) for slot in (await store.fetch({"live": 0, "batch": 1}, 1.0)).slots["batch"]]


async def test_a_pool_of_ones_own_is_used_and_left_open_as_it_was(database: str) -> None:
    async with AsyncConnectionPool(database, min_size=1, max_size=1, open=False) as pool:
        async with PostgresPace(pool) as pace:
            pacer = pace.pacing(Merchant(uuid4().hex, LIMIT))
            await pacer.acquire("live")
            pacer.observe(quota("40, 40;w=1"))
            async with asyncio.timeout(10):
                while True:
                    await pacer.acquire("live")
                    if pacer.snapshot().ceiling == pytest.approx(38):
                        break

        async with pool.connection() as connection:
            assert connection.isolation_level is None


async def test_a_client_of_ones_own_is_used_and_left_open(redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url, decode_responses=True) as client:
        async with RedisPace(client) as pace:
            await pace.pacing(Merchant(uuid4().hex, LIMIT)).acquire("live")

        assert await client.ping()


async def test_a_user_with_a_rate_of_its_own_has_a_pacer_of_its_own(redis_url: str) -> None:
    merchant = Merchant(uuid4().hex, LIMIT)
    async with RedisPace(redis_url) as pace:
        assert pace.pacing(merchant) is pace.pacing(merchant)
        assert pace.pacing(merchant, 5) is not pace.pacing(merchant)


def through(port: int, kind: str, request: pytest.FixtureRequest) -> PostgresPace | RedisPace:
    if kind == "postgres":
        return PostgresPace(make_conninfo(request.getfixturevalue("database"), host="127.0.0.1", port=port))
    return RedisPace(f"redis://127.0.0.1:{port}")


def target_of(kind: str, request: pytest.FixtureRequest) -> int | str:
    if kind == "postgres":
        server = conninfo_to_dict(request.getfixturevalue("database"))
        host, port = str(server["host"]), int(server.get("port") or 5432)
        return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else port
    return urlsplit(request.getfixturevalue("redis_url")).port or 6379


@pytest.mark.parametrize("kind", ["postgres", "redis"])
async def test_a_store_that_was_away_is_used_again(kind: str, request: pytest.FixtureRequest) -> None:
    async with relay_to(target_of(kind, request)) as relay, through(relay.port, kind, request) as pace:
        pacer = pace.pacing(Merchant(uuid4().hex, LIMIT))
        await pacer.acquire("live")

        relay.cut()
        async with asyncio.timeout(20):
            while pacer.snapshot().rate > RATE / 2:
                await pacer.acquire("live")
            relay.is_on = True
            while pacer.snapshot().rate < RATE / 2:
                await pacer.acquire("live")


@pytest.mark.parametrize("kind", ["postgres", "redis"])
async def test_a_half_open_connection_is_left_for_a_new_one(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pace, "TIMEOUT", 1)
    monkeypatch.setattr("klarna_om.pace.redis.TIMEOUT", 1)
    async with relay_to(target_of(kind, request)) as relay, through(relay.port, kind, request) as pace:
        pacer = pace.pacing(Merchant(uuid4().hex, LIMIT))
        await pacer.acquire("live")

        relay.is_silent = True
        async with asyncio.timeout(20):
            while pacer.snapshot().rate > RATE / 2:
                await pacer.acquire("live")
            relay.is_silent = False
            while pacer.snapshot().rate < RATE / 2:
                await pacer.acquire("live")


@pytest.mark.parametrize("kind", ["postgres", "redis"])
async def test_closing_waits_for_no_store(kind: str, request: pytest.FixtureRequest) -> None:
    async with relay_to(target_of(kind, request)) as relay:
        pace = through(relay.port, kind, request)
        pacer = pace.pacing(Merchant(uuid4().hex, LIMIT))
        await pacer.acquire("live")
        relay.is_silent = True
        waiting = asyncio.create_task(pacer.acquire("live"))
        await asyncio.sleep(0.05)

        async with asyncio.timeout(3):
            await pace.aclose()

        waiting.cancel()


@pytest.mark.parametrize("kind", ["postgres", "redis"])
async def test_a_client_closes_the_pace_that_its_url_names(
    kind: str, request: pytest.FixtureRequest, server: Wire
) -> None:
    url = request.getfixturevalue("redis_url")
    if kind == "postgres":
        parts = conninfo_to_dict(request.getfixturevalue("database"))
        url = "postgresql:///{dbname}?host={host}&user={user}".format(**{"user": "", **parts})
    client = KlarnaClient(server.url, username=uuid4().hex, password="p", pace=url)

    async with client:
        await client.orders.acknowledge(ORDER_ID)

    assert client.pace is not None
    with pytest.raises(Exception, match="this pace is closed"):
        await client.pace.acquire("live")
