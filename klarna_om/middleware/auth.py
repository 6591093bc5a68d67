"""Every request carries the credentials."""

from collections.abc import Awaitable

from attrs import field, frozen

from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler
from klarna_om.settings.credentials import Secret


@frozen(eq=False)
class Auth:
    """Add the `Authorization` header, which was built once."""

    authorization: Secret = field(repr=False)

    def __call__(self, request: Request, below: Handler) -> Awaitable[Response]:
        """Send the request on with the header; nothing is left to do after it, so nothing is awaited here."""
        return below(request.with_header("Authorization", self.authorization))
