"""The books: which orders there are, what happened to them, and what is answered. No HTTP, no waiting.

Every operation is one function of `ACTIONS`; before it runs, the lifecycle's table
has agreed, and after it has succeeded, its effect is counted.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from attrs import frozen

from klarna_om.sandbox import capturing, ordering, refunding
from klarna_om.sandbox.account import Account, opened, order_document
from klarna_om.sandbox.answers import Answer, RefusedError
from klarna_om.sandbox.case import Case
from klarna_om.sandbox.effects import Effects
from klarna_om.sandbox.lifecycle import LIFECYCLE, REASONS
from klarna_om.sandbox.seeds import Document, Seeds, is_uuid

ACTIONS: Mapping[str, Callable[[Case], Answer]] = {
    **ordering.ACTIONS,
    **capturing.ACTIONS,
    **refunding.ACTIONS,
}
"""By operation: what it does to an order that may be treated so."""


@frozen
class Task:
    """What is asked of the ledger: an operation, the ids of its path, and its checked body."""

    operation: str
    ids: Mapping[str, str]
    body: Document
    is_write: bool = True


class Ledger:
    """All orders of one merchant."""

    def __init__(self, seeds: Seeds, clock: Callable[[], float]) -> None:
        self.effects = Effects()
        self._seeds = seeds
        self._clock = clock
        self._accounts: dict[str, Account] = {}
        self._made: dict[str, Document] = {}

    def order_ids(self) -> Iterator[str]:
        """Every order's id: those of the seed, then those made one by one."""
        yield from self._seeds
        yield from tuple(self._made)

    def add(self, bought: Document) -> Account:
        """Open an order of one's own."""
        self._made[bought["order_id"]] = bought
        account = self._accounts[bought["order_id"]] = opened(bought)
        return account

    def do(self, task: Task) -> Answer:
        """Do what is asked, or refuse it as Klarna would."""
        try:
            answer = self._done(task)
        except RefusedError as no:
            return no.answer
        if task.is_write:
            self.effects.count(task.operation, task.ids["order_id"])
        return answer

    def show(self, order_id: str) -> Document:
        """The order as it stands; KeyError for an unknown one."""
        return order_document(self.account(order_id), self._bought(order_id), self._clock())

    def account(self, order_id: str) -> Account:
        """The state of an order, opened at first touch; KeyError for an unknown one."""
        account = self._accounts.get(order_id)
        if account is None:
            account = self._accounts[order_id] = opened(self._bought(order_id))
        return account

    def _bought(self, order_id: str) -> Document:
        number = self._seeds.number(order_id) if is_uuid(order_id) else None
        return self._made[order_id] if number is None else self._seeds.document(number)

    def _done(self, task: Task) -> Answer:
        order_id, rule, now = task.ids["order_id"], LIFECYCLE[task.operation], self._clock()
        if not is_uuid(order_id):
            raise RefusedError(400, "INVALID_ORDER_ID", "Order ID must be a valid UUID.")
        try:
            account = self.account(order_id)
        except KeyError:
            told = f"Order {order_id} cannot be found. {rule.impossible}"
            raise RefusedError(404, rule.missing_order, told) from None
        status = account.status(now)
        if not rule.possible[status]:
            raise RefusedError(403, rule.error_code, f"{REASONS[status]} {rule.impossible}")
        bought = partial(self._bought, order_id)
        return ACTIONS[task.operation](Case(account, bought, order_id, task.ids, task.body, now, rule))
