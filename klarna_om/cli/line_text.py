"""A line of a manifest with all that is known of it, for a person: facts first, then what to do."""

from klarna_om.batch.journal import Line
from klarna_om.batch.what_to_do import WHAT_TO_DO


def line_text(line: Line) -> str:
    """Each fact that there is, on a line of its own."""
    facts = {
        "line": line.line,
        "order": line.order_id,
        "capture": line.capture_id,
        "reference": line.reference,
        "outcome": line.outcome,
        "result": line.result_id,
        "status": line.status,
        "error code": line.error_code,
        "detail": line.detail,
        "correlation id": line.correlation_id,
        "idempotency key": line.idempotency_key,
        "requests": line.attempts,
        "first call": line.started_at,
        "last call": line.finished_at,
        **line.columns,
        "what to do": WHAT_TO_DO.get(line.outcome),
    }
    shown = {name: value for name, value in facts.items() if value not in (None, "")}
    width = max(map(len, shown))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in shown.items())
