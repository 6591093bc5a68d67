"""The ledger: all orders, their state, and the result of every operation. No HTTP, no waiting.

Every operation is one function of `ACTIONS`. It runs only where the lifecycle's table allows the operation;
after it has succeeded, its effect is counted.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from attrs import frozen

from klarna_om.ids import is_uuid
from klarna_om.lifecycle.states import NEED_AUTHORIZATION
from klarna_om.sandbox import capture_actions, order_actions, refund_actions
from klarna_om.sandbox.account import Account, Document, build_order, new_account
from klarna_om.sandbox.action_context import ActionContext
from klarna_om.sandbox.effects import Effects
from klarna_om.sandbox.hidden_orders import Hiding
from klarna_om.sandbox.lifecycle import EXPIRED, LIFECYCLE, REASONS
from klarna_om.sandbox.results import RefusedError, Result
from klarna_om.sandbox.seeded_orders import SeededOrders

ACTIONS: Mapping[str, Callable[[ActionContext], Result]] = {
    **order_actions.ACTIONS,
    **capture_actions.ACTIONS,
    **refund_actions.ACTIONS,
}
"""By operation: what it does to an order whose state allows it."""


@frozen
class OperationCall:
    """An operation, the ids of its path, and its validated body."""

    operation: str
    ids: Mapping[str, str]
    body: Document
    is_write: bool = True


class Ledger:
    """All orders of one merchant."""

    def __init__(self, seeded_orders: SeededOrders, clock: Callable[[], float]) -> None:
        self.effects = Effects()
        self._seeded_orders = seeded_orders
        self._clock = clock
        self._accounts: dict[str, Account] = {}
        self._purchases: dict[str, Document] = {}
        self._hidden: dict[str, Hiding] = {}

    def restart(self) -> "Ledger":
        """A ledger with the seeded orders as they were at the start, and no others."""
        return Ledger(self._seeded_orders, self._clock)

    def order_ids(self) -> Iterator[str]:
        """Every order's id: first the seeded orders, then those that were added."""
        yield from self._seeded_orders
        yield from tuple(self._purchases)

    def add(self, purchase: Document, hiding: Hiding | None = None) -> Account:
        """Add one order, which may be hidden at first."""
        order_id = purchase["order_id"]
        if order_id in self._purchases or self._seeded_number(order_id) is not None:
            raise ValueError(f"there is an order {order_id} already: leave order_id out, or use another one")
        account = self._accounts[order_id] = new_account(purchase)
        self._purchases[order_id] = purchase
        if hiding is not None:
            self._hidden[order_id] = hiding
        return account

    def execute(self, call: OperationCall) -> Result:
        """Execute the operation, or refuse it as Klarna would."""
        try:
            result = self._perform(call)
        except RefusedError as refusal:
            return refusal.result
        if call.is_write:
            self.effects.add(call.operation, call.ids["order_id"])
        return result

    def order(self, order_id: str) -> Document:
        """The order in its current state; KeyError for an unknown one."""
        return build_order(self.account(order_id), self._purchase(order_id), self._clock())

    def account(self, order_id: str) -> Account:
        """The state of an order, created on first use; KeyError for an unknown one."""
        account = self._accounts.get(order_id)
        if account is None:
            account = self._accounts[order_id] = new_account(self._purchase(order_id))
        return account

    def _purchase(self, order_id: str) -> Document:
        number = self._seeded_number(order_id)
        return self._purchases[order_id] if number is None else self._seeded_orders.purchase(number)

    def _seeded_number(self, order_id: str) -> int | None:
        return self._seeded_orders.number(order_id) if is_uuid(order_id) else None

    def _visible_account(self, order_id: str) -> Account:
        """The state of an order; KeyError for one that is not there, or not there yet."""
        hiding = self._hidden.get(order_id)
        if hiding is not None:
            if hiding.hides(self._clock()):
                raise KeyError(order_id)
            del self._hidden[order_id]
        return self.account(order_id)

    def _perform(self, call: OperationCall) -> Result:
        order_id, rule, now = call.ids["order_id"], LIFECYCLE[call.operation], self._clock()
        if not is_uuid(order_id):
            raise RefusedError(400, "INVALID_ORDER_ID", "Order ID must be a valid UUID.")
        try:
            account = self._visible_account(order_id)
        except KeyError:
            message = f"Order {order_id} cannot be found. {rule.denial}"
            raise RefusedError(404, rule.order_not_found, message) from None
        status = account.status(now)
        if not rule.is_allowed[status]:
            raise RefusedError(403, rule.error_code, f"{REASONS[status]} {rule.denial}")
        if call.operation in NEED_AUTHORIZATION and now >= account.expires_at:  # a PART_CAPTURED order keeps its status
            raise RefusedError(403, rule.error_code, f"{REASONS[EXPIRED]} {rule.denial}")
        context = ActionContext(
            account=account,
            purchase=partial(self._purchase, order_id),
            order_id=order_id,
            ids=call.ids,
            body=call.body,
            now=now,
            rule=rule,
        )
        return ACTIONS[call.operation](context)
