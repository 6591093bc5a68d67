"""How an absent field is kept: not at all. It is no part of the object, reads as its default, and is not written.

The classes have no slots, so that an absent field can be found on the class, where its default is. That lets msgspec
leave it there when it decodes, and pass over it when it encodes. Measured: an order is read a quarter faster than with
slots, and a request is written five times as fast as by way of dictionaries, without a `null` in it.
"""

from collections.abc import Callable
from functools import wraps
from types import NoneType
from typing import Any, TypeVar, get_args

from attrs import NOTHING, fields

C = TypeVar("C", bound=type)


def document(cls: C) -> C:
    """Decorate a class of what Klarna sends: any field may be absent, even one that the constructor asks for."""
    for field in fields(cls):
        setattr(cls, field.name, None)
    return request(cls)


def request(cls: C) -> C:
    """Decorate a class of what Klarna is sent: what the constructor asks for must be there."""
    for field in fields(cls):
        if field.default is not NOTHING:
            setattr(cls, field.name, field.default)
    cls.__annotations__ = {field.name: present(field.type) for field in fields(cls)}  # msgspec goes by them
    init = _keeping_what_is_given(vars(cls)["__init__"])
    cls.__init__ = init  # type: ignore[misc]  # it is the class's own, not a subclass's
    return cls


def present(kind: Any) -> Any:
    """The type of a field where it is there: absence is not `null`, so None is no part of it."""
    kinds = get_args(kind)
    return kinds[0] if NoneType in kinds else kind


def _keeping_what_is_given(init: Callable[..., None]) -> Callable[..., None]:
    """Make a constructor keep the fields that it is given, None being as good as nothing."""

    @wraps(init)
    def __init__(self: object, **given: object) -> None:  # noqa: N807 - it is one
        init(self, **given)
        held = vars(self)
        for name in [name for name in held if given.get(name) is None]:
            del held[name]

    return __init__
