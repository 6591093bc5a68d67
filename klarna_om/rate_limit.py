"""The merchant's quota, as the headers of every answer tell it.

https://docs.klarna.com/api/rate-limit
"""

from collections.abc import Mapping
from functools import lru_cache

from attrs import frozen
from multidict import istr

LIMIT, REMAINING, RESET = istr("X-Ratelimit-Limit"), istr("X-Ratelimit-Remaining"), istr("X-Ratelimit-Reset")


@frozen
class RateLimit:
    """The merchant's quota as an answer reported it. Klarna calls it approximate."""

    limit: int
    """Requests allowed in a window."""
    window: float
    """The window's length in seconds."""
    remaining: int | None
    reset: float | None
    """Seconds until the window starts again."""


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read `X-Ratelimit-Limit: 40, 40;w=1` with its Remaining and Reset; None unless the limit is readable."""
    text = headers.get(LIMIT)
    if text is None:
        return None
    return _read(text, headers.get(REMAINING), headers.get(RESET))


@lru_cache(maxsize=1024)  # every answer says it, and there are only so many things to say
def _read(text: str, remaining: str | None, reset: str | None) -> RateLimit | None:
    quota, _, policy = text.partition(",")
    limit, window = _whole(quota), _whole(policy.partition("w=")[2]) or 1
    return RateLimit(limit, window, _whole(remaining), _whole(reset)) if limit else None


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
