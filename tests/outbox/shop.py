"""A shop that decides in transactions of its own."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from attrs import define

from klarna_om import CaptureObject, KlarnaClient, RefundObject
from klarna_om.outbox import Intent, Outbox
from klarna_om.sandbox import Sandbox

Connect = Callable[[], contextlib.AbstractAsyncContextManager[Any]]


class RolledBack(Exception):
    """The shop changed its mind."""


@define
class Shop:
    """On one database, with one sandbox."""

    database: Any
    connect: Connect
    """A connection that commits at the end of the block."""
    sandbox: Sandbox
    klarna: KlarnaClient

    def outbox(self, **options: Any) -> Outbox:
        """An outbox on the sandbox's clock, as each process has one."""
        return Outbox(self.database, clock=self.sandbox.clock, **{"poll": 0.02, **options})

    def order(self, amount: int = 1000, captured: int = 0) -> str:
        return self.sandbox.order(order_amount=amount, captured_amount=captured).order_id or ""

    async def add(self, add: Callable[[Outbox, Any], Awaitable[UUID]]) -> UUID:
        """Add an intent in a transaction of its own."""
        async with self.connect() as connection:
            return await add(self.outbox(), connection)

    async def capture(self, order_id: str, amount: int = 100, reference: str = "s-1") -> UUID:
        capture = CaptureObject(captured_amount=amount, reference=reference)
        return await self.add(lambda outbox, connection: outbox.capture(connection, order_id, capture))

    async def refund(self, order_id: str, amount: int = 100, reference: str = "r-1") -> UUID:
        refund = RefundObject(refunded_amount=amount, reference=reference)
        return await self.add(lambda outbox, connection: outbox.refund(connection, order_id, refund))

    async def drain(self, klarna: KlarnaClient | None = None, **options: Any) -> None:
        """Execute what is due."""
        await self.outbox(**options).drain(klarna or self.klarna, until_idle=True)

    async def execute(self, statement: str) -> None:
        """Execute a statement of a person's, in a transaction of its own."""
        async with self.connect() as connection:
            cursor = connection.execute(statement)
            if isinstance(cursor, Awaitable):
                await cursor

    async def get(self, intent_id: UUID) -> Intent:
        async with self.connect() as connection:
            return await self.outbox().get(connection, intent_id)

    async def states(self) -> list[str]:
        async with self.connect() as connection:
            return [intent.state.value for intent in await self.outbox().intents(connection)]

    def effects(self, order_id: str, operation: str = "captures.create") -> int:
        return self.sandbox.effects(order_id, operation)
