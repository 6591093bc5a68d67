"""The caller's own middlewares below the retries: once for each attempt, when its place and slot are held.

They may look at everything and add headers. What makes the attempts of a call one request stays as it is: method, path,
body, idempotency key, credentials and time limits. And an attempt is sent once, since it has one place in the rate
limit, one line in the log and one outcome.

What they raise before sending leaves the attempt NOT_SENT, after sending UNKNOWN; an earlier attempt in doubt stays in
doubt.
"""

from collections.abc import Awaitable, Iterator
from typing import cast

from attrs import define, field, frozen
from msgspec.structs import asdict, replace

from klarna_om.answers.classification import classify
from klarna_om.errors import MiddlewareFailed, NoAnswer
from klarna_om.exchange import KEY_HEADER, Request, Response
from klarna_om.middleware import Handler, Middleware, stack
from klarna_om.outcome import Outcome


@frozen
class AttemptMiddleware:
    """Run the caller's middlewares around an attempt."""

    middlewares: tuple[Middleware, ...]

    async def __call__(self, request: Request, below: Handler) -> Response:
        """Return the answer, or raise `NoAnswer`, like everything below the retries."""
        sending = _Sending(request, below)
        try:
            response = cast("object", await self._run(request, sending))
        except NoAnswer as error:
            if error is not sending.failure and error.outcome in (Outcome.NOT_SENT, Outcome.REFUSED):
                error.outcome = sending.outcome
            raise
        except Exception as reason:
            if reason is sending.failure:
                raise
            raise sending.error(f"an attempt middleware raised {type(reason).__name__}: {reason}") from reason
        if not isinstance(response, Response):
            kind = type(response).__name__
            raise sending.error(f"an attempt middleware returned {kind}, not the Response of the handler below it")
        if response.classification is None:  # one that the middleware made
            return replace(response, classification=classify(response))
        return response

    def _run(self, request: Request, sending: Handler) -> Awaitable[Response]:
        # With headers of its own: who writes into them in place changes no other attempt, and is seen.
        return stack(self.middlewares, sending)(request.with_changes(headers=dict(request.headers)))


@define
class _Sending:
    """The handler below the caller's middlewares, which sends an attempt once and unchanged."""

    request: Request
    below: Handler
    outcome: Outcome = Outcome.NOT_SENT
    """What is known if they fail now."""
    failure: BaseException | None = field(default=None)
    """What the handler below raised; it passes as it is."""

    async def __call__(self, request: Request) -> Response:
        """Send it on; raise `MiddlewareFailed` where it may not be sent."""
        if self.outcome is not Outcome.NOT_SENT:
            raise self.error(
                "an attempt middleware sent its request twice; an attempt is sent once: what repeats a call belongs"
                " into middleware=, above the retries"
            )
        if problems := tuple(_problems(self.request, request)):
            raise self.error(f"an attempt middleware may add headers and nothing else: {'; '.join(problems)}")
        self.outcome = Outcome.UNKNOWN
        try:
            return await self.below(request)
        except BaseException as reason:
            self.failure = reason
            raise

    def error(self, message: str) -> MiddlewareFailed:
        """The error for this attempt, with what is known of it."""
        what = "nothing was sent" if self.outcome is Outcome.NOT_SENT else "the request may have been sent"
        failed = MiddlewareFailed(f"{message}; {what}")
        failed.about(self.request)
        failed.outcome = self.outcome
        return failed


_FIXED_HEADERS = (KEY_HEADER, "Authorization")


def _problems(given: Request, changed: Request) -> Iterator[str]:
    """What of the changes must not be."""
    before, after = asdict(given), asdict(changed)
    for name in before.keys() - {"headers"}:
        if before[name] is not after[name] and before[name] != after[name]:
            yield f"it changed {name}"
    yield from (f"it changed {name}" for name in _FIXED_HEADERS if _values(given, name) != _values(changed, name))
    for name, value in changed.headers.items():
        if given.headers.get(name) is not value and not (_is_text(name) and _is_text(value)):
            yield f"{name!r} cannot be written: names and values are strings without line ends"


def _values(request: Request, name: str) -> list[str]:
    """The values of a header, whose name may be written in any case; two of one name are two."""
    wanted = name.lower()
    return [value for key, value in request.headers.items() if _is_text(key) and key.lower() == wanted]


def _is_text(value: object) -> bool:
    """Can it be written as a header's name or value?"""
    return isinstance(value, str) and not set(str.__str__(value)) & set("\r\n\0")
