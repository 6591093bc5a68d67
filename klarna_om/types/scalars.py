"""Kinds of single values: a moment, and an integer of 64 bits."""

from datetime import datetime
from typing import Annotated

import msgspec

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

Int64 = Annotated[int, msgspec.Meta(ge=INT64_MIN, le=INT64_MAX)]
"""A whole number of 64 bits, which all of the specification's integers have. To a type checker it is an int."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time, always with its offset: RFC 3339, in every form that Klarna has been seen to send.

What cannot be placed in time (no offset, no such day) reads as None; its text is still in `Reply.body`.
"""
