"""A transaction that PostgreSQL ended because another one waited for it, and it for that one.

Short pieces of work are repeated by `Database.run`. What changes rows in several statements meets the workers' results
in any order, and cannot begin again from the start: it is repeated from a savepoint.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from psycopg.errors import DeadlockDetected

from klarna_om.batch.postgres.database import Connection

T = TypeVar("T")


async def repeat_after_deadlock(connection: Connection, work: Callable[[], Awaitable[T]]) -> T:
    """Do work in a savepoint of the connection's transaction, again after each deadlock: the other one goes on then."""
    while True:
        try:
            async with connection.transaction():
                return await work()
        except DeadlockDetected:
            continue
