"""An order for a person, its money in its currency; names and addresses are left out."""

from collections.abc import Mapping

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from klarna_om.cli.amount_text import amount_text
from klarna_om.cli.entry_text import capture_lines, moment_text, parcel_lines, refund_lines
from klarna_om.cli.printable import printable
from klarna_om.types import Order


def print_order(order: Order) -> None:
    """Print everything but personal data to standard output."""
    console = Console(highlight=False)
    console.print(_facts_table(order))
    if order.order_lines:
        console.print(_lines_table(order))
    for capture in order.captures:
        click.echo("\n".join(capture_lines(capture, order.purchase_currency)))
    for refund in order.refunds:
        click.echo("\n".join(refund_lines(refund, order.purchase_currency)))
    for line in parcel_lines(order.shipping_info):
        click.echo(line)


def order_facts(order: Order) -> Mapping[str, str]:
    """What identifies an order and how its money stands; what it does not have is left out."""
    currency = order.purchase_currency
    facts = {
        "status": order.status,
        "fraud status": order.fraud_status,
        "Klarna reference": order.klarna_reference,
        "merchant references": " / ".join(filter(None, (order.merchant_reference1, order.merchant_reference2))),
        **{name: None if amount is None else amount_text(amount, currency) for name, amount in _amounts(order).items()},
        "created": moment_text(order.created_at),
        "expires": moment_text(order.expires_at),
        "paid with": order.initial_payment_method and order.initial_payment_method.description,
    }
    return {name: printable(value) for name, value in facts.items() if value}


def _amounts(order: Order) -> Mapping[str, int | None]:
    is_changed = order.original_order_amount != order.order_amount
    return {
        "ordered": order.order_amount,
        "ordered at first": order.original_order_amount if is_changed else None,
        "captured": order.captured_amount,
        "refunded": order.refunded_amount,
        "remaining authorized": order.remaining_authorized_amount,
    }


def _facts_table(order: Order) -> Table:
    table = Table(title=_text(f"Order {order.order_id}"), show_header=False, title_justify="left")
    for name, value in order_facts(order).items():
        table.add_row(name, _text(value))
    return table


def _lines_table(order: Order) -> Table:
    table = Table("type", "reference", "name")
    for name in ("quantity", "unit price", "total"):
        table.add_column(name, justify="right")
    for line in order.order_lines:
        prices = (
            "" if amount is None else amount_text(amount, order.purchase_currency)
            for amount in (line.unit_price, line.total_amount)
        )
        cells = (line.type, line.reference, line.name, line.quantity, *prices)
        table.add_row(*(_text("" if cell is None else cell) for cell in cells))
    return table


def _text(value: object) -> Text:
    """Text as Klarna sent it: rich would read square brackets as markup, and a terminal obey control characters."""
    return Text(printable(value))
