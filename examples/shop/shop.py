"""What the shop does: each method is one transaction, in which the outbox writes too."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import Table, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from examples.shop.tables import ORDERS, RETURNS, SHIPMENTS
from klarna_om import CaptureObject, Order, RefundObject
from klarna_om.outbox import Outbox

Row = Mapping[str, Any]


class ShopError(Exception):
    """The shop says no; `status` is that of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@frozen
class Shop:
    """One for each process."""

    engine: AsyncEngine
    outbox: Outbox

    async def store(self, order: Order, *, acknowledge: bool = False) -> bool:
        """Store the order that was pushed; False where we had it.

        With `acknowledge` it is acknowledged through the outbox: the push is answered without waiting for that, and a
        crash right after the commit delays the acknowledgement, and no more.
        """
        values = {
            "order_id": order.order_id,
            "amount": order.order_amount,
            "currency": order.purchase_currency,
            "fraud_status": order.fraud_status,
        }
        try:
            async with self.engine.begin() as connection:
                await connection.execute(insert(ORDERS).values(values))
                if acknowledge:
                    await self.outbox.acknowledge(connection, order.order_id or "")
        except IntegrityError:
            return False
        return True

    async def note_review(self, order: Order) -> bool:
        """Note how a fraud review has ended; False where nothing changes."""
        changed = update(ORDERS).where(ORDERS.c.order_id == order.order_id, ORDERS.c.fraud_status != order.fraud_status)
        async with self.engine.begin() as connection:
            result = await connection.execute(changed.values(fraud_status=order.fraud_status))
        return result.rowcount == 1

    async def ship(self, order_id: str, shipment_id: str, amount: int) -> Row:
        """A parcel leaves: note it, and decide its capture. Both are committed, or neither."""
        async with self.engine.begin() as connection:
            order = await _find(connection, ORDERS, order_id)
            if order["fraud_status"] != "ACCEPTED":
                raise ShopError(409, "the order's fraud review is not over, or it was rejected")
            capture = CaptureObject(captured_amount=amount, reference=shipment_id)
            intent_id = await self.outbox.capture(connection, order_id, capture)
            return await _add_once(connection, SHIPMENTS, shipment_id, order_id, amount, intent_id)

    async def take_back(self, order_id: str, return_id: str, amount: int) -> Row:
        """A parcel comes back: note it, and decide its refund."""
        async with self.engine.begin() as connection:
            await _find(connection, ORDERS, order_id)
            refund = RefundObject(refunded_amount=amount, reference=return_id)
            intent_id = await self.outbox.refund(connection, order_id, refund)
            return await _add_once(connection, RETURNS, return_id, order_id, amount, intent_id)

    async def find(self, table: Table, wanted: str) -> Row:
        """The row with that id."""
        async with self.engine.connect() as connection:
            return await _find(connection, table, wanted)


async def note_result(connection: AsyncConnection, intent: Any) -> None:
    """The outbox reports what came of a decision, once, in a transaction of its own."""
    if (table := {"captures.create": SHIPMENTS, "refunds.create": RETURNS}.get(intent.operation)) is not None:
        row = update(table).where(table.c.intent_id == str(intent.id))
        await connection.execute(row.values(state=intent.state.value, klarna_id=intent.result_id))


async def _find(connection: AsyncConnection, table: Table, wanted: str) -> Row:
    (key,) = table.primary_key
    found = (await connection.execute(select(table).where(key == wanted))).mappings().one_or_none()
    if found is None:
        raise ShopError(404, f"{wanted} is not in {table.name}")
    return dict(found)


async def _add_once(
    connection: AsyncConnection, table: Table, row_id: str, order_id: str, amount: int, intent_id: UUID
) -> Row:
    """The row, which a request that is repeated finds. The outbox has let in only one of those at a time."""
    known = (await connection.execute(select(table.c.id).where(table.c.intent_id == str(intent_id)))).first()
    if known is None:
        values = {"id": row_id, "order_id": order_id, "amount": amount, "intent_id": str(intent_id)}
        await connection.execute(insert(table).values(values))
    return await _find(connection, table, row_id)
