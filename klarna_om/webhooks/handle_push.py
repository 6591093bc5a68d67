"""A push: Klarna, or Kustom, reports a new order, until it is acknowledged."""

from collections.abc import Awaitable, Callable
from functools import partial

from attrs import evolve

from klarna_om.client import KlarnaClient
from klarna_om.clock import loop_time
from klarna_om.types import Order
from klarna_om.webhooks.joining import join
from klarna_om.webhooks.push import OnPush, Push, PushResult
from klarna_om.webhooks.reception import Reception
from klarna_om.webhooks.request import check_settings, finish, order_id_of
from klarna_om.webhooks.token import Expected, is_right

Store = Callable[[Order], Awaitable[object]]


async def handle_push(
    klarna: KlarnaClient,
    order_id: object,
    *,
    store: Store,
    token: object = None,
    expected: Expected = None,
    acknowledge: bool = True,
    budget: float = 4.0,
    on_push: OnPush | None = None,
) -> Push:
    """Read the order that was pushed, store it, acknowledge it; answer the request with `push.status`.

    Klarna pushes an order about 2 minutes after the purchase, then after 5, 15, 30 and 60 minutes and every 4 hours,
    for 48 hours or until it is acknowledged. It gives up on a single push after about 5 seconds. Pushes are not signed:
    what counts is the order as it is read from Klarna, and nothing that the request brought.

    `store(order)` is awaited with the order, in your own transaction, which it commits before it returns. It must be
    idempotent: pushes are repeated, in other processes at the same time too. It may return False when it had the order
    already. When it raises, nothing is acknowledged and the push comes again; its exception is in `push.error`, and
    only its class is logged. Pushes of one order with one client at the same time are joined, unless they differ in
    `acknowledge`: the first one's `store` counts for all.

    `expected` is the secret that you put into the URL; `token` is what the request brought. Give several while you
    change it, since orders of the last 48 hours have the old one. Without `expected` no token is asked for, and anybody
    may make you read orders at Klarna.

    `acknowledge=False` leaves that to you, for example to the outbox, in the transaction of `store`. Otherwise all
    pushes of an order acknowledge under one idempotency key; an order with a capture is acknowledged already.

    `budget` is in seconds, for everything. After it `store` is cancelled, so that its transaction is rolled back, and
    nothing is acknowledged any more. A cancellation from outside, because the client went away, does the same.

    The status is 200 when the order is stored and acknowledged, 404 for a wrong token or what is no order's id, without
    asking Klarna, and else 503, so that the push is repeated. Raises `ConfigurationError` for settings that cannot be
    meant; nothing else. `on_push` gets the result before it is returned, for metrics.
    """
    started = loop_time()
    if not is_right(token, check_settings(expected, budget, on_push)):
        return finish(Push(result=PushResult.REFUSED_TOKEN), started, on_push)
    known = order_id_of(order_id)
    if known is None:
        return finish(Push(result=PushResult.REFUSED_ID), started, on_push)
    reception = Reception(klarna, known, started + budget)
    steps = partial(_receive, store=store, acknowledge=acknowledge)
    push = await join(klarna, (known, None, acknowledge), reception.until, partial(reception.run, steps))
    return finish(evolve(push, order_id=known), started, on_push)


async def _receive(reception: Reception, *, store: Store, acknowledge: bool) -> PushResult:
    order = await reception.read()
    is_new = await reception.call(store, order, failed=PushResult.STORE_FAILED)
    if acknowledge:
        await reception.acknowledge()
    return PushResult.STORED if is_new else PushResult.KNOWN
