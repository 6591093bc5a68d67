"""A text for Klarna's support about calls whose outcome only Klarna knows."""

from collections.abc import Sequence

from klarna_om.batch.journal import Line
from klarna_om.batch.moments import show_moment
from klarna_om.workflows.writes import WRITES

_TEXT = """\
Subject: {operation}: was it executed? ({count})

We have no answer that shows whether the following calls to {target} were executed, and repeats
under the same idempotency keys will not show it either. Please tell us for each of them.

Operation: {method} {path}
All times are UTC.

{calls}
"""


def support_text(operation: str, target: str, lines: Sequence[Line], count: int) -> str:
    """The text about the first of `count` escalated lines: what names the calls, and nothing of their contents."""
    write = WRITES[operation]
    calls = [_call(number, line) for number, line in enumerate(lines, 1)]
    if count > len(lines):
        calls.append(f"There are {count - len(lines)} more, which we will send when you need them.")
    return _TEXT.format(
        operation=operation,
        count=f"{count} call" if count == 1 else f"{count} calls",
        target=target,
        method=write.method,
        path=write.path,
        calls="\n\n".join(calls),
    )


def _call(number: int, line: Line) -> str:
    answer = " ".join(str(part) for part in (line.status, line.error_code) if part is not None)
    facts = {
        "Order id": line.order_id,
        "Capture id": line.capture_id,
        "Reference": line.reference,
        "Klarna-Idempotency-Key": line.idempotency_key,
        "Klarna-Correlation-Id": line.correlation_id or "none was received",
        "Last answer": answer or "none",
        "First call": show_moment(line.started_at),
        "Last call ended": show_moment(line.finished_at),
        "Requests": line.attempts,
    }
    shown = [f"{name}: {value}" for name, value in facts.items() if value]
    head, *rest = shown
    return "\n".join([f"{number}. {head}", *(f"   {fact}" for fact in rest)])
