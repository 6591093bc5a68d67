"""`klarna-om order extend ID`: more time to capture an order."""

import click

from klarna_om.cli.entry_text import moment_text
from klarna_om.cli.order_write import run_write
from klarna_om.cli.plan import Effect, Plan, Target
from klarna_om.cli.write_options import EXIT_CODES, write_options
from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError
from klarna_om.keys import Key, random_key
from klarna_om.types import Order
from klarna_om.workflows.reads import IN_DOUBT, read_back
from klarna_om.workflows.send_write import Write, send_write

OPERATION = "orders.extend_authorization_time"


@click.command(
    "extend",
    epilog=f"""\b
Example:
  klarna-om order extend 7849fd84-47dc-4919-a7ce-47b9f461562f

{EXIT_CODES}""",
)
@write_options
def command(order_id: str, *, as_json: bool) -> None:
    """Extend the authorization of an order by the days of your account, counted from today.

    Several calls on one day give the same date. Klarna does not extend orders paid by card, and none beyond 180 days.
    """
    run_write(order_id, make_plan, asks=False, as_json=as_json)


def make_plan(target: Target) -> Plan:
    """An extension that knows until when the order was authorized."""

    async def extend(klarna: KlarnaClient, write: Write) -> Effect:
        return await _extend(klarna, write, target.order)

    return Plan(
        target=target,
        operation=OPERATION,
        to_do="extend the authorization",
        done="extended the authorization",
        write=Write(operation=OPERATION, order_id=target.order_id, key=Key(random_key())),
        send=extend,
    )


async def _extend(klarna: KlarnaClient, write: Write, before: Order) -> Effect:
    """Extend it, and read until when; where the answer leaves a doubt, a later date shows that it happened."""
    try:
        await send_write(klarna, write)
    except KlarnaError as error:
        if error.outcome not in IN_DOUBT:
            raise
        order = await read_back(error, klarna.orders.get(write.order_id))
        if not _is_later(order, before):
            raise
        return _effect(order)
    try:
        return _effect(await klarna.orders.get(write.order_id))
    except KlarnaError as failure:
        return Effect(note=f"until when could not be read: {failure}")


def _effect(order: Order) -> Effect:
    return Effect(note=f"it expires {moment_text(order.expires_at) or 'at a time that the order does not show'}")


def _is_later(order: Order, before: Order) -> bool:
    return order.expires_at is not None and before.expires_at is not None and order.expires_at > before.expires_at
