"""One order's state: what has happened to it since it was bought.

It holds changes only. What was bought stays with the ledger's source and is fetched when the order is read,
so that a million acknowledged orders need no million documents.
"""

from datetime import datetime
from typing import Any

from attrs import define

from klarna_om.sandbox.clock import stamp
from klarna_om.sandbox.lifecycle import status_of

Document = dict[str, Any]


@define(eq=False, weakref_slot=False)
class Captured:
    """One capture, with what was given back of it."""

    capture_id: str
    amount: int
    document: Document
    """What the caller sent, and when."""
    refunded: int = 0
    shipping_info: tuple[Document, ...] = ()
    due_days: int = 0
    """By how many days the customer's due date was moved."""

    @property
    def refundable(self) -> int:
        """What can still be given back of this capture."""
        return self.amount - self.refunded


@define(eq=False, weakref_slot=False)
class Account:
    """The sums and changes of one order."""

    amount: int
    created_at: float
    expires_at: float
    country: str
    method: str
    """The type of the initial payment method."""
    fraud_status: str
    captured: int = 0
    refunded: int = 0
    released: int = 0
    """What was authorised and will not be captured any more."""
    acknowledged: bool = False
    cancelled: bool = False
    closed: bool = False
    free_extension_used: bool = False
    captures: tuple[Captured, ...] = ()
    refunds: tuple[Document, ...] = ()
    changes: Document | None = None
    """Fields of the order that were written since."""

    def status(self, now: float) -> str:
        """By the rules of the lifecycle."""
        return status_of(
            amount=self.amount,
            captured=self.captured,
            cancelled=self.cancelled,
            closed=self.closed,
            expired=now >= self.expires_at,
        )

    def remaining(self, now: float) -> int:
        """What can still be captured."""
        if self.cancelled or self.closed or now >= self.expires_at:
            return 0
        return max(0, self.amount - self.captured - self.released)

    def change(self, **fields: Any) -> None:
        """Write fields of the order."""
        self.changes = {**(self.changes or {}), **fields}


def opened(bought: Document) -> Account:
    """The account of an order that nothing has happened to yet."""
    return Account(
        amount=bought["order_amount"],
        created_at=_seconds(bought["created_at"]),
        expires_at=_seconds(bought["expires_at"]),
        country=bought["purchase_country"].upper(),
        method=bought["initial_payment_method"]["type"],
        fraud_status=bought["fraud_status"],
    )


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def order_document(account: Account, bought: Document, now: float) -> Document:
    """The order as Klarna would show it. Klarna leaves out what was never set, and sends no null."""
    changed = {**bought, **(account.changes or {})}
    return {
        "status": account.status(now),
        "original_order_amount": bought["order_amount"],
        "captured_amount": account.captured,
        "refunded_amount": account.refunded,
        "remaining_authorized_amount": account.remaining(now),
        **changed,
        "order_amount": account.amount,
        "expires_at": stamp(account.expires_at),
        "captures": [capture_document(capture, changed) for capture in account.captures],
        "refunds": list(account.refunds),
        "shipping_info": changed.get("shipping_info", []),
    }


def capture_document(capture: Captured, order: Document) -> Document:
    """A capture as Klarna would show it; `order` lends its addresses."""
    addresses: Document = {name: order[name] for name in ("billing_address", "shipping_address") if name in order}
    return {
        "capture_id": capture.capture_id,
        "captured_amount": capture.amount,
        "refunded_amount": capture.refunded,
        **capture.document,
        **addresses,
        "shipping_info": list(capture.shipping_info),
    }
