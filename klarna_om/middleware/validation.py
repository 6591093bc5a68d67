"""A request that Klarna is sure to refuse is refused here, before anything is done for it."""

import logging
from collections.abc import Awaitable

from attrs import frozen

from klarna_om.errors import InvalidRequest
from klarna_om.exchange import Request, Response
from klarna_om.ids import is_uuid
from klarna_om.log_fields import log_fields, subject
from klarna_om.middleware import Handler

logger = logging.getLogger("klarna_om.warnings")
"""What Klarna advises against is logged here at WARNING; a higher level turns it off, and its cost with it."""

LOGGED = 5
"""How many warnings are in the message of a log line; all of them are in its `klarna_warnings`."""


@frozen(eq=False)
class Validation:
    """Check what will be sent: the outermost of our own layers, so that a bad request uses no key and no slot.

    The middlewares of the caller are above it, and the request that they pass on is checked. The rules about
    fields read `Request.content`; where only the bytes are changed, only their size is checked.
    """

    kustom: bool = False
    strict: bool = False
    """Refuse what Klarna advises against too, instead of logging it."""

    def __call__(self, request: Request, below: Handler) -> Awaitable[Response]:
        """Send a request on, or raise `InvalidRequest` with everything that is wrong with it."""
        if needs_no_validation(request):
            return below(request)
        from klarna_om import checks  # most calls do without, and they are a tenth of the import of everything

        wrong = checks.problems(request, kustom=self.kustom)
        if self.strict:
            wrong += checks.warnings(request, kustom=self.kustom)
        if wrong:
            error = InvalidRequest(wrong)
            error.about(request)
            raise error
        if not self.strict and logger.isEnabledFor(logging.WARNING):
            _log(request, checks.warnings(request, kustom=self.kustom))
        return below(request)


def needs_no_validation(request: Request) -> bool:
    """Is there nothing to check: no body, and an order id as Klarna makes them? So it is for most calls."""
    return request.body is None and request.content is None and is_uuid(request.order_id or "") is not None


def _log(request: Request, warnings: tuple[str, ...]) -> None:
    if not warnings:
        return
    more = f"; and {len(warnings) - LOGGED} more" if len(warnings) > LOGGED else ""
    logger.warning(
        "%s: %s%s",
        subject(request),
        "; ".join(warnings[:LOGGED]),
        more,
        extra=log_fields(request, warnings=warnings),
    )
