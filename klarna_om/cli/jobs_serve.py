"""`klarna-om jobs serve`: a page that shows what the jobs do now."""

import asyncio
from typing import TYPE_CHECKING

import click

from klarna_om.batch.moments import show_moment
from klarna_om.cli.dsn_option import dsn_option
from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.job_end import guard
from klarna_om.cli.signals import handle_signals
from klarna_om.settings.base_url import is_loopback

if TYPE_CHECKING:
    from klarna_om.live.board import Board

OPEN_TO_ALL = (
    "Whoever reaches {host} sees order ids, references and Klarna's messages: the page has no password. Put a proxy"
    " with one in front of it."
)


@click.command(
    "jobs serve",
    epilog="""\b
Example:
  klarna-om jobs serve --dsn postgresql://shop@db/shop
  ssh -L 8765:127.0.0.1:8765 MACHINE      # to look at it from elsewhere

\b
Exit codes: 0 ended by a signal, 2 the database or the port cannot be used.
""",
)
@dsn_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; the page has no password.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Port; 0 picks a free one."
)
def command(dsn: str, host: str, port: int) -> None:
    """Serve a page with the running jobs, their rate, outcomes, workers, and what needs a person, until Ctrl-C.

    It stays current by itself and only reads. It is for this machine alone unless --host names another address: then
    whoever reaches that address may look, since there is no password.
    """

    def run() -> None:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(dsn, host, port))

    guard(run, source=f"{host}:{port}")


async def _serve(dsn: str, host: str, port: int) -> None:
    from klarna_om.live.serve import serve

    stop = asyncio.Event()
    with handle_signals(lambda _: stop.set()):
        async with serve(dsn, host, port, on_change=_report) as url:
            if not is_loopback(host):
                click.echo(f"klarna-om: {OPEN_TO_ALL.format(host=host)}", err=True)
            click.echo(f"The jobs are shown on {url} ; Ctrl-C ends it.")
            await stop.wait()


def _report(board: "Board") -> None:
    """On the terminal, when the database goes away and is back."""
    if board.away_since is None:
        click.echo("klarna-om: the database is back", err=True)
    else:
        click.echo(f"klarna-om: {show_moment(board.away_since)} UTC: {board.reason}", err=True)
