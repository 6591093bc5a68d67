"""Refund once, by the shop's reference."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from attrs import frozen

from klarna_om.client import KlarnaClient
from klarna_om.keys import Key
from klarna_om.lifecycle.obstacles import refund_obstacle
from klarna_om.types import Order, RefundObject
from klarna_om.workflows.entries import Entry, refund_entry
from klarna_om.workflows.intent import Intent, first_use_time
from klarna_om.workflows.make_once import make_once
from klarna_om.workflows.reference import normalize_reference, order_id_string


async def refund_once(
    klarna: KlarnaClient,
    order_id: str | UUID,
    refund: RefundObject,
    *,
    first_tried: datetime | None = None,
    generation: int = 0,
) -> str:
    """Make a refund at most once per `refund.reference`, however often this is called; returns its id.

    It works as `capture_once` does, but reads the order, since Klarna has no list of refunds. After a refusal the same
    call refunds once enough is captured and not refunded. Refunds from before 2019 have no id; theirs is an empty
    string.
    """
    intent = _RefundIntent(
        operation="refunds.create",
        klarna=klarna,
        order_id=order_id_string(order_id),
        reference=normalize_reference(refund.reference),
        amount=refund.refunded_amount,
        first_use=first_use_time(first_tried, klarna.wall_clock()),
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
        return refund_entry(await self.klarna.refunds.get(self.order_id, entry_id))

    def entries_of(self, order: Order) -> Iterable[Entry]:
        return map(refund_entry, order.refunds)

    def obstacle(self, order: Order) -> str | None:
        return refund_obstacle(order, self.amount)
