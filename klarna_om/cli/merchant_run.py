"""Run the jobs of several merchants side by side in one process, each with its own client, journal and pace.

A merchant that is slow, refused or cannot be reached holds up no other: nothing is shared but the event loop.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from attrs import define, field

from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.journal import JournalError
from klarna_om.batch.manifest import read_chunks
from klarna_om.batch.progress_tracker import OnProgress
from klarna_om.batch.report import ReportError
from klarna_om.cli.dry_run import dry_run
from klarna_om.cli.execute import limit_of, make_execution, note_last_result, open_job
from klarna_om.cli.log_options import is_quiet
from klarna_om.cli.merchant_jobs import MerchantJob
from klarna_om.cli.merged_progress import MergedProgress
from klarna_om.cli.progress import show_progress
from klarna_om.cli.run import CliRun, RunResult
from klarna_om.cli.stderr_console import stderr_console
from klarna_om.cli.verify_run import verify_run
from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError

Unusable = ManifestError | JournalError | ReportError | ConfigurationError | OSError
"""What keeps a merchant's job from running at all."""

Results = Mapping[str, RunResult | Unusable]
"""By the merchant's name."""


@define(eq=False)
class MerchantRun:
    """All of them."""

    jobs: Sequence[MerchantJob]
    _progress: MergedProgress = field(factory=MergedProgress, init=False)
    _clients: list[KlarnaClient] = field(factory=list[KlarnaClient], init=False)

    async def run(self) -> Results:
        """The result of each, or what is wrong with it."""
        with show_progress(stderr_console(), self._limit, quiet=is_quiet()) as show:
            self._progress.show = show
            results = await asyncio.gather(*(self._try_to_run(job) for job in self.jobs))
        return {job.merchant: result for job, result in zip(self.jobs, results, strict=True)}

    async def dry_run(self) -> Results:
        """What would be done for each."""
        results = [await _try(_dry_run(job)) for job in self.jobs]
        return {job.merchant: result for job, result in zip(self.jobs, results, strict=True)}

    def _limit(self) -> float | None:
        limits = [limit for client in self._clients if (limit := limit_of(client)) is not None]
        return sum(limits) if limits else None

    async def _try_to_run(self, job: MerchantJob) -> RunResult | Unusable:
        return await _try(self._run(job, self._progress.of(job.merchant)))

    async def _run(self, job: MerchantJob, show: OnProgress) -> RunResult:
        settings = job.settings
        async with open_job(settings) as (client, journal):
            self._clients.append(client)
            execution = make_execution(settings, client, journal, show)
            run = CliRun(execution, settings.report, settings.html, announces_stop=job is self.jobs[0])
            result = await run.run(read_chunks(job.lines()))
            if settings.verify is not None:
                result = await verify_run(client, execution, settings.verify, result)
            return await note_last_result(journal, result)


async def _dry_run(job: MerchantJob) -> RunResult:
    return await dry_run(job.settings, job.lines())


async def _try(run: Coroutine[Any, Any, RunResult]) -> RunResult | Unusable:
    try:
        return await run
    except (ManifestError, JournalError, ReportError, ConfigurationError, OSError) as reason:
        return reason
