"""How Klarna's types are kept: attrs makes the class, a msgspec.Struct holds the values.

`attrs.fields`, `attrs.evolve` and cattrs see the attrs class that was declared. msgspec sees a Struct, which it reads
twice as fast as it reads other classes. An absent field holds its default and is not written.
"""

from collections.abc import Mapping
from functools import cache
from inspect import Parameter, Signature
from typing import Any, TypeVar, get_origin

import msgspec
from attrs import NOTHING, Attribute, fields

from klarna_om.types.fields import absent, present, wire_name

C = TypeVar("C", bound=type)

MADE_ANEW = frozenset({"__annotations__", "__dict__", "__init__", "__weakref__"})
"""What a class does not keep of the one that attrs made. All else stays, such as `__repr__` and `__setattr__`."""


class Maker(msgspec.StructMeta):
    """The class of the classes: values are made by keyword, None being as good as nothing."""

    def __new__(mcls, name: str, bases: tuple[type, ...], space: dict[str, Any], **config: Any) -> Any:
        """Make a class; those that users derive may have methods of their own."""
        is_declared = "__attrs_attrs__" not in space and space.keys() & {"__annotations__", "__annotate_func__"}
        if is_declared or "__init__" in space:
            raise TypeError(
                f"{name} cannot have fields or an __init__ of its own, being a {bases[0].__name__};"
                " KlarnaClient.request() sends what this client does not know"
            )
        if not all(isinstance(base, msgspec.StructMeta) for base in bases):
            config["gc"] = True  # a mixin may hold anything
        made: Any = super().__new__(mcls, name, bases, space, **config)
        if hasattr(made, "__attrs_attrs__"):
            # msgspec looks at the annotations when it first meets a class, and never again. Without None in them, it
            # refuses `null` for an amount.
            made.__annotations__ = {field.name: present(field.type) for field in _fields(made)}
            msgspec.json.Decoder(made)
            made.__annotations__ = {field.name: field.type for field in _fields(made)}
        return made

    def __call__(cls, *args: object, **given: object) -> Any:
        """Make a value; it is what the constructor of an attrs class would do."""
        if (fault := _fault(cls, args, given)) is not None:
            raise TypeError(f"{cls.__name__}() {fault}")
        converters = _arguments(cls)[1]
        held = {name: value for name, value in given.items() if value is not None}
        for name in held.keys() & converters.keys():
            held[name] = converters[name](held[name])
        return super().__call__(**held)

    @property
    def __signature__(cls) -> Signature:
        return Signature([_parameter(field) for field in _fields(cls)])


class Kept(msgspec.Struct, metaclass=Maker, gc=False, omit_defaults=True):
    """Any of Klarna's types."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show on a terminal what `repr` shows: no personal data."""
        return [(field.name, getattr(self, field.name)) for field in _fields(type(self)) if field.repr]


class Received(Kept):
    """What Klarna sends: any field may be absent, even one that the constructor asks for."""


class Sent(Kept):
    """What Klarna is sent: what the constructor asks for must be there."""


def document(cls: C) -> C:
    """Decorate an attrs class of what Klarna sends."""
    return _kept_as(Received, cls)


def request(cls: C) -> C:
    """Decorate an attrs class of what Klarna is sent."""
    return _kept_as(Sent, cls)


def required(cls: type) -> tuple[str, ...]:
    """What the constructor asks for."""
    return _arguments(cls)[0]


def _kept_as(kind: type[Kept], cls: C) -> C:
    """The same class once more, with a Struct's memory in the place of a dictionary."""
    space = {name: value for name, value in vars(cls).items() if name not in MADE_ANEW}
    space["__annotations__"] = {field.name: present(field.type) for field in _fields(cls)}
    space |= {field.name: absent(field) for field in _fields(cls)}
    made: C = Maker(cls.__name__, (kind,), space, kw_only=True, rename=wire_name)
    return made


@cache
def _arguments(cls: type) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """What the constructor asks for, and what turns its lists into tuples."""
    asked = tuple(field.name for field in _fields(cls) if field.default is NOTHING)
    return asked, {field.name: field.converter or tuple for field in _fields(cls) if _is_list(field)}


def _fault(cls: Maker, args: tuple[object, ...], given: Mapping[str, object]) -> str | None:
    """What is wrong with the arguments of a constructor."""
    if args:
        return "takes keyword arguments only"
    if unknown := [name for name in given if name not in cls.__struct_fields__]:
        return f"has no {', '.join(unknown)}, but {', '.join(cls.__struct_fields__)}"
    if missing := [name for name in required(cls) if name not in given]:
        return f"is missing required keyword arguments: {', '.join(missing)}"
    return None


def _is_list(field: "Attribute[Any]") -> bool:
    return get_origin(present(field.type)) is tuple


def _parameter(field: "Attribute[Any]") -> Parameter:
    default = Parameter.empty if field.default is NOTHING else field.default
    return Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=field.type)


def _fields(cls: Any) -> tuple[Any, ...]:
    declared: tuple[Any, ...] = fields(cls)
    return declared
