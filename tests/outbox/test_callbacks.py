"""A result is reported once, in the transaction that records it."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError
from klarna_om.outbox import Intent, Outbox
from klarna_om.outbox.database import open_database
from klarna_om.outbox.store import Store
from tests.outbox.shop import Shop


@define
class Shipments:
    """Writes each result into the shop's own table; fails as often as it is asked to."""

    failures: int = 0
    reported: list[str] = field(factory=list[str])

    async def __call__(self, connection: Any, intent: Intent) -> None:
        self.reported.append(intent.state.value)
        written = connection.execute(f"insert into shipments values ({intent.reference.removeprefix('s-')})")
        if asyncio.iscoroutine(written):
            await written
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError("a bug of the shop's")


async def test_a_statement_of_the_callbacks_that_fails_is_no_outage(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 1, 2):
        await shop.capture(shop.order(), 100, f"s-{number}")
    callback = Shipments()

    await shop.drain(on_result=callback)  # the second s-1 breaks the table's primary key

    assert await shipments(shop) == [1, 2]
    assert (len(callback.reported), "reported again" in caplog.text) == (3, True)


async def shipments(shop: Shop) -> list[int]:
    async with shop.connect() as connection:
        found = connection.execute("select number from shipments order by number")
        rows: Any = await (await found).fetchall() if asyncio.iscoroutine(found) else found.fetchall()
    return [row[0] for row in rows]


async def test_a_callback_that_fails_is_logged_with_its_intent(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    order = shop.order()
    intent_id = await shop.capture(order, 100, "s-1")

    await shop.drain(on_result=Shipments(failures=1))

    assert f"captures.create of order {order}: on_result failed for the intent {intent_id}" in caplog.text


async def test_a_callback_that_cannot_be_awaited_says_what_to_write(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    def on_result(_: Any, __: Intent) -> None:
        """Not async."""

    not_async: Any = on_result
    await shop.capture(shop.order())

    await shop.drain(on_result=not_async)

    assert "TypeError: on_result must be an `async def`" in caplog.text


def test_what_is_no_callback_is_refused(shop: Shop) -> None:
    wrong: Any = "x"

    with pytest.raises(ConfigurationError, match="on_result is an `async def"):
        shop.outbox(on_result=wrong)


async def test_each_result_is_told_once(shop: Shop) -> None:
    order = shop.order()
    await shop.capture(order, 100, "s-1")
    await shop.capture(order, 5000, "s-2")
    callback = Shipments()

    await asyncio.gather(*(shop.drain(on_result=callback) for _ in range(3)))
    await shop.drain(on_result=callback)

    assert sorted(callback.reported) == ["done", "refused"]
    assert await shipments(shop) == [1, 2]


async def test_a_callback_that_fails_changes_no_result_and_is_called_again(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await shop.capture(shop.order(), 100, "s-1")
    callback = Shipments(failures=1)

    await shop.drain(on_result=callback)
    assert (await shop.states(), await shipments(shop)) == (["done"], [])
    await shop.drain(on_result=callback)
    assert callback.reported == ["done"]
    shop.sandbox.clock.advance(seconds=61)
    await shop.drain(on_result=callback)

    assert "reported again in 60 s" in caplog.text
    assert (callback.reported, await shipments(shop)) == (["done", "done"], [1])


async def test_a_result_is_told_by_a_drain_that_has_a_callback(shop: Shop) -> None:
    await shop.capture(shop.order(), 100, "s-1")
    await shop.drain()
    callback = Shipments()

    outbox = shop.outbox(on_result=callback)
    async with outbox.draining(shop.klarna):
        while not callback.reported:
            await asyncio.sleep(0.01)

    assert await shipments(shop) == [1]


async def test_what_a_person_retries_is_told_again(shop: Shop) -> None:
    callback = Shipments()
    intent_id = await shop.capture(shop.order(100), 101, "s-1")
    await shop.drain(on_result=callback)
    async with shop.connect() as connection:
        deleted = connection.execute("delete from shipments")
        if asyncio.iscoroutine(deleted):
            await deleted
        await shop.outbox().retry(connection, intent_id)

    await shop.drain(on_result=callback)

    assert callback.reported == ["refused", "refused"]


async def test_two_that_tell_at_once_call_it_once(shop: Shop) -> None:
    await shop.capture(shop.order(), 100, "s-1")
    await shop.drain()
    store = Store(open_database(shop.database, shop.sandbox.clock))
    reported: list[str] = []

    async def slow(_: object, intent: Intent) -> None:
        reported.append(intent.reference)
        await asyncio.sleep(0.2)

    await asyncio.gather(store.report_next(slow, 60.0), store.report_next(slow, 60.0))

    assert reported == ["s-1"]


async def test_a_callback_that_swallows_an_error_of_the_database_is_told_again_later(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await shop.capture(shop.order(), 100, "s-1")
    calls = 0

    async def careless(connection: Any, intent: Intent) -> None:
        nonlocal calls
        calls += 1
        with suppress(Exception):
            broken = connection.execute("insert into nowhere values (1)")
            if asyncio.iscoroutine(broken):
                await broken

    await shop.drain(on_result=careless)
    await shop.drain(on_result=careless)

    assert calls == 1


async def test_a_callback_needs_a_connection_of_its_own(sqlite_file: Path, klarna: KlarnaClient) -> None:
    async def callback(connection: Any, intent: Intent) -> None:
        raise AssertionError(intent)

    with closing(sqlite3.connect(sqlite_file)) as connection:
        with pytest.raises(ConfigurationError, match="pass the path of the file"):
            Outbox(connection, on_result=callback)
        with pytest.raises(ConfigurationError, match="pass the path of the file"):
            await Outbox(on_result=callback).drain(klarna, connection)
