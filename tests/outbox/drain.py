"""A drain in a process of its own, to be killed: `python -m tests.outbox.drain DSN URL ATTEMPTS`."""

import asyncio
import sys

from psycopg_pool import AsyncConnectionPool

from klarna_om import FullJitter, KlarnaClient, Retry
from klarna_om.outbox import Outbox

LEASE = 1.0


async def main(dsn: str, url: str, attempts: int) -> None:
    retry = Retry(max_attempts=attempts, backoff=FullJitter(0.01, 0.05))
    async with (
        AsyncConnectionPool(dsn, min_size=1, max_size=6, open=False) as pool,
        KlarnaClient(url, username="sandbox", password="sandbox", pace="off", retry=retry) as klarna,
    ):
        await Outbox(pool, lease=LEASE, poll=0.1, concurrency=8).drain(klarna)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
