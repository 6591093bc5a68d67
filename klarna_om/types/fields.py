"""What the declaration of a field defines: its name at Klarna, its type without None, its default."""

from types import NoneType
from typing import Any, get_args

from attrs import NOTHING, Attribute


def default_of(field: "Attribute[Any]") -> Any:
    """What an absent field reads as."""
    return None if field.default is NOTHING else field.default


def non_null_type(kind: Any) -> Any:
    """The type of a field where it is there: absence is not `null`, so None is no part of it."""
    kinds = get_args(kind)
    return kinds[0] if NoneType in kinds else kind


def wire_name(name: str) -> str:
    """Klarna's name of an attribute: `class` for `class_`."""
    return name.removesuffix("_")
