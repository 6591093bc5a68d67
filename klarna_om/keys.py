"""Idempotency keys: made at random for one call, or derived from what the caller's own records say."""

import json
from os import urandom
from typing import Self
from uuid import UUID, uuid5

KEY_LIFETIME = 24 * 3600.0
"""Seconds for which Klarna keeps a key, from its first use. https://docs.klarna.com/api/escalation-and-retry-policy"""

NAMESPACE = UUID("6c1b6a0e-6f0f-5b6e-9d4c-0a7f6f0b8f4e")


class Key(str):
    """An idempotency key that knows when it was first used, in seconds since the epoch.

    Give it where that was in another process: no retry is then made after Klarna has forgotten it.
    """

    __slots__ = ("first_used",)

    def __new__(cls, value: str, first_used: float | None = None) -> Self:
        """A key like any text."""
        key = super().__new__(cls, value)
        key.first_used = first_used
        return key

    first_used: float | None


class RandomKey(str):
    """A key that was made for one call: nobody else can have it before the call is over."""

    __slots__ = ()


def random_key() -> RandomKey:
    """A fresh UUIDv4: the key of a call that nothing else identifies."""
    # What str(uuid4()) gives, in less than half its time.
    digits = urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) % 4]
    return RandomKey(f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}")


def derive_key(operation: str, order_id: str, reference: str, *, generation: int = 0) -> str:
    """The key that these facts always give, so that it can be computed again after a crash (UUIDv5).

    The order id counts in lower case, as Klarna's ids are UUIDs. `reference` is what your own records call this
    intent: the id of the shipment that is captured, of the return that is refunded. Two equal partial captures are two
    captures, so the amount is no reference.

        key = derive_key("captures.create", order_id, shipment.id)
        await klarna.captures.create(order_id, capture, idempotency_key=key)

    Raise `generation` only after a definite refusal (`Outcome.REFUSED`): under the old key Klarna may repeat the
    refusal. After an unknown outcome a new key could do the work twice.
    """
    facts: dict[str, object] = {"operation": operation, "order_id": order_id, "reference": reference}
    for name, value in facts.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a text: 1 and '1' would be two keys of one intent")
        if not value:
            raise ValueError(f"{name} must not be empty: keys of different intents would be the same")
    if generation < 0:
        raise ValueError("generation counts from 0")
    return str(uuid5(NAMESPACE, json.dumps([operation, order_id.lower(), reference, generation])))
