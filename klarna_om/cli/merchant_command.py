"""A job's command with several merchants: `shop-se=se.csv shop-no=no.csv`, or `--merchant-column`."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import click

from klarna_om.cli.batch_options import Settings
from klarna_om.cli.connection_options import connection_arguments
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.files import choose_files
from klarna_om.cli.job_end import guard
from klarna_om.cli.manifest_argument import Manifests, NamedManifest
from klarna_om.cli.merchant_end import end_merchants
from klarna_om.cli.merchant_jobs import MerchantJob, jobs_of_column, jobs_of_manifests
from klarna_om.cli.merchant_run import MerchantRun, Results


def has_merchants(manifest: Manifests, column: str | None) -> bool:
    """Does the command line name several merchants? Raises `click.UsageError` for several files without names."""
    named = [each for each in manifest if isinstance(each, NamedManifest)]
    if named and (len(named) < len(manifest) or len({each.merchant for each in named}) < len(named)):
        raise click.UsageError("give each manifest the name of its merchant, and each merchant one manifest")
    if not named and len(manifest) > 1:
        raise click.UsageError("several manifests need the names of their merchants: shop-se=se.csv shop-no=no.csv")
    is_several = bool(named) or column is not None
    if is_several and connection_arguments().keys() & {"username", "api_key"}:
        raise click.UsageError("--merchant is for one; here the manifest says which there are")
    return is_several


def find_jobs(
    make: Callable[..., Settings], manifest: Manifests, column: str | None, journal: Path | None, report: Path | None
) -> Sequence[MerchantJob]:
    """The job of each merchant; ends the command where there is none."""
    named = [each for each in manifest if isinstance(each, NamedManifest)]
    if named:
        if column is not None or journal is not None or report is not None:
            raise click.UsageError(
                "where each manifest has a merchant, journals and reports are beside them: leave out --merchant-column,"
                " --journal and --report"
            )
        return jobs_of_manifests(make(manifest="", journal=Path(), report=Path()), named)
    path = str(manifest[0])
    journal, report = choose_files(path, journal, report)
    settings = make(manifest=path, journal=journal, report=report)
    return guard(lambda: jobs_of_column(settings, column or ""), source=path)


def run_merchants(jobs: Sequence[MerchantJob], *, dry_run: bool, as_json: bool) -> NoReturn:
    """Run them, and end the command."""
    run = MerchantRun(jobs)

    def work() -> Results:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(run.dry_run() if dry_run else run.run())

    results = guard(work, source=jobs[0].settings.manifest, journal=jobs[0].settings.journal)
    end_merchants(jobs, results, dry_run=dry_run, as_json=as_json)
