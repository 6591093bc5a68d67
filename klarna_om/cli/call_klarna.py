"""A call of a command, in an event loop and with a client of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from klarna_om.cli.connection_options import connection_arguments
from klarna_om.cli.event_loop import loop_factory
from klarna_om.client import KlarnaClient

T = TypeVar("T")


def call_klarna(call: Callable[[KlarnaClient], Awaitable[T]]) -> T:
    """The result of a call with a client of its own, so that no connection is open while a person thinks."""

    async def run() -> T:
        async with KlarnaClient(**connection_arguments()) as klarna:
            return await call(klarna)

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(run())
