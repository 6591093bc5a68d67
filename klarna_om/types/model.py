"""How Klarna's types are kept: attrs makes the class, a msgspec.Struct holds the values.

`attrs.fields`, `attrs.evolve` and cattrs see the attrs class that was declared. msgspec sees a Struct, with the
annotations that were declared. An absent field holds its default and is not written. The Struct compares, so attrs does
not write that too (`eq=False`): compiling what attrs writes is most of the import.

What that costs, and what it gains (`benchmarks/structuring.py`, orders of 2 to 20 KB, CPython 3.11, msgspec 0.22):

- The class is made twice. msgspec decodes an order into Structs 2.1 to 2.2 times as fast as into the attrs classes,
  and 2.5 to 2.8 times as fast as into attrs classes with slots.
- The constructor is the `__call__` of a metaclass (https://jcristharif.com/msgspec/api.html#msgspec.StructMeta): a
  Struct has no `__init__` of its own, and decoding does not call it. A `__post_init__`, which it would call,
  costs 5 to 8 % when it does nothing.
- `weakref=True` rules out `gc=False`, with which reading took 3 to 5 % less.
"""

from collections.abc import Callable, Mapping
from functools import cache
from inspect import Parameter, Signature, get_annotations
from typing import Any, TypeVar, cast, get_origin

import msgspec
from attrs import NOTHING, Attribute, fields
from msgspec.structs import astuple

from klarna_om.types.fields import default_of, non_null_type, wire_name
from klarna_om.types.pydantic_schema import core_schema_of, fields_schema_of

C = TypeVar("C", bound=type)

NOT_COPIED = frozenset({"__annotations__", "__dict__", "__init__", "__weakref__"})
"""What a class does not keep of the one that attrs made. All else stays, such as `__repr__` and `__setattr__`."""


class ModelMeta(msgspec.StructMeta):
    """The class of the classes (so its `self` is a `cls`): values are made by keyword, None is treated as absent."""

    def __call__(cls, *args: object, **given: object) -> Any:  # noqa: N805
        """Make a value; it is what the constructor of an attrs class would do."""
        if (problem := _problem(cls, args, given)) is not None:
            raise TypeError(f"{cls.__name__}() {problem}")
        converters = _arguments(cls)[1]
        values = {name: value for name, value in given.items() if value is not None}
        for name in values.keys() & converters.keys():
            values[name] = converters[name](values[name])
        return super().__call__(**values)

    @property
    def __signature__(cls) -> Signature:  # noqa: N805
        return Signature([_parameter(field) for field in _fields(cls)])


class Model(msgspec.Struct, metaclass=ModelMeta, omit_defaults=True, rename=wire_name, weakref=True):
    """Any of Klarna's types."""

    def __hash__(self) -> int:
        return hash(astuple(self))

    def __init_subclass__(cls) -> None:
        """Refuse fields that attrs does not know; derived classes may add methods."""
        if "__attrs_attrs__" not in vars(cls) and get_annotations(cls):
            raise TypeError(
                f"{cls.__name__} cannot add fields to {cls.__mro__[1].__name__};"
                " KlarnaClient.request() sends what this client does not know"
            )

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Any:
        """Called by pydantic only, where one of Klarna's types is a field or a response model."""
        return core_schema_of(cls, _required_by(cls))

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: object, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return handler(fields_schema_of(cls, _required_by(cls)))

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show on a terminal what `repr` shows: no personal data."""
        return [(field.name, getattr(self, field.name)) for field in _fields(type(self)) if field.repr]


class ResponseModel(Model):
    """What Klarna sends: any field may be absent, even one that the constructor asks for."""


class RequestModel(Model):
    """What Klarna is sent: what the constructor asks for must be there."""


def response_model(cls: C) -> C:
    """Decorate an attrs class of what Klarna sends."""
    return _make_model(ResponseModel, cls)


def request_model(cls: C) -> C:
    """Decorate an attrs class of what Klarna is sent."""
    return _make_model(RequestModel, cls)


def _required_by(cls: type[Model]) -> tuple[str, ...]:
    """What a document must have."""
    return required(cls) if issubclass(cls, RequestModel) else ()


def required(cls: type) -> tuple[str, ...]:
    """What the constructor asks for."""
    return _arguments(cls)[0]


def _make_model(kind: type[Model], cls: C) -> C:
    """The same class as a Struct, without a dictionary for each value."""
    space = {name: value for name, value in vars(cls).items() if name not in NOT_COPIED}
    space["__annotations__"] = {field.name: field.type for field in _fields(cls)}
    space |= {field.name: default_of(field) for field in _fields(cls)}
    model: Any = ModelMeta(cls.__name__, (kind,), space, kw_only=True)
    return cast("C", model)


@cache
def _arguments(cls: type) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """What the constructor asks for, and what turns its lists into tuples."""
    required = tuple(field.name for field in _fields(cls) if field.default is NOTHING)
    return required, {field.name: field.converter or tuple for field in _fields(cls) if _is_list(field)}


def _problem(cls: ModelMeta, args: tuple[object, ...], given: Mapping[str, object]) -> str | None:
    """What is wrong with the arguments of a constructor."""
    if args:
        return "takes keyword arguments only"
    if unknown := [name for name in given if name not in cls.__struct_fields__]:
        return f"has no {', '.join(unknown)}, but {', '.join(cls.__struct_fields__)}"
    if missing := [name for name in required(cls) if name not in given]:
        return f"is missing required keyword arguments: {', '.join(missing)}"
    return None


def _is_list(field: "Attribute[Any]") -> bool:
    return get_origin(non_null_type(field.type)) is tuple


def _parameter(field: "Attribute[Any]") -> Parameter:
    default = Parameter.empty if field.default is NOTHING else field.default
    return Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=field.type)


def _fields(cls: Any) -> tuple[Any, ...]:
    declared: tuple[Any, ...] = fields(cls)
    return declared
