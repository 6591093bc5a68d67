"""The states of an intent: the rules in words, then the tables.

An intent is `pending` until Klarna has answered about it. `done` and `refused` are final. `unknown` may have had its
effect, and no answer shows it yet; it is called again by itself. `escalated` waits for a person.

Before a call. Klarna keeps a key for 24 hours from its first use, and an intent's key is derived from its operation,
order, reference and generation, so only one thing must be known: since when the key may have been in use. That is
`first_tried`, committed together with the lease before anything is sent.

1. An intent without `first_tried` was never sent under its key. It is called.
2. While `first_tried` is younger than 23 hours (24 less one, since a call may wait, and clocks differ) the call is
   repeated under the same key, whoever made it first: Klarna executes a key once and repeats its first answer.
3. After that the key may be executed again, and `AFTER_WINDOW` decides by the operation: `verify` calls a function
   that reads the order before it writes; `resend` calls under the next generation, right for what is harmless to
   repeat; `fail` sends nothing, the intent is `escalated`.
4. A `first_tried` from the future was written by a clock that was set back since: its age is not known, so it counts
   as older than the window.

After a call.

5. Done is done, also when the answer could not be read.
6. Klarna's own refusal settles an intent: `refused`. One that may have been sent before, under another lease, is
   settled only by a refusal of the request itself (404, 422 ...), or by one after which the order was read: a 403 or
   409 may be caused by our own earlier call having succeeded. The same call would get it again, so the intent is
   `escalated`. A 404 for an intent that was never sent before may mean that the order is too new: it is called again
   after 5 seconds and 5 minutes, under the next generation, and is `refused` then.
7. What was not sent, or was turned away by the rate limit, stays as it was and is called again after 5 seconds, or
   when Klarna asks for it. What can never be sent as it is (an invalid request) is `refused` if it was never sent
   before, else `escalated`.
8. After a call without a usable answer, and after Klarna's 5xx, the intent is `unknown` and is called again after 5
   seconds, 5 minutes and 5 hours, Klarna's own schedule; after the fourth failed call it is `escalated`.
9. Wrong credentials (401), no connection, and answers that are not Klarna's (a page of a firewall or portal) are not
   about the intent: it is called again after 5 seconds and does not come nearer to `escalated`. When ten calls in a
   row fail, only one call at a time is made, at most every minute, until Klarna answers.

Order. The intents of one order run in the order in which they were added, one at a time. A `pending`, `unknown` or
`escalated` intent holds back the later ones of its order; a `refused` one does not.

By a person. `retry`, and adding it again, call a `refused` intent under the next generation, as nothing has happened
under the old one; an `escalated` one goes on under the same key, by rules 1 to 4. `settle` records what a person found
out at Klarna.
"""

from enum import StrEnum

from klarna_om.workflows.after_window import AFTER_WINDOW, CLOCK_SLACK, KEY_VALIDITY, Expired

SOON = 5.0
"""Seconds after a call that says nothing about the intent."""


class State(StrEnum):
    """What is known of an intent's effect."""

    PENDING = "pending"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    ESCALATED = "escalated"


WAITING = (State.PENDING, State.UNKNOWN)
"""Those that a drain calls."""
OPEN = (*WAITING, State.ESCALATED)
"""Those that hold back the later ones of their order."""
SETTLED = (State.DONE, State.REFUSED, State.ESCALATED)
"""Those about which there is something to report."""


class Step(StrEnum):
    """What to do with an intent that is due."""

    CALL = "call under its key"
    RENEW = "call under the key of the next generation"
    STOP = "send nothing; a person decides"


def step_before_call(operation: str, age: float | None) -> Step:
    """What to do with an intent whose key may have been in use for `age` seconds; None where it never was."""
    if age is None or -CLOCK_SLACK <= age < KEY_VALIDITY:
        return Step.CALL
    return {Expired.VERIFY: Step.CALL, Expired.RESEND: Step.RENEW, Expired.FAIL: Step.STOP}[
        AFTER_WINDOW[operation].step
    ]
