"""A new intent, checked before it enters the table: one that Klarna is sure to refuse never does."""

import unicodedata
from typing import Any, cast
from uuid import UUID, uuid4

from attrs import frozen

from klarna_om.ids import normalize_id
from klarna_om.workflows.writes import check_write


@frozen
class NewIntent:
    """What is added."""

    id: UUID
    operation: str
    order_id: str
    capture_id: str | None
    reference: str
    body: str | None


def new_intent(
    operation: str,
    order_id: str | UUID,
    content: Any,
    *,
    reference: object,
    capture_id: str | UUID | None = None,
    needs_reference: bool = True,
    kustom: bool = False,
) -> NewIntent:
    """Check it, and write its body; raises `InvalidRequest` with everything that is wrong."""
    request = check_write(
        operation,
        order_id,
        content,
        reference=reference,
        capture_id=capture_id,
        needs_reference=needs_reference,
        kustom=kustom,
    )
    return NewIntent(
        id=uuid4(),
        operation=operation,
        order_id=cast("str", request.order_id),
        capture_id=None if capture_id is None else cast("str", normalize_id(capture_id)),
        reference=unicodedata.normalize("NFC", cast("str", reference)),
        body=None if request.body is None else request.body.decode(),
    )
