"""Every write carries an idempotency key, given above the retries so that all its attempts share it."""

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable

from attrs import frozen

from klarna_om.errors import AnswerTimeout, InvalidRequest, KlarnaError
from klarna_om.exchange import KEY_HEADER, Request, Response
from klarna_om.keys import random_key
from klarna_om.middleware import Handler
from klarna_om.middleware.key_guard import KeyGuard, Moment
from klarna_om.outcome import Outcome


@frozen
class Idempotency:
    """Give a write its key: the caller's, or a fresh one. A read has none.

    One key never serves two different requests (`IdempotencyKeyReused`), and calls that are truly the same at the
    same time share one request.
    """

    guard: KeyGuard
    total_timeout: float | None = None
    """Seconds that a call waits for another one under its key, before it is in doubt."""
    new_key: Callable[[], str] = random_key
    wall_clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def __call__(self, request: Request, below: Handler) -> Awaitable[Response]:
        """Send a write under its key; a read is sent on as it is."""
        return self._write(request, below) if request.is_write else below(request)

    async def _write(self, request: Request, below: Handler) -> Response:
        key = request.idempotency_key
        is_chosen = key is not None
        if key is None:
            key = self.new_key()
            request = request.with_header(KEY_HEADER, key)
        else:
            _check(key)
        while (use := self.guard.use(key, request, self._now())) is None:
            if (response := await self._follow(key, request)) is not None:
                return response
        result: Response | KlarnaError | None = None
        try:
            result = await below(
                request.changed(
                    retry_until=use.retry_until, retry_until_monotonic=use.retry_until_monotonic, earlier=use.left
                )
            )
        except KlarnaError as error:
            result = error
            raise
        else:
            return result
        finally:
            self.guard.finish(key, use, _left(result), result, keep=is_chosen)

    def _now(self) -> Moment:
        return Moment(self.wall_clock(), self.monotonic())

    async def _follow(self, key: str, request: Request) -> Response | None:
        try:
            async with asyncio.timeout(self.total_timeout):
                return await self.guard.follow(key)
        except TimeoutError:
            late = AnswerTimeout("the same call, under way under this key, did not end in time")
            late.about(request)
            late.idempotency_key = key
            raise late from None
        except KlarnaError as error:
            raise copy.copy(error) from error


def _left(result: Response | KlarnaError | None) -> Outcome:
    """What a call leaves behind under its key; one that was cancelled, or broken by a bug, leaves doubt."""
    if result is None:
        return Outcome.UNKNOWN
    if isinstance(result, Response):
        return result.classification.outcome if result.classification is not None else Outcome.UNKNOWN
    return result.outcome


def _check(key: str) -> None:
    if not key or not key.isascii() or not key.isprintable() or len(key) > 255 or key != key.strip():
        raise InvalidRequest(
            ("idempotency_key: must be 1 to 255 printable ASCII characters without spaces around them",)
        )
