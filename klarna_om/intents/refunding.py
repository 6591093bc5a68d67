"""Refund once, by the shop's reference."""

from collections.abc import Iterable
from datetime import datetime

from klarna_om.client import KlarnaClient
from klarna_om.intents.reference import Intent, is_protected, key_of, reference_of
from klarna_om.keys import derive_key
from klarna_om.types import Refund, RefundObject


async def refund_once(
    klarna: KlarnaClient,
    order_id: str,
    refund: RefundObject,
    *,
    first_tried: datetime | None = None,
    generation: int = 0,
) -> str:
    """Make a refund once, however often this is called for the same `refund.reference`; returns its id.

    It works as `capture_once` does, but reads the order, since Klarna has no list of refunds. Data of before 2019
    shows refunds without ids; the id of such a one is an empty text.
    """
    reference = reference_of(refund.reference)
    key = key_of(derive_key("refunds.create", order_id, reference, generation=generation), first_tried)

    async def read() -> Iterable[Refund]:
        return (await klarna.orders.get(order_id)).refunds or ()

    intent: Intent[Refund] = Intent(
        reference,
        refund.refunded_amount,
        make=lambda: klarna.refunds.create(order_id, refund, idempotency_key=key),
        read=read,
        amount_of=lambda made: made.refunded_amount,
        id_of=lambda made: made.refund_id,
    )
    return await intent.once(is_protected=is_protected(first_tried, klarna))
