"""Every request says who sends it."""

from attrs import field, frozen

from klarna_om.credentials import Secret
from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler


@frozen
class Auth:
    """Add the `Authorization` header, which was built once."""

    authorization: Secret = field(repr=False)

    async def __call__(self, request: Request, below: Handler) -> Response:
        """Send the request on with the header."""
        return await below(request.with_header("Authorization", self.authorization))
