"""Hooks for metrics: functions that get an event for each call, each attempt and each wait for a place.

    def count(event: CallEvent) -> None:
        calls.labels(event.operation, event.outcome).inc()

    KlarnaClient(..., hooks=[Hooks(on_call=count)])

A hook is called at once, in the event loop, so it must be quick and is no coroutine. What it raises changes nothing: it
is logged once and the call goes on. An order's id or a key in an event is for logs and traces; as a label of a metric
it would make one series for each call.
"""

import logging
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from attrs import frozen

from klarna_om.exchange import Attempt
from klarna_om.outcome import Outcome
from klarna_om.pace.lanes import Lane

logger = logging.getLogger("klarna_om")

E = TypeVar("E")
P = ParamSpec("P")
R = TypeVar("R")
Hook = Callable[[E], object]


@frozen(kw_only=True)
class CallEvent:
    """A call of a method is over, all its attempts included."""

    operation: str
    """Its name, such as `captures.create`; for `klarna.request(...)` method and path template, without ids."""
    order_id: str | None
    idempotency_key: str | None
    outcome: Outcome
    """As in an error; DONE for a success."""
    error: str | None
    """The name of the error's class, such as `NotAllowed` or `CancelledError`; None for a success."""
    status: int | None
    error_code: str | None
    correlation_id: str | None
    attempts: tuple[Attempt, ...]
    """Every attempt in order; empty where the call was refused before the first."""
    elapsed: float
    """Seconds, with all waits."""


@frozen(kw_only=True)
class AttemptEvent:
    """One request was sent, or tried to be; it has one line in the log too."""

    operation: str
    method: str
    order_id: str | None
    idempotency_key: str | None
    number: int
    """Which attempt of its call, from 1."""
    outcome: Outcome
    """What this attempt alone shows of the effect."""
    error: str | None
    """The name of the error's class, such as `ServerError` or `ConnectionLost`; None for a success."""
    status: int | None
    correlation_id: str | None
    elapsed: float
    """Seconds on the wire, the wait for a place not included."""


@frozen(kw_only=True)
class WaitEvent:
    """An attempt has waited for its place in flight and its slot in the merchant's rate limit."""

    operation: str
    lane: Lane
    elapsed: float
    """Seconds; 0.0 where place and slot were free."""
    has_place: bool
    """False where it ended without one: by a time limit, a cancellation or the client's close. Nothing was sent."""


@frozen(kw_only=True)
class Hooks:
    """The functions to call; leave out what you do not measure."""

    on_call: Hook[CallEvent] | None = None
    on_attempt: Hook[AttemptEvent] | None = None
    on_wait: Hook[WaitEvent] | None = None


def combine(hooks: Iterable[Hooks]) -> Hooks:
    """One of many, whose functions never raise."""
    every = tuple(hooks)
    return Hooks(
        on_call=_all_of(each.on_call for each in every),
        on_attempt=_all_of(each.on_attempt for each in every),
        on_wait=_all_of(each.on_wait for each in every),
    )


def _all_of(functions: Iterable[Hook[E] | None]) -> Hook[E] | None:
    safe = [never_raising(function) for function in functions if function is not None]
    if len(safe) < 2:
        return safe[0] if safe else None

    def call_all(event: E) -> None:
        for function in safe:
            function(event)

    return call_all


def never_raising(function: Callable[P, R]) -> Callable[P, R | None]:
    """The same function; what it raises is logged, the first time, and it returns None."""
    has_failed = False

    def call(*args: P.args, **named: P.kwargs) -> R | None:
        nonlocal has_failed
        try:
            return function(*args, **named)
        except Exception:  # a hook may raise anything, and money has been moved
            if not has_failed:
                has_failed = True
                logger.exception("the hook %r raised; calls go on, and this is logged once", function)
            return None

    return call
