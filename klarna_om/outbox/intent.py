"""An intent, as the table holds it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from attrs import field, fields, frozen

from klarna_om.keys import derive_key
from klarna_om.outbox.states import SETTLED, State
from klarna_om.workflows.writes import ONCE


@frozen(kw_only=True)
class Intent:
    """Something to do at Klarna, once. Times are aware, on the outbox's clock."""

    id: UUID
    operation: str
    """Its name in the catalogue, such as `captures.create`."""
    order_id: str
    capture_id: str | None
    reference: str
    """The shop's own name for it; `""` where it happens once an order."""
    body: str | None = field(repr=False)
    """JSON as it is sent; it may hold personal data."""
    generation: int
    state: State
    attempts: int
    """Requests that were sent for it, as far as they were recorded."""
    failed_calls: int
    """How far it is on Klarna's schedule of 5 s, 5 min and 5 h."""
    created: datetime
    first_tried: datetime | None
    """Since when its key may have been in use; None where nothing was sent under it."""
    due: datetime
    lease_until: datetime | None
    settled: datetime | None
    result_id: str | None
    """The id of the capture or refund."""
    status: int | None
    error_code: str | None
    correlation_id: str | None
    correlation_ids: str
    """Those of the latest requests, separated by spaces."""
    detail: str | None
    """Why it is in this state, in one line."""

    @property
    def is_settled(self) -> bool:
        """Is there a result? `done`, `refused`, or `escalated`, which waits for a person."""
        return self.state in SETTLED

    @property
    def idempotency_key(self) -> str:
        """The key under which it is sent, the same in every process."""
        # A name of our own in front: an empty reference has a key too, and no call beside the outbox shares it.
        reference = self.reference if self.operation in ONCE else f"outbox/{self.reference}"
        return derive_key(self.operation, self.order_id, reference, generation=self.generation)

    @property
    def support_text(self) -> str:
        """What Klarna's support needs to look into it. It has no personal data."""
        lines = {
            "Operation": self.operation,
            "Order": self.order_id,
            "Capture": self.capture_id,
            "Klarna-Idempotency-Key": self.idempotency_key,
            "First tried": _in_utc(self.first_tried),
            "Given up": _in_utc(self.settled),
            "Requests": str(self.attempts),
            "Last status": None if self.status is None else str(self.status),
            "Last error code": self.error_code,
            "Klarna-Correlation-Id": self.correlation_ids.replace(" ", ", "),
        }
        if self.first_tried is None:
            del lines["Klarna-Idempotency-Key"]
        known = "\n".join(f"{name}: {value}" for name, value in lines.items() if value)
        return f"{_NOT_TRIED if self.first_tried is None else _IN_DOUBT}\n{known}"


_IN_DOUBT = "A call may or may not have been executed. Was it, and with which result?"
_NOT_TRIED = "The order cannot be read, so a call was not made. Why do reads of it fail?"

COLUMNS = tuple(each.name for each in fields(Intent))
"""What is read of a row."""


def intent_of(row: tuple[Any, ...]) -> Intent:
    """The intent of a row with `COLUMNS`, from any driver."""
    values: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
    for name in ("created", "first_tried", "due", "lease_until", "settled"):
        values[name] = as_moment(values[name])
    values["id"], values["state"] = UUID(str(values["id"])), State(values["state"])
    return Intent(**values)


def as_moment(value: datetime | float | None) -> datetime | None:
    """A time as PostgreSQL returns it, or in seconds as SQLite does."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return None if value is None else value.astimezone(UTC)


def _in_utc(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
