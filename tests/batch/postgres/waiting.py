"""Transactions that wait for a lock."""

import asyncio

from psycopg import AsyncConnection

_WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


async def until_waiting(dsn: str, count: int) -> None:
    """Until so many transactions of this database wait for others."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        while (await (await connection.execute(_WAITING)).fetchall())[0][0] < count:
            await asyncio.sleep(0.005)
