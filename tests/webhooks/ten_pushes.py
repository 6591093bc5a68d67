"""Receives ten pushes of one order at once, as one of several processes: URL, order id, database, number of them."""

import asyncio
import sqlite3
import sys

from klarna_om import KlarnaClient, Order
from klarna_om.webhooks import handle_push


async def main(url: str, order_id: str, database: str, count: str) -> None:
    def insert(order: Order) -> bool:
        with sqlite3.connect(database, timeout=10) as connection:
            cursor = connection.execute("insert or ignore into orders values (?)", (order.order_id,))
        connection.close()
        return cursor.rowcount == 1

    async def store(order: Order) -> bool:
        return await asyncio.to_thread(insert, order)

    async with KlarnaClient(url, username="sandbox", password="sandbox") as klarna:
        pushes = (handle_push(klarna, order_id, store=store) for _ in range(int(count)))
        done = await asyncio.gather(*pushes)
    sys.stdout.write(" ".join(f"{push.status}:{push.result}:{push.is_joined}" for push in done))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
