"""What can be set for a client, and changed for a call with `client.with_options(...)`."""

from typing import Literal, TypedDict, cast

from attrs import frozen

from klarna_om.errors import ConfigurationError
from klarna_om.pace.lanes import Lane
from klarna_om.retry.policy import Retry

LARGEST = 1e9
"""No setting is a larger number: as seconds it is 31 years."""


class OptionChanges(TypedDict, total=False):
    """The options by name; what is left out stays as it is."""

    retry: Retry
    attempt_timeout: float
    total_timeout: float | Literal["policy"] | None
    queue_timeout: float | None
    lane: Lane
    share: float
    validate: bool | Literal["strict"]


@frozen(kw_only=True)
class Options:
    """The options with their defaults. Times are in seconds."""

    retry: Retry = Retry()
    """When and how often a failed call is tried again."""
    attempt_timeout: float = 65.0
    """For one request. Klarna's gateway gives up after 59 s with a 500; a shorter limit turns that clear answer into
    an unknown outcome."""
    total_timeout: float | Literal["policy"] | None = "policy"
    """For all attempts and waits; `"policy"` takes the retry policy's own, None sets no limit."""
    queue_timeout: float | None = None
    """For the wait for a place in the rate limit and the pool, in each attempt; beyond it nothing is sent."""
    lane: Lane = "live"
    """`live` calls go before `batch` calls wherever they have to wait."""
    share: float = 1.0
    """The part of the rate limit that the batch lane may use; 0.8 where a web service uses the same merchant."""
    validate: bool | Literal["strict"] = True
    """Refuse before sending what Klarna is sure to refuse, and log what its documents advise against; `"strict"`
    refuses that too, False checks nothing. The rules are `klarna_om.checks.RULES`."""

    def __attrs_post_init__(self) -> None:
        if not isinstance(cast("object", self.retry), Retry):
            raise ConfigurationError(f"retry is a Retry, such as Retry.off(), not {self.retry!r}")
        _check_time("attempt_timeout", self.attempt_timeout)
        if self.queue_timeout is not None:
            _check_time("queue_timeout", self.queue_timeout)
        if self.total is not None:
            _check_time("retry.total_timeout" if self.total_timeout == "policy" else "total_timeout", self.total)
        if self.lane not in ("live", "batch"):
            raise ConfigurationError(f"lane is 'live' or 'batch', not {self.lane!r}")
        if not is_positive(self.share) or self.share > 1:
            raise ConfigurationError(
                f"share is a part of the rate limit: more than 0, at most 1, such as 0.8; not {self.share!r}"
            )
        if not isinstance(cast("object", self.validate), bool) and self.validate != "strict":
            raise ConfigurationError(f"validate is True, False or 'strict', not {self.validate!r}")

    @property
    def total(self) -> float | None:
        """Seconds for all attempts and waits, None for no limit."""
        return self.retry.total_timeout if self.total_timeout == "policy" else self.total_timeout


def is_positive(value: object) -> bool:
    """Is it a number above 0 with which one can count? True is none, and neither are infinity and what is no number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LARGEST


def _check_time(name: str, seconds: object) -> None:
    if not is_positive(seconds):
        raise ConfigurationError(f"{name}: a time limit is a positive number of seconds, not {seconds!r}")
