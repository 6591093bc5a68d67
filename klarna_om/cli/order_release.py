"""`klarna-om order release ID`: give up what is not captured of an order."""

import click

from klarna_om.cli.amount_text import amount_text
from klarna_om.cli.order_write import run_write
from klarna_om.cli.plan import Plan, Target
from klarna_om.cli.write_options import EXIT_CODES, question_options, write_options
from klarna_om.keys import Key, random_key
from klarna_om.workflows.send_write import Write

OPERATION = "orders.release_remaining_authorization"


@click.command(
    "release",
    epilog=f"""\b
Example:
  klarna-om order release 7849fd84-47dc-4919-a7ce-47b9f461562f

{EXIT_CODES}""",
)
@write_options
@question_options
def command(order_id: str, *, yes: bool, as_json: bool) -> None:
    """Release what is authorized and not captured, once nothing more will be shipped.

    The order is read first: where nothing is left to release, nothing is sent.
    """
    run_write(order_id, _plan, asks=not yes, as_json=as_json)


def _plan(target: Target) -> Plan:
    order = target.order
    amount = amount_text(order.remaining_authorized_amount, order.purchase_currency)
    is_over = bool(order.captured_amount) and order.remaining_authorized_amount == 0
    return Plan(
        target=target,
        operation=OPERATION,
        to_do=f"release all {amount} that are not captured",
        done="nothing is left to release" if is_over else f"released {amount}",
        write=None if is_over else Write(operation=OPERATION, order_id=target.order_id, key=Key(random_key())),
    )
