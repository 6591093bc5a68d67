"""`klarna-om order refund ID AMOUNT`: give money back, once by your reference."""

from typing import Any

import click

from klarna_om.cli.once_plan import Once
from klarna_om.cli.order_write import run_write
from klarna_om.cli.write_options import EXIT_CODES, amount_options, question_options, write_options
from klarna_om.money import remaining_to_refund
from klarna_om.types import RefundObject


@click.command(
    "refund",
    epilog=f"""\b
Example:
  klarna-om order refund 7849fd84-47dc-4919-a7ce-47b9f461562f 2.50 --reference return-7

{EXIT_CODES}""",
)
@write_options
@amount_options
@question_options
def command(order_id: str, *, description: str | None, yes: bool, as_json: bool, **given: Any) -> None:
    """Refund AMOUNT of what was captured, as the order's currency writes it: 12.50 in EUR, 1250 in JPY.

    It is made once for the order and --reference: the same command again finds it and sends nothing, also after a lost
    answer. --all refunds what is captured and not refunded yet.
    """
    once = Once(
        operation="refunds.create",
        verb="refund",
        done="refunded",
        entries_of=lambda order: ((each.refund_id, each.refunded_amount, each.reference) for each in order.refunds),
        all_of=remaining_to_refund,
        content_of=lambda _, amount: RefundObject(
            refunded_amount=amount, reference=given["reference"], description=description
        ),
        **given,
    )
    run_write(order_id, once.plan, asks=not yes, as_json=as_json)
