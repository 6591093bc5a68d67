"""The kinds of value a field can hold, as both lanes of `klarna_om.structuring` read them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import msgspec

if TYPE_CHECKING:
    Whole: TypeAlias = int | None
    Flag: TypeAlias = bool | None
else:
    # A field that Klarna leaves out reads as None, so a type checker must see the None. A `null` in its
    # place is an error: the readers, which ask at run time, must not see it.
    Whole = int
    """A whole number, exactly: neither `null` nor 7.0 nor "7" nor true."""
    Flag = bool
    """True or false, exactly."""

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time, always with its offset; RFC 3339 in every form that Klarna has been seen to send.

What cannot be placed in time (no offset, no such day) reads as None; its text is still in `Reply.body`.
"""
