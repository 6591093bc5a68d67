"""The merchant's quota, as the headers of every answer report it.

What is not exactly in Klarna's form is treated as absent. What is in that form may still be wrong: whether a quota is
followed is decided in `pace/adaptive_rate.py`.
https://docs.klarna.com/api/rate-limit
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from attrs import frozen
from multidict import istr

LIMIT, REMAINING, RESET = istr("X-Ratelimit-Limit"), istr("X-Ratelimit-Remaining"), istr("X-Ratelimit-Reset")

LONGEST_WAIT = 7 * 24 * 3600.0
"""Seconds. Longer waits are read as this one, so that a date can be computed from every wait."""

_WHOLE = re.compile(r"\s*([0-9]{1,9})\s*")
_SECONDS = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*")
_QUOTA = re.compile(r"\s*([0-9]{1,9})\s*(?:,\s*([0-9]{1,9})\s*(?:;\s*w=([0-9]{1,9})\s*(?:[;,].*)?)?)?")
"""`40`, `40, 40` or `40, 40;w=1`; further parameters and policies, as in the IETF's draft, are left aside."""


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


def seconds_to_reset(headers: Mapping[str, str]) -> float | None:
    """Read `X-Ratelimit-Reset`, also where no limit is readable beside it."""
    return read_seconds(headers.get(RESET))


def read_seconds(text: str | None) -> float | None:
    """A number of seconds as headers have it, at most `LONGEST_WAIT`; None unless it is digits, maybe with decimals."""
    match = _SECONDS.fullmatch(text or "")
    return min(float(match[1]), LONGEST_WAIT) if match else None


@lru_cache(maxsize=1024)  # every answer has these headers, and their values repeat
def _read(text: str, remaining: str | None, reset: str | None) -> RateLimit | None:
    match = _QUOTA.fullmatch(text)
    if match is None:
        return None
    limit, window = int(match[1]), int(match[3] or 1)
    if limit == 0 or window == 0 or int(match[2] or limit) != limit:
        return None
    left = _whole(remaining)
    return RateLimit(limit, window, left if left is not None and left <= limit else None, read_seconds(reset))


def _whole(text: str | None) -> int | None:
    match = _WHOLE.fullmatch(text or "")
    return int(match[1]) if match else None
