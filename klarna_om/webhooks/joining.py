"""Pushes of one order that arrive at the same time: one of them works, the others get its result."""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from attrs import evolve

from klarna_om.client import KlarnaClient
from klarna_om.webhooks.push import Push, PushResult

Key = tuple[object, ...]
"""The order, and whatever else makes two of them the same work."""

_under_way: "WeakKeyDictionary[KlarnaClient, dict[Key, asyncio.Future[Push | None]]]" = WeakKeyDictionary()


async def join(klarna: KlarnaClient, key: Key, until: float, work: Callable[[], Awaitable[Push]]) -> Push:
    """Do the work, or wait for the result of the same work that is under way for this client.

    It is done in the task of the one who came first, in its transaction and context. Where that task is cancelled,
    because its client went away, the next one begins anew. `until` is a time of the event loop's clock.
    """
    under_way = _under_way.setdefault(klarna, {})
    while (other := under_way.get(key)) is not None:
        try:
            async with asyncio.timeout_at(until):
                push = await asyncio.shield(other)
        except TimeoutError as error:
            return Push(result=PushResult.BUDGET_OVER, error=error, is_joined=True)
        if push is not None:
            return evolve(push, is_joined=True)
    own = under_way[key] = asyncio.get_running_loop().create_future()
    result: Push | None = None
    try:
        result = push = await work()
    finally:
        del under_way[key]
        own.set_result(result)
    return push
