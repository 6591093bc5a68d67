"""`klarna-om worker`: run the chunks of submitted jobs, on as many machines as you like."""

import asyncio
import logging
import sys

import click

from klarna_om.batch.stop import Stop
from klarna_om.cli.connection_options import connection_arguments, connection_options
from klarna_om.cli.dsn_option import dsn_option
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.job_end import guard
from klarna_om.cli.log_options import log_options_for
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.signals import stop_on_signals
from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError


@click.command(
    "worker",
    epilog="""\b
Example:
  export KLARNA_OM_ENVIRONMENT=eu KLARNA_OM_USERNAME=... KLARNA_OM_PASSWORD=...
  export KLARNA_OM_DSN=postgresql://shop@db/shop
  klarna-om worker

\b
Exit codes: 0 stopped by a signal, 2 the database cannot be used, 4 credentials or host are wrong.
""",
)
@dsn_option
@click.option(
    "--concurrency", type=click.IntRange(min=1), default=4, show_default=True, help="Chunks in progress at once."
)
@click.option(
    "--in-flight", type=click.IntRange(min=1), default=64, show_default=True, help="Calls in progress at once."
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Requests per second, at most.")
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=25.0,
    show_default=True,
    help="Seconds that the calls in progress have after SIGTERM.",
)
@click.option("--keep-going", is_flag=True, help="Continue a job when its first 50 rows are all refused alike.")
@connection_options
@log_options_for("klarna_om", "procrastinate", default="warning")
def command(*, dsn: str, concurrency: int, in_flight: int, rate: float | None, grace: float, keep_going: bool) -> None:
    """Run the chunks of all jobs that were submitted for this environment, until SIGTERM or Ctrl-C.

    Environment and credentials come from KLARNA_OM_ENVIRONMENT, KLARNA_OM_USERNAME and the others. A worker that dies
    at any moment costs nothing: another one takes its chunks over after 20 seconds.
    """
    logging.getLogger("klarna_om.engines").setLevel(logging.INFO)
    arguments = connection_arguments()

    async def run() -> None:
        async with KlarnaClient(in_flight=in_flight, rate=rate, **arguments) as client:
            await _work(client, dsn, concurrency=concurrency, grace=grace, keep_going=keep_going)

    def run_loop() -> None:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(run())

    try:
        guard(run_loop, source="klarna-om worker")
    except KlarnaError as error:
        click.echo(f"klarna-om: stopped: {with_option_names(str(error))}", err=True)
        sys.exit(ExitCode.CREDENTIALS_OR_HOST.value)


async def _work(client: KlarnaClient, dsn: str, *, concurrency: int, grace: float, keep_going: bool) -> None:
    from klarna_om.engines.procrastinate import work

    stop = Stop()
    task = asyncio.create_task(
        work(client, dsn, concurrency=concurrency, grace=grace, keep_going=keep_going, stop=stop)
    )
    with stop_on_signals(stop, on_first=_announce_stop, on_next=task.cancel):
        await asyncio.wait((task,))
    if not task.cancelled():
        task.result()


def _announce_stop() -> None:
    click.echo("ending the calls in progress; a second signal stops at once. Nothing is lost.", err=True)
