"""Runs the chunks that an engine delivers to this process, whatever the engine is."""

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from attrs import define, field

from klarna_om.batch.circuit_breaker import CircuitBreaker
from klarna_om.batch.execution import Execution
from klarna_om.batch.journal import JournalError, JournalMismatchError
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
    _running: set[Message] = field(factory=set[Message], init=False)
    _breaker: CircuitBreaker | None = field(default=None, init=False)

    @property
    def target(self) -> str:
        """Where the calls of this process go."""
        return self.client.environment.base_url

    async def __aenter__(self) -> "ChunkRunner":
        return self

    async def __aexit__(self, *_: object) -> None:
        for job in [*self._jobs]:
            await self._close(job)

    def request_stop(self) -> None:
        """Let the calls in progress end, and begin nothing new."""
        self.stop.request()
        for opened in self._jobs.values():
            opened.execution.stop.request()

    async def run(self, message: Message) -> bool:
        """Run a chunk; returns whether it is through: no row of it is pending or unknown.

        A chunk that another worker has, or that this process runs already, is left alone. Raises `JournalError`, and
        the `KlarnaError` that no later try could cure; the next delivery begins anew.
        """
        if self.stop.is_requested or message in self._running:
            return False
        self._running.add(message)
        try:
            async with self._use(message.job) as execution:
                is_through = await run_chunk(execution, message.low, message.high)
        finally:
            self._running.discard(message)
        state = "through" if is_through else "not through yet"
        logger.info("job %s: rows %d to %d are %s", message.job, message.low, message.high, state)
        return is_through

    @asynccontextmanager
    async def _use(self, job: UUID) -> AsyncGenerator[Execution, None]:
        opened = self._jobs.get(job) or await self._open(job)
        opened.deliveries += 1
        try:
            yield opened.execution
        except (KlarnaError, JournalError):
            # What is known of Klarna stopped the job: once it is fixed, the next delivery must begin without it.
            self._jobs.pop(job, None)
            raise
        finally:
            opened.deliveries -= 1
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
        shared: dict[str, Any] = {} if self._breaker is None else {"breaker": self._breaker}
        execution = Execution(
            journal=journal,
            sender=make_sender(self.client, operation),
            target=self.target,
            in_flight=self.in_flight,
            on_expired=choose_on_expired(operation, None),
            keep_going=self.keep_going,
            is_redelivered=True,
            worker=self.worker,
            **shared,
        )
        return execution

    async def _close(self, job: UUID) -> None:
        await self._jobs.pop(job).stack.aclose()
