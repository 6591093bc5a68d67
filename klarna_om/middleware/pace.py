"""Every attempt waits for its place: one of the requests in flight, and a slot in the merchant's rate limit."""

import asyncio
from contextlib import nullcontext

from attrs import field, frozen

from klarna_om.errors import ClientClosed, NoAnswer, QueueTimeout
from klarna_om.exchange import Request, Response
from klarna_om.hooks import Hook, WaitEvent
from klarna_om.middleware import Handler
from klarna_om.pace.concurrency import ConcurrencyLimiter
from klarna_om.pace.deadlines import Deadlines
from klarna_om.pace.lanes import Lane
from klarna_om.pace.pacing import Pacing
from klarna_om.pace.withdrawal import waits


@frozen(eq=False)
class Pace:
    """Queue below the retries, since every attempt costs quota, and above the transport, so that no time-out of a
    request counts the wait.
    """

    concurrency: ConcurrencyLimiter
    pacer: Pacing | None
    lane: Lane = "live"
    share: float = 1.0
    queue_timeout: float | None = None
    deadlines: Deadlines = field(factory=Deadlines)
    on_wait: Hook[WaitEvent] | None = None

    async def __call__(self, request: Request, below: Handler) -> Response:
        """Wait, send, and give the place back."""
        if not self.concurrency.try_acquire(self.lane):
            await self._wait(request, place=True)
        elif self.pacer is not None and not self.pacer.try_acquire(self.lane, self.share):
            await self._wait(request, place=False)
        elif self.on_wait is not None:
            self._report(request, 0.0)
        try:
            response = await below(request)
        finally:
            self.concurrency.release()
        if self.pacer is not None and _is_klarnas(response):
            # What somebody else answers shows nothing of Klarna's quota.
            self.pacer.observe(response)
        return response

    async def _wait(self, request: Request, *, place: bool) -> None:
        """Wait for a place (unless one is held already) and then for a slot; on failure hold neither."""
        loop_time = asyncio.get_running_loop().time()
        limits = (request.deadline, None if self.queue_timeout is None else loop_time + self.queue_timeout)
        until = min((limit for limit in limits if limit is not None), default=None)
        held = not place
        try:
            withdrawn = waits.get()
            with self.deadlines.start(until), nullcontext() if withdrawn is None else withdrawn.start(None):
                if place:
                    await self.concurrency.acquire(self.lane)
                    held = True
                if self.pacer is not None and not self.pacer.try_acquire(self.lane, self.share):
                    await self.pacer.acquire(self.lane)
        except BaseException as reason:
            waited = asyncio.get_running_loop().time() - loop_time
            if held:
                self.concurrency.release()
            self._report(request, waited, has_place=False)
            if isinstance(reason, TimeoutError):
                raise self._too_late(waited) from None
            raise
        self._report(request, asyncio.get_running_loop().time() - loop_time)

    def _report(self, request: Request, waited: float, *, has_place: bool = True) -> None:
        if self.on_wait is not None:
            self.on_wait(WaitEvent(operation=request.operation, lane=self.lane, elapsed=waited, has_place=has_place))

    def _too_late(self, waited: float) -> NoAnswer:
        if self.deadlines.is_closed:
            return ClientClosed("this client was closed while the call waited for its place; nothing was sent")
        return QueueTimeout(f"no place in the rate limit or the pool after {waited:.1f} s; nothing was sent")


def _is_klarnas(response: Response) -> bool:
    return response.is_success or (response.classification is not None and response.classification.is_klarnas)
