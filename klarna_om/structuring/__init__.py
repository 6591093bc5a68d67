"""JSON <-> types. What is accepted is decided in `klarna_om.structuring.strictness`.

A document goes through the fast path (msgspec). Where that refuses it, for whatever reason, the strict path
(cattrs) reads it again and decides: a value, or `Unreadable` with every wrong path in it. What the
fast path does read, the strict path reads alike; a property test holds them together.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from klarna_om.structuring import fast_path, strict_path
from klarna_om.structuring.fast_path import decoder_of
from klarna_om.structuring.strict_path import Unreadable
from klarna_om.structuring.strictness import converter

__all__ = ["Unreadable", "converter", "from_dict", "read", "to_dict", "write"]

T = TypeVar("T")


def read(cls: type[T], data: bytes) -> T:
    """Read a JSON document into one of Klarna's types, or into a list or tuple of one.

    A field that is null reads as absent, whatever it is, and a null in a list that Klarna sends is dropped.
    Raises `Unreadable`, which names every field that is wrong, or what kept the bytes from being JSON at all: no
    UTF-8, NaN, more lists in each other than Python goes into.
    """
    try:
        data.decode()  # msgspec checks the strings that it keeps, but not those that it skips
        value: T = decoder_of(cls)(data)
    except fast_path.REFUSALS:
        pass  # the strict path runs outside of the handler, so that its error has no context
    else:
        return value
    return strict_path.structure(cls, strict_path.parse(cls, data))


def write(content: object) -> bytes:
    """Write one of Klarna's types, or a list or tuple of one, as JSON in UTF-8.

    Fields that are None are left out; an empty string and an empty list are sent: to Klarna they mean "clear".
    Raises `Unreadable` for what no document could hold: more lists in each other than Python goes into.
    """
    try:
        return _encoder.encode(content)
    except RecursionError:
        pass
    raise strict_path.too_deep(type(content))


def from_dict(cls: type[T], document: Mapping[str, Any]) -> T:
    """Make one of Klarna's types from plain values under Klarna's names, as strictly as from JSON."""
    return strict_path.structure(cls, document)


def to_dict(content: object) -> dict[str, Any]:
    """Turn one of Klarna's types into plain values under Klarna's names, as they would be written to JSON.

    Raises `Unreadable` where `write` does.
    """
    try:
        plain: dict[str, Any] = converter().unstructure(content)
    except RecursionError:
        pass
    else:
        return plain
    raise strict_path.too_deep(type(content))


def _as_string(value: object) -> str:
    """Write a kind of string that msgspec does not know, such as the safe strings of web frameworks."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{type(value).__name__} has no place in a request")


_encoder = msgspec.json.Encoder(enc_hook=_as_string)
