"""A point in time."""

from datetime import datetime
from typing import Annotated

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A point in time, always with its offset: RFC 3339, in every form that Klarna has been seen to send.

What cannot be placed in time (no offset, no such day) reads as None; its text is still in `Reply.body`.
"""
