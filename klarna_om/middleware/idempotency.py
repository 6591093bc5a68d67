"""One idempotency key, one request, for as long as Klarna keeps the key."""

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable

from attrs import frozen

from klarna_om.clock import loop_time
from klarna_om.errors import AnswerTimeout, InvalidRequest, KlarnaError
from klarna_om.exchange import Request, Response
from klarna_om.keys import KEY_LIFETIME, RandomKey
from klarna_om.middleware import Handler
from klarna_om.middleware.key_guard import KeyGuard
from klarna_om.outcome import Outcome


@frozen(eq=False)
class Idempotency:
    """One key never serves two different requests (`IdempotencyKeyReused`); calls that are the same share one.

    It is above the retries, so that all attempts of a call have the key and its age.
    """

    guard: KeyGuard
    total_timeout: float | None = None
    """Seconds that a call waits for another one under its key, before it is in doubt."""
    wall_clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    clock: Callable[[], float] = loop_time

    def __call__(self, request: Request, below: Handler) -> Awaitable[Response]:
        """Send a write under its key; a read is sent on as it is."""
        key = request.idempotency_key
        if key is None or not request.is_write:
            return below(request)
        return (
            self._with_random_key(key, request, below)
            if isinstance(key, RandomKey)
            else self._with_key(key, request, below)
        )

    async def _with_random_key(self, key: str, request: Request, below: Handler) -> Response:
        """Nobody else knows the key, so the guard learns of it only when the call leaves a doubt."""
        now, monotonic = self.wall_clock(), self.monotonic()
        request = request.with_changes(retry_until=now + KEY_LIFETIME, retry_until_monotonic=monotonic + KEY_LIFETIME)
        left = Outcome.UNKNOWN
        try:
            response = await below(request)
            left = _left(response)
        except KlarnaError as error:
            left = error.outcome
            raise
        finally:
            if left is Outcome.UNKNOWN:
                self.guard.remember_doubt(key, request, now, monotonic)
        return response

    async def _with_key(self, key: str, request: Request, below: Handler) -> Response:
        _check(key)
        while (use := self.guard.use(key, request, self.wall_clock(), self.monotonic())) is None:
            request = self._with_deadline(request)
            if (response := await self._follow(key, request)) is not None:
                return response
        request = request.with_changes(
            retry_until=use.retry_until, retry_until_monotonic=use.retry_until_monotonic, earlier=use.left
        )
        result: Response | KlarnaError | None = None
        left = Outcome.UNKNOWN
        try:
            result = response = await below(request)
            left = _left(response)
        except KlarnaError as error:
            result, left = error, error.outcome
            raise
        finally:
            self.guard.finish(key, use, left, result)
        return response

    def _with_deadline(self, request: Request) -> Request:
        """The wait for another call counts as time of this one, also when this one is sent after all."""
        if self.total_timeout is None or request.deadline is not None:
            return request
        return request.with_changes(deadline=self.clock() + self.total_timeout)

    async def _follow(self, key: str, request: Request) -> Response | None:
        try:
            async with asyncio.timeout_at(request.deadline):
                return await self.guard.follow(key)
        except TimeoutError:
            late = AnswerTimeout("the same call, under way under this key, did not end in time")
            late.about(request)
            late.idempotency_key = key
            raise late from None
        except KlarnaError as error:
            raise copy.copy(error) from error


def _left(response: Response) -> Outcome:
    """What a call that got an answer leaves behind under its key; one that was cancelled leaves doubt."""
    return response.classification.outcome if response.classification is not None else Outcome.UNKNOWN


def _check(key: str) -> None:
    if not key or not key.isascii() or not key.isprintable() or len(key) > 255 or key != key.strip():
        raise InvalidRequest(
            ("idempotency_key: must be 1 to 255 printable ASCII characters without spaces around them",)
        )
