"""A new intent, checked before it is kept: one that Klarna is sure to refuse never is."""

import unicodedata
from typing import Any, cast
from uuid import UUID

from attrs import field, frozen

from klarna_om import checks
from klarna_om.errors import InvalidRequest
from klarna_om.ids import is_uuid, normalize_id
from klarna_om.workflows.writes import OPTIONAL_REFERENCE, WRITES

MAX_REFERENCE = 255
"""Characters, as Klarna allows them in a capture's reference."""


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
    given = {"order_id": order_id} if capture_id is None else {"order_id": order_id, "capture_id": capture_id}
    request = WRITES[operation].request(content, None, {}, given)
    problems = (
        *_bad_reference(reference, needs_reference=operation not in OPTIONAL_REFERENCE),
        *(
            f"{name}: must be shaped like a UUID"
            for name, value in given.items()
            if not is_uuid(str(normalize_id(value)))
        ),
        *checks.problems(request, kustom=kustom),
    )
    if problems:
        error = InvalidRequest(problems)
        error.about(request)
        raise error
    return NewIntent(
        operation=operation,
        order_id=cast("str", request.order_id),
        capture_id=None if capture_id is None else cast("str", normalize_id(capture_id)),
        reference=unicodedata.normalize("NFC", cast("str", reference)),
        body=None if request.body is None else request.body.decode(),
    )


def _bad_reference(reference: object, *, needs_reference: bool) -> tuple[str, ...]:
    """What keeps a reference from being found again: at Klarna, in the key, or in the table."""
    if not isinstance(reference, str) or (needs_reference and not reference):
        return ("reference: must be your own id of this intent, such as the shipment's, as a string",)
    if reference != reference.strip().strip("\ufeff"):
        return ("reference: must have no white space around it",)
    if len(reference) > MAX_REFERENCE:
        return (f"reference: must have at most {MAX_REFERENCE} characters, got {len(reference)}",)
    if not all(map(str.isprintable, reference)):
        return ("reference: must have printable characters only",)
    return ()
