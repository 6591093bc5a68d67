"""Runs the chunks that an engine delivers to this process, whatever the engine is."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self
from uuid import UUID, uuid4

from attrs import Factory, define, field

from klarna_om.batch.circuit_breaker import CircuitBreaker
from klarna_om.batch.execution import Execution
from klarna_om.batch.fatal_errors import BatchStopped
from klarna_om.batch.journal import JournalMismatchError
from klarna_om.batch.postgres import Database, PostgresJournal
from klarna_om.batch.postgres.reader import read_identity, read_target
from klarna_om.batch.runner import run_chunk
from klarna_om.batch.senders import make_sender
from klarna_om.batch.states import choose_on_expired
from klarna_om.batch.stop import Stop
from klarna_om.client import KlarnaClient
from klarna_om.engines.message import Message
from klarna_om.errors import KlarnaError
from klarna_om.settings.base_url import host_and_port

logger = logging.getLogger("klarna_om.engines")


@define(eq=False)
class _OpenJob:
    """A job that this process works on; its deliveries share what is known of Klarna."""

    execution: Execution
    stack: AsyncExitStack
    deliveries: int = 0


def _breaker_of(runner: "ChunkRunner") -> CircuitBreaker:
    return CircuitBreaker(runner.stop, time.monotonic, lambda: None)


@define(eq=False, kw_only=True)
class ChunkRunner:
    """One for each process; use it as `async with`. An outage of Klarna's is seen by all its jobs."""

    client: KlarnaClient
    database: Database
    in_flight: int = 32
    """Calls in progress at once for one chunk."""
    keep_going: bool = False
    """Continue when the first 50 rows of a job are all refused alike."""
    stop: Stop = field(factory=Stop)
    worker: UUID = field(factory=uuid4)
    _jobs: dict[UUID, _OpenJob] = field(factory=dict[UUID, _OpenJob], init=False)
    _running: dict[Message, asyncio.Task[bool]] = field(factory=dict[Message, "asyncio.Task[bool]"], init=False)
    fatal: KlarnaError | None = field(default=None, init=False)
    """What no later try could cure; it has stopped this process's jobs."""
    _given_up: dict[UUID, BatchStopped] = field(factory=dict[UUID, BatchStopped], init=False)
    _breaker: CircuitBreaker = Factory(_breaker_of, takes_self=True)

    @property
    def target(self) -> str:
        """Where the calls of this process go."""
        return self.client.environment.base_url

    async def __aenter__(self) -> Self:
        self.stop.on_request(self._stop_jobs)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.interrupt()  # what the engine has left behind
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        for job in [*self._jobs]:
            await self._close(job)

    def interrupt(self) -> None:
        """Interrupt the calls in progress. They are recorded as unknown; a repeat settles them."""
        for delivery in self._running.values():
            delivery.cancel()

    def _stop_jobs(self) -> None:
        for opened in self._jobs.values():
            opened.execution.stop.request(self.stop.reason)

    async def run(self, message: Message) -> bool:
        """Run a chunk; returns whether it is through: no row of it is pending or unknown.

        A chunk that another worker has, or that this process runs already, is left alone; so is a job that was stopped
        because all its calls fail alike, until the process is started again. Raises `JournalError`, and the
        `KlarnaError` that no later try could cure, which also stops everything else here.
        """
        if self.stop.is_requested or message in self._running or message.job in self._given_up:
            return False
        self._running[message] = delivery = asyncio.create_task(self._deliver(message))
        try:
            is_through = await delivery
        except BatchStopped as error:
            self._given_up[message.job] = error
            raise
        except KlarnaError as error:
            self.fatal = error
            self.stop.request(f"no later try can cure this: {error}")
            raise
        finally:
            del self._running[message]
        state = "through" if is_through else "not through yet"
        logger.info("job %s: rows %d to %d are %s", message.job, message.low, message.high, state)
        return is_through

    async def _deliver(self, message: Message) -> bool:
        async with self._use(message.job) as execution:
            return await run_chunk(execution, message.low, message.high)

    @asynccontextmanager
    async def _use(self, job: UUID) -> AsyncGenerator[Execution, None]:
        opened = self._jobs.get(job) or await self._open(job)
        opened.deliveries += 1
        if self.stop.is_requested:
            opened.execution.stop.request(self.stop.reason)
        try:
            yield opened.execution
        finally:
            opened.deliveries -= 1
            await self._end_delivery(job, opened)

    async def _end_delivery(self, job: UUID, opened: _OpenJob) -> None:
        """Keep what is known of the job, unless it was stopped: the next delivery must begin without that."""
        if opened.execution.stop.is_requested and self._jobs.get(job) is opened:
            del self._jobs[job]
        if not opened.deliveries and self._jobs.get(job) is not opened:
            await opened.stack.aclose()

    async def _open(self, job: UUID) -> _OpenJob:
        identity = await read_identity(self.database, job)
        known = await read_target(self.database, job)
        if known and host_and_port(known) != host_and_port(self.target):
            raise JournalMismatchError(f"job {job} is for {known}, and the calls of this process go to {self.target}")
        for idle in [other for other, opened in self._jobs.items() if not opened.deliveries]:
            await self._close(idle)
        stack = AsyncExitStack()
        journal = await stack.enter_async_context(PostgresJournal(self.database, identity).running())
        execution = self._execution(journal)
        if (first := self._jobs.get(job)) is not None:  # another delivery was faster
            await stack.aclose()
            return first
        self._jobs[job] = _OpenJob(execution, stack)
        return self._jobs[job]

    def _execution(self, journal: PostgresJournal) -> Execution:
        operation = journal.identity.operation
        return Execution(
            journal=journal,
            sender=make_sender(self.client, operation),
            target=self.target,
            in_flight=self.in_flight,
            on_expired=choose_on_expired(operation, None),
            keep_going=self.keep_going,
            is_redelivered=True,
            worker=self.worker,
            breaker=self._breaker,
        )

    async def _close(self, job: UUID) -> None:
        await self._jobs.pop(job).stack.aclose()
