"""Make sure that an order is acknowledged."""

from uuid import UUID

from klarna_om.client import KlarnaClient
from klarna_om.errors import Conflict, KlarnaError, NotAllowed
from klarna_om.workflows.effects import is_acknowledged
from klarna_om.workflows.reads import IN_DOUBT, read_back
from klarna_om.workflows.reference import order_id_string


async def ensure_acknowledged(
    klarna: KlarnaClient, order_id: str | UUID, *, idempotency_key: str | UUID | None = None
) -> None:
    """Acknowledge an order, or find out that it is already acknowledged.

    Klarna's order does not show whether it is acknowledged, but a capture acknowledges too. So the order is read only
    when Klarna does not allow the call, or when its outcome is in doubt: an order with a capture is acknowledged. Else
    the error of the call is raised, with the outcome of the call, also where the read failed. Repeating the call is
    always harmless.
    """
    order_id = order_id_string(order_id)
    try:
        await klarna.orders.acknowledge(order_id, idempotency_key=idempotency_key)
    except KlarnaError as error:
        if not isinstance(error, NotAllowed | Conflict) and error.outcome not in IN_DOUBT:
            raise
        order = await read_back(error, klarna.orders.get(order_id))
        if not is_acknowledged(order):
            raise
