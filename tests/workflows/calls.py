"""Capture and refund with one signature, so that a test can cover both; and middlewares that act between requests."""

from collections.abc import Awaitable, Callable

import pytest
from attrs import define, evolve

from klarna_om import CaptureObject, Handler, KlarnaClient, RefundObject, Request, Response, Retry, UpdateAuthorization
from klarna_om.middleware.key_guard import KeyGuard
from klarna_om.sandbox import Sandbox
from klarna_om.workflows import capture_once, refund_once

Once = Callable[..., Awaitable[str]]

READS = {"captures.create": "captures.list", "refunds.create": "orders.get"}
"""What is read before a write, and after one in doubt."""
CONFIRMS = {"captures.create": "captures.get", "refunds.create": "refunds.get"}
"""What is read after a success."""


async def capture(
    klarna: KlarnaClient, order_id: object, amount: int = 100, reference: str = "s-1", **more: object
) -> str:
    return await capture_once(klarna, order_id, CaptureObject(captured_amount=amount, reference=reference), **more)  # type: ignore[arg-type]


async def refund(
    klarna: KlarnaClient, order_id: object, amount: int = 100, reference: str = "s-1", **more: object
) -> str:
    return await refund_once(klarna, order_id, RefundObject(refunded_amount=amount, reference=reference), **more)  # type: ignore[arg-type]


both = pytest.mark.parametrize(
    ("once", "operation"), [(capture, "captures.create"), (refund, "refunds.create")], ids=["capture", "refund"]
)


def new_client(sandbox: Sandbox, *between: object) -> KlarnaClient:
    """A client as in another process: it shares no state with others."""
    klarna = KlarnaClient(
        sandbox.url,
        username="sandbox",
        password="sandbox",
        retry=Retry.off(),
        pace="off",
        wall_clock=sandbox.clock,
        middleware=between,  # type: ignore[arg-type]
    )
    klarna._shared = evolve(klarna._shared, guard=KeyGuard())
    return klarna


async def authorize(klarna: KlarnaClient, order_id: str, amount: int) -> None:
    """Change the authorized amount, so that a refused amount becomes possible."""
    await klarna.orders.update_authorization(order_id, UpdateAuthorization(order_amount=amount, order_lines=()))


def operations(sandbox: Sandbox) -> list[str]:
    return [seen.operation for seen in sandbox.requests]


@define
class AfterWrite:
    """Do something after each write."""

    do: Callable[[], object]

    async def __call__(self, request: Request, below: Handler) -> Response:
        try:
            return await below(request)
        finally:
            if request.is_write:
                self.do()


@define
class BeforeWrite:
    """Do something between the first read and the first write."""

    do: Callable[[Request], Awaitable[object]]
    is_over: bool = False

    async def __call__(self, request: Request, below: Handler) -> Response:
        if request.is_write and not self.is_over:
            self.is_over = True
            await self.do(request)
        return await below(request)


@define
class BeforeSecondRead:
    """Do something after the first write, before the read that follows it."""

    do: Callable[[], Awaitable[object]]
    reads: int = 0

    async def __call__(self, request: Request, below: Handler) -> Response:
        self.reads += not request.is_write
        if self.reads == 2 and not request.is_write:
            await self.do()
        return await below(request)


class Killed(BaseException):
    """The process was killed."""


@define
class Kill:
    """Kill the process at its n-th request: before it is sent, or after its answer."""

    left: int
    is_sent: bool

    async def __call__(self, request: Request, below: Handler) -> Response:
        self.left -= 1
        if self.left == 0 and not self.is_sent:
            raise Killed
        response = await below(request)
        if self.left == 0:
            raise Killed
        return response
