"""`klarna-om worker`: run the chunks of submitted jobs, on as many machines as you like."""

import asyncio
import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from klarna_om.batch.stop import Stop
from klarna_om.cli.connection_options import connection_arguments, connection_options
from klarna_om.cli.dsn_option import dsn_option
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.health import check_database, serve_health
from klarna_om.cli.job_end import guard
from klarna_om.cli.log_options import log_options_for
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.signals import stop_on_signals
from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError


def _option(name: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option that has a variable too: KLARNA_OM_IN_FLIGHT for --in-flight."""
    variable = f"KLARNA_OM_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, envvar=variable, show_envvar=True, show_default="default" in settings, **settings)


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
@_option("--concurrency", type=click.IntRange(min=1), default=4, help="Chunks in progress at once.")
@_option("--in-flight", type=click.IntRange(min=1), default=64, help="Calls in progress at once.")
@_option("--rate", type=click.FloatRange(min=0, min_open=True), help="Requests per second, at most.")
@_option(
    "--grace", type=click.FloatRange(min=0), default=25.0, help="Seconds that the calls in progress have after SIGTERM."
)
@_option("--keep-going", is_flag=True, help="Continue a job when its first 50 rows are all refused alike.")
@_option(
    "--health-port",
    type=click.IntRange(1, 65535),
    help="Serve /healthz (the process works) and /readyz (it reaches the database, and is not stopping) there.",
)
@connection_options
@log_options_for("klarna_om", "procrastinate", default="warning")
def command(*, dsn: str, in_flight: int, rate: float | None, **options: Any) -> None:
    """Run the chunks of all jobs that were submitted for this environment, until SIGTERM or Ctrl-C.

    Environment and credentials come from KLARNA_OM_ENVIRONMENT, KLARNA_OM_USERNAME and the others, options from
    variables too. A worker that dies at any moment costs nothing: another one takes its chunks over after 20 seconds.
    """
    logging.getLogger("klarna_om.engines").setLevel(logging.INFO)
    arguments = connection_arguments()

    async def run() -> None:
        async with KlarnaClient(in_flight=in_flight, rate=rate, **arguments) as client:
            await _work(client, dsn, **options)

    def run_loop() -> None:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(run())

    try:
        guard(run_loop, source="klarna-om worker")
    except KlarnaError as error:
        click.echo(f"klarna-om: stopped: {with_option_names(str(error))}", err=True)
        sys.exit(ExitCode.CREDENTIALS_OR_HOST.value)


async def _work(client: KlarnaClient, dsn: str, *, health_port: int | None, **options: Any) -> None:
    from klarna_om.engines.procrastinate import work

    stop = Stop()
    async with serve_health(health_port, stop, partial(check_database, dsn)):
        task = asyncio.create_task(work(client, dsn, stop=stop, **options))
        with stop_on_signals(stop, on_first=_announce_stop, on_next=task.cancel):
            await asyncio.wait((task,))
    if not task.cancelled():
        task.result()


def _announce_stop() -> None:
    click.echo("ending the calls in progress; a second signal stops at once. Nothing is lost.", err=True)
