"""`klarna-om sandbox`: serves a local stand-in for Klarna's API until Ctrl-C."""

import asyncio
import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypedDict, Unpack

import click

from klarna_om.cli.event_loop import loop_factory
from klarna_om.cli.name_completion import complete_names
from klarna_om.cli.sandbox_order import order
from klarna_om.cli.sandbox_texts import end_json, end_text, start_json, start_text
from klarna_om.cli.signals import handle_signals
from klarna_om.sandbox.faults import PLANS, FaultPlan
from klarna_om.sandbox.rate_limit import LIVE_LIMIT
from klarna_om.sandbox.sandbox import Sandbox

EPILOG = """\b
Example, in two shells:
  klarna-om sandbox --orders 2000 --faults demo --manifest orders.csv
  curl -u sandbox:sandbox http://127.0.0.1:8420/ordermanagement/v1/orders/$(sed -n 2p orders.csv)

The executed operations are printed at the end; GET /_sandbox/effects returns them at any time. GET /_sandbox
lists what else a test in any language can ask for and set, the scenarios of the conformance kit among it:
  curl -X POST http://127.0.0.1:8420/_sandbox/scenarios/lost-answer
A fault plan is a name (none, demo, rough, gateways) or a list such as
error-before=0.05,error-after=0.05,slow=0.1:2,in-a-row=3.
For containers: --host 0.0.0.0 --allow-remote here, and KLARNA_OM_ENVIRONMENT=sandbox+http://NAME:8420
in the others. Never where strangers can reach it.
"""


class _Settings(TypedDict):
    """Options that the sandbox takes as they are."""

    host: str
    port: int
    seed: int
    faults: FaultPlan
    push_url: str | None
    notification_url: str | None
    allow_remote: bool


def _parse_faults(_: click.Context, __: click.Parameter, text: str) -> FaultPlan:
    try:
        return FaultPlan.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.group("sandbox", epilog=EPILOG, invoke_without_command=True, subcommand_metavar="[order ...]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8420,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--orders",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Number of orders at the start.",
)
@click.option("--seed", default=1, show_default=True, help="Seed of the orders and faults.")
@click.option(
    "--faults",
    callback=_parse_faults,
    metavar="PLAN",
    default="none",
    show_default=True,
    shell_complete=complete_names(PLANS),
    help="Injected faults.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=LIVE_LIMIT,
    show_default=True,
    help="Requests per second; 0 for no limit.",
)
@click.option(
    "--manifest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV to write the orders' ids to (header: order_id).",
)
@click.option(
    "--push-url",
    metavar="URL",
    help="Where pushes go for orders that are added; {checkout.order.id} in it becomes the order's id.",
)
@click.option("--notification-url", metavar="URL", help="Where the fraud notifications of those orders go.")
@click.option(
    "--allow-remote",
    is_flag=True,
    help="Let it listen on another host than this machine's own, and send pushes to one: for containers.",
)
@click.option(
    "--json", "is_json", is_flag=True, help="Print URL, username, password and control URL as a line of JSON."
)
@click.pass_context
def command(
    context: click.Context,
    manifest: Path | None,
    orders: int,
    limit: int,
    is_json: bool,
    **settings: Unpack[_Settings],
) -> None:
    """Serve a local stand-in for Klarna's Order Management API, with orders, rules, a quota and faults.

    It accepts the username `sandbox` with the password `sandbox`. `klarna-om sandbox order` adds an order to one that
    runs.
    """
    if context.invoked_subcommand is not None:
        return
    is_remote_allowed = settings["allow_remote"]
    try:
        sandbox = Sandbox(orders, limit=limit or None, **settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if manifest is not None:
        _write_manifest(manifest, sandbox.order_ids)

    def starts() -> str:
        return start_json(sandbox) if is_json else start_text(sandbox, orders, is_remote_allowed=is_remote_allowed)

    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(sandbox, starts))
    except OSError as reason:
        where = f"{settings['host']}:{settings['port']}"
        raise click.ClickException(f"cannot listen on {where}: {reason.strerror or reason}") from None
    click.echo(end_json(sandbox) if is_json else end_text(sandbox))


def _write_manifest(manifest: Path, order_ids: Iterable[str]) -> None:
    try:
        with manifest.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["order_id"])
            rows.writerows([order_id] for order_id in order_ids)
    except OSError as reason:
        raise click.ClickException(f"cannot write {manifest}: {reason.strerror}") from None


async def _serve(sandbox: Sandbox, starts: Callable[[], str]) -> None:
    stop = asyncio.Event()
    with handle_signals(lambda _: stop.set()):
        async with sandbox:
            click.echo(starts())
            await stop.wait()


command.add_command(order)
