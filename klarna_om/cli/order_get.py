"""`klarna-om order get ID`: show one order, as text or as JSON."""

import click
import msgspec

from klarna_om.cli.call_klarna import call_klarna
from klarna_om.cli.connection_options import connection_options
from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.log_options import log_options
from klarna_om.cli.order_errors import exit_code_of, print_error
from klarna_om.cli.order_text import print_order
from klarna_om.cli.terminal import output_failure
from klarna_om.errors import KlarnaError


@click.command(
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
@log_options
def command(order_id: str, *, as_json: bool) -> None:
    """Read one order and show its state, amounts, lines, captures, refunds and shipments.

    Amounts are shown in the order's currency; with --json they are in minor units, as Klarna counts them. Names and
    addresses are shown with --json only.
    """
    try:
        reply = call_klarna(lambda klarna: klarna.reply(klarna.orders.get(order_id.strip())))
    except KlarnaError as error:
        print_error(error.explain() if error.operation else str(error))
        raise SystemExit(exit_code_of(error)) from None
    if as_json:
        click.echo(msgspec.json.format(reply.body, indent=2))
    else:
        print_order(reply.value)
    if (failure := output_failure()) is not None:
        print_error(f"the order was read, and cannot be shown: {failure.strerror}")
        raise SystemExit(ExitCode.INCOMPLETE)
