"""Does an order allow an operation now? With every reason against it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from attrs import frozen

from klarna_om.lifecycle.due_date import PAY_LATER
from klarna_om.lifecycle.increase import is_increasable
from klarna_om.lifecycle.obstacles import capture_obstacle, refund_obstacle
from klarna_om.lifecycle.states import ALLOWED, NEED_AUTHORIZATION, REFUSED, STATES
from klarna_om.types import FraudStatus, Order, OrderStatus, PaymentMethodType

LONGEST_AUTHORIZATION = timedelta(days=180)
"""After the order's creation; no extension goes beyond it."""


@frozen
class Decision:
    """Whether an operation is allowed; true only where Klarna's rules and the order show it."""

    is_allowed: bool | None
    """None where Klarna has not published it, or the order does not show it."""
    reasons: tuple[str, ...] = ()
    """Against it, or why it is not known; without personal data."""

    def __bool__(self) -> bool:
        return self.is_allowed is True


@frozen
class _Reason:
    text: str
    is_certain: bool = True


def allows(order: Order, operation: str, *, amount: int | None = None, now: datetime | None = None) -> Decision:
    """Does the order allow the operation, by its name in the catalogue, such as `captures.create`?

    `amount`, in minor units: of a capture or refund, or the new total of `orders.update_authorization`; without it, any
    amount that is possible counts. `now` is for tests. Raises `ValueError` for an operation that does not exist.
    """
    if operation not in STATES:
        raise ValueError(f"operation is a name of the catalogue, such as 'captures.create', not {operation!r}")
    found = [*_by_status(order, operation), *_more(order, operation, amount, now or datetime.now(UTC))]
    texts = tuple(dict.fromkeys(reason.text for reason in found))
    if any(reason.is_certain for reason in found):
        return Decision(is_allowed=False, reasons=texts)
    return Decision(is_allowed=None if found else True, reasons=texts)


_STATUS_TEXTS: Mapping[str, str] = {
    OrderStatus.AUTHORIZED: "nothing of the order is captured",
    OrderStatus.PART_CAPTURED: "a part of the order is captured",
    OrderStatus.CAPTURED: "the order is fully captured",
    OrderStatus.CANCELLED: "the order is cancelled",
    OrderStatus.EXPIRED: "the authorization has expired",
    OrderStatus.CLOSED: "the order is closed",
}

_INSTEAD: Mapping[tuple[str, str], str] = {
    ("orders.cancel", OrderStatus.PART_CAPTURED): "; release the rest instead (cancel_or_release chooses)",
    ("orders.cancel", OrderStatus.CAPTURED): "; refund it instead",
    ("orders.release_remaining_authorization", OrderStatus.AUTHORIZED): "; cancel it (cancel_or_release chooses)",
}


def _by_status(order: Order, operation: str) -> Iterator[_Reason]:
    states, status = STATES[operation], order.status
    if status is None or status not in states:
        if set(states.values()) != {ALLOWED}:
            yield _Reason(f"the status {status!r} is not one that is known", is_certain=False)
    elif operation == "captures.create":
        return  # `capture_obstacle` has the same reason, and what to do
    elif (mark := states[status]) != ALLOWED:
        text = _STATUS_TEXTS[status] + _INSTEAD.get((operation, status), "")
        unpublished = "; Klarna has not published whether it is allowed then"
        yield _Reason(text if mark == REFUSED else text + unpublished, is_certain=mark == REFUSED)


def _more(order: Order, operation: str, amount: int | None, now: datetime) -> Iterator[_Reason]:
    if operation in NEED_AUTHORIZATION:
        yield from _expired(order, now)
    if operation in _NEED_CAPTURES and not order.captures and not order.captured_amount:
        yield _Reason("the order has no captures")
    if (rule := _RULES.get(operation)) is not None:
        yield from rule(order, amount, now)


def _expired(order: Order, now: datetime) -> Iterator[_Reason]:
    """By its time; its status may have been read before."""
    is_open = order.status in (OrderStatus.AUTHORIZED, OrderStatus.PART_CAPTURED)
    if is_open and order.expires_at is not None and order.expires_at <= now:
        yield _Reason(f"the authorization has expired, at {order.expires_at:%Y-%m-%d %H:%M} UTC")


