"""The specification's limits of a field, kept beside the field as data."""

from collections.abc import Mapping

from attrs import fields, frozen

LIMITS = "klarna_om.limits"
"""The key of a field's `Limits` in its attrs metadata."""

MONEY_MAX = 200_000_000
"""The most that Klarna takes in one amount, in minor units. Before 2024 it was half of that."""

URL_MAX = 1024
STRING_MAX = 255


@frozen(kw_only=True)
class Limits:
    """What Klarna's specification allows in one field; None where it sets no limit."""

    required: bool = False
    """Must be there in a request. What Klarna sends may lack it all the same."""
    max_length: int | None = None
    ge: int | None = None
    le: int | None = None
    min_items: int | None = None
    max_items: int | None = None


UNLIMITED = Limits()


def string(max_length: int = STRING_MAX, *, required: bool = False) -> Mapping[str, Limits]:
    """Metadata of a string of up to `n` characters."""
    return {LIMITS: Limits(max_length=max_length, required=required)}


def number(*, ge: int | None = None, le: int | None = None, required: bool = False) -> Mapping[str, Limits]:
    """Metadata of a whole number between two bounds, both included."""
    return {LIMITS: Limits(ge=ge, le=le, required=required)}


def money(*, ge: int | None = None, required: bool = False) -> Mapping[str, Limits]:
    """Metadata of an amount in minor units; it may be negative unless `ge` is set."""
    return number(ge=ge, le=MONEY_MAX, required=required)


def items(max_items: int, *, min_items: int | None = None, required: bool = False) -> Mapping[str, Limits]:
    """Metadata of a list of up to `n` items."""
    return {LIMITS: Limits(min_items=min_items, max_items=max_items, required=required)}


REQUIRED: Mapping[str, Limits] = {LIMITS: Limits(required=True)}
"""Metadata of a field that must be there and has no other limit."""


def limits_of(cls: type) -> dict[str, Limits]:
    """The limits of every field of one of Klarna's types, by attribute name."""
    return {field.name: field.metadata.get(LIMITS, UNLIMITED) for field in fields(cls)}
