"""What happened to a write? The four answers, and how the attempts of one call add up to one of them."""

from collections.abc import Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """What is known of the effect of one call. Every error carries it as `error.outcome`."""

    NOT_SENT = "not_sent"
    """Nothing left this machine, or Klarna turned it away before acting. Safe to call again."""

    REFUSED = "refused"
    """Klarna answered no. Nothing happened; the same call will be refused again."""

    UNKNOWN = "unknown"
    """Sent, and no usable answer came. Repeat it only with the same idempotency key, until `retry_until`."""

    DONE = "done"
    """Klarna did it, but its answer could not be read. Never call it a failure; read the order instead."""


def of_status(status: int) -> Outcome:
    """What one answer says by its status alone.

    429 is turned away before acting. A 408, a redirect and a 5xx say nothing certain: the work may be done.
    """
    if 200 <= status < 300:
        return Outcome.DONE
    if status == 429:
        return Outcome.NOT_SENT
    if status < 400 or status == 408 or status >= 500:
        return Outcome.UNKNOWN
    return Outcome.REFUSED


# Whether Klarna stores a failed answer under its key, and what a key still in flight gets, is published nowhere.
# So after an attempt of unknown outcome these may be the echo of our own effect ("already captured"), or come
# from a gateway that never saw the key: they do not say that the first attempt failed.
AMBIGUOUS_AFTER_UNKNOWN = frozenset({401, 403, 409})

NOT_ABOUT_THE_KEY = frozenset({401, 409})
"""Answers that say nothing of what an earlier call did under the same key: of the gateway, or of a call under way."""


def of_repeat(earlier: Outcome | None, call: Outcome, status: int | None = None) -> Outcome:
    """What is known of the effect under a key, when an earlier call under it left `earlier`, and this one `call`."""
    if earlier is Outcome.DONE:
        return Outcome.DONE
    if earlier is Outcome.UNKNOWN and (call is Outcome.NOT_SENT or status in NOT_ABOUT_THE_KEY):
        return Outcome.UNKNOWN
    return call


def of_call(earlier: Iterable[Outcome], last: Outcome, last_status: int | None = None) -> Outcome:
    """What is known after all attempts of one call, which shared one idempotency key.

    An attempt that may have had its effect stays in doubt until an answer settles it: a success does, and so does
    a refusal that depends on nothing but the request itself (400, 404, 413, 422 ...).
    """
    if last is Outcome.DONE or Outcome.DONE in (seen := set(earlier)):
        return Outcome.DONE
    if Outcome.UNKNOWN in seen and (last is Outcome.NOT_SENT or last_status in AMBIGUOUS_AFTER_UNKNOWN):
        return Outcome.UNKNOWN
    return last