def _capture(order: Order, amount: int | None, _: datetime) -> Iterator[_Reason]:
    is_open = order.status in (OrderStatus.AUTHORIZED, OrderStatus.PART_CAPTURED)
    if amount is None and order.remaining_authorized_amount == 0 and is_open:
        yield _Reason("nothing is left to capture")
    elif (text := capture_obstacle(order, 1 if amount is None else amount)) is not None:
        # Within 4 hours a capture overrides a rejection, and the order does not show since when it is rejected.
        is_ended = order.status in (OrderStatus.CAPTURED, OrderStatus.CANCELLED, OrderStatus.EXPIRED)
        is_vague = order.fraud_status in (FraudStatus.REJECTED, FraudStatus.STOPPED)
        is_unknown = order.status == OrderStatus.CLOSED or order.remaining_authorized_amount is None
        yield _Reason(text, is_certain=is_ended or not (is_vague or is_unknown))


def _refund(order: Order, amount: int | None, _: datetime) -> Iterator[_Reason]:
    if amount is None and order.captured_amount is not None:
        if order.captured_amount <= (order.refunded_amount or 0):
            yield _Reason("nothing is left to refund")
    elif (text := refund_obstacle(order, 1 if amount is None else amount)) is not None:
        yield _Reason(text, is_certain=order.captured_amount is not None)


def _release(order: Order, _: int | None, __: datetime) -> Iterator[_Reason]:
    if order.status == OrderStatus.PART_CAPTURED and order.remaining_authorized_amount == 0:
        yield _Reason("nothing is left to release")


def _extend(order: Order, _: int | None, now: datetime) -> Iterator[_Reason]:
    method = _payment_method(order)
    if order.created_at is not None and order.created_at + LONGEST_AUTHORIZATION <= now:
        yield _Reason("the order is older than 180 days")
    if method == PaymentMethodType.PAY_BY_CARD:
        yield _Reason("the order is paid by card")
    if (order.purchase_country or "").upper() == "US" and method in ("FIXED_AMOUNT", "FIXED_SUM_CREDIT"):
        yield _Reason("the order is paid in instalments in the US", is_certain=False)


def _extend_due_date(order: Order, _: int | None, __: datetime) -> Iterator[_Reason]:
    method = _payment_method(order)
    if method is None:
        yield _Reason("the order does not show its payment method; only pay-later orders allow it", is_certain=False)
    elif method not in PAY_LATER:
        yield _Reason(f"only pay-later orders allow it, and whether {method} is one is not known", is_certain=False)


def _payment_method(order: Order) -> str | None:
    return order.initial_payment_method.type if order.initial_payment_method else None


def _update(order: Order, amount: int | None, _: datetime) -> Iterator[_Reason]:
    if amount is None:
        return
    if amount == order.order_amount:
        yield _Reason("the new amount is the current one")
    if order.captured_amount is not None and amount < order.captured_amount:
        yield _Reason(f"{order.captured_amount} is captured already")
    if order.order_amount is not None and amount > order.order_amount:
        yield from _increase(order)


def _increase(order: Order) -> Iterator[_Reason]:
    method = _payment_method(order)
    country = (order.purchase_country or "").upper()
    if method is None:
        yield _Reason("the order does not show its payment method, by which an increase is allowed", is_certain=False)
    elif not is_increasable(method, country):
        yield _Reason(f"Klarna does not raise an order of {method} in {country or 'an unknown country'}")


_NEED_CAPTURES = frozenset(
    {"captures.add_shipping_info", "captures.extend_due_date", "captures.trigger_send_out", "refunds.create"}
)

_Rule = Callable[[Order, int | None, datetime], Iterator[_Reason]]
_RULES: Mapping[str, _Rule] = {
    "captures.create": _capture,
    "captures.extend_due_date": _extend_due_date,
    "refunds.create": _refund,
    "orders.release_remaining_authorization": _release,
    "orders.extend_authorization_time": _extend,
    "orders.update_authorization": _update,
}
