"""Capture once, by the shop's reference."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from attrs import frozen

from klarna_om.client import KlarnaClient
from klarna_om.intents.first_tried import first_use_of
from klarna_om.intents.generations import make_once
from klarna_om.intents.intent import Entry, Intent
from klarna_om.intents.obstacles import capture_obstacle
from klarna_om.intents.reference import order_id_text, reference_of
from klarna_om.keys import Key
from klarna_om.types import Capture, CaptureObject, Order


async def capture_once(
    klarna: KlarnaClient,
    order_id: str | UUID,
    capture: CaptureObject,
    *,
    first_tried: datetime | None = None,
    generation: int = 0,
) -> str:
    """Make a capture once, however often this is called for the same `capture.reference`; returns its id.

        capture_id = await capture_once(
            klarna, order_id, CaptureObject(captured_amount=700, reference=shipment.id), first_tried=shipment.tried_at
        )

    The order's captures are read first, and one with this reference and amount is the answer. Else it is made, under a
    key that is derived from the order and the reference, and what Klarna has under the returned id is read and compared
    as well: three requests for a new capture, one for a repeat. Where the answer is lost, the captures are read again.

    The reference and the amount are what an intent is. Two parcels of one amount under one reference are the same
    intent and get the same id; give each parcel a reference of its own. References are compared exactly, but for white
    space around them and composed letters (NFC); where several captures have it, one of the right amount is enough.

    After a refusal the order is read. Once what stood in the way is gone (the authorization was raised, the fraud
    review has cleared it), the same call captures, under the key of the next `generation`; else `error.advice` names
    what to do. Give `generation` yourself only where the advice says so.

    `first_tried` is when your records say that you first tried it (aware), so that no retry outlives the key's 24
    hours. It saves no reading, and a wrong one does no harm.

    Raises what `captures.create` raises, with the outcome of that write, whatever the reading before or after it met.
    When the first read fails, its error has the outcome UNKNOWN, also for a 403 or 404: nothing was written by this
    call, but an earlier one may have. A 409 is UNKNOWN too: another call may be under way. While the outcome is
    unknown, calling again is safe. Raises `ReferenceTaken` when the reference stands for another amount at Klarna,
    `NotConfirmed` when the amount under it cannot be read.
    """
    intent = _CaptureIntent(
        operation="captures.create",
        klarna=klarna,
        order_id=order_id_text(order_id),
        reference=reference_of(capture.reference),
        amount=capture.captured_amount,
        first_use=first_use_of(first_tried, klarna.wall_clock()),
        capture=capture,
    )
    return await make_once(intent, generation)


@frozen
class _CaptureIntent(Intent):
    capture: CaptureObject

    async def create(self, key: Key) -> str:
        return await self.klarna.captures.create(self.order_id, self.capture, idempotency_key=key)

    async def read_entries(self) -> Iterable[Entry]:
        return map(_entry, await self.klarna.captures.list(self.order_id))

    async def read_entry(self, entry_id: str) -> Entry:
        return _entry(await self.klarna.captures.get(self.order_id, entry_id))

    def entries_of(self, order: Order) -> Iterable[Entry]:
        return map(_entry, order.captures)

    def obstacle(self, order: Order) -> str | None:
        return capture_obstacle(order, self.amount)


def _entry(capture: Capture) -> Entry:
    return Entry(capture.capture_id, capture.captured_amount, capture.reference)
