"""The plan of a capture or refund: made once by its reference, so what Klarna has under it comes first."""

from collections.abc import Callable, Iterable

import click
from attrs import frozen

from klarna_om.cli.amount_argument import parse_amount
from klarna_om.cli.amount_text import amount_text
from klarna_om.cli.plan import Effect, Plan, Target
from klarna_om.errors import InvalidRequest
from klarna_om.keys import Key, derive_key
from klarna_om.lifecycle import allows
from klarna_om.types import CaptureObject, Order, RefundObject
from klarna_om.workflows.new_intent import new_intent
from klarna_om.workflows.reference import is_same_reference
from klarna_om.workflows.send_write import Write

Entry = tuple[str | None, int | None, str | None]
"""The id, the amount and the reference of a capture or refund, as Klarna shows it."""


@frozen(kw_only=True)
class Once:
    """What a person asked for."""

    operation: str
    verb: str
    """`capture` or `refund`."""
    done: str
    amount: str | None
    is_all: bool
    minor: bool
    reference: str
    generation: int
    entries_of: Callable[[Order], Iterable[Entry]]
    all_of: Callable[[Order], int]
    """All that is left of an order, in minor units."""
    content_of: Callable[[Order, int], CaptureObject | RefundObject]

    def __attrs_post_init__(self) -> None:
        if (self.amount is None) is not self.is_all:
            raise click.UsageError("give an AMOUNT or --all, and not both")

    def plan(self, target: Target) -> Plan:
        """Plan it; raises `InvalidRequest` where nothing is left."""
        known = [entry for entry in self.entries_of(target.order) if is_same_reference(entry[2], self.reference)]
        if self.is_all and known:
            return self._plan_for(target, known[0][1], known=Effect(known[0][0]))
        amount = self._amount_of(target.order)
        if (same := next((entry for entry in known if entry[1] == amount), None)) is not None:
            return self._plan_for(target, amount, known=Effect(same[0]))
        return self._plan_for(target, amount, write=self._write(target, amount))

    def _plan_for(
        self, target: Target, amount: int | None, *, write: Write | None = None, known: Effect | None = None
    ) -> Plan:
        words = amount_text(amount, target.order.purchase_currency)
        all_words = f"all {words} that are left"
        return Plan(
            target=target,
            operation=self.operation,
            to_do=f"{self.verb} {all_words if self.is_all else words}",
            done=f"{self.done} {words}",
            amount=amount,
            reference=self.reference,
            write=write,
            known=known or Effect(),
        )

    def _amount_of(self, order: Order) -> int:
        if self.amount is not None:
            return parse_amount(self.amount, order.purchase_currency, minor=self.minor)
        try:
            amount = self.all_of(order)
        except ValueError as error:
            raise click.UsageError(f"--all is not known: {error}; give an AMOUNT") from None
        if amount == 0:
            raise self._nothing_left(order)
        return amount

    def _nothing_left(self, order: Order) -> InvalidRequest:
        error = InvalidRequest(allows(order, self.operation).reasons or (f"nothing is left to {self.verb}",))
        error.operation, error.order_id = self.operation, order.order_id
        return error

    def _write(self, target: Target, amount: int) -> Write:
        content = self.content_of(target.order, amount)
        intent = new_intent(self.operation, target.order_id, content, reference=self.reference, kustom=target.is_kustom)
        key = derive_key(self.operation, intent.order_id, self.reference, generation=self.generation)
        return Write(
            operation=self.operation,
            order_id=intent.order_id,
            key=Key(key),
            body=intent.body,
            generation=self.generation,
        )
