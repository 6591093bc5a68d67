"""Who is compared in `call.py`: each acknowledges an order, and reads one, as its users would write it.

All send the same credentials and a fresh UUID as the key of a write, and check the status.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any
from uuid import uuid4

import aiohttp
from attrs import frozen

from benchmarks import generated
from benchmarks.generated import Absent, module
from benchmarks.measuring import at_once

USER, PASSWORD = "K123_shop", "secret"
AUTHORIZATION = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
KEY = "Klarna-Idempotency-Key"
ORDERS = "/ordermanagement/v1/orders"

Run = Callable[[Sequence[str], int], object]
"""Make one call for each id, at most the given number at a time."""


@frozen
class Contender:
    """One way to call Klarna."""

    acknowledge: Run
    get: Run
    close: Callable[[], object]


Make = Callable[[asyncio.AbstractEventLoop, str, int], Contender]


def _asyncio_contender(
    loop: asyncio.AbstractEventLoop,
    acknowledge: Callable[[str], Awaitable[object]],
    get: Callable[[str], Awaitable[object]],
    close: Callable[[], Awaitable[object]],
) -> Contender:
    def run(call: Callable[[str], Awaitable[object]]) -> Run:
        return lambda ids, in_flight: loop.run_until_complete(at_once(call, ids, in_flight))

    async def run_close() -> None:
        await close()

    return Contender(run(acknowledge), run(get), lambda: loop.run_until_complete(run_close()))


def klarna_om(loop: asyncio.AbstractEventLoop, url: str, most: int) -> Contender:
    """Our own client with its full stack; the pace follows the server's limit, which is out of reach."""
    from klarna_om import KlarnaClient, Pacer

    async def make_client() -> KlarnaClient:
        pace = Pacer(1_000_000)
        return KlarnaClient(url, username=USER, password=PASSWORD, in_flight=most, pace=pace)

    klarna = loop.run_until_complete(make_client())
    return _asyncio_contender(loop, klarna.orders.acknowledge, klarna.orders.get, klarna.aclose)


def raw_aiohttp(loop: asyncio.AbstractEventLoop, url: str, most: int) -> Contender:
    """Aiohttp by hand: no retry, no pace, no guard, and an order is bytes."""

    async def make_session() -> aiohttp.ClientSession:
        headers = {"Authorization": AUTHORIZATION, "Accept": "application/json"}
        return aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=most))

    session = loop.run_until_complete(make_session())

    async def acknowledge(order_id: str) -> None:
        headers = {KEY: str(uuid4())}
        async with session.post(f"{url}{ORDERS}/{order_id}/acknowledge", headers=headers) as answer:
            await answer.read()
            assert answer.status == 204

    async def get(order_id: str) -> bytes:
        async with session.get(f"{url}{ORDERS}/{order_id}") as answer:
            assert answer.status == 200
            return await answer.read()

    return _asyncio_contender(loop, acknowledge, get, session.close)


def httpx(loop: asyncio.AbstractEventLoop, url: str, most: int) -> Contender:
    """Httpx's AsyncClient by hand."""
    httpx = module("httpx")
    limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
    client = httpx.AsyncClient(base_url=url, auth=(USER, PASSWORD), limits=limits)

    async def acknowledge(order_id: str) -> None:
        answer = await client.post(f"{ORDERS}/{order_id}/acknowledge", headers={KEY: str(uuid4())})
        assert answer.status_code == 204

    async def get(order_id: str) -> bytes:
        answer = await client.get(f"{ORDERS}/{order_id}")
        assert answer.status_code == 200
        content: bytes = answer.content
        return content

    return _asyncio_contender(loop, acknowledge, get, client.aclose)


def niquests(loop: asyncio.AbstractEventLoop, url: str, most: int) -> Contender:
    """Niquests' AsyncSession by hand."""
    session = module("niquests").AsyncSession(pool_connections=1, pool_maxsize=most, auth=(USER, PASSWORD))

    async def acknowledge(order_id: str) -> None:
        answer = await session.post(f"{url}{ORDERS}/{order_id}/acknowledge", headers={KEY: str(uuid4())})
        assert answer.status_code == 204

    async def get(order_id: str) -> bytes:
        answer = await session.get(f"{url}{ORDERS}/{order_id}")
        assert answer.status_code == 200
        content: bytes = answer.content
        return content

    return _asyncio_contender(loop, acknowledge, get, session.close)


