"""Idempotency keys: made at random for one call, or derived from facts in the caller's own records."""

import json
from datetime import datetime
from math import isfinite
from os import urandom
from typing import Self, cast
from unicodedata import normalize
from uuid import UUID, uuid5

KEY_LIFETIME = 24 * 3600.0
"""Seconds for which Klarna keeps a key, from its first use. https://docs.klarna.com/api/escalation-and-retry-policy"""

NAMESPACE = UUID("6c1b6a0e-6f0f-5b6e-9d4c-0a7f6f0b8f4e")


class Key(str):
    """An idempotency key that knows when it may first have been used, by another process for example.

        await klarna.captures.create(order_id, capture, idempotency_key=Key(key, first_used=shipment.first_tried))

    Nothing is sent after Klarna has forgotten it: such a call raises `KeyExpired`.
    """

    __slots__ = ("first_used",)

    def __new__(cls, value: str, first_used: datetime | float | None = None) -> Self:
        """`first_used` is a datetime with a time zone, or seconds since the epoch."""
        key = super().__new__(cls, value)
        key.first_used = _seconds_since_the_epoch(first_used)
        return key

    first_used: float | None
    """In seconds since the epoch."""


def _seconds_since_the_epoch(moment: object) -> float | None:
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.timestamp()
    is_number = isinstance(moment, int | float) and not isinstance(moment, bool) and isfinite(moment)
    if moment is None or is_number:
        return cast("float | None", moment)
    raise TypeError(
        "first_used is a datetime with a time zone, such as datetime.now(UTC), or seconds since the epoch,"
        f" not {moment!r}"
    )


class RandomKey(str):
    """A key that was made for one call: no other call can have it before this one is over."""

    __slots__ = ()


def random_key() -> RandomKey:
    """A fresh UUIDv4: the key of a call that nothing else identifies."""
    # What str(uuid4()) gives, in less than half its time.
    digits = urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) % 4]
    return RandomKey(f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}")


def derive_key(operation: str, order_id: str | UUID, reference: str | UUID, *, generation: int = 0) -> str:
    """The key that these facts always give, so that it can be computed again after a crash (UUIDv5).

    The order id counts in lower case, as Klarna's ids are UUIDs. `reference` is what your own records call this
    intent: the id of the shipment that is captured, of the return that is refunded. Two equal partial captures are two
    captures, so the amount is no reference. How Unicode composes a letter makes no other key (NFC).

        key = derive_key("captures.create", order_id, shipment.id)
        await klarna.captures.create(order_id, capture, idempotency_key=key)

    Raise `generation` only after a definite refusal (`Outcome.REFUSED`): under the old key Klarna may repeat the
    refusal. After an unknown outcome a new key could do the work twice.

    Raises `TypeError` for what is neither a string nor a `uuid.UUID`, and `ValueError` for an empty string and for
    white space around one: the same facts, read in another way, would have another key.
    """
    if not isinstance(cast("object", generation), int) or isinstance(generation, bool):
        raise TypeError("generation must be an int: 1, 1.0 and True would be different keys")
    if generation < 0:
        raise ValueError("generation counts from 0")
    facts = [
        _fact("operation", operation),
        _fact("order_id", order_id).lower(),
        _fact("reference", reference),
    ]
    return str(uuid5(NAMESPACE, json.dumps([*facts, generation])))


def _fact(name: str, value: object) -> str:
    text = normalize_key(value)
    if text is None:
        raise TypeError(f"{name} must be a string or a uuid.UUID: 1 and '1' would be two keys of one intent")
    if not text:
        raise ValueError(f"{name} must not be empty: keys of different intents would be the same")
    if text.strip().strip("\ufeff") != text:
        raise ValueError(f"{name} must have no white space around it: without it, the same intent has another key")
    return normalize("NFC", text)


def normalize_key(key: object) -> str | None:
    """A key as a string, be it given as one or as a `uuid.UUID`; None for anything else."""
    if isinstance(key, str):
        return key
    return str(key) if isinstance(key, UUID) else None
