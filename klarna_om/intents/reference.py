"""Has it happened already? Found by the shop's reference among what Klarna shows of the order."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from attrs import frozen

from klarna_om.client import KlarnaClient
from klarna_om.errors import Conflict, KlarnaError, NotAllowed, ReferenceTaken
from klarna_om.keys import KEY_LIFETIME, Key
from klarna_om.outcome import Outcome
from klarna_om.types import Capture, Refund

MARGIN = timedelta(minutes=10)
"""A key is not trusted in its last minutes: clocks differ, and retries take time."""

Made = TypeVar("Made", Capture, Refund)


@frozen
class Intent(Generic[Made]):
    """Something to be made once, known by the shop's reference."""

    reference: str
    amount: int
    make: Callable[[], Awaitable[str]]
    """Make it, under the key that is derived from the reference; returns its id."""
    read: Callable[[], Awaitable[Iterable[Made]]]
    """What there is already."""
    amount_of: Callable[[Made], int | None]
    id_of: Callable[[Made], str | None]

    async def once(self, *, is_protected: bool) -> str:
        """Make it, unless it is there; where an answer is in doubt, look."""
        if not is_protected and (found := await self.find()) is not None:
            return found
        try:
            return await self.make()
        except KlarnaError as error:
            is_in_doubt = error.outcome in (Outcome.UNKNOWN, Outcome.DONE)
            # "Not allowed" may be the echo of an effect that an earlier process did not live to hear of.
            if not is_in_doubt and not isinstance(error, NotAllowed | Conflict):
                raise
            if (found := await self._find_in(error.outcome)) is None:
                raise
            return found

    async def _find_in(self, doubt: Outcome) -> str | None:
        try:
            return await self.find()
        except ReferenceTaken as taken:
            taken.outcome = doubt
            raise

    async def find(self) -> str | None:
        """The id of what was made under the reference for this amount; None when there is none.

        Raises `ReferenceTaken` when the reference stands for other amounts only.
        """
        named = [made for made in await self.read() if made.reference == self.reference]
        for made in named:
            if self.amount_of(made) == self.amount:
                return self.id_of(made) or ""
        if named:
            raise ReferenceTaken(
                f"the reference {self.reference!r} stands for {[self.amount_of(made) for made in named]} at Klarna,"
                f" not for {self.amount}; give each intent a reference of its own"
            )
        return None


def reference_of(reference: str | None) -> str:
    """The reference by which it will be found again; there must be one."""
    if not reference:
        raise ValueError("reference must be set to your own name of this intent, such as the shipment's id")
    return reference


def key_of(key: str, first_tried: datetime | None) -> Key:
    """The key with its age, so that no retry outlives it."""
    return Key(key, None if first_tried is None else first_tried.timestamp())


def is_protected(first_tried: datetime | None, klarna: KlarnaClient) -> bool:
    """Is the derived key of an intent that was first tried then still good?"""
    if first_tried is None:
        return False
    if first_tried.tzinfo is None:
        raise ValueError("first_tried must have a time zone, as datetime.now(UTC) has")
    now = datetime.fromtimestamp(klarna.wall_clock(), UTC)
    return now < first_tried + timedelta(seconds=KEY_LIFETIME) - MARGIN
