"""`Sandbox`, the public class: `async with` serves from the current event loop, `with` from a thread."""

import asyncio
import base64
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec

from klarna_om import structuring
from klarna_om.catalogue import ACKNOWLEDGE, CATALOGUE
from klarna_om.sandbox.capture_actions import record_capture
from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.fault_queue import FaultQueue, make_fault
from klarna_om.sandbox.faults import FaultInjector, FaultPlan
from klarna_om.sandbox.idempotency import KeyStore
from klarna_om.sandbox.ledger import Ledger
from klarna_om.sandbox.lifecycle import CANCELLED, CLOSED
from klarna_om.sandbox.order_factory import make_order
from klarna_om.sandbox.rate_limit import LIVE_LIMIT, Quota
from klarna_om.sandbox.request_handler import RequestHandler, Sleep
from klarna_om.sandbox.request_log import LoggedRequest, RequestLog
from klarna_om.sandbox.seeded_orders import SeededOrders
from klarna_om.sandbox.server import Server
from klarna_om.sandbox.server_thread import ServerThread
from klarna_om.types import Order

DEFAULT_LOGIN = "sandbox"
"""The username that is accepted by default, and its password."""

_OPERATIONS = frozenset(row.name for row in CATALOGUE)


class Sandbox:
    """A local stand-in for Klarna's API: it serves on loopback and counts what was executed.

    `orders` is the number of orders that exist from the start, derived from `seed`; `order(...)` adds more.
    `faults` is a `FaultPlan` or its text. `limit` is the quota in requests a second, None for no limit.
    With `store_refusals=False` the ledger's 4xx are not kept under an idempotency key (Klarna has not
    published what it does). `clock` and `sleep` (of slow responses) may be replaced by a test. A sandbox
    serves once; every method may be called from any thread.
    """

    def __init__(
        self,
        orders: int = 0,
        *,
        seed: int = 1,
        faults: FaultPlan | str = "none",
        limit: int | None = LIVE_LIMIT,
        store_refusals: bool = True,
        username: str = DEFAULT_LOGIN,
        password: str = DEFAULT_LOGIN,
        api_key: str = "klarna_test_api_sandbox",
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.clock = clock or Clock()
        self.username, self.password, self.api_key = username, password, api_key
        self._seed = seed
        self._count = 0
        self._handler = RequestHandler(
            ledger=Ledger(SeededOrders(seed, orders, self.clock()), self.clock),
            keys=KeyStore(self.clock, store_refusals=store_refusals),
            quota=Quota(limit, self.clock),
            fault_injector=FaultInjector(_to_plan(faults), seed),
            fault_queue=FaultQueue(),
            log=RequestLog(),
            clock=self.clock,
            sleep=sleep,
            credentials=frozenset({base64.b64encode(f"{username}:{password}".encode()).decode(), api_key}),
        )
        self._server = Server(self._handler, self._change_faults, host, port)
        self._thread = ServerThread(self._server)

    @property
    def url(self) -> str:
        """The base URL, for `environment=` of a client. Empty until it serves."""
        return self._handler.origin

    def order(self, *, captured_amount: int = 0, status: str | None = None, **fields: Any) -> Order:
        """Add one order and return it. Fields of `types.Order` that are not given get realistic values.

        With an `order_amount` alone it has one line of that amount. `captured_amount` is captured at once,
        which counts as no effect. `status` may be `CANCELLED` or `CLOSED`: captures, `expires_at` and the
        clock lead to the others. A name that resembles no field of `types.Order` is kept: it may be a field
        that is new at Klarna.
        """
        if status not in (None, CANCELLED, CLOSED):
            raise ValueError(f"status={status!r}: only CANCELLED and CLOSED can be set; captures and time do the rest")
        with self._handler.lock:
            purchase = make_order(self._seed, self._count, self.clock(), fields)
            self._count += 1
            account = self._handler.ledger.add(purchase)
            account.is_cancelled, account.is_closed = status == CANCELLED, status == CLOSED
            if captured_amount:
                record_capture(account, captured_amount, {}, purchase, self.clock())
        return self.get(purchase["order_id"])

    @property
    def order_ids(self) -> Iterator[str]:
        """The ids of all orders: first the seeded ones, then those that were added."""
        return self._handler.ledger.order_ids()

    def get(self, order_id: str) -> Order:
        """The order as Klarna would return it now; no request, no effect. KeyError for an unknown id."""
        with self._handler.lock:
            return structuring.read(Order, msgspec.json.encode(self._handler.ledger.order(order_id)))

    def is_acknowledged(self, order_id: str) -> bool:
        """Whether pushes for the order have stopped; no field of Klarna's order shows it."""
        with self._handler.lock:
            return self._handler.ledger.account(order_id).is_acknowledged

    def fail_next(
        self,
        times: int = 1,
        status: int | None = None,
        *,
        fault: str | None = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
        operation: str | None = None,
        order_id: str | None = None,
    ) -> None:
        """Let the next `times` requests fail: with an error `status` and no effect, or with a named `fault`.

        `operation` and `order_id` limit it to matching requests. `headers` are added to the response. The
        faults are those of `FaultPlan`; `seconds` is for `slow` and `burst-429`.
        """
        queued = make_fault(status, fault, seconds, headers)
        with self._handler.lock:
            self._handler.fault_queue.add(times, queued, _check_operation(operation), order_id)

    def clear_failures(self) -> None:
        """Drop the failures of `fail_next` that have not happened yet."""
        with self._handler.lock:
            self._handler.fault_queue.clear()

    def effects(self, order_id: str | None = None, operation: str | None = None) -> int:
        """How many writes were executed: not refused, and not answered from the key store.

        Of one order, of one operation (`captures.create`), of both, or in all.
        """
        with self._handler.lock:
            return self._handler.ledger.effects.count(order_id, _check_operation(operation))

    def repeated_orders(self, operation: str) -> tuple[str, ...]:
        """The orders for which the operation was executed more than once."""
        with self._handler.lock:
            return self._handler.ledger.effects.repeated_orders(str(_check_operation(operation)))

    @property
    def operations_with_effects(self) -> tuple[str, ...]:
        """The operations that were executed at least once."""
        with self._handler.lock:
            return tuple(self._handler.ledger.effects)

    @property
    def acknowledgements(self) -> int:
        """How many acknowledgements were executed, over all orders."""
        return self.effects(operation=ACKNOWLEDGE.name)

    @property
    def acknowledged_orders(self) -> int:
        """How many different orders were acknowledged by a call of that operation."""
        with self._handler.lock:
            return self._handler.ledger.effects.count_orders(ACKNOWLEDGE.name)

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """The latest requests with valid credentials, in the order in which they were answered."""
        with self._handler.lock:
            return tuple(self._handler.log.latest)

    @property
    def request_count(self) -> int:
        """How many requests with valid credentials arrived in all."""
        with self._handler.lock:
            return self._handler.log.total

    @property
    def replays(self) -> int:
        """How many requests got a result from the key store, without an effect."""
        return self._handler.keys.replays

    @property
    def keys_seen(self) -> list[str]:
        """The idempotency keys of the latest requests, one per request."""
        return [request.key for request in self.requests if request.key is not None]

    @property
    def limit(self) -> int | None:
        """Requests a second, None for no limit. It may be changed while the sandbox serves."""
        return self._handler.quota.limit

    @limit.setter
    def limit(self, limit: int | None) -> None:
        self._handler.quota.limit = limit

    @property
    def faults(self) -> FaultPlan:
        """The fault plan. It may be changed while the sandbox serves, to a plan or its text."""
        return self._handler.fault_injector.plan

    @faults.setter
    def faults(self, faults: FaultPlan | str) -> None:
        self._change_faults(_to_plan(faults))

    def _change_faults(self, plan: FaultPlan) -> None:
        with self._handler.lock:
            self._handler.fault_injector = FaultInjector(plan, self._seed)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.stop()


def _to_plan(faults: FaultPlan | str) -> FaultPlan:
    return FaultPlan.parse(faults) if isinstance(faults, str) else faults


def _check_operation(operation: str | None) -> str | None:
    """Refuse a misspelt name: its count would be 0, and a test would not notice."""
    if operation is not None and operation not in _OPERATIONS:
        raise ValueError(f"no operation {operation!r}; the catalogue has {', '.join(sorted(_OPERATIONS))}")
    return operation
