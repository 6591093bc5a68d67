"""`klarna-om journal verify JOURNAL`: read the orders of a job back at Klarna, without running anything."""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

import click
import msgspec
from attrs import frozen

from klarna_om.batch.stop import Stop
from klarna_om.batch.verification import Verification
from klarna_om.batch.verify_sample import Sample
from klarna_om.cli.connection_options import connection_arguments, connection_options
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.job_end import guard
from klarna_om.cli.journal_source import journal_argument, open_reader
from klarna_om.cli.log_options import log_options
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.verify_options import SampleType
from klarna_om.cli.verify_run import run_verification
from klarna_om.cli.verify_text import verification_json, verification_text
from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError


@click.command(
    "verify",
    epilog="""\b
Example:
  klarna-om journal verify captures.csv.journal
  klarna-om journal verify captures.csv.journal --sample all --json

Exit codes: 0 nothing differs, 1 a person must look, or an order was not read, 2 usage, 3 stopped early,
4 credentials or host.
""",
)
@journal_argument
@click.option("--sample", type=SampleType(), default="200", show_default=True, help="How many rows, by chance, or all.")
@click.option("--seed", type=click.IntRange(min=0), help="Choose the same rows as the verification with this seed.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Requests per second, at most.")
@click.option("--in-flight", type=click.IntRange(min=1), default=32, show_default=True, help="Reads in progress.")
@connection_options
@log_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    journal: UUID | Path,
    dsn: str | None,
    sample: Sample,
    seed: int | None,
    rate: float | None,
    in_flight: int,
    *,
    as_json: bool,
) -> None:
    """Read orders of a job at Klarna, and compare them with what the journal says.

    Rows that are done or refused are read by chance, unknown and escalated ones all. It only reads, and changes
    neither the journal nor any order.
    """
    reads = _Reads(journal, dsn, sample, seed, rate, in_flight)

    def run() -> Verification:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(reads.run())

    try:
        verification = guard(run, source=journal)
    except KlarnaError as error:
        text = error.explain() if error.operation else str(error)
        click.echo(f"klarna-om: {with_option_names(text)}", err=True)
        sys.exit(ExitCode.CREDENTIALS_OR_HOST.value)
    text = verification_text(verification, journal)
    click.echo(msgspec.json.encode(verification_json(verification)).decode() if as_json else text)
    sys.exit(exit_code_for(verification).value)


def exit_code_for(verification: Verification) -> ExitCode:
    """The exit code of a verification alone."""
    if verification.stopped_by:
        return ExitCode.STOPPED
    return ExitCode.DONE if verification.is_confirmed else ExitCode.INCOMPLETE


@frozen
class _Reads:
    """What is read, and how fast."""

    journal: UUID | Path
    dsn: str | None
    sample: Sample
    seed: int | None
    rate: float | None
    in_flight: int

    async def run(self) -> Verification:
        async with (
            KlarnaClient(in_flight=self.in_flight, rate=self.rate, **connection_arguments()) as client,
            open_reader(self.journal, self.dsn) as opened,
        ):
            return await run_verification(
                client, opened, self.sample, in_flight=self.in_flight, stop=Stop(), seed=self.seed
            )
