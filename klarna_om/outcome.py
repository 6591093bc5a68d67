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


ADVICE = {
    Outcome.NOT_SENT: "nothing happened at Klarna; it is safe to call again",
    Outcome.REFUSED: "nothing happened at Klarna; mend the request or the order before calling again",
    Outcome.UNKNOWN: "no answer says what happened; call again, it changes nothing at Klarna",
    Outcome.DONE: "it happened at Klarna; do not repeat it, read the order to see the result",
}
"""What to do now."""


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


SETTLING = frozenset({400, 404, 413, 415, 422})
"""Statuses that refuse a request for what it is: had it been refused now, it was refused before."""

NOT_ABOUT_THE_KEY = frozenset({401, 409})
"""Answers that say nothing of what an earlier call did under the same key: of the gateway, or of a call under way."""


# Whether Klarna stores a failed answer under its key, and what a key still in flight gets, is published nowhere. So
# after an attempt in doubt a 403 or 409 may be the echo of our own effect ("already captured"), and an answer without
# Klarna's error code may come from a gateway that never saw the key: they do not say that the attempt had no effect.
def of_call(
    earlier: Iterable[Outcome], last: Outcome, status: int | None = None, error_code: str | None = None
) -> Outcome:
    """What is known after all attempts of one call, which shared one idempotency key.

    An attempt that may have had its effect stays in doubt until an answer settles it: a success does, and so does
    Klarna's own refusal of the request for what it is.
    """
    if last is Outcome.DONE or Outcome.DONE in (seen := set(earlier)):
        return Outcome.DONE
    is_settled = last is Outcome.REFUSED and status in SETTLING and error_code is not None
    return Outcome.UNKNOWN if Outcome.UNKNOWN in seen and not is_settled else last


def of_repeat(
    earlier: Outcome | None, call: Outcome, status: int | None = None, error_code: str | None = None
) -> Outcome:
    """What is known of the effect under a key, when an earlier call under it left `earlier`, and this one `call`.

    A repeat under a key gets the first answer, so Klarna's own refusal of it settles the doubt.
    """
    if earlier is Outcome.DONE:
        return Outcome.DONE
    is_settled = call is Outcome.REFUSED and status not in NOT_ABOUT_THE_KEY and error_code is not None
    return Outcome.UNKNOWN if earlier is Outcome.UNKNOWN and call is not Outcome.DONE and not is_settled else call
