"""What may become of a row: the rules in words, then the tables.

A row is `pending` until Klarna's answer about it is on disk; then it is `done`, `refused` or `unknown`. `done` and
`refused` are final. `unknown` was sent and nobody can say what came of it; it is settled by a repeat.

Before a call. Klarna keeps a key for 24 hours from its first use, and keys are derived, so all that must be known
is when a key may first have been used: a window of rows is stamped, on disk, before its first call.

1. A window without a stamp gets one: none of its rows was ever sent.
2. Inside the stamp's time every open row of the window is called under the same key, whether it was sent before or
   not: Klarna executes a key once and repeats its first answer. A stamp that this run made or took from the journal
   ages by the monotonic clock and by the time of day, whichever says more, so a clock that is set back neither renews
   nor prolongs it.
3. Outside it a repeat under the old key might be executed anew. `resend` says so and takes a new key (the epoch goes
   up by one, and its stamp is on disk first): right for what is harmless to repeat, such as an acknowledgement.
   `fail` sends nothing and leaves the row `unknown`, for a person to decide.
4. An earlier run's stamp from the future was made by a clock that was set back since, and nobody knows its age.
   `resend` calls under the old key, which is never worse than a new one: if Klarna still has it, it is executed once.
   `fail` does as in 3.

After a call. A row is in doubt when it is `unknown`, or when its window was stamped by an earlier run: that run may
have sent it and died before the answer was on disk.

5. Done is done, also when the answer could not be read.
6. Klarna's own refusal settles a row, but for one in doubt only if it depends on nothing but the request itself (404,
   422): a 403 or 409 may be caused by our own earlier call having succeeded, so the row stays `unknown`.
7. An answer that is not Klarna's (a page of a firewall or portal, another service, a redirect) settles nothing: the
   row is `unknown`. A 401 leaves the row as it was and ends the run.
8. What did not leave this machine, or was turned away by the rate limit, says nothing: the row stays as it was and is
   called again.
9. `unknown` rows are repeated within the run (`klarna_om.batch.repeats`) and by the next one.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Literal

from klarna_om.outcome import Outcome, of_call

OnExpired = Literal["resend", "verify", "fail"]
"""What to do with rows that were perhaps sent, when Klarna has forgotten their keys."""

KEY_PROMISE = timedelta(hours=23)
"""Klarna's 24 hours less one: a call may wait and repeat for half an hour, and clocks differ."""

CLOCK_SLACK = timedelta(minutes=30)
"""A stamp further in the future than this was made by a clock that was set back since."""


class State(StrEnum):
    """What is known of a row."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Age(Enum):
    """How old a window's stamp is."""

    UNSTAMPED = "unstamped"
    FRESH = "fresh"
    EXPIRED = "expired"
    UNCERTAIN = "from the future"


class Step(Enum):
    """What to do with a window before one of its rows is called."""

    STAMP = "stamp it under epoch 0"
    REPEAT = "call under the key that the stamp is for"
    RENEW = "stamp it anew under the next epoch"
    GIVE_UP = "call nothing; the row is unknown"


BEFORE: Mapping[tuple[Age, str], Step] = {
    (Age.UNSTAMPED, "resend"): Step.STAMP,
    (Age.UNSTAMPED, "fail"): Step.STAMP,
    (Age.FRESH, "resend"): Step.REPEAT,
    (Age.FRESH, "fail"): Step.REPEAT,
    (Age.EXPIRED, "resend"): Step.RENEW,
    (Age.EXPIRED, "fail"): Step.GIVE_UP,
    (Age.UNCERTAIN, "resend"): Step.REPEAT,
    (Age.UNCERTAIN, "fail"): Step.GIVE_UP,
}

AFTER: Mapping[Outcome, State | None] = {
    Outcome.DONE: State.DONE,
    Outcome.REFUSED: State.REFUSED,
    Outcome.UNKNOWN: State.UNKNOWN,
    Outcome.NOT_SENT: None,
}


def age_of(age: timedelta | None) -> Age:
    """How old a stamp of that age is; None for a window without one."""
    if age is None:
        return Age.UNSTAMPED
    if age < -CLOCK_SLACK:
        return Age.UNCERTAIN
    return Age.FRESH if age < KEY_PROMISE else Age.EXPIRED


def after(outcome: Outcome, status: int | None, error_code: str | None = None, *, in_doubt: bool) -> State | None:
    """The row's new state after a call; None where nothing was learnt and it is called again."""
    if in_doubt and outcome is Outcome.REFUSED:
        outcome = of_call((Outcome.UNKNOWN,), outcome, status, error_code)
    return AFTER[outcome]


def check_on_expired(on_expired: OnExpired) -> OnExpired:
    """Refuse what an acknowledgement cannot do."""
    if on_expired == "verify":
        raise ValueError(
            "on_expired='verify' is not possible for acknowledgements: Klarna's order does not tell whether it was"
            " acknowledged. Use 'resend', which is harmless, or 'fail'"
        )
    if on_expired not in ("resend", "fail"):
        raise ValueError(f"on_expired={on_expired!r}: use 'resend' or 'fail'")
    return on_expired
