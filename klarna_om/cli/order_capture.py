"""`klarna-om order capture ID AMOUNT`: take money for what is shipped, once by your reference."""

from typing import Any

import click

from klarna_om.cli.once_plan import Once
from klarna_om.cli.order_write import run_write
from klarna_om.cli.shipment_option import Shipment
from klarna_om.cli.write_options import EXIT_CODES, amount_options, question_options, write_options
from klarna_om.money import remaining_lines, remaining_to_capture
from klarna_om.types import CaptureObject, Order, ShippingInfo


@click.command(
    "capture",
    epilog=f"""\b
Example:
  klarna-om order capture 7849fd84-47dc-4919-a7ce-47b9f461562f 12.50 --reference shipment-7
  klarna-om order capture 7849fd84-47dc-4919-a7ce-47b9f461562f --all --reference shipment-7 --shipment dhl:0034043

{EXIT_CODES}""",
)
@write_options
@amount_options
@click.option(
    "--shipment",
    "shipments",
    type=Shipment(),
    multiple=True,
    help="Carrier and tracking number, such as dhl:0034043; may be repeated.",
)
@question_options
def command(
    order_id: str,
    *,
    description: str | None,
    shipments: tuple[ShippingInfo, ...],
    yes: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Capture AMOUNT of an order, as its currency writes it: 12.50 in EUR, 1250 in JPY.

    It is made once for the order and --reference: the same command again finds it and sends nothing, also after a lost
    answer. --all captures what is left, with its order lines where the order shows them.
    """

    def content(order: Order, amount: int) -> CaptureObject:
        return CaptureObject(
            captured_amount=amount,
            reference=given["reference"],
            description=description,
            order_lines=(remaining_lines(order) or None) if given["is_all"] else None,
            shipping_info=shipments or None,
        )

    once = Once(
        operation="captures.create",
        verb="capture",
        done="captured",
        entries_of=lambda order: ((each.capture_id, each.captured_amount, each.reference) for each in order.captures),
        all_of=remaining_to_capture,
        content_of=content,
        **given,
    )
    run_write(order_id, once.plan, asks=not yes, as_json=as_json)
