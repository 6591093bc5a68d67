"""A capture or refund that must happen once, and how it is recognized at Klarna."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import cast

from attrs import frozen

from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError, NotConfirmed, ReferenceTaken
from klarna_om.keys import KEY_LIFETIME, Key, derive_key
from klarna_om.types import Order
from klarna_om.workflows.entries import Entry
from klarna_om.workflows.reference import is_same_reference

CLOCK_DIFFERENCE = 30.0
"""Seconds by which the clock of another machine may be ahead."""


@frozen
class Intent(ABC):
    """An amount to capture or refund once, under the shop's reference."""

    operation: str
    klarna: KlarnaClient
    order_id: str
    reference: str
    amount: int
    first_use: float | None

    @abstractmethod
    async def create(self, key: Key) -> str:
        """Create it under this key; returns the id that Klarna answers."""

    @abstractmethod
    async def read_entries(self) -> Iterable[Entry]:
        """Read the order's captures, or refunds."""

    @abstractmethod
    async def read_entry(self, entry_id: str) -> Entry:
        """Read the capture or refund with this id."""

    @abstractmethod
    def entries_of(self, order: Order) -> Iterable[Entry]:
        """The captures, or refunds, that an order shows."""

    @abstractmethod
    def obstacle(self, order: Order) -> str | None:
        """Why the order does not allow it now; None where the order shows no reason."""

    def key(self, generation: int) -> Key:
        """The same in every process. The amount is not part of it: one reference must not be two captures."""
        key = derive_key(self.operation, self.order_id, self.reference, generation=generation)
        return Key(key, self.first_use)

    def find_match(self, entries: Iterable[Entry]) -> str | None:
        """The id of the entry with its reference and amount; None when its reference is free.

        Refunds from before 2019 have no id; theirs is an empty string.
        """
        same = [entry for entry in entries if is_same_reference(entry.reference, self.reference)]
        for entry in same:
            if entry.amount == self.amount:
                return entry.id or ""
        if same:
            raise self._error_for_other(same)
        return None

    async def confirm(self, entry_id: str) -> str:
        """Return the id if the entry that Klarna has under it has the right amount.

        Klarna ignores the body when a key repeats, so its answer may name an entry that another call made.
        """
        try:
            entry = await self.read_entry(entry_id)
        except KlarnaError as failure:
            raise self._not_confirmed(entry_id) from failure
        if entry.amount != self.amount:
            raise self._error_for_other([Entry(entry_id, entry.amount, entry.reference)])
        if entry.reference is not None and not is_same_reference(entry.reference, self.reference):
            raise self._not_confirmed(entry_id)  # one of the same amount under another reference is not ours
        return entry_id

    def _error_for_other(self, same: list[Entry]) -> KlarnaError:
        """The error for a reference under which Klarna shows no entry of this amount."""
        amounts = [entry.amount for entry in same]
        if None in amounts:
            return self._not_confirmed(same[amounts.index(None)].id or "")
        return self._set_context(
            ReferenceTaken(
                f"the reference {self.reference!r} has the amount {amounts} at Klarna, not {self.amount};"
                " use another reference for each capture or refund"
            )
        )

    def _not_confirmed(self, entry_id: str) -> KlarnaError:
        return self._set_context(
            NotConfirmed(
                f"the reference {self.reference!r} has the id {entry_id!r} at Klarna, and its amount could not be read;"
                " call again to compare it",
                entry_id,
            )
        )

    def _set_context(self, error: KlarnaError) -> KlarnaError:
        error.operation, error.order_id = self.operation, self.order_id
        return error


def first_use_time(first_tried: datetime | None, now: float) -> float | None:
    """When the key was first used, in seconds since the epoch; None where Klarna has forgotten it, or it is not known.

    Raises `ValueError` for a time without a time zone, and for one in the future.
    """
    if first_tried is None:
        return None
    if not isinstance(cast("object", first_tried), datetime):
        raise TypeError(f"first_tried is a datetime, such as datetime.now(UTC), not {first_tried!r}")
    if first_tried.tzinfo is None:
        raise ValueError("first_tried must have a time zone, as datetime.now(UTC) has")
    moment = first_tried.timestamp()
    if moment > now + CLOCK_DIFFERENCE:
        raise ValueError(f"first_tried is in the future ({first_tried.isoformat()}); pass the time of the first try")
    return min(moment, now) if now < moment + KEY_LIFETIME else None
