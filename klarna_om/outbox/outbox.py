"""`Outbox`, the public class: add intents, drain them, await their results, look at them."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError
from klarna_om.ids import normalize_id
from klarna_om.options import is_positive
from klarna_om.outbox import statements
from klarna_om.outbox.adding import add
from klarna_om.outbox.autocommit import check_transaction
from klarna_om.outbox.connections import Transaction, transaction_on
from klarna_om.outbox.database import Clock, open_database
from klarna_om.outbox.dialect import SQLITE, Dialect
from klarna_om.outbox.drainer import Drain, Settings
from klarna_om.outbox.intent import Intent, intent_of
from klarna_om.outbox.outages import Outages
from klarna_om.outbox.schema import make_tables
from klarna_om.outbox.snapshot import Snapshot, take_snapshot
from klarna_om.outbox.states import State
from klarna_om.outbox.store import Callback, Store, find
from klarna_om.outbox.wake import Wake, wait
from klarna_om.outbox.writes import Writes
from klarna_om.workflows.new_intent import new_intent

logger = logging.getLogger("klarna_om.outbox")


class Outbox(Writes):
    """Intents that cannot be lost: added in the shop's transaction, executed once when it is committed.

        outbox = Outbox(pool)
        async with pool.connection() as connection:
            await connection.execute("update shipments set sent = true where id = 7")
            await outbox.capture(connection, order_id, CaptureObject(captured_amount=700, reference="shipment-7"))

        async with outbox.draining(klarna):  # in the service's lifespan
            ...

    The same operation, order and reference with the same body is the same intent; where Klarna refused it, adding it
    again calls it once more, under a new key. The rules are in `klarna_om.outbox.states`. The table holds the bodies
    of requests, and with them personal data, until its rows are deleted; a reference whose row is deleted is free
    again.
    """

    def __init__(
        self,
        database: Any = None,
        *,
        on_result: Callback | None = None,
        kustom: bool = False,
        concurrency: int = 16,
        lease: float = 20.0,
        poll: float = 1.0,
        grace: float = 10.0,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is opened.

        `database`: a `psycopg_pool.AsyncConnectionPool`, SQLAlchemy's `AsyncEngine` (with psycopg, asyncpg or
        aiosqlite), the path of an SQLite file, or an `sqlite3.Connection`; it may also be given to each method that
        needs it. An engine on PostgreSQL gets one connection beside its pool, for notifications.
        `on_result`: `async def on_result(connection, intent)`, called once for each intent that is done, refused or
        escalated. `connection` is of that database (psycopg's or SQLAlchemy's AsyncConnection, or sqlite3's), in the
        transaction that records that it was called: write to it, and do not commit. If it raises, the result is
        reported again a minute later.
        `kustom`: check requests by the rules of Kustom's hosts when they are added.
        `concurrency`: calls under way at once in a drain. `lease`: seconds after which another process takes over what
        this one was at. `poll`: seconds between two looks where no notification comes. `grace`: seconds that calls
        under way have when the drain is cancelled.
        `clock`: seconds since the epoch, for tests; without it the database's clock counts, for all processes.
        """
        if type(concurrency) is not int or concurrency < 1:
            raise ConfigurationError(f"concurrency is a number of calls, 1 or more, not {concurrency!r}")
        for name, seconds in (("lease", lease), ("poll", poll), ("grace", grace)):
            if not is_positive(seconds):
                raise ConfigurationError(f"{name} is a positive number of seconds, not {seconds!r}")
        self._clock = clock
        self._store = None if database is None else Store(open_database(database, clock))
        _check_callback(on_result, database)
        self._callback = on_result
        self._kustom = kustom
        self._settings = Settings(
            concurrency=concurrency, lease=lease, poll=poll, grace=grace, monotonic=monotonic, wall_clock=wall_clock
        )
        self._wake = Wake()
        self._failure: Exception | None = None
        """What ended the drain of this process."""

    async def drain(self, klarna: KlarnaClient, database: Any = None, *, until_idle: bool = False) -> None:
        """Execute what is committed, until this is cancelled; run it in as many processes as there are.

        It survives restarts and outages of the database. When it is cancelled nothing new begins, calls under way have
        the grace time, and leases are given back. `until_idle`: return when nothing is due, for tests and cron jobs;
        what waits for a later try stays. It raises what the driver raises when the database is away for half a minute.
        Raises `SchemaMissing` before anything is done, `ConfigurationError` where the outbox was drained to
        another host before, and `ClientClosed` when the client is closed under it.
        """
        _check_callback(self._callback, database)
        self._failure = None
        try:
            await Drain(
                klarna, self._store_of(database, remember=True), self._settings, self._callback, self._wake, until_idle
            ).run()
        except Exception as reason:
            self._failure = reason
            self._wake.ring()
            raise

    @asynccontextmanager
    async def draining(self, klarna: KlarnaClient, database: Any = None) -> AsyncGenerator[None, None]:
        """Drain in the background of this block, for a service's lifespan; at its end the drain is cancelled.

        What ends the drain before is logged at once, and raised at the end of the block.
        """
        self._failure = None  # that of an earlier block
        task = asyncio.create_task(self.drain(klarna, database))
        task.add_done_callback(_log_end)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

    async def result(self, intent_id: UUID, database: Any = None) -> Intent:
        """Wait until a committed intent is `done`, `refused` or `escalated`; limit it with `asyncio.timeout`.

        Raises `IntentNotFound` for one that is not committed, `SchemaMissing`, and what ended the drain of this
        process, where there was one.
        """
        store = self._store_of(database)
        outages = Outages(store.database.failures)
        await outages.persist(store.check_schema, asyncio.sleep)
        while True:
            ticket = self._wake.ticket()
            if self._failure is not None:
                raise self._failure
            intent = await outages.persist(lambda: store.find(intent_id), asyncio.sleep)
            if intent.is_settled:
                return intent
            await wait(ticket, self._settings.poll)

    async def get(self, connection: Any, intent_id: UUID) -> Intent:
        """Read an intent, in the connection's transaction."""
        return await find(self._on(connection), intent_id)

    async def intents(
        self,
        connection: Any,
        *,
        state: State | str | None = None,
        order_id: str | UUID | None = None,
        limit: int = 1000,
    ) -> tuple[Intent, ...]:
        """List intents in the order in which they were added, such as those that are `escalated`."""
        rows = await self._on(connection).fetch(
            statements.LIST,
            state=None if state is None else State(state).value,
            order_id=None if order_id is None else normalize_id(order_id),
            limit=limit,
        )
        return tuple(map(intent_of, rows))

    async def snapshot(self, connection: Any) -> Snapshot:
        """Lag and counts, for metrics."""
        return await take_snapshot(self._on(connection))

    async def retry(self, connection: Any, intent_id: UUID) -> Intent:
        """Call an intent again, now, because a person says so.

        A `refused` one is called under a new key, as nothing happened under the old one; any other goes on under its
        key. One that is too old to be sent again is escalated once more: `settle` it. Raises `ValueError` for one that
        is done.
        """
        return await self._change(connection, intent_id, statements.RETRY, "is done")

    async def settle(
        self, connection: Any, intent_id: UUID, *, happened: bool, result_id: str | None = None, detail: str = ""
    ) -> Intent:
        """Record what a person found out at Klarna about an `escalated` intent; it holds back its order no longer.

        `happened=False` makes it `refused`: a `retry` then sends it under a new key. Raises `ValueError` for an intent
        that is not escalated.
        """
        state = State.DONE if happened else State.REFUSED
        return await self._change(
            connection,
            intent_id,
            statements.SETTLE,
            "is not escalated",
            state=state.value,
            result_id=result_id,
            detail=f"settled by a person: {detail}".removesuffix(": "),
        )

    async def _change(self, connection: Any, intent_id: UUID, statement: str, problem: str, **values: object) -> Intent:
        transaction = self._on(connection)
        changed = await transaction.fetch(statement, id=intent_id, **values)
        if not changed:
            intent = await find(transaction, intent_id)
            raise ValueError(f"the intent {intent_id} {problem}: its state is {intent.state}")
        await transaction.fetch("{notify}")
        return intent_of(changed[0])

    async def _add(
        self,
        connection: Any,
        operation: str,
        order_id: str | UUID,
        content: object = None,
        *,
        reference: str | None,
        capture_id: str | UUID | None = None,
    ) -> UUID:
        check_transaction(connection)
        transaction = self._on(connection)
        new = new_intent(
            operation,
            order_id,
            content,
            reference=reference,
            capture_id=capture_id,
            kustom=self._kustom,
        )
        return await add(transaction, new)

    def _on(self, connection: Any) -> Transaction:
        return transaction_on(connection, self._now)

    def _now(self, dialect: Dialect) -> float | None:
        if self._clock is not None:
            return self._clock()
        return time.time() if dialect is SQLITE else None

    def _store_of(self, database: Any, *, remember: bool = False) -> Store:
        store = self._store if database is None else Store(open_database(database, self._clock))
        if store is None:
            raise ConfigurationError("the outbox has no database: pass a pool, or make it with Outbox(pool)")
        if remember and self._store is None:
            self._store = store
        return store


async def create_schema(connection: Any) -> None:
    """Make the outbox's tables, or what is missing of them, in the connection's transaction; then commit it."""
    await make_tables(transaction_on(connection, lambda _: None))


def _check_callback(on_result: Callback | None, database: Any) -> None:
    if on_result is not None and not callable(cast("object", on_result)):
        raise ConfigurationError(f"on_result is an `async def on_result(connection, intent)`, not {on_result!r}")
    if on_result is not None and isinstance(database, sqlite3.Connection):
        raise ConfigurationError(
            "on_result needs a transaction of its own, and statements on a shared sqlite3.Connection would join it:"
            " pass the path of the file"
        )


def _log_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("the outbox is drained no longer by this process: %s", error)
