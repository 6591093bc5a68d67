"""`klarna.captures`: take the money when the goods leave, and what belongs to a capture.

Every method retries by `RETRY_RULES`, and raises a `KlarnaError` whose `outcome` is what is known. Writes take
an `idempotency_key`; without one each call gets a fresh key for all its attempts.
"""

from uuid import UUID

from attrs import frozen

from klarna_om.catalogue import (
    ADD_CAPTURE_SHIPPING_INFO,
    CREATE_CAPTURE,
    DUE_DATE_OPTIONS,
    EXTEND_DUE_DATE,
    GET_CAPTURE,
    LIST_CAPTURES,
    TRIGGER_SEND_OUT,
)
from klarna_om.middleware import Handler
from klarna_om.types import (
    Capture,
    CaptureObject,
    ExtendDueDateOptions,
    ExtendDueDateRequest,
    UpdateShippingInfo,
)


@frozen(eq=False)
class Captures:
    """The seven operations on captures.

    https://docs.klarna.com/api/ordermanagement/
    """

    _handler: Handler

    async def list(self, order_id: str | UUID) -> tuple[Capture, ...]:
        """Read all captures of an order; empty when there are none.

        Raises `NotFound` for an order that Klarna does not know.
        """
        return await LIST_CAPTURES.send(self._handler, order_id=order_id)

    async def create(
        self, order_id: str | UUID, capture: CaptureObject, *, idempotency_key: str | UUID | None = None
    ) -> str:
        """Take `captured_amount` (minor units) of what remains authorized; returns the capture's id.

        Two captures of one amount are two captures: give each a key from your own records (`derive_key`), so that
        a repeat after a crash cannot take the money twice. A capture also acknowledges the order.
        Raises `NotAllowed` (`CAPTURE_NOT_ALLOWED`) when the amount is more than remains, or the order is cancelled,
        expired or under fraud review; `UnreadableAnswer` (outcome DONE) when Klarna made the capture and its answer
        carries no id.
        """
        return await CREATE_CAPTURE.send(self._handler, content=capture, key=idempotency_key, order_id=order_id)

    async def get(self, order_id: str | UUID, capture_id: str | UUID) -> Capture:
        """Read one capture. `shipping_delay` is never returned.

        Raises `NotFound` for an order or a capture that Klarna does not know.
        """
        return await GET_CAPTURE.send(self._handler, order_id=order_id, capture_id=capture_id)

    async def add_shipping_info(
        self,
        order_id: str | UUID,
        capture_id: str | UUID,
        update: UpdateShippingInfo,
        *,
        idempotency_key: str | UUID | None = None,
    ) -> None:
        """Append shipping information to a capture, up to 500 entries a call; nothing is replaced.

        Without one key for both, a repeated call appends twice.
        Raises `NotAllowed` when the order has no captures, `NotFound` for an unknown order or capture.
        """
        await ADD_CAPTURE_SHIPPING_INFO.send(
            self._handler, content=update, key=idempotency_key, order_id=order_id, capture_id=capture_id
        )

    async def trigger_send_out(
        self, order_id: str | UUID, capture_id: str | UUID, *, idempotency_key: str | UUID | None = None
    ) -> None:
        """Have Klarna send its mail for this capture to the customer again.

        Raises `NotAllowed` when the order has no captures, `NotFound` for an unknown order or capture.
        """
        await TRIGGER_SEND_OUT.send(self._handler, key=idempotency_key, order_id=order_id, capture_id=capture_id)

    async def extend_due_date(
        self,
        order_id: str | UUID,
        capture_id: str | UUID,
        request: ExtendDueDateRequest,
        *,
        idempotency_key: str | UUID | None = None,
    ) -> None:
        """Move the customer's due date by one of the numbers of days that `due_date_options` offers.

        For Pay-later orders only; Klarna charges the fee that the option names.
        Raises `NotAllowed` when an extension is not possible, `NotFound` for an unknown order or capture.
        """
        await EXTEND_DUE_DATE.send(
            self._handler, content=request, key=idempotency_key, order_id=order_id, capture_id=capture_id
        )

    async def due_date_options(self, order_id: str | UUID, capture_id: str | UUID) -> ExtendDueDateOptions:
        """Read by how many days the due date can be moved and what each costs, in minor units; maybe none.

        Raises `NotFound` for an unknown order or capture.
        """
        return await DUE_DATE_OPTIONS.send(self._handler, order_id=order_id, capture_id=capture_id)
