"""Run a verification on a terminal: a signal ends it, and a line every ten seconds shows how far it is."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

import click
from attrs import define, evolve, field

from klarna_om.batch.execution import Execution
from klarna_om.batch.journal import JournalError, JournalReader
from klarna_om.batch.stop import Stop
from klarna_om.batch.verification import Check, Verification
from klarna_om.batch.verify_journal import verify
from klarna_om.batch.verify_sample import Sample, count_rows
from klarna_om.cli.progress import PERIOD
from klarna_om.cli.run import RunResult
from klarna_om.cli.signals import stop_on_signals
from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError


async def verify_run(client: KlarnaClient, execution: Execution, sample: Sample, result: RunResult) -> RunResult:
    """The result with a verification, unless the run was stopped or has failed. The run's time limit goes on."""
    stop = execution.stop
    if result.error is not None or result.is_cancelled or stop.is_requested:
        return result
    limit = execution.time_limit.watch(stop, execution.now, execution.clock, execution.started)
    try:
        async with limit:
            found = await run_verification(client, execution.journal, sample, in_flight=execution.in_flight, stop=stop)
    except (KlarnaError, JournalError) as error:
        return evolve(result, error=error)
    return evolve(result, verification=found)


async def run_verification(
    client: KlarnaClient,
    journal: JournalReader,
    sample: Sample,
    *,
    in_flight: int,
    stop: Stop,
    seed: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Verification:
    """Verify, and show the progress on standard error."""
    lines = VerifyProgress(count_rows(await journal.counts(), sample), sys.stderr, clock)
    with stop_on_signals(stop, on_first=_announce_stop, on_next=lambda: None):
        return await verify(
            client, journal, sample=sample, seed=seed, in_flight=in_flight, stop=stop, on_check=lines.add
        )


@define(eq=False)
class VerifyProgress:
    """A line every ten seconds; none for a verification that is over sooner."""

    rows: int
    stream: TextIO
    clock: Callable[[], float]
    _verified: int = field(default=0, init=False)
    _next: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._next = self.clock() + PERIOD

    def add(self, _: Check) -> None:
        """One more row is verified."""
        self._verified += 1
        if self.clock() >= self._next:
            self._next = self.clock() + PERIOD
            click.echo(f"verified {self._verified} of {self.rows}", file=self.stream)


def _announce_stop() -> None:
    click.echo("\nStopping the verification; it changes nothing, and can be run again.", err=True)
