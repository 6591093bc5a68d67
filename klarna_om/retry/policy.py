"""How often and how patiently a failed call is tried again. What is tried again stands in `rules`."""

from collections.abc import Callable
from math import isfinite
from typing import cast

from attrs import frozen

from klarna_om.errors import ConfigurationError


class BackoffError(Exception):
    """A backoff of the caller's raised, or gave no number of seconds; the call ends with what is known of it."""


Uniform = Callable[[float, float], float]
"""A source of randomness like `random.uniform`."""

Backoff = Callable[[int, Uniform], float]
"""Seconds to wait after the n-th failed attempt, n from 1."""


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0


@frozen
class FullJitter:
    """Wait anywhere between nothing and `base * 2**(n-1)`, at most `cap`: spreads clients that failed together.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """

    base: float = 0.5
    cap: float = 20.0

    def __attrs_post_init__(self) -> None:
        if not (_is_seconds(self.base) and _is_seconds(self.cap)):
            raise ConfigurationError(f"base and cap are numbers of seconds, not {self.base!r} and {self.cap!r}")

    def __call__(self, failures: int, uniform: Uniform) -> float:
        """The wait after that many failures."""
        return uniform(0.0, min(self.cap, self.base * 2.0 ** (failures - 1)))


@frozen
class Schedule:
    """Wait exactly these seconds, one after the other."""

    delays: tuple[float, ...]

    def __attrs_post_init__(self) -> None:
        if not self.delays or not all(map(_is_seconds, self.delays)):
            raise ConfigurationError(f"delays are numbers of seconds, at least one, not {self.delays!r}")

    def __call__(self, failures: int, uniform: Uniform) -> float:
        """The wait after that many failures."""
        return self.delays[min(failures, len(self.delays)) - 1]


@frozen
class Retry:
    """A retry policy. Use a preset, or set the numbers: `Retry(max_attempts=6, backoff=FullJitter(base=1.0))`."""

    max_attempts: int = 4
    """Attempts in all, the first one included."""
    backoff: Backoff = FullJitter()
    max_retry_after: float = 30.0
    """Seconds that `Retry-After` or `X-Ratelimit-Reset` may ask for; beyond it the call fails at once and says
    when to come back."""
    total_timeout: float | None = 180.0
    """Seconds for all attempts and waits, unless the client or the call sets its own; None for no limit."""

    def __attrs_post_init__(self) -> None:
        attempts = cast("object", self.max_attempts)
        if not isinstance(attempts, int) or isinstance(attempts, bool) or attempts < 1:
            raise ConfigurationError(f"max_attempts counts the first attempt, so it is 1 or more, not {attempts!r}")
        if not callable(cast("object", self.backoff)):
            raise ConfigurationError(f"backoff is FullJitter(...), Schedule(...) or a function, not {self.backoff!r}")
        if not _is_seconds(self.max_retry_after):
            raise ConfigurationError(f"max_retry_after is a number of seconds, not {self.max_retry_after!r}")

    def delay_after(self, failures: int, uniform: Uniform) -> float:
        """Seconds to wait after that many failures; `BackoffError` where a backoff of the caller's gives none."""
        try:
            delay = cast("object", self.backoff(failures, uniform))
        except Exception as reason:
            raise BackoffError(f"the backoff raised {type(reason).__name__}: {reason}") from reason
        if not _is_seconds(delay):
            raise BackoffError(f"the backoff gave {delay!r}, which is no number of seconds")
        return cast("float", delay)

    @classmethod
    def interactive(cls) -> "Retry":
        """The default: 4 attempts within 3 minutes, full jitter from half a second."""
        return cls()

    @classmethod
    def klarna_policy(cls) -> "Retry":
        """Klarna's own schedule: after 5 seconds, 5 minutes and 5 hours. For jobs that can wait that long.

        https://docs.klarna.com/api/escalation-and-retry-policy
        """
        return cls(max_attempts=4, backoff=Schedule((5.0, 300.0, 18_000.0)), total_timeout=None)

    @classmethod
    def off(cls) -> "Retry":
        """One attempt, no more."""
        return cls(max_attempts=1)
