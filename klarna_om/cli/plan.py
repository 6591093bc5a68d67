"""What a command is about to do with an order, as the order was read."""

from collections.abc import Awaitable, Callable

from attrs import frozen

from klarna_om.client import KlarnaClient
from klarna_om.types import Order
from klarna_om.workflows.send_write import Write, send_write


@frozen
class Effect:
    """What Klarna shows of a write."""

    result_id: str | None = None
    """The id of the capture or refund."""
    note: str = ""
    """What else a person wants to know."""


Send = Callable[[KlarnaClient, Write], Awaitable[Effect]]


async def send(klarna: KlarnaClient, write: Write) -> Effect:
    """Make the write, and read the order where the answer leaves a doubt."""
    return Effect((await send_write(klarna, write)).result_id)


@frozen(kw_only=True)
class Target:
    """The order that a plan is made for."""

    order: Order
    order_id: str
    """As it was typed; Klarna may leave it out of its answer."""
    is_kustom: bool


@frozen(kw_only=True)
class Plan:
    """A write that a person asked for."""

    target: Target
    to_do: str
    """`capture 7.00 EUR`."""
    done: str
    """`captured 7.00 EUR`."""
    write: Write | None = None
    """What is sent; None where Klarna already shows it."""
    known: Effect = Effect()
    """What Klarna shows, where nothing is sent."""
    send: Send = send
    operation: str
    amount: int | None = None
    """Minor units."""
    reference: str | None = None
