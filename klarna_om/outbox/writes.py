"""One method for each write of the catalogue, named after it: each adds an intent in the shop's own transaction."""

from abc import ABC, abstractmethod
from typing import Any
from uuid import UUID

from klarna_om.types import (
    CaptureObject,
    ExtendDueDateRequest,
    RefundObject,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)


class Writes(ABC):
    """The thirteen writes.

    Each returns the intent's id, and sends nothing: a drain does, once the transaction is committed. The same
    reference with the same body is the same intent and returns its id again; with another body it is refused with
    `ReferenceInUse`. What Klarna is sure to refuse raises `InvalidRequest`. `connection` is psycopg's
    AsyncConnection, SQLAlchemy's AsyncSession or AsyncConnection, an `sqlite3.Connection` or one of aiosqlite.
    """

    @abstractmethod
    async def _add(
        self,
        connection: Any,
        operation: str,
        order_id: str | UUID,
        content: object = None,
        *,
        reference: str | None,
        capture_id: str | UUID | None = None,
    ) -> UUID:
        """Add an intent."""

    async def capture(self, connection: Any, order_id: str | UUID, capture: CaptureObject) -> UUID:
        """Capture once per `capture.reference`, as `capture_once` does."""
        return await self._add(
            connection, "captures.create", order_id, capture, reference=getattr(capture, "reference", None)
        )

    async def refund(self, connection: Any, order_id: str | UUID, refund: RefundObject) -> UUID:
        """Refund once per `refund.reference`, as `refund_once` does."""
        return await self._add(
            connection, "refunds.create", order_id, refund, reference=getattr(refund, "reference", None)
        )

    async def acknowledge(self, connection: Any, order_id: str | UUID, *, reference: str = "") -> UUID:
        """Acknowledge the order."""
        return await self._add(connection, "orders.acknowledge", order_id, reference=reference)

    async def cancel(self, connection: Any, order_id: str | UUID, *, reference: str = "") -> UUID:
        """Cancel the order. It is `done` when the order is cancelled, whoever did it."""
        return await self._add(connection, "orders.cancel", order_id, reference=reference)

    async def release_remaining_authorization(
        self, connection: Any, order_id: str | UUID, *, reference: str = ""
    ) -> UUID:
        """Release what is not captured. It is `done` when nothing remains authorized, for whatever reason.

        Where an order is released a second time, after its authorization was raised, give that a reference.
        """
        return await self._add(connection, "orders.release_remaining_authorization", order_id, reference=reference)

    async def extend_authorization_time(self, connection: Any, order_id: str | UUID, *, reference: str) -> UUID:
        """Move the order's expiry, once per reference."""
        return await self._add(connection, "orders.extend_authorization_time", order_id, reference=reference)

    async def update_authorization(
        self, connection: Any, order_id: str | UUID, update: UpdateAuthorization, *, reference: str
    ) -> UUID:
        """Set a new total and new lines, once per reference."""
        return await self._add(connection, "orders.update_authorization", order_id, update, reference=reference)

    async def update_customer_details(
        self, connection: Any, order_id: str | UUID, update: UpdateConsumer, *, reference: str
    ) -> UUID:
        """Change fields of the shipping address, once per reference."""
        return await self._add(connection, "orders.update_customer_details", order_id, update, reference=reference)

    async def update_merchant_references(
        self, connection: Any, order_id: str | UUID, update: UpdateMerchantReferences, *, reference: str
    ) -> UUID:
        """Set the shop's references of the order, once per `reference` (that of the intent)."""
        return await self._add(connection, "orders.update_merchant_references", order_id, update, reference=reference)

    async def add_shipping_info(
        self, connection: Any, order_id: str | UUID, update: UpdateShippingInfo, *, reference: str
    ) -> UUID:
        """Append shipping information to the order, once per reference."""
        return await self._add(connection, "orders.add_shipping_info", order_id, update, reference=reference)

    async def add_capture_shipping_info(
        self,
        connection: Any,
        order_id: str | UUID,
        capture_id: str | UUID,
        update: UpdateShippingInfo,
        *,
        reference: str,
    ) -> UUID:
        """Append shipping information to a capture, once per order and reference."""
        return await self._add(
            connection,
            "captures.add_shipping_info",
            order_id,
            update,
            reference=reference,
            capture_id=capture_id,
        )

    async def trigger_send_out(
        self, connection: Any, order_id: str | UUID, capture_id: str | UUID, *, reference: str
    ) -> UUID:
        """Have Klarna send its mail for a capture again, once per order and reference."""
        return await self._add(
            connection, "captures.trigger_send_out", order_id, reference=reference, capture_id=capture_id
        )

    async def extend_due_date(
        self,
        connection: Any,
        order_id: str | UUID,
        capture_id: str | UUID,
        request: ExtendDueDateRequest,
        *,
        reference: str,
    ) -> UUID:
        """Move the customer's due date of a capture, once per order and reference."""
        return await self._add(
            connection, "captures.extend_due_date", order_id, request, reference=reference, capture_id=capture_id
        )
