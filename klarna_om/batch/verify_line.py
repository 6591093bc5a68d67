"""A row of a journal beside its order: what was expected, and what the order shows."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from klarna_om.batch.calls import in_one_line
from klarna_om.batch.journal import Line
from klarna_om.batch.states import State
from klarna_om.batch.verification import Check, Finding
from klarna_om.errors import KlarnaError
from klarna_om.types import Order
from klarna_om.workflows.effects import EFFECTS
from klarna_om.workflows.sighting import KnownWrite, Sighting

_UNCLEAR: Mapping[bool | None, Finding] = {
    True: Finding.SHOWN,
    False: Finding.NOT_SHOWN,
    None: Finding.CANNOT_BE_SEEN,
}


def check_line(operation: str, line: Line, order: Order) -> Check:
    """Compare a row with its order. Only for an operation whose effect an order shows."""
    effect = EFFECTS[operation]
    assert effect.see is not None
    sighting = effect.see(order, _write_of(operation, line))
    finding = _finding(line.outcome, sighting, is_own=effect.is_own)
    expected = f"not {sighting.wanted}" if line.outcome == State.REFUSED else sighting.wanted
    return _check(line, finding, expected, sighting.seen)


def unread_line(line: Line, error: KlarnaError) -> Check:
    """A row whose order could not be read."""
    return _check(line, Finding.NOT_READ, "the order", error.message)


def _finding(outcome: str, sighting: Sighting, *, is_own: bool) -> Finding:
    if outcome not in (State.DONE, State.REFUSED) or sighting.is_shown is None:
        return _UNCLEAR[sighting.is_shown]
    if outcome == State.DONE:
        is_once = sighting.is_shown and not sighting.is_repeated
        return Finding.AGREES if is_once else Finding.DIFFERS
    if not sighting.is_shown:
        return Finding.AGREES
    return Finding.DIFFERS if is_own else Finding.CANNOT_BE_SEEN


def _write_of(operation: str, line: Line) -> KnownWrite:
    return KnownWrite(
        operation=operation,
        body=msgspec.json.decode(line.body) if line.body else {},
        reference=line.reference or "",
        capture_id=line.capture_id,
        result_id=line.result_id,
        first_called=datetime.fromisoformat(line.started_at) if line.started_at else None,
    )


def _check(line: Line, finding: Finding, expected: str, seen: str) -> Check:
    return Check(
        line=line.line,
        order_id=line.order_id,
        reference=line.reference,
        outcome=line.outcome,
        finding=finding,
        expected=in_one_line(expected),
        seen=in_one_line(seen),
    )
