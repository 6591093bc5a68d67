"""Where does our share of a call go?

How to read it: the stack is built from below, one layer more in each row, over a session that answers at once and
does nothing; so a row is the CPU of our own code up to that layer, and "adds" is what this layer costs. aiohttp's own
share, with the network, is in `call`.
What would falsify it: a sum that is far from what `call` shows between us and aiohttp by hand.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from itertools import count
from typing import Any, cast

import aiohttp
from attrs import evolve, frozen
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from benchmarks import documents
from benchmarks.contenders import PASSWORD, USER, some_ids
from benchmarks.machine import CLIENT_CORE, pin_for_block
from benchmarks.measuring import CallTime, at_once, in_turns, microseconds, time_calls
from benchmarks.server import HEADERS
from benchmarks.tables import Table
from klarna_om import KlarnaClient, Pacer
from klarna_om.catalogue import ACKNOWLEDGE, GET_ORDER
from klarna_om.exchange import KEY_HEADER, Request
from klarna_om.middleware import Handler, stack
from klarna_om.operation import Operation

ROOTS: dict[str, Operation[Any]] = {"acknowledge": ACKNOWLEDGE, "get": GET_ORDER}


@frozen
class Answer:
    """What the silent session gives for an answer."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def content(self) -> "Answer":
        """What the body is read from."""
        return self

    def is_eof(self) -> bool:
        """The whole body is there."""
        return True

    def read_nowait(self) -> bytes:
        """Give the whole body."""
        return self.body


@frozen
class SilentSession:
    """A session that answers at once."""

    answer: Answer
    closed: bool = False

    async def request(self, _: str, url: URL, **__: object) -> Answer:
        """Answer for the order that was asked for."""
        if not self.answer.body:
            return self.answer
        order_id = url.raw_path.rpartition("/")[2].encode()
        return evolve(self.answer, body=self.answer.body.replace(documents.ORDER_ID, order_id, 1))


def main(full: bool) -> list[Table]:
    """Measure and tabulate."""
    return [measure(operation, rounds=41 if full else 9, calls=4000 if full else 2000) for operation in ROOTS]


def measure(operation: str, *, rounds: int, calls: int) -> Table:
    """The cost of each layer for one operation."""
    with pin_for_block(CLIENT_CORE):
        loop = asyncio.new_event_loop()
        try:
            calling = loop.run_until_complete(_stacks(operation))
            runs = {name: _run(loop, call, calls) for name, call in calling.items()}
            series = in_turns(runs, rounds)
        finally:
            loop.close()
    floor = series.pop("nothing").cpu
    rows: list[tuple[str, str, str]] = []
    before = 0.0
    for name, one in series.items():
        total = one.cpu - floor
        rows.append((name, microseconds(total), microseconds(total - before)))
        before = total
    return Table(f"{operation}: our own CPU, without aiohttp, us a call", ("up to this layer", "CPU", "adds"), rows)


async def _stacks(operation: str) -> dict[str, Callable[[str], Awaitable[object]]]:
    """The calls, from the bare session up to the endpoint's method."""
    body = documents.order(4600) if operation == "get" else b""
    headers = CIMultiDictProxy(CIMultiDict({"Content-Type": "application/json", **HEADERS}))
    silent = SilentSession(Answer(200 if body else 204, headers, body))
    klarna = KlarnaClient(
        "http://127.0.0.1:1", username=USER, password=PASSWORD, pace=Pacer(1e6), session=cast("Any", _Borrowed(silent))
    )
    # What the client itself would build at its first call.
    layers = klarna._shared.layers(klarna._options)
    transport = klarna._shared.transport(cast("aiohttp.ClientSession", silent), klarna._options.attempt_timeout)
    method, path = ROOTS[operation].method, ROOTS[operation].path

    async def nothing(_: str) -> None:
        """Stand for the loop around the calls."""

    @cache
    def request(order_id: str) -> Request:
        """Made in advance, since making it is the endpoint's work. Each has its own path, as in use."""
        expects = ROOTS[operation].expects
        return Request(operation, method, path.format(order_id=order_id), order_id, expects=expects)

    def through(handler: Handler) -> Callable[[str], Awaitable[object]]:
        if body:
            return lambda order_id: handler(request(order_id))
        counter = count()
        return lambda order_id: handler(request(order_id).with_header(KEY_HEADER, str(next(counter))))

    calls: dict[str, Callable[[str], Awaitable[object]]] = {"nothing": nothing, "transport": through(transport)}
    for number in range(len(layers) - 1, -1, -1):
        calls[f"+ {_name(layers[number])}"] = through(stack(layers[number:], transport))
    calls["+ endpoint, types"] = klarna.orders.acknowledge if operation == "acknowledge" else klarna.orders.get
    return calls


@frozen
class _Borrowed:
    """Enough of a session for the client to borrow."""

    silent: SilentSession
    connector: None = None
    closed: bool = False
    auth: None = None
    trust_env: bool = False

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The client takes sessions only."""
        return aiohttp.ClientSession

    async def request(self, method: str, url: URL, **options: object) -> Answer:
        return await self.silent.request(method, url, **options)


def _name(layer: object) -> str:
    return getattr(layer, "__name__", type(layer).__name__).lower()


def _run(
    loop: asyncio.AbstractEventLoop, call: Callable[[str], Awaitable[object]], calls: int
) -> Callable[[], CallTime]:
    ids: Sequence[str] = some_ids(documents.order_ids(), calls)
    return lambda: time_calls(lambda: loop.run_until_complete(at_once(call, ids, 1)), calls)


if __name__ == "__main__":
    from benchmarks.__main__ import alone

    alone("layers")
