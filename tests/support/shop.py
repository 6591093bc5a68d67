"""The shop behind a web service: what it stores, and how that can go wrong."""

import asyncio
from typing import Any

from attrs import define, field

from klarna_om import Order


@define
class Shop:
    """Remembers each call of its functions; `orders` are those that were committed."""

    calls: list[str | None] = field(factory=list[str | None])
    orders: dict[str | None, Order] = field(factory=dict[str | None, Order])
    events: list[tuple[str | None, str]] = field(factory=list[tuple[str | None, str]])
    rolled_back: int = 0
    seconds: float = 0.0
    """How long a transaction takes."""
    error: BaseException | None = None
    """What it raises in place of committing."""
    started: asyncio.Event = field(factory=asyncio.Event)

    async def store(self, order: Order) -> bool:
        self.calls.append(order.order_id)
        await self._transaction()
        is_new = order.order_id not in self.orders
        self.orders[order.order_id] = order
        return is_new

    async def handle(self, order: Order, event: str) -> bool:
        self.calls.append(order.order_id)
        await self._transaction()
        is_new = (order.order_id, event) not in self.events
        self.events.append((order.order_id, event))
        return is_new

    async def store_request(self, _: Any, order: Order) -> bool:
        """The same for a route, which gives the request too."""
        return await self.store(order)

    async def handle_request(self, _: Any, order: Order, event: str) -> bool:
        return await self.handle(order, event)

    async def _transaction(self) -> None:
        self.started.set()
        try:
            await asyncio.sleep(self.seconds)
            if self.error is not None:
                raise self.error  # noqa: TRY301
        except BaseException:
            self.rolled_back += 1
            raise
