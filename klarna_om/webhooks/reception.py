"""The steps of receiving a push or a notification, all within one budget of time."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any, cast

from attrs import define

from klarna_om.cancellation import is_task_cancelled
from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError, KlarnaError, NotAllowed, NotFound
from klarna_om.keys import derive_key
from klarna_om.outcome import Outcome
from klarna_om.types import Order
from klarna_om.webhooks.push import Push, PushResult

SHARE_OF_A_CALL = 0.95
"""Of what is left of the budget: the client's own limit comes first, since its error shows more."""


class StoppedError(Exception):
    """A step did not succeed, so the next ones are not taken."""

    def __init__(self, result: PushResult, error: Exception) -> None:
        super().__init__(result)
        self.result = result
        self.error = error


@define(eq=False)
class Reception:
    """One push or notification on its way; what is known so far."""

    klarna: KlarnaClient
    order_id: str
    until: float
    """When the budget is over, on the event loop's clock."""
    order: Order | None = None
    is_acknowledged: bool = False

    async def run(self, steps: Callable[["Reception"], Awaitable[PushResult]]) -> Push:
        """Take the steps, and state how they ended. Only what ends this task is raised, such as its cancellation."""
        error: Exception | None = None
        try:
            async with asyncio.timeout_at(self.until):
                result = await steps(self)
        except TimeoutError as over:
            result, error = PushResult.BUDGET_OVER, over
        except StoppedError as stopped:
            result, error = stopped.result, stopped.error
        return Push(result=result, order=self.order, error=error, is_acknowledged=self.is_acknowledged)

    async def read(self) -> Order:
        """Read the order at Klarna: it proves that there is one, and it is what is acted on."""
        with self._step(PushResult.KLARNA_FAILED):
            try:
                self.order = await self._client().orders.get(self.order_id)
            except NotFound as error:
                raise StoppedError(PushResult.TOO_FRESH, error) from error
        return self.order

    async def call(self, function: Callable[..., Awaitable[object]], *given: Any, failed: PushResult) -> bool:
        """Call the shop's function; False when it returns that it knew this before."""
        with self._step(failed):
            called = cast("object", function(*given))
            if not isawaitable(called):
                raise ConfigurationError(f"{function!r} must be an `async def`: what it returned cannot be awaited")
            return await called is not False

    async def acknowledge(self) -> None:
        """Acknowledge the order, unless a capture shows that it is. All pushes of an order share one key."""
        assert self.order is not None
        if not self.order.captures and not self.order.captured_amount:
            with self._step(PushResult.NOT_ACKNOWLEDGED):
                try:
                    await self._send_acknowledgement()
                except KlarnaError as error:
                    if error.outcome is not Outcome.DONE:
                        raise
        self.is_acknowledged = True

    async def _send_acknowledgement(self) -> None:
        key = derive_key("orders.acknowledge", self.order_id, "push")
        try:
            await self._client().orders.acknowledge(self.order_id, idempotency_key=key)
        except (NotAllowed, NotFound) as error:
            if error.outcome is not Outcome.REFUSED:
                raise
            # Klarna may repeat this refusal for as long as it keeps the key, so one try is made without it.
            await self._client().orders.acknowledge(self.order_id)

    @contextmanager
    def _step(self, failed: PushResult) -> Generator[None]:
        """Whatever a step raises, the push is to come again. Only a cancellation of this task passes."""
        try:
            yield
        except StoppedError:
            raise
        except asyncio.CancelledError as inner:
            if is_task_cancelled():
                raise
            error = RuntimeError("something that was awaited here was cancelled")
            raise StoppedError(failed, error.with_traceback(inner.__traceback__)) from inner
        except Exception as error:
            is_over = self._left() <= 0 and not isinstance(error, KlarnaError)  # which says itself what ended its call
            raise StoppedError(PushResult.BUDGET_OVER if is_over else failed, error) from error

    def _client(self) -> KlarnaClient:
        """The client, with what is left of the budget as its limit; nothing is sent when nothing is left."""
        left = self._left()
        if left <= 0:
            raise StoppedError(PushResult.BUDGET_OVER, TimeoutError("the budget is over, so Klarna was not called"))
        return self.klarna.with_options(total_timeout=left * SHARE_OF_A_CALL)

    def _left(self) -> float:
        return self.until - asyncio.get_running_loop().time()
