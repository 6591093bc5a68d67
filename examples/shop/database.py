"""Opens the shop on a database: PostgreSQL or an SQLite file, by SQLAlchemy's URL."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import create_async_engine

from examples.shop.shop import Shop, note_result
from examples.shop.tables import METADATA
from klarna_om.outbox import Outbox, create_schema


@asynccontextmanager
async def open_shop(url: str) -> AsyncGenerator[Shop]:
    """A shop with its tables; in production a migration makes them (`klarna_om.outbox.schema_sql`)."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await create_schema(connection)  # locks, so the next line runs in one process at a time
            await connection.run_sync(METADATA.create_all)
        # PostgreSQL wakes the drain at once; SQLite has no notifications, so it looks five times a second.
        yield Shop(engine, Outbox(engine, on_result=note_result, poll=0.2))
    finally:
        await engine.dispose()
