"""How the types that are sent treat an absent field: it takes no slot, reads as None, and is never written.

msgspec encodes an attrs object straight from its slots and passes over the empty ones. So a request whose
absent fields are empty slots is written in one step, with no `null` in it; every other way to leave them out
(through dictionaries, or by editing the bytes) was measured to be three to five times slower.

A `Record` may hold None in a slot (when it was read) or have the slot empty: neither `==` nor `repr` nor
`hash` can tell. A `Request` empties the absent slots of everything in it when it is made.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attrs import fields, frozen

_empty_slot = object.__delattr__
"""Past the `__delattr__` with which frozen classes refuse."""


@frozen
class Record:
    """A value that requests are made of. Its optional fields read as None when they are absent."""

    if not TYPE_CHECKING:  # or every misspelt field would pass the type checker

        def __getattr__(self, name):
            """Read an empty slot as None. Python asks here only when there is no value."""
            if not hasattr(type(self), name):
                raise AttributeError(f"{type(self).__name__} has no field {name!r}", name=name, obj=self)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[type, dict[str, Any]]]:
        """Copy and pickle through the constructor, so that a copied request is a made request."""
        return _made_again, (
            type(self),
            {field.name: getattr(self, field.name) for field in fields(type(self))},
        )


@frozen
class Request(Record):
    """A document that is sent."""

    def __attrs_post_init__(self) -> None:
        """Empty every absent slot; msgspec calls this too, when it reads a request."""
        _leave_out_absent(self)


def _made_again(cls: type, values: dict[str, Any]) -> object:
    return cls(**values)


def _leave_out_absent(value: object) -> None:
    if isinstance(value, tuple):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            _leave_out_absent(item)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, Record):
        for field in fields(type(value)):
            _leave_out_absent(held := getattr(value, field.name))
            if held is None:
                with suppress(AttributeError):  # empty already
                    _empty_slot(value, field.name)
