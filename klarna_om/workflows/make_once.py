"""Create an entry once: read, write, read the result; after a definite refusal, continue under a new key.

Klarna executes a key once, and a repeat within 24 hours gets the first answer. Whether this includes refusals is not
published. Either way there is at most one effect, because a new key is used only when all of this is true:

1. Klarna itself refused the call under the old key: REFUSED over all that is known of the key, with Klarna's error
   code. So the key has had no effect until then: a success would have been repeated.
2. The order, read after that, shows no entry under the reference, and no reason against the call.
3. The key was refused after the order had already shown no reason against it. So the first key is tried twice.

If Klarna stores refusals, the key is dead for every process after 1. If it does not, 3 executes under the key itself,
which no other process can do again. The next key is derived like the first, so processes that get here at the same time
share it, and Klarna executes it once.

A key in doubt, and a 409 (another call may be in progress under it), never lead to another key.

Not covered: Klarna stores no refusals, and the reason for the refusal in 3 (the order does not show it, or it appeared
and disappeared between two reads) goes away while two processes work on the same reference, one before 3 and one after.
"""

from collections.abc import Iterable
from itertools import chain

from klarna_om.errors import (
    Conflict,
    IdempotencyKeyReused,
    KlarnaError,
    NotAllowed,
    NotFound,
    StatusError,
    Unauthorized,
)
from klarna_om.outcome import Outcome
from klarna_om.workflows.entries import Entry
from klarna_om.workflows.intent import Intent
from klarna_om.workflows.reads import IN_DOUBT, read_back, read_first

MAX_KEYS = 10
"""Refused keys that one call tries."""


async def make_once(intent: Intent, generation: int) -> str:
    """Create it, unless it exists; returns the id under which Klarna has this reference and amount."""
    if (found := intent.find_match(await read_first(intent.read_entries()))) is not None:
        return found
    refusals: list[KlarnaError] = []
    for number in chain((generation,), range(generation, generation + MAX_KEYS)):
        try:
            entry_id = await intent.create(intent.key(number))
        except KlarnaError as error:
            if (found := await _resolve_failure(intent, error, number)) is not None:
                return found
            refusals.append(error)
        else:
            return await intent.confirm(entry_id)
    raise _with_advice(
        refusals[-1],
        f"the order shows no reason, and Klarna refused {MAX_KEYS} keys; once the reason in its answer is gone,"
        f" call with generation={generation + MAX_KEYS}",
    )


async def _resolve_failure(intent: Intent, error: KlarnaError, generation: int) -> str | None:
    """After a failed write: return the id if the entry exists, None if the next key may be used; else raise."""
    if error.outcome is Outcome.REFUSED and isinstance(error, NotAllowed | NotFound):
        return await _resolve_refusal(intent, error)
    if isinstance(error, Conflict):
        error.outcome = Outcome.UNKNOWN  # another process may be using this key
    if error.outcome in IN_DOUBT or isinstance(error, IdempotencyKeyReused):
        found = _find_match(intent, error, await read_back(error, intent.read_entries()))
        if found is not None:
            return found
    raise _with_advice(error, _advice(error, generation))


async def _resolve_refusal(intent: Intent, refusal: NotAllowed | NotFound) -> str | None:
    order = await read_back(refusal, intent.klarna.orders.get(intent.order_id))
    if (found := _find_match(intent, refusal, intent.entries_of(order))) is not None:
        return found
    if refusal.error_code is None:
        raise refusal  # without Klarna's error code it proves nothing about the key
    if (obstacle := intent.obstacle(order)) is not None:
        raise _with_advice(refusal, obstacle)
    return None


def _find_match(intent: Intent, error: KlarnaError, entries: Iterable[Entry]) -> str | None:
    """As `Intent.find_match`; its error never claims more than what is known of the write."""
    try:
        return intent.find_match(entries)
    except KlarnaError as other:
        other.outcome = Outcome.UNKNOWN if error.outcome in IN_DOUBT else other.outcome
        raise other from error


def _advice(error: KlarnaError, generation: int) -> str | None:
    again = f"call again with generation={generation + 1}"
    if isinstance(error, IdempotencyKeyReused):
        return f"nothing was sent; if the other request under this reference was definitely refused, {again}"
    if isinstance(error, StatusError) and error.outcome is Outcome.REFUSED and not isinstance(error, Unauthorized):
        return f"fix the request and {again}: under the old key Klarna may repeat this refusal"
    return error.advice


def _with_advice(error: KlarnaError, advice: str | None) -> KlarnaError:
    error.advice = advice
    return error
