"""`klarna.refunds`: give captured money back. Refunds of an order are listed in `order.refunds`.

Every method retries by `RETRY_RULES`, and raises a `KlarnaError` whose `outcome` is what is known.
"""

from uuid import UUID

from attrs import frozen

from klarna_om.catalogue import CREATE_REFUND, GET_REFUND
from klarna_om.middleware import Handler
from klarna_om.types import Refund, RefundObject


@frozen(eq=False)
class Refunds:
    """The two operations on refunds.

    https://docs.klarna.com/api/ordermanagement/
    """

    _handler: Handler

    async def create(
        self, order_id: str | UUID, refund: RefundObject, *, idempotency_key: str | UUID | None = None
    ) -> str:
        """Give back `refunded_amount` (minor units) of what is captured; returns the refund's id.

        Two refunds of one amount are two refunds: give each a key from your own records (`derive_key`). Klarna
        assigns a refund to a capture by equal `reference`s of their order lines.
        Raises `NotAllowed` (`REFUND_NOT_ALLOWED`) when nothing is captured or it would be more than was captured;
        `UnreadableAnswer` (outcome DONE) when Klarna made the refund and its answer carries no id.
        """
        return await CREATE_REFUND.send(self._handler, content=refund, key=idempotency_key, order_id=order_id)

    async def get(self, order_id: str | UUID, refund_id: str | UUID) -> Refund:
        """Read one refund.

        Raises `NotFound` for an order or a refund that Klarna does not know.
        """
        return await GET_REFUND.send(self._handler, order_id=order_id, refund_id=refund_id)
