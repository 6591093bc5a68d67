"""Capture once, by the shop's reference."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from attrs import frozen

from klarna_om.client import KlarnaClient
from klarna_om.keys import Key
from klarna_om.lifecycle.obstacles import capture_obstacle
from klarna_om.types import CaptureObject, Order
from klarna_om.workflows.entries import Entry, capture_entry
from klarna_om.workflows.intent import Intent, first_use_time
from klarna_om.workflows.make_once import make_once
from klarna_om.workflows.reference import normalize_reference, order_id_string


async def capture_once(
    klarna: KlarnaClient,
    order_id: str | UUID,
    capture: CaptureObject,
    *,
    first_tried: datetime | None = None,
    generation: int = 0,
) -> str:
    """Make a capture at most once per `capture.reference`, however often this is called; returns its id.

        capture_id = await capture_once(
            klarna, order_id, CaptureObject(captured_amount=700, reference=shipment.id), first_tried=shipment.tried_at
        )

    The order's captures are read first; if one has this reference and amount, its id is returned. Else it is created,
    under a key derived from the order and the reference, and the capture with the returned id is read and compared:
    three requests for a new capture, one for a repeat. When the answer is lost, the captures are read again.

    The reference and the amount identify the capture. Two parcels with the same amount and reference are the same
    capture and get the same id, so give each parcel its own reference. References are compared exactly, except for
    surrounding white space and composed letters (NFC). One capture with the right amount is enough.

    After a refusal the order is read. Once its reason is gone (the authorization was raised, the fraud review has
    accepted it), the same call captures, under the key of the next `generation`; until then `error.advice` names what
    to do. Pass `generation` yourself only when the advice asks for it.

    `first_tried` is the time of your first try, by your own records (aware), so that no retry is made after the key's
    24 hours. It saves no read, and a wrong one does no harm.

    Raises what `captures.create` raises, with the outcome of that write, even if a read before or after it failed.
    When the first read fails, its error has the outcome UNKNOWN, also for a 403 or 404: this call wrote nothing, but an
    earlier one may have. A 409 is UNKNOWN too: another call may be in progress. While the outcome is unknown, calling
    again is safe. Raises `ReferenceTaken` when Klarna has another amount under the reference, `NotConfirmed` when the
    amount under it cannot be read.
    """
    intent = _CaptureIntent(
        operation="captures.create",
        klarna=klarna,
        order_id=order_id_string(order_id),
        reference=normalize_reference(capture.reference),
        amount=capture.captured_amount,
        first_use=first_use_time(first_tried, klarna.wall_clock()),
        capture=capture,
    )
    return await make_once(intent, generation)


@frozen
class _CaptureIntent(Intent):
    capture: CaptureObject

    async def create(self, key: Key) -> str:
        return await self.klarna.captures.create(self.order_id, self.capture, idempotency_key=key)

    async def read_entries(self) -> Iterable[Entry]:
        return map(capture_entry, await self.klarna.captures.list(self.order_id))

    async def read_entry(self, entry_id: str) -> Entry:
        return capture_entry(await self.klarna.captures.get(self.order_id, entry_id))

    def entries_of(self, order: Order) -> Iterable[Entry]:
        return map(capture_entry, order.captures)

    def obstacle(self, order: Order) -> str | None:
        return capture_obstacle(order, self.amount)
