"""The caller's own middlewares below the retries: once for each attempt, when its place and slot are held.

They may look at everything and add headers. What makes the attempts of a call one request stays as it is: method, path,
body, idempotency key, credentials, time limits and the headers that frame it. And an attempt is sent once, while they
run, since it has one place in the rate limit, one line in the log and one outcome: what a task of theirs has not begun
to send when they end is not sent, and what it still sends is cancelled.

What they raise before sending leaves the attempt NOT_SENT, after sending UNKNOWN; an earlier attempt in doubt stays in
doubt.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from typing import cast

from attrs import define, field, frozen
from msgspec.structs import asdict, replace

from klarna_om.answers.classification import classify
from klarna_om.errors import MiddlewareFailed, NoAnswer
from klarna_om.exchange import Request, Response
from klarna_om.headers import is_writable, set_by_client, unwritable
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
            try:
                response = cast("object", await self._run(request, sending))
            finally:
                sending.close()
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
    is_over: bool = False
    """Have they ended? Then the attempt has its outcome, and its place is another's."""
    task: asyncio.Task[object] | None = None
    """The one that sends, while it does."""

    async def __call__(self, request: Request) -> Response:
        """Send it on; raise `MiddlewareFailed` where it may not be sent."""
        if self.is_over:
            raise self.error("an attempt middleware sent its request after it had ended; await the handler below it")
        if self.outcome is not Outcome.NOT_SENT:
            raise self.error(
                "an attempt middleware sent its request twice; an attempt is sent once: what repeats a call belongs"
                " into middleware=, above the retries"
            )
        if problems := tuple(_problems(self.request, request)):
            raise self.error(f"an attempt middleware may add headers and nothing else: {'; '.join(problems)}")
        self.outcome, self.task = Outcome.UNKNOWN, asyncio.current_task()
        try:
            return await self.below(request)
        except BaseException as reason:
            self.failure = reason
            raise
        finally:
            self.task = None

    def close(self) -> None:
        """Send nothing from now on, and cancel what a task of theirs still sends."""
        self.is_over = True
        if self.task is not None:
            self.task.cancel("the attempt middleware that began this request has ended")

    def error(self, message: str) -> MiddlewareFailed:
        """The error for this attempt, with what is known of it."""
        what = "nothing was sent" if self.outcome is Outcome.NOT_SENT else "the request may have been sent"
        failed = MiddlewareFailed(f"{message}; {what}")
        failed.about(self.request)
        failed.outcome = self.outcome
        return failed


def _problems(given: Request, changed: Request) -> Iterator[str]:
    """What of the changes must not be."""
    before, after = asdict(given), asdict(changed)
    for name in before.keys() - {"headers"}:
        if before[name] is not after[name] and before[name] != after[name]:
            yield f"it changed {name}"
    fixed, now = set_by_client(given.headers), set_by_client(changed.headers)
    yield from (f"it changed {name.title()}" for name in sorted({*fixed, *now}) if fixed.get(name) != now.get(name))
    for name, value in changed.headers.items():
        if given.headers.get(name) is not value and not is_writable(name, value):
            yield unwritable(name)