def requests_in_threads(_: asyncio.AbstractEventLoop, url: str, most: int) -> Contender:
    """Requests in a pool of threads, one for each call in flight."""
    requests = module("requests")
    session = requests.Session()
    session.auth = (USER, PASSWORD)
    session.mount("http://", requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=most))
    pools: dict[int, ThreadPoolExecutor] = {}

    def acknowledge(order_id: str) -> None:
        answer = session.post(f"{url}{ORDERS}/{order_id}/acknowledge", headers={KEY: str(uuid4())})
        assert answer.status_code == 204

    def get(order_id: str) -> bytes:
        answer = session.get(f"{url}{ORDERS}/{order_id}")
        assert answer.status_code == 200
        content: bytes = answer.content
        return content

    def run(call: Callable[[str], object]) -> Run:
        def run_in_threads(ids: Sequence[str], in_flight: int) -> None:
            pool = pools.setdefault(in_flight, ThreadPoolExecutor(in_flight))
            for done in pool.map(call, ids):
                del done

        return run_in_threads

    def close() -> None:
        for pool in pools.values():
            pool.shutdown()
        session.close()

    return Contender(run(acknowledge), run(get), close)


def by_openapi_python_client(loop: asyncio.AbstractEventLoop, url: str, most: int) -> Contender:
    """The client that openapi-python-client generates; an order is its attrs class."""
    httpx, package = module("httpx"), generated.openapi_python_client()
    limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
    client = module(f"{package}.client").AuthenticatedClient(
        url, AUTHORIZATION.removeprefix("Basic "), prefix="Basic", httpx_args={"limits": limits}
    )
    acknowledge_order = module(f"{package}.api.orders.acknowledge_order").asyncio_detailed
    get_order = module(f"{package}.api.orders.get_order").asyncio_detailed

    async def acknowledge(order_id: str) -> None:
        answer = await acknowledge_order(order_id, client=client, klarna_idempotency_key=str(uuid4()))
        assert answer.status_code == 204

    async def get(order_id: str) -> object:
        answer = await get_order(order_id, client=client)
        assert answer.parsed.order_lines
        return answer.parsed

    return _asyncio_contender(loop, acknowledge, get, lambda: client.get_async_httpx_client().aclose())


def by_openapi_generator(loop: asyncio.AbstractEventLoop, url: str, most: int) -> Contender:
    """The asyncio client that openapi-generator generates; an order is its pydantic class."""
    module("aiohttp_retry")
    package = module(generated.openapi_generator())

    async def make_client() -> Any:
        configuration = package.Configuration(host=url, username=USER, password=PASSWORD)
        configuration.connection_pool_maxsize = most
        return package.ApiClient(configuration)

    client = loop.run_until_complete(make_client())
    orders = package.OrdersApi(client)

    async def acknowledge(order_id: str) -> None:
        await orders.acknowledge_order(order_id, klarna_idempotency_key=str(uuid4()))

    async def get(order_id: str) -> object:
        order = await orders.get_order(order_id)
        assert order.order_lines
        return order

    return _asyncio_contender(loop, acknowledge, get, client.close)


BASELINE, OURS = "aiohttp by hand", "klarna_om"
HTTPX_BASED = ("httpx by hand", "openapi-python-client (httpx)")

CONTENDERS: dict[str, Make] = {
    BASELINE: raw_aiohttp,
    OURS: klarna_om,
    "openapi-generator (aiohttp)": by_openapi_generator,
    HTTPX_BASED[0]: httpx,
    HTTPX_BASED[1]: by_openapi_python_client,
    "requests in threads": requests_in_threads,
    "niquests": niquests,
}


def some_ids(endless: Iterator[str], calls: int) -> Sequence[str]:
    """The next ids."""
    return list(islice(endless, calls))


__all__ = ["BASELINE", "CONTENDERS", "HTTPX_BASED", "OURS", "Absent", "Contender", "Make", "some_ids"]
