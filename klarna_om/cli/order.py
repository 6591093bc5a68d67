"""`klarna-om order get ID`: show one order, as text or as JSON."""

import asyncio
import logging

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from klarna_om.cli.connection_options import connection_arguments, connection_options
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.option_names import with_option_names
from klarna_om.cli.terminal import output_failure
from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError, ConnectionFailed, KlarnaError, Unauthorized
from klarna_om.exchange import Reply
from klarna_om.types import Order


@click.group("order", epilog="Example: klarna-om order get 7849fd84-47dc-4919-a7ce-47b9f461562f")
def command() -> None:
    """Look at single orders."""


@command.command(
    "get",
    epilog="""\b
Example:
  klarna-om order get 7849fd84-47dc-4919-a7ce-47b9f461562f --json | jq .status

Exit codes: 0 read and shown, 1 refused, no answer or not shown, 2 usage, 4 credentials or host.
""",
)
@click.argument("order_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="The document as Klarna sent it, every field.")
@connection_options
def get(order_id: str, *, as_json: bool) -> None:
    """Read one order and show its state, amounts, lines, captures and refunds.

    Amounts are in minor units, as Klarna counts them. Names and addresses are shown with --json only.
    """
    # Each failed attempt is logged; here `explain` lists them.
    logging.getLogger("klarna_om").addHandler(logging.NullHandler())
    try:
        reply = asyncio.run(_read(order_id.strip()))
    except (ConfigurationError, ConnectionFailed, Unauthorized) as error:
        _fail(error, ExitCode.CREDENTIALS_OR_HOST)
    except KlarnaError as error:
        _fail(error, ExitCode.INCOMPLETE)
    else:
        if as_json:
            click.echo(msgspec.json.format(reply.body, indent=2))
        else:
            _show(reply.value)
        if (failure := output_failure()) is not None:
            click.echo(f"klarna-om: the order was read, and cannot be shown: {failure.strerror}", err=True)
            raise SystemExit(ExitCode.INCOMPLETE)


async def _read(order_id: str) -> Reply[Order]:
    async with KlarnaClient(**connection_arguments()) as klarna:
        return await klarna.reply(klarna.orders.get(order_id))


def _fail(error: KlarnaError, code: ExitCode) -> None:
    click.echo(f"klarna-om: {with_option_names(error.explain() if error.operation else str(error))}", err=True)
    raise SystemExit(code)


def _show(order: Order) -> None:
    console = Console(highlight=False)
    console.print(_facts_table(order))
    if order.order_lines:
        console.print(_lines_table(order))
    for capture in order.captures or ():
        console.print(_text(f"captured {capture.captured_amount} on {capture.captured_at}: {capture.capture_id}"))
    for refund in order.refunds or ():
        console.print(_text(f"refunded {refund.refunded_amount} on {refund.refunded_at}: {refund.refund_id}"))


def _facts_table(order: Order) -> Table:
    table = Table(title=_text(f"Order {order.order_id}"), show_header=False, title_justify="left")
    facts = {
        "status": order.status,
        "fraud status": order.fraud_status,
        "Klarna reference": order.klarna_reference,
        "merchant references": " / ".join(filter(None, (order.merchant_reference1, order.merchant_reference2))),
        "currency, minor units": order.purchase_currency,
        "ordered": order.order_amount,
        "captured": order.captured_amount,
        "refunded": order.refunded_amount,
        "remaining authorized": order.remaining_authorized_amount,
        "created": order.created_at,
        "expires": order.expires_at,
        "paid with": order.initial_payment_method and order.initial_payment_method.description,
    }
    for name, value in facts.items():
        if value not in (None, ""):
            table.add_row(name, _text(value))
    return table


def _lines_table(order: Order) -> Table:
    table = Table("type", "reference", "name", "quantity", "unit price", "total")
    for line in order.order_lines or ():
        cells = (line.type, line.reference, line.name, line.quantity, line.unit_price, line.total_amount)
        table.add_row(*(_text("" if cell is None else cell) for cell in cells))
    return table


def _text(value: object) -> Text:
    """Text as Klarna sent it: rich would read square brackets as markup."""
    return Text(str(value))
