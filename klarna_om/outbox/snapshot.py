"""How the outbox is doing, for metrics."""

from collections.abc import Mapping
from datetime import timedelta

from attrs import frozen

from klarna_om.outbox import statements
from klarna_om.outbox.connections import Transaction
from klarna_om.outbox.intent import as_moment
from klarna_om.outbox.states import State


@frozen
class Snapshot:
    """The outbox at one moment."""

    lag: timedelta
    """For how long the oldest intent has been due; zero where none is. Those held back by others do not count."""
    due: int
    """Intents that are due and not held back, those at work included."""
    counts: Mapping[State, int]
    """Intents by state."""


async def take_snapshot(transaction: Transaction) -> Snapshot:
    """Two statements; `counts` reads the whole table."""
    counts = dict.fromkeys(State, 0)
    for state, count in await transaction.fetch(statements.COUNTS):
        counts[State(state)] = count
    ((oldest, due, now),) = await transaction.fetch(statements.LAG)
    since, until = as_moment(oldest), as_moment(now)
    assert until is not None
    return Snapshot(timedelta() if since is None else max(until - since, timedelta()), due, counts)
