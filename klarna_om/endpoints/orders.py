"""`klarna.orders`: read an order, acknowledge it, change it, end it.

Every method retries by `RETRY_RULES`, and raises a `KlarnaError` whose `outcome` is what is known. Writes take
an `idempotency_key`; without one each call gets a fresh key for all its attempts.
"""

from uuid import UUID

from attrs import frozen

from klarna_om.catalogue import (
    ACKNOWLEDGE,
    ADD_ORDER_SHIPPING_INFO,
    CANCEL,
    EXTEND_AUTHORIZATION_TIME,
    GET_ORDER,
    RELEASE_REMAINING_AUTHORIZATION,
    UPDATE_AUTHORIZATION,
    UPDATE_CUSTOMER_DETAILS,
    UPDATE_MERCHANT_REFERENCES,
)
from klarna_om.middleware import Handler
from klarna_om.types import (
    Order,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)


@frozen(eq=False)
class Orders:
    """The nine operations on an order.

    https://docs.klarna.com/api/ordermanagement/
    """

    _handler: Handler

    async def get(self, order_id: str | UUID, *, integrator: str | None = None) -> Order:
        """Read an order with its captures and refunds, up to three years after its creation.

        Klarna asks to read only when needed and to trust each write's own answer. `integrator` is sent as
        `Klarna-Integrator`, a header that the specification names and does not explain.
        Raises `NotFound` for an order that Klarna does not know.
        """
        headers = {} if integrator is None else {"Klarna-Integrator": integrator}
        return await GET_ORDER.send(self._handler, headers=headers, order_id=order_id)

    async def acknowledge(self, order_id: str | UUID, *, idempotency_key: str | UUID | None = None) -> None:
        """Confirm to Klarna that the order has arrived in your system; pushes for it stop.

        Do it only after the order is stored: an acknowledged order is pushed no more. Repeating it is harmless, and
        a capture acknowledges too.
        Raises `NotFound` for an order that Klarna does not know, `NotAllowed` where its state does not permit it.
        https://docs.klarna.com/order-management/pre-delivery/acknowledge-kco-order/
        """
        await ACKNOWLEDGE.send(self._handler, key=idempotency_key, order_id=order_id)

    async def update_authorization(
        self, order_id: str | UUID, update: UpdateAuthorization, *, idempotency_key: str | UUID | None = None
    ) -> None:
        """Set a new total amount, in minor units, and new order lines.

        The lines replace all lines: without `order_lines` Klarna deletes the existing ones (Kustom requires them).
        An increase runs a new risk check. The amount cannot fall below what is captured.
        Raises `NotAllowed` when the order is fully captured, cancelled or expired, or the risk check refuses.
        """
        await UPDATE_AUTHORIZATION.send(self._handler, content=update, key=idempotency_key, order_id=order_id)

    async def cancel(self, order_id: str | UUID, *, idempotency_key: str | UUID | None = None) -> None:
        """Cancel an order that has no captures; it cannot be undone.

        Raises `NotAllowed` (`CANCEL_NOT_ALLOWED`) once something is captured: release the remaining authorization
        then.
        """
        await CANCEL.send(self._handler, key=idempotency_key, order_id=order_id)

    async def update_customer_details(
        self, order_id: str | UUID, update: UpdateConsumer, *, idempotency_key: str | UUID | None = None
    ) -> None:
        """Change fields of the shipping address; a field given as `""` is cleared, an absent one is left.

        Klarna checks the credit again. The billing address can no longer be changed.
        Raises `NotAllowed` when the order's state or the check does not permit it.
        """
        await UPDATE_CUSTOMER_DETAILS.send(self._handler, content=update, key=idempotency_key, order_id=order_id)

    async def extend_authorization_time(
        self, order_id: str | UUID, *, idempotency_key: str | UUID | None = None
    ) -> None:
        """Move the expiry to today plus the account's configured days (28 as a standard).

        Several calls on one day give the same date. At most 180 days after the order's creation.
        Raises `NotAllowed` after expiry, and for payment methods that cannot be extended.
        """
        await EXTEND_AUTHORIZATION_TIME.send(self._handler, key=idempotency_key, order_id=order_id)

    async def update_merchant_references(
        self, order_id: str | UUID, update: UpdateMerchantReferences, *, idempotency_key: str | UUID | None = None
    ) -> None:
        """Set one or both of the shop's references; `""` clears one, an absent one is left.

        Raises `NotAllowed` for a cancelled order.
        """
        await UPDATE_MERCHANT_REFERENCES.send(self._handler, content=update, key=idempotency_key, order_id=order_id)

    async def release_remaining_authorization(
        self, order_id: str | UUID, *, idempotency_key: str | UUID | None = None
    ) -> None:
        """Give back what is authorized and not captured: nothing more will be captured.

        Raises `NotAllowed` when the order is cancelled, fully captured or has no captures (cancel it instead).
        """
        await RELEASE_REMAINING_AUTHORIZATION.send(self._handler, key=idempotency_key, order_id=order_id)

    async def add_shipping_info(
        self, order_id: str | UUID, update: UpdateShippingInfo, *, idempotency_key: str | UUID | None = None
    ) -> None:
        """Append shipping information to the order, up to 500 entries a call; nothing is replaced.

        Without one key for both, a repeated call appends twice.
        Raises `NotFound` for an order that Klarna does not know.
        """
        await ADD_ORDER_SHIPPING_INFO.send(self._handler, content=update, key=idempotency_key, order_id=order_id)
