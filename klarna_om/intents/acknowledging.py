"""See to it that an order is acknowledged."""

from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError, NotAllowed
from klarna_om.outcome import Outcome


async def ensure_acknowledged(klarna: KlarnaClient, order_id: str) -> None:
    """Acknowledge an order, or find out that it is acknowledged already.

    Klarna's order does not say whether it is acknowledged; but a capture acknowledges too. So the order is read only
    when Klarna does not allow the call, or when its outcome is unknown: with a capture in it, all is well. Else the
    error is raised. Repeating the call is harmless at any time.
    """
    try:
        await klarna.orders.acknowledge(order_id)
    except KlarnaError as error:
        if not isinstance(error, NotAllowed) and error.outcome is not Outcome.UNKNOWN:
            raise
        order = await klarna.orders.get(order_id)
        if not order.captures and not order.captured_amount:
            raise
