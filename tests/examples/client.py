"""Who asks a shop."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
from attrs import frozen

from klarna_om.sandbox import Sandbox
from tests.examples.conftest import TOKEN


async def call(method: str, url: str, **more: Any) -> tuple[int, Any]:
    """The status and the body."""
    async with aiohttp.request(method, url, **more) as response:
        is_json = response.content_type == "application/json"
        return response.status, await response.json() if is_json else await response.text()


@frozen
class Caller:
    """Knows the shop's URL."""

    url: str
    sandbox: Sandbox

    def new_order(self, **fields: Any) -> str:
        """An order of 1,000 whose pushes and notifications go to the shop."""
        order = self.sandbox.order(
            push_url=f"{self.url}/klarna/push/{TOKEN}?klarna_order_id={{checkout.order.id}}",
            notification_url=f"{self.url}/klarna/fraud/{TOKEN}",
            **{"order_amount": 1000, **fields},
        )
        return order.order_id or ""

    async def pushed_order(self, **fields: Any) -> str:
        """An order that the shop has, and has acknowledged."""
        order_id = self.new_order(**fields)
        self.sandbox.clock.advance(minutes=2)
        await self.sandbox.send_due_pushes()
        await until(lambda: self.sandbox.is_acknowledged(order_id))
        return order_id

    async def get(self, path: str) -> tuple[int, Any]:
        return await call("GET", self.url + path)

    async def move(self, order_id: str, what: str, amount: object) -> tuple[int, Any]:
        """`what` is `shipments/ID` or `returns/ID`."""
        return await call("PUT", f"{self.url}/orders/{order_id}/{what}", json={"amount": amount})

    async def settled(self, path: str) -> Any:
        """A shipment or a return, once its result is noted."""
        return await settled(self.url + path)


async def settled(url: str) -> Any:
    """A shipment or a return, once its result is noted."""
    while True:
        _, row = await call("GET", url)
        if row["state"] != "pending":
            return row
        await asyncio.sleep(0.02)


async def started(url: str) -> None:
    """The shop answers."""
    while True:
        try:
            async with aiohttp.request("GET", f"{url}/ready") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.02)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process does; the test has a time limit."""
    while not is_so():
        await asyncio.sleep(0.01)
