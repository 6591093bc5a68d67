"""Why Klarna refused: what the order shows, in one read."""

from datetime import UTC, datetime

from attrs import frozen

from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError, NotAllowed
from klarna_om.lifecycle import allows
from klarna_om.lifecycle.states import STATES
from klarna_om.types import Order


@frozen
class RefusalExplanation:
    """What the order shows about a refusal; its text is for people, and has no personal data."""

    operation: str
    amount: int | None
    """That of the call, where it was given."""
    error_code: str | None
    reasons: tuple[str, ...]
    """Why the order does not allow it; empty where the order shows no reason."""
    status: str | None
    fraud_status: str | None
    order_amount: int | None
    captured_amount: int | None
    refunded_amount: int | None
    remaining_authorized_amount: int | None
    expires_at: datetime | None
    is_expired: bool

    def __str__(self) -> str:
        why = "; ".join(self.reasons) or f"the order shows no reason now, so it may have changed{self._hint()}"
        fraud = f", fraud status {self.fraud_status}" if self.fraud_status else ""
        until = f", authorized until {self.expires_at:%Y-%m-%d %H:%M} UTC" if self.expires_at else ""
        return (
            f"{self.operation} was refused ({self.error_code or 'no error code'}): {why}. The order is {self.status}"
            f"{fraud}; captured {self.captured_amount} of {self.order_amount}, refunded {self.refunded_amount},"
            f" left to capture {self.remaining_authorized_amount}{until}"
        )

    def _hint(self) -> str:
        is_compared = self.amount is not None or self.operation not in _WITH_AMOUNT
        return "" if is_compared else ", or the amount was too much: pass amount= to compare it"


_WITH_AMOUNT = ("captures.create", "refunds.create", "orders.update_authorization")


async def explain_refusal(klarna: KlarnaClient, error: KlarnaError, *, amount: int | None = None) -> RefusalExplanation:
    """Find out why a call got a 403, by one read of the order.

        except NotAllowed as error:
            log.warning("%s", await explain_refusal(klarna, error, amount=capture.captured_amount))

    `amount` is that of the refused capture or refund, or the new total, which the error does not hold. The order may
    have changed since, by an earlier attempt of this call too, where its outcome is UNKNOWN. Klarna also has reasons
    that no order shows. Raises `ValueError` for an error that is no refusal of an operation on an order, and what
    `orders.get` raises, with the refusal as its cause.
    """
    if not isinstance(error, NotAllowed) or error.order_id is None or error.operation not in STATES:
        raise ValueError("explain_refusal() takes the error of a call about an order that was answered with a 403")
    try:
        order = await klarna.orders.get(error.order_id)
    except KlarnaError as failure:
        raise failure from error
    return _explanation(order, error, amount, datetime.fromtimestamp(klarna.wall_clock(), UTC))


def _explanation(order: Order, error: KlarnaError, amount: int | None, now: datetime) -> RefusalExplanation:
    assert error.operation is not None
    return RefusalExplanation(
        operation=error.operation,
        amount=amount,
        error_code=error.error_code,
        reasons=allows(order, error.operation, amount=amount, now=now).reasons,
        status=order.status,
        fraud_status=order.fraud_status,
        order_amount=order.order_amount,
        captured_amount=order.captured_amount,
        refunded_amount=order.refunded_amount,
        remaining_authorized_amount=order.remaining_authorized_amount,
        expires_at=order.expires_at,
        is_expired=order.expires_at is not None and order.expires_at <= now,
    )
