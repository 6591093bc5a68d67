"""A new intent, checked before it is kept: one that Klarna is sure to refuse never is."""

import unicodedata
from typing import Any, cast
from uuid import UUID

from attrs import field, frozen

from klarna_om.ids import normalize_id
from klarna_om.workflows.writes import check_write


@frozen
class NewIntent:
    """A write that is to be made once."""

    operation: str
    order_id: str
    capture_id: str | None
    reference: str
    body: str | None = field(repr=False)
    """JSON as it is sent; it may hold personal data."""


def new_intent(
    operation: str,
    order_id: str | UUID,
    content: Any,
    *,
    reference: object,
    capture_id: str | UUID | None = None,
    kustom: bool = False,
) -> NewIntent:
    """Check it, and write its body; raises `InvalidRequest` with everything that is wrong."""
    request = check_write(
        operation,
        order_id,
        content,
        reference=reference,
        capture_id=capture_id,
        kustom=kustom,
    )
    return NewIntent(
        operation=operation,
        order_id=cast("str", request.order_id),
        capture_id=None if capture_id is None else cast("str", normalize_id(capture_id)),
        reference=unicodedata.normalize("NFC", cast("str", reference)),
        body=None if request.body is None else request.body.decode(),
    )
