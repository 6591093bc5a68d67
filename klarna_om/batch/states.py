"""The states of a row: the rules, then the tables.

A row is `pending` until Klarna's answer about it is on disk; then it is `done`, `refused` or `unknown`. `done` and
`refused` are final. `unknown` was sent, and no answer shows its effect; a repeat settles it. `escalated` may have had
its effect too, and no repeat will show it: a person looks at the order, and asks Klarna.

Before a call. Klarna keeps a key for 24 hours from its first use, and keys are derived, so only one thing must be
known: when a key may first have been used. A window of rows is stamped, on disk, before its first call.

1. A window without a stamp gets one: none of its rows was ever sent. A run removes its stamps under which it sent
   nothing, such as those of calls that found no connection.
2. While the stamp is valid every unsettled row of the window is called under the same key, whether it was sent before
   or not: Klarna executes a key once and repeats its first answer. A stamp that this run made or loaded from the
   journal ages by the monotonic clock and by the time of day, whichever shows more, so a clock that is set back
   neither renews nor prolongs it.
3. After that a repeat under the old key might be executed again, and each operation has its rule, in `AFTER_WINDOW`.
   `resend` uses a new key (the epoch increases by one, and its stamp is on disk first): right for a call that is
   harmless to repeat, such as an acknowledgement. `verify` calls a function that reads the order before it writes: a
   capture or refund is found again by its reference. `fail` sends nothing; the row is `escalated`.
4. An earlier run's stamp from the future was made by a clock that was set back since, so its age is not known.
   `resend` calls under the old key, which is never worse than a new one: if Klarna still has it, it is executed once.
   `verify` and `fail` do as in 3.

After a call. A row is in doubt when it is `unknown`, or when its window was stamped by an earlier run: that run may
have sent it and died before the answer was on disk.

5. Done is done, also when the answer could not be read.
6. Klarna's own refusal settles a row. A row in doubt is settled only by a refusal of the request itself (404, 422), or
   by one after which the order was read: a 403 or 409 may be caused by our own earlier call having succeeded, so the
   row is `unknown`. A row whose 404 came in the same call as an attempt without an answer is so too; its repeat settles
   it. Where a repeat gets the 403 again, so would every other one: the row is `escalated`.
7. An answer that is not Klarna's (a page of a firewall or portal, another service, a redirect) settles nothing: the
   row is `unknown`. A 401 leaves the row as it was and ends the run.
8. A call that did not leave this machine, or that the rate limit rejected, shows nothing: the row stays as it was and
   is called again.
9. `unknown` rows are repeated within the run (`klarna_om.batch.repeats`) and by the next one. Those that still get no
   usable answer, or a 5xx, go on in Klarna's schedule (`klarna_om.batch.slow_tiers`): after 5 minutes, then after 5
   hours, and then they are `escalated`.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Literal

from klarna_om.outcome import SETTLING_LATER, Outcome
from klarna_om.workflows import after_window
from klarna_om.workflows.after_window import AFTER_WINDOW

OnExpired = Literal["resend", "verify", "fail"]
"""What to do with rows that may have been sent, when Klarna has forgotten their keys; see `AFTER_WINDOW`."""

KEY_VALIDITY = timedelta(seconds=after_window.KEY_VALIDITY)
"""Klarna's 24 hours less one: a call may wait and repeat for half an hour, and clocks differ."""

CLOCK_SLACK = timedelta(seconds=after_window.CLOCK_SLACK)
"""A stamp further in the future than this was made by a clock that was set back since."""


class State(StrEnum):
    """What is known of a row's effect."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ESCALATED = "escalated"


class Age(Enum):
    """How old a window's stamp is."""

    FRESH = "fresh"
    EXPIRED = "expired"
    UNCERTAIN = "from the future"


class Step(Enum):
    """What to do with a window before one of its rows is called."""

    REPEAT = "call under the key that the stamp is for"
    RENEW = "stamp it again under the next epoch"
    GIVE_UP = "call nothing; the row is escalated"


STEP_BEFORE_CALL: Mapping[tuple[Age, str], Step] = {
    (Age.FRESH, "resend"): Step.REPEAT,
    (Age.FRESH, "verify"): Step.REPEAT,
    (Age.FRESH, "fail"): Step.REPEAT,
    (Age.EXPIRED, "resend"): Step.RENEW,
    (Age.EXPIRED, "verify"): Step.REPEAT,
    (Age.EXPIRED, "fail"): Step.GIVE_UP,
    (Age.UNCERTAIN, "resend"): Step.REPEAT,
    (Age.UNCERTAIN, "verify"): Step.REPEAT,
    (Age.UNCERTAIN, "fail"): Step.GIVE_UP,
}

STATE_AFTER_CALL: Mapping[Outcome, State | None] = {
    Outcome.DONE: State.DONE,
    Outcome.REFUSED: State.REFUSED,
    Outcome.UNKNOWN: State.UNKNOWN,
    Outcome.NOT_SENT: None,
}


def classify_age(age: timedelta) -> Age:
    """How old a stamp of that age is."""
    if age < -CLOCK_SLACK:
        return Age.UNCERTAIN
    return Age.FRESH if age < KEY_VALIDITY else Age.EXPIRED


def state_after(outcome: Outcome, status: int | None, error_code: str | None = None, *, in_doubt: bool) -> State | None:
    """The row's new state after a call; None where nothing was learned and it is called again."""
    if in_doubt and outcome is Outcome.REFUSED and not (error_code and status in SETTLING_LATER):
        outcome = Outcome.UNKNOWN
    return STATE_AFTER_CALL[outcome]


def choose_on_expired(operation: str, on_expired: OnExpired | None) -> OnExpired:
    """The operation's own rule, or 'fail' for any; raises `ValueError` for what would be done twice."""
    rule = AFTER_WINDOW[operation]
    own: OnExpired = rule.step.value
    if on_expired not in (None, own, "fail"):
        choice = "it is always 'fail'" if own == "fail" else f"use {own!r} or 'fail'"
        raise ValueError(f"on_expired={on_expired!r} is not for {operation} ({rule.reason}): {choice}")
    return on_expired or own
