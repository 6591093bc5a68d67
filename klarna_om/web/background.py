"""What runs beside the requests of a web service, such as the outbox: kept running, and stopped in order."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence

from attrs import define, field

from klarna_om.cancellation import is_task_cancelled
from klarna_om.client import KlarnaClient
from klarna_om.clock import loop_time
from klarna_om.errors.cause_of import cause_of
from klarna_om.retry.policy import Backoff, FullJitter

logger = logging.getLogger("klarna_om")

Background = Callable[[KlarnaClient], Awaitable[object]]
"""`async def run(klarna)`: it runs until it is cancelled."""

LONG_RUN = 60.0
"""Seconds after which a function counts as well again: its next failure is its first one."""


@define(eq=False)
class BackgroundTasks:
    """One task for each function. One that raises, or returns by itself, is started again."""

    functions: Sequence[Background]
    grace: float
    backoff: Backoff = FullJitter(base=1.0, cap=60.0)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = loop_time
    is_stopping: bool = field(default=False, init=False)
    _tasks: "list[asyncio.Task[None]]" = field(factory=list["asyncio.Task[None]"], init=False)
    _waiting: set[str] = field(factory=set[str], init=False)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The functions that have ended and wait for being started again."""
        return tuple(sorted(self._waiting))

    def start(self, klarna: KlarnaClient) -> None:
        """Start them all."""
        self._tasks += [asyncio.create_task(self._keep_running(one, klarna)) for one in self.functions]

    async def stop(self) -> None:
        """Cancel them, and give them `grace` seconds to finish what is under way; then cancel them once more."""
        self.is_stopping = True
        try:
            await self._cancel()
            if late := await self._cancel():
                logger.error("%d background tasks ignore that they were cancelled", len(late))
        finally:
            for task in self._tasks:
                task.cancel()

    async def _cancel(self) -> "set[asyncio.Task[None]]":
        """Those that still run after the grace time."""
        running = {task for task in self._tasks if task.cancel()}
        return (await asyncio.wait(running, timeout=self.grace))[1] if running else running

    async def _keep_running(self, function: Background, klarna: KlarnaClient) -> None:
        name, failures = _name(function), 0
        while True:
            started = self.clock()
            reason = await self._run(function, klarna)
            if self.is_stopping:
                _log_end(name, reason)
                return
            failures = 1 if self.clock() - started > LONG_RUN else failures + 1
            delay = self.backoff(failures, random.uniform)
            logger.error("%s %s; it is started again in %.1f s", name, reason or "returned by itself", delay)
            self._waiting.add(name)
            await self.sleep(delay)
            self._waiting.discard(name)

    async def _run(self, function: Background, klarna: KlarnaClient) -> str | None:
        """Why it ended; None where it returned."""
        try:
            await function(klarna)
        except asyncio.CancelledError:
            if is_task_cancelled():  # by `stop`, or by an event loop that ends
                raise
            return "was cancelled by something in it"
        except Exception as error:  # noqa: BLE001  it is started again, whatever it was
            return f"raised {cause_of(error)}"
        return None


def _log_end(name: str, reason: str | None) -> None:
    if reason is not None:
        logger.error("%s %s while it was to stop", name, reason)


def _name(function: Background) -> str:
    return getattr(function, "__qualname__", None) or type(function).__qualname__
