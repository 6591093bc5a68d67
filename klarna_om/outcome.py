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
    Outcome.REFUSED: "nothing happened at Klarna; correct the request or the order before calling again",
    Outcome.UNKNOWN: "no answer says what happened; call again, it changes nothing at Klarna",
    Outcome.DONE: "it happened at Klarna; do not repeat it, read the order to see the result",
}
"""What to do now."""

SETTLING = frozenset({400, 413, 415, 422})
"""Statuses that refuse a request for what it is: had it been refused now, it was refused before."""

SETTLING_LATER = SETTLING | {404}
"""The same for a call made later. In the same call a 404 may come from a server that does not know the order yet."""

NOT_ABOUT_THE_KEY = frozenset({401, 409})
"""Answers that show nothing about an earlier call under the same key: of the gateway, or about a call in progress."""


# Whether Klarna stores a failed answer under its key, and what a key still in flight gets, is not published. So
# after an attempt in doubt a 403 or 409 may be caused by our own earlier request having succeeded ("already captured"),
# a 404 may come from a server that does not know a new order yet, and an answer without Klarna's error code from a
# gateway that never saw the key: they do not prove that the attempt had no effect.
def of_call(
    attempts: Iterable[Outcome],
    last: Outcome,
    status: int | None = None,
    error_code: str | None = None,
    earlier: Outcome | None = None,
) -> Outcome:
    """What is known of a write: from its earlier `attempts` and its `last`, all under one idempotency key.

    `earlier` is what an earlier call left behind under the same key. An attempt that may have had its effect stays in
    doubt until an answer settles it: a success does, and so does Klarna's own refusal of the request for what it is.
    """
    seen = set(attempts)
    if Outcome.DONE in {last, earlier, *seen}:
        return Outcome.DONE
    is_klarnas_refusal = last is Outcome.REFUSED and error_code is not None
    if Outcome.UNKNOWN in seen and not (is_klarnas_refusal and status in SETTLING):
        return Outcome.UNKNOWN
    # An earlier call has ended: a repeat under its key gets the first answer, so Klarna's own refusal settles it.
    if earlier is Outcome.UNKNOWN and not (is_klarnas_refusal and status not in NOT_ABOUT_THE_KEY):
        return Outcome.UNKNOWN
    return last
