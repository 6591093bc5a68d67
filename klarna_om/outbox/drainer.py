"""Carries intents to their end: claims them, calls Klarna, records what came of it."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from functools import partial

from attrs import define, field, frozen

from klarna_om.batch.circuit_breaker import CircuitBreaker
from klarna_om.batch.stop import Stop
from klarna_om.client import KlarnaClient
from klarna_om.errors import ClientClosed, KlarnaError
from klarna_om.outbox.lease import Lease
from klarna_om.outbox.outages import Outages
from klarna_om.outbox.results import Ended, of_error, of_exception, of_success
from klarna_om.outbox.sending import send
from klarna_om.outbox.states import State
from klarna_om.outbox.store import Callback, CallbackFailed, Claim, Finish, Store
from klarna_om.outbox.wake import Wake, wait

logger = logging.getLogger("klarna_om.outbox")

RELEASE_TIMEOUT = 2.0
"""Seconds for giving back a lease at the end; after that it ends by itself."""

PATIENCE = 30.0
"""Seconds of waiting for the database until a drain that is to end raises what its driver says."""

REPORT_AGAIN = 60.0
"""Seconds until a result is reported again whose callback has failed."""


@frozen(kw_only=True)
class Settings:
    """How a drain works. Times are in seconds."""

    concurrency: int = 16
    """Calls under way at once, in this process."""
    lease: float = 20.0
    """After that another process takes over what this one was at; it is renewed four times as often."""
    poll: float = 1.0
    """How often the table is looked at without a notification."""
    grace: float = 10.0
    """For calls under way when the drain is cancelled."""
    monotonic: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time


@define(eq=False)
class Drain:
    """One run, in one process."""

    klarna: KlarnaClient
    store: Store
    settings: Settings
    callback: Callback | None
    wake: Wake
    is_once: bool
    """End when nothing is due."""
    _stop: Stop = field(factory=Stop, init=False)
    _busy: int = field(default=0, init=False)
    _last_error: KlarnaError | None = field(default=None, init=False)
    _closed: ClientClosed | None = field(default=None, init=False)
    _target: str = field(init=False)
    _outages: Outages = field(init=False)
    _breaker: CircuitBreaker = field(init=False)
    _claiming: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        patience = PATIENCE if self.is_once else None
        self._outages = Outages(self.store.database.failures, patience)
        self._target = self.klarna.environment.base_url
        self._breaker = CircuitBreaker(self._stop, self.settings.monotonic, self._log_breaker)

    async def run(self) -> None:
        """Work until it is cancelled, or for `is_once` until nothing is due."""
        await self._outages.persist(self.store.check_schema, asyncio.sleep)
        await self._outages.persist(partial(self.store.check_target, self._target), asyncio.sleep)
        workers = [asyncio.create_task(self._worker()) for _ in range(self.settings.concurrency)]
        reporting, listening = asyncio.create_task(self._report()), asyncio.create_task(self._listen())
        try:
            await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            await self._end([*workers, reporting], listening)
        for worker in workers:
            worker.result()
        if self._closed is not None:
            raise self._closed
        await self._report_all()

    async def _end(self, tasks: list[asyncio.Task[None]], listening: asyncio.Task[None]) -> None:
        """Nothing new begins; what is under way has the grace time, and then gives back its lease."""
        self._stop.request()
        try:
            await asyncio.wait(tasks, timeout=self.settings.grace)
        finally:
            await _cancel((*tasks, listening))

    async def _worker(self) -> None:
        while True:
            async with self._breaker.permit() as permit:
                lease = await self._next() if permit.is_granted else None
                if lease is None:
                    return
                try:
                    permit.has_failed = await self._work(lease)
                finally:
                    self._busy -= 1

    async def _next(self) -> Lease | None:
        """Wait for an intent; None at the end. One worker at a time looks."""
        async with self._claiming:
            while not self._stop.is_requested:
                # Asked first: an intent that ends meanwhile may leave another one due.
                ticket, is_idle = self.wake.ticket(), not self._busy
                lease = await self._outages.until_stopped(self._claim, self._stop)
                if lease is not None:
                    self._busy += 1
                    return lease
                if self.is_once and is_idle:
                    self._stop.request()
                await self._stop.wait(wait(ticket, self.settings.poll))
        return None

    async def _claim(self) -> Lease | None:
        asked = self._moment()
        claim = await self.store.claim(self.settings.lease, self._target)
        if claim is None:
            return None
        lease = Lease(claim, self.settings.lease, self.settings.monotonic, self.settings.wall_clock)
        lease.hold_from(asked)
        return lease

    async def _work(self, lease: Lease) -> bool | None:
        """Call, and record the result while this process has the lease; returns whether Klarna is unhealthy."""
        claim = lease.claim
        renewing = asyncio.create_task(self._renew(lease))
        try:
            ended = await self._call(claim, lease)
            await self._outages.persist(partial(self._record, claim, ended.finish), asyncio.sleep)
        except asyncio.CancelledError:
            await self._release(claim)
            raise
        finally:
            await _cancel([renewing])
            self.wake.ring()
        return ended.has_failed

    async def _call(self, claim: Claim, lease: Lease) -> Ended:
        try:
            return of_success(claim, await send(self.klarna, claim, lease.check))
        except KlarnaError as error:
            self._last_error = error
            if isinstance(error, ClientClosed):
                self._closed = error
                self._stop.request()
            return of_error(claim, error)
        except Exception as reason:
            logger.exception("%s of order %s: not a failure of Klarna's", claim.intent.operation, claim.intent.order_id)
            return of_exception(claim, reason)

    async def _record(self, claim: Claim, finish: Finish) -> None:
        intent = claim.intent
        if not await self.store.finish(claim, finish):
            logger.warning("%s of order %s: another process has taken it over", intent.operation, intent.order_id)
        elif finish.state is State.ESCALATED:
            logger.error("%s of order %s is escalated: %s", intent.operation, intent.order_id, finish.detail)

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(lease.seconds / 4)
            asked = self._moment()
            try:
                is_ours = await self.store.renew(lease.claim, lease.seconds)
            except self.store.database.failures:
                continue  # if it stays so, the lease ends, and with it the sending
            if not is_ours:
                lease.end()
                return
            lease.hold_from(asked)

    async def _release(self, claim: Claim) -> None:
        failures: tuple[type[Exception], ...] = (TimeoutError, *self.store.database.failures)
        try:
            async with asyncio.timeout(RELEASE_TIMEOUT):
                await self.store.release(claim)
        except failures:
            logger.warning("the lease of %s of order %s ends by itself", claim.intent.operation, claim.intent.order_id)

    async def _listen(self) -> None:
        await self._outages.persist(partial(self.store.database.listen, self.wake.ring), asyncio.sleep)

    async def _report(self) -> None:
        while self.callback is not None and not self._stop.is_requested:
            ticket = self.wake.ticket()
            await self._outages.until_stopped(self._report_all, self._stop)
            await self._stop.wait(wait(ticket, self.settings.poll))

    async def _report_all(self) -> None:
        is_more = self.callback is not None
        while is_more:
            try:
                is_more = self.callback is not None and await self.store.report_next(self.callback, REPORT_AGAIN)
            except CallbackFailed as failed:
                intent = failed.intent
                logger.exception(
                    "%s of order %s: on_result failed for the intent %s, which is reported again in %.0f s",
                    intent.operation,
                    intent.order_id,
                    intent.id,
                    REPORT_AGAIN,
                    exc_info=failed.__cause__,
                )

    def _moment(self) -> tuple[float, float]:
        return self.settings.monotonic(), self.settings.wall_clock()

    def _log_breaker(self) -> None:
        if self._breaker.is_open:
            logger.error("the outbox makes one call at a time: the last ones failed, as in: %s", self._last_error)
        else:
            logger.info("Klarna answers, the outbox goes on")


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in (tasks := list(tasks)):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
