"""`klarna-om order shipping ID`: tell Klarna, and so the customer, about a parcel."""

from collections.abc import Iterable
from typing import Any

import click

from klarna_om.cli.entry_text import parcel_lines
from klarna_om.cli.name_completion import complete_names
from klarna_om.cli.order_write import run_write
from klarna_om.cli.plan import Plan, Target
from klarna_om.cli.write_options import EXIT_CODES, write_options
from klarna_om.keys import Key, derive_key
from klarna_om.types import Order, ShippingInfo, ShippingMethod, UpdateShippingInfo
from klarna_om.workflows.new_intent import new_intent
from klarna_om.workflows.send_write import Write


@click.command(
    "shipping",
    epilog=f"""\b
Example:
  klarna-om order shipping 7849fd84-47dc-4919-a7ce-47b9f461562f --company dhl --tracking-number 00340434161094

{EXIT_CODES}""",
)
@write_options
@click.option("--capture", "capture_id", help="Id of the capture that the parcel belongs to; else it is the order's.")
@click.option("--company", "shipping_company", help="The carrier, best by its code in Klarna's list.")
@click.option("--tracking-number", help="The carrier's number of the parcel.")
@click.option(
    "--method",
    "shipping_method",
    shell_complete=complete_names(ShippingMethod),
    help="Such as Home or PickUpPoint.",
)
@click.option("--tracking-uri", help="Where the parcel can be followed.")
@click.option("--return-company", "return_shipping_company", help="The carrier of the way back.")
@click.option("--return-tracking-number", help="The number of the way back.")
@click.option("--return-tracking-uri", help="Where the way back can be followed.")
def command(order_id: str, *, capture_id: str | None, as_json: bool, **given: Any) -> None:
    """Add a parcel to an order, or to one of its captures; what is there already stays.

    The order is read first: a parcel that Klarna already shows with these values is not added again.
    """
    if not any(given.values()):
        raise click.UsageError("say what was shipped: --company and --tracking-number, for example")
    parcel = ShippingInfo(**given)

    def plan(target: Target) -> Plan:
        return _plan(target, parcel, None if capture_id is None else capture_id.strip())

    run_write(order_id, plan, asks=False, as_json=as_json)


def _plan(target: Target, parcel: ShippingInfo, capture_id: str | None) -> Plan:
    operation = "orders.add_shipping_info" if capture_id is None else "captures.add_shipping_info"
    words = ", ".join(parcel_lines([parcel]))
    where = "" if capture_id is None else f" to the capture {capture_id}"
    is_known = parcel in _parcels(target.order, capture_id)
    return Plan(
        target=target,
        operation=operation,
        to_do=f'add "{words}"{where}',
        done=f'added "{words}"{where}',
        write=None if is_known else _write(target, operation, parcel, capture_id),
    )


def _parcels(order: Order, capture_id: str | None) -> Iterable[ShippingInfo]:
    if capture_id is None:
        return order.shipping_info
    return [parcel for each in order.captures if each.capture_id == capture_id for parcel in each.shipping_info]


def _write(target: Target, operation: str, parcel: ShippingInfo, capture_id: str | None) -> Write:
    """The key is derived from the parcel: the same command again is the same request, also before it is shown."""
    content = UpdateShippingInfo(shipping_info=[parcel])
    intent = new_intent(
        operation, target.order_id, content, reference="parcel", capture_id=capture_id, kustom=target.is_kustom
    )
    key = derive_key(operation, intent.order_id, f"{capture_id or ''} {intent.body}".strip())
    return Write(
        operation=operation, order_id=intent.order_id, key=Key(key), capture_id=intent.capture_id, body=intent.body
    )
