"""Capture once, by the shop's reference."""

from datetime import datetime

from klarna_om.client import KlarnaClient
from klarna_om.intents.reference import Intent, is_protected, key_of, reference_of
from klarna_om.keys import derive_key
from klarna_om.types import Capture, CaptureObject


async def capture_once(
    klarna: KlarnaClient,
    order_id: str,
    capture: CaptureObject,
    *,
    first_tried: datetime | None = None,
    generation: int = 0,
) -> str:
    """Make a capture once, however often this is called for the same `capture.reference`; returns its id.

        capture_id = await capture_once(
            klarna, order_id, CaptureObject(captured_amount=700, reference=shipment.id), first_tried=shipment.tried_at
        )

    The idempotency key is derived from the order and the reference, so a repeat within 24 hours gets the first
    answer again. `first_tried` is when your own records say that you first tried it (aware; write it down before the
    first call, and give the present then). Within 24 hours of it nothing is read. Without it, or later, the key
    proves nothing any more: the order's captures are read first, and one with this reference and amount is the answer.

    When the outcome is in doubt, or Klarna does not allow the call, the captures are read too: what is found is
    returned. What is not found may still come, so the error is raised; while its outcome is unknown, calling again is
    safe. Raise `generation` only after a definite refusal.

    Raises `ReferenceTaken` when the reference stands for another amount; else what `captures.create` raises.
    """
    reference = reference_of(capture.reference)
    key = key_of(derive_key("captures.create", order_id, reference, generation=generation), first_tried)
    intent: Intent[Capture] = Intent(
        reference,
        capture.captured_amount,
        make=lambda: klarna.captures.create(order_id, capture, idempotency_key=key),
        read=lambda: klarna.captures.list(order_id),
        amount_of=lambda made: made.captured_amount,
        id_of=lambda made: made.capture_id,
    )
    return await intent.once(is_protected=is_protected(first_tried, klarna))
