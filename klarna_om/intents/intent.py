"""A capture or refund that is wanted once, and how it is recognized at Klarna."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from attrs import frozen

from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError, NotConfirmed, ReferenceTaken
from klarna_om.intents.first_tried import key_with_age
from klarna_om.intents.reference import is_same_reference
from klarna_om.keys import Key, derive_key
from klarna_om.types import Order


@frozen
class Entry:
    """A capture or a refund, as Klarna shows it."""

    id: str | None
    amount: int | None
    reference: str | None


@frozen
class Intent(ABC):
    """One thing that the shop wants once: an amount, under the shop's reference."""

    operation: str
    klarna: KlarnaClient
    order_id: str
    reference: str
    amount: int
    first_use: float | None

    @abstractmethod
    async def create(self, key: Key) -> str:
        """Make it under this key; returns the id that Klarna answers."""

    @abstractmethod
    async def read_entries(self) -> Iterable[Entry]:
        """What there is of its kind."""

    @abstractmethod
    async def read_entry(self, entry_id: str) -> Entry:
        """What Klarna has under an id."""

    @abstractmethod
    def entries_of(self, order: Order) -> Iterable[Entry]:
        """What an order shows of its kind."""

    @abstractmethod
    def obstacle(self, order: Order) -> str | None:
        """What stands in its way, by what the order says now."""

    def key(self, generation: int) -> Key:
        """Every process derives the same key. It names no amount: one reference must not be two captures."""
        key = derive_key(self.operation, self.order_id, self.reference, generation=generation)
        return key_with_age(key, self.first_use)

    def pick(self, entries: Iterable[Entry]) -> str | None:
        """The id of the entry with its reference and amount; None when its reference is free.

        Data of before 2019 has refunds without ids; the id of such a one is an empty text.
        """
        named = [entry for entry in entries if is_same_reference(entry.reference, self.reference)]
        for entry in named:
            if entry.amount == self.amount:
                return entry.id or ""
        if named:
            raise self._other(named)
        return None

    async def confirm(self, entry_id: str) -> str:
        """The id, when what Klarna has under it has the amount that was asked for.

        Klarna ignores the body when a key repeats, so its answer may name what another call made for another amount.
        """
        try:
            entry = await self.read_entry(entry_id)
        except KlarnaError as failure:
            raise self._not_confirmed(entry_id) from failure
        if entry.amount != self.amount:
            raise self._other([Entry(entry_id, entry.amount, entry.reference)])
        return entry_id

    def _other(self, named: list[Entry]) -> KlarnaError:
        """The error for a reference under which Klarna shows no entry of this amount."""
        amounts = [entry.amount for entry in named]
        if None in amounts:
            return self._not_confirmed(named[amounts.index(None)].id or "")
        return self._about(
            ReferenceTaken(
                f"the reference {self.reference!r} stands for {amounts} at Klarna, not for {self.amount};"
                " give each intent a reference of its own"
            )
        )

    def _not_confirmed(self, entry_id: str) -> KlarnaError:
        return self._about(
            NotConfirmed(
                f"the reference {self.reference!r} has the id {entry_id!r} at Klarna, and its amount could not be read;"
                " call again to learn whether it is this intent's",
                entry_id,
            )
        )

    def _about(self, error: KlarnaError) -> KlarnaError:
        error.operation, error.order_id = self.operation, self.order_id
        return error
