"""The order under other libraries: each model has the fields of our own classes, made with that library's tools."""

import dataclasses
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import attrs
import msgspec

from benchmarks.generated import module

Fields = list[tuple[str, Any, Any]]
"""Name, type and default of each."""


def pydantic_model(cls: type) -> Any:
    """The pydantic v2 model of one of our classes."""
    pydantic = module("pydantic")

    @cache
    def make(one: type) -> Any:
        renamed = {"class_": pydantic.Field(default=None, alias="class")}
        fields = {name: (kind, renamed.get(name, default)) for name, kind, default in _fields(one, make)}
        return pydantic.create_model(one.__name__, **fields)

    return make(cls)


def struct(cls: type) -> Any:
    """The msgspec.Struct of one of our classes: as fast as it gets, and as strict as msgspec is."""

    @cache
    def make(one: type) -> Any:
        renamed = {"class_": "class"}
        return msgspec.defstruct(
            one.__name__, _fields(one, make), frozen=True, omit_defaults=True, gc=False, rename=renamed
        )

    return make(cls)


def mashumaro_dataclass(cls: type) -> Any:
    """The dataclass of one of our classes, for mashumaro's codecs."""
    config = module("mashumaro.config").BaseConfig

    @cache
    def make(one: type) -> Any:
        settings = type("Config", (config,), {"omit_none": True, "aliases": {"class_": "class"}})
        fields = [(name, kind, dataclasses.field(default=default)) for name, kind, default in _fields(one, make)]
        return dataclasses.make_dataclass(one.__name__, fields, namespace={"Config": settings}, kw_only=True)

    return make(cls)


def _fields(cls: type, make: Callable[[type], Any]) -> Fields:
    """Every field optional, as in an answer."""
    return [(field.name, _translate(_optional(field), make), _default(field)) for field in attrs.fields(cls)]


def _optional(field: "attrs.Attribute[Any]") -> Any:
    return field.type if field.default is not attrs.NOTHING else field.type | None  # type: ignore[operator]


def _default(field: "attrs.Attribute[Any]") -> Any:
    return None if field.default is attrs.NOTHING else field.default


def _translate(kind: Any, make: Callable[[type], Any]) -> Any:
    """The same type with each of our classes in it replaced."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        inner = _translate(next(one for one in arguments if one is not NoneType), make)
        return inner | None
    if origin is tuple:
        return tuple[_translate(arguments[0], make), ...]  # type: ignore[misc]
    if attrs.has(kind):
        return make(kind)
    return kind if kind in (int, str, bool, date, datetime) else _translate(arguments[0], make)
