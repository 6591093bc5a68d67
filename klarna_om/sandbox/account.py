"""One order's state: what has happened to it since the purchase.

It holds changes only. The purchase itself is fetched from the ledger's source when the order is read, so that
a million acknowledged orders do not need a million documents.
"""

from datetime import datetime
from typing import Any

from attrs import define

from klarna_om.sandbox.clock import format_timestamp
from klarna_om.sandbox.lifecycle import status_of

Document = dict[str, Any]
"""A JSON object."""

PENDING, REJECTED, STOPPED = "PENDING", "REJECTED", "STOPPED"
"""Fraud statuses other than ACCEPTED."""
CAPTURE_AFTER_REJECTION = 4 * 3600
"""Seconds in which a capture overrides a rejection; then Klarna cancels the order."""


@define(eq=False, weakref_slot=False)
class CaptureRecord:
    """One capture, and how much of it was refunded."""

    capture_id: str
    amount: int
    document: Document
    """The fields that the caller sent, and the time."""
    refunded_amount: int = 0
    shipping_info: tuple[Document, ...] = ()
    due_days: int = 0
    """By how many days the customer's due date was moved."""

    @property
    def refundable_amount(self) -> int:
        """What can still be refunded of this capture."""
        return self.amount - self.refunded_amount


@define(eq=False, weakref_slot=False)
class Account:
    """The sums and changes of one order."""

    order_amount: int
    created_at: float
    expires_at: float
    country: str
    payment_method: str
    """The type of the initial payment method."""
    fraud_status: str
    rejected_at: float | None = None
    """When Klarna's fraud review rejected the order."""
    captured_amount: int = 0
    refunded_amount: int = 0
    released_amount: int = 0
    """What was authorised and will not be captured any more."""
    is_acknowledged: bool = False
    is_cancelled: bool = False
    is_closed: bool = False
    has_used_free_extension: bool = False
    captures: tuple[CaptureRecord, ...] = ()
    refunds: tuple[Document, ...] = ()
    changes: Document | None = None
    """Fields of the order that were written after the purchase."""

    def status(self, now: float) -> str:
        """The order's status, by the rules of the lifecycle."""
        return status_of(
            amount=self.order_amount,
            captured=self.captured_amount,
            is_cancelled=self.is_cancelled or self._was_rejected_for_good(now),
            is_closed=self.is_closed,
            is_expired=now >= self.expires_at,
        )

    def remaining_amount(self, now: float) -> int:
        """What can still be captured."""
        if self.is_cancelled or self.is_closed or now >= self.expires_at or self._was_rejected_for_good(now):
            return 0
        return max(0, self.order_amount - self.captured_amount - self.released_amount)

    def set_fraud_status(self, status: str, now: float) -> None:
        """The fraud review begins or ends."""
        self.fraud_status = status
        self.rejected_at = now if status == REJECTED else None

    def _was_rejected_for_good(self, now: float) -> bool:
        """Whether Klarna has cancelled it: rejected, and not captured in time."""
        if self.rejected_at is None or self.captured_amount:
            return False
        return now >= self.rejected_at + CAPTURE_AFTER_REJECTION

    def change(self, **fields: Any) -> None:
        """Write fields of the order."""
        self.changes = {**(self.changes or {}), **fields}


def new_account(purchase: Document) -> Account:
    """The account of an order directly after its purchase."""
    created_at, fraud_status = _parse_timestamp(purchase["created_at"]), purchase["fraud_status"]
    return Account(
        order_amount=purchase["order_amount"],
        created_at=created_at,
        expires_at=_parse_timestamp(purchase["expires_at"]),
        country=purchase["purchase_country"].upper(),
        payment_method=purchase["initial_payment_method"]["type"],
        fraud_status=fraud_status,
        rejected_at=created_at if fraud_status == REJECTED else None,
    )


def _parse_timestamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def build_order(account: Account, purchase: Document, now: float) -> Document:
    """The order as Klarna would return it. Klarna leaves out what was never set, and sends no null."""
    current = {**purchase, **(account.changes or {})}
    return {
        "status": account.status(now),
        "original_order_amount": purchase["order_amount"],
        "captured_amount": account.captured_amount,
        "refunded_amount": account.refunded_amount,
        "remaining_authorized_amount": account.remaining_amount(now),
        **current,
        "order_amount": account.order_amount,
        "fraud_status": account.fraud_status,
        "expires_at": format_timestamp(account.expires_at),
        "captures": [build_capture(capture, current) for capture in account.captures],
        "refunds": list(account.refunds),
        "shipping_info": current.get("shipping_info", []),
    }


def build_capture(capture: CaptureRecord, order: Document) -> Document:
    """A capture as Klarna would return it, with the addresses of the `order`."""
    addresses: Document = {name: order[name] for name in ("billing_address", "shipping_address") if name in order}
    return {
        "capture_id": capture.capture_id,
        "captured_amount": capture.amount,
        "refunded_amount": capture.refunded_amount,
        **capture.document,
        **addresses,
        "shipping_info": list(capture.shipping_info),
    }
