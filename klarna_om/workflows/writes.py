"""The writes of the catalogue by name, and the check of one before it is kept for later."""

from uuid import UUID

from klarna_om import checks
from klarna_om.catalogue import CATALOGUE
from klarna_om.errors import InvalidRequest
from klarna_om.exchange import Request
from klarna_om.ids import is_uuid, normalize_id

WRITES = {operation.name: operation for operation in CATALOGUE if operation.method != "GET"}
"""The writes of the catalogue by name."""

ONCE = ("captures.create", "refunds.create")
"""The writes whose effects Klarna shows under the shop's reference."""

ONCE_AN_ORDER = ("orders.acknowledge", "orders.cancel")
"""The writes that an order can have once, so they need no reference."""

OPTIONAL_REFERENCE = (*ONCE_AN_ORDER, "orders.release_remaining_authorization")
"""The writes that do without a reference."""

MAX_REFERENCE = 255
"""Characters, as Klarna allows them in a capture's reference."""


def check_write(
    operation: str,
    order_id: str | UUID,
    content: object,
    *,
    reference: object,
    capture_id: str | UUID | None = None,
    kustom: bool = False,
) -> Request:
    """The request of a write, with its body; raises `InvalidRequest` with everything that is wrong with it."""
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
    return request


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
