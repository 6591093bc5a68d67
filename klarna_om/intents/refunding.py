"""Refund once, by the shop's reference."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from attrs import frozen

from klarna_om.client import KlarnaClient
from klarna_om.intents.first_tried import first_use_of
from klarna_om.intents.generations import make_once
from klarna_om.intents.intent import Entry, Intent
from klarna_om.intents.obstacles import refund_obstacle
from klarna_om.intents.reference import order_id_text, reference_of
from klarna_om.keys import Key
from klarna_om.types import Order, Refund, RefundObject


async def refund_once(
    klarna: KlarnaClient,
    order_id: str | UUID,
    refund: RefundObject,
    *,
    first_tried: datetime | None = None,
    generation: int = 0,
) -> str:
    """Make a refund once, however often this is called for the same `refund.reference`; returns its id.

    It works as `capture_once` does, but reads the order, since Klarna has no list of refunds. After a refusal the way
    is open again once enough is captured and not refunded. Data of before 2019 shows refunds without ids; the id of
    such a one is an empty text.
    """
    intent = _RefundIntent(
        operation="refunds.create",
        klarna=klarna,
        order_id=order_id_text(order_id),
        reference=reference_of(refund.reference),
        amount=refund.refunded_amount,
        first_use=first_use_of(first_tried, klarna.wall_clock()),
        refund=refund,
    )
    return await make_once(intent, generation)


@frozen
class _RefundIntent(Intent):
    refund: RefundObject

    async def create(self, key: Key) -> str:
        return await self.klarna.refunds.create(self.order_id, self.refund, idempotency_key=key)

    async def read_entries(self) -> Iterable[Entry]:
        return self.entries_of(await self.klarna.orders.get(self.order_id))

    async def read_entry(self, entry_id: str) -> Entry:
        return _entry(await self.klarna.refunds.get(self.order_id, entry_id))

    def entries_of(self, order: Order) -> Iterable[Entry]:
        return map(_entry, order.refunds)

    def obstacle(self, order: Order) -> str | None:
        return refund_obstacle(order, self.amount)


def _entry(refund: Refund) -> Entry:
    return Entry(refund.refund_id, refund.refunded_amount, refund.reference)
