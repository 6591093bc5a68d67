"""Make it once: look, write, look at what was written; and go on under a new key after a definite refusal.

Klarna executes a key once, and a repeat within 24 hours gets the first answer. Whether a refusal is such an answer is
published nowhere. Either way an intent has one effect at most, because a key is left only when

1. Klarna itself refused the call under it: REFUSED over all that is known of the key, with Klarna's error code. So the
   key has had no effect until then: a success would have been repeated.
2. The order, read after that, shows nothing under the reference, and nothing in the way.
3. The key was refused when the order had shown nothing in the way before. Therefore the first key is tried twice.

If Klarna keeps refusals, the key is dead for every process from 1 on. If it does not, 3 executes under the key itself,
which no other process can do again. The next key is derived like the first, so processes that come this far at the
same time share it, and Klarna executes it once.

A key in doubt, and a 409 (another call may be under way under it), never lead to another key.

Not covered: Klarna keeps no refusals, and the reason of the refusal in 3 (the order does not show it, or it came and
went between two reads) goes away while two processes are at the same intent, one before step 3 and the other after it.
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
from klarna_om.intents.intent import Entry, Intent
from klarna_om.intents.reads import IN_DOUBT, read_back, read_first
from klarna_om.outcome import Outcome

MAX_KEYS = 10
"""How many refused keys one call goes through."""


async def make_once(intent: Intent, generation: int) -> str:
    """Make it, unless it is there; returns the id under which Klarna has this reference and amount."""
    if (found := intent.pick(await read_first(intent.read_entries()))) is not None:
        return found
    refusals: list[KlarnaError] = []
    for number in chain((generation,), range(generation, generation + MAX_KEYS)):
        try:
            entry_id = await intent.create(intent.key(number))
        except KlarnaError as error:
            if (found := await _look(intent, error, number)) is not None:
                return found
            refusals.append(error)
        else:
            return await intent.confirm(entry_id)
    raise _advise(
        refusals[-1],
        f"the order shows nothing in the way, and Klarna refused {MAX_KEYS} keys; once the reason that it gives is"
        f" gone, call with generation={generation + MAX_KEYS}",
    )


async def _look(intent: Intent, error: KlarnaError, generation: int) -> str | None:
    """After a write that raised: the id of what is there, None where the next key may be taken, else its error."""
    if error.outcome is Outcome.REFUSED and isinstance(error, NotAllowed | NotFound):
        return await _look_at_order(intent, error)
    if isinstance(error, Conflict):
        error.outcome = Outcome.UNKNOWN  # another process may be at it under this key
    if error.outcome in IN_DOUBT or isinstance(error, IdempotencyKeyReused):
        found = _pick(intent, error, await read_back(error, intent.read_entries()))
        if found is not None:
            return found
    raise _advise(error, _advice(error, generation))


async def _look_at_order(intent: Intent, refusal: NotAllowed | NotFound) -> str | None:
    order = await read_back(refusal, intent.klarna.orders.get(intent.order_id))
    if (found := _pick(intent, refusal, intent.entries_of(order))) is not None:
        return found
    if refusal.error_code is None:
        raise refusal  # without Klarna's error code it proves nothing of the key
    if (obstacle := intent.obstacle(order)) is not None:
        raise _advise(refusal, obstacle)
    return None


def _pick(intent: Intent, error: KlarnaError, entries: Iterable[Entry]) -> str | None:
    """As `Intent.pick`; its error never claims more than what is known of the write."""
    try:
        return intent.pick(entries)
    except KlarnaError as other:
        other.outcome = Outcome.UNKNOWN if error.outcome in IN_DOUBT else other.outcome
        raise other from error


def _advice(error: KlarnaError, generation: int) -> str | None:
    again = f"call again with generation={generation + 1}"
    if isinstance(error, IdempotencyKeyReused):
        return f"nothing was sent; if the other request under this reference was refused for good, {again}"
    if isinstance(error, StatusError) and error.outcome is Outcome.REFUSED and not isinstance(error, Unauthorized):
        return f"fix the request and {again}: under the old key Klarna may repeat this refusal"
    return error.advice


def _advise(error: KlarnaError, advice: str | None) -> KlarnaError:
    error.advice = advice
    return error
