"""`klarna-om order cancel ID`: give up an order of which nothing is captured."""

import click

from klarna_om.cli.amount_text import amount_text
from klarna_om.cli.order_write import run_write
from klarna_om.cli.plan import Plan, Target
from klarna_om.cli.write_options import EXIT_CODES, question_options, write_options
from klarna_om.keys import Key, random_key
from klarna_om.types import OrderStatus
from klarna_om.workflows.send_write import Write

OPERATION = "orders.cancel"


@click.command(
    "cancel",
    epilog=f"""\b
Example:
  klarna-om order cancel 7849fd84-47dc-4919-a7ce-47b9f461562f

{EXIT_CODES}""",
)
@write_options
@question_options
def command(order_id: str, *, yes: bool, as_json: bool) -> None:
    """Cancel an order of which nothing is captured. An order with captures is released or refunded instead.

    Repeating it is harmless: the order is read first, and again where the answer leaves a doubt.
    """
    run_write(order_id, _plan, asks=not yes, as_json=as_json)


def _plan(target: Target) -> Plan:
    order = target.order
    is_over = order.status == OrderStatus.CANCELLED
    amount = amount_text(order.order_amount, order.purchase_currency)
    return Plan(
        target=target,
        operation=OPERATION,
        to_do=f"cancel all {amount}",
        done="cancelled all" if is_over else f"cancelled all {amount}",
        write=None if is_over else Write(operation=OPERATION, order_id=target.order_id, key=Key(random_key())),
    )
