"""`Sandbox`: the whole room behind one object. `async with` serves from this loop, `with` from a thread."""

import asyncio
import base64
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec

from klarna_om import structuring
from klarna_om.catalogue import ACKNOWLEDGE, CATALOGUE
from klarna_om.sandbox.capturing import booked
from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.desk import Desk, Sleep
from klarna_om.sandbox.faults import FaultPlan, Planned
from klarna_om.sandbox.idempotency import KeyStore
from klarna_om.sandbox.ledger import Ledger
from klarna_om.sandbox.lifecycle import CANCELLED, CLOSED
from klarna_om.sandbox.making import made
from klarna_om.sandbox.rate_limit import LIVE, Quota
from klarna_om.sandbox.record import Record, Seen
from klarna_om.sandbox.script import Script, scripted
from klarna_om.sandbox.seeds import Seeds
from klarna_om.sandbox.server import Server
from klarna_om.sandbox.thread import ServerThread
from klarna_om.types import Order

NAME = "sandbox"
"""The username that is accepted, and its password."""

_OPERATIONS = frozenset(row.name for row in CATALOGUE)


class Sandbox:
    """A Klarna of one's own: it serves the API on loopback, and tells what really happened.

    `orders` of the `seed` exist from the start, and are made when they are touched; `order(...)` adds more.
    `faults` is a `FaultPlan` or the text of one. `limit` is the quota a second, None for none.
    `store_refusals` says whether the ledger's 4xx are kept under an idempotency key (Klarna does not publish
    it). `clock` and `sleep` (of slow answers) may be a test's own. It serves once; every method may be called
    from any thread.
    """

    def __init__(
        self,
        orders: int = 0,
        *,
        seed: int = 1,
        faults: FaultPlan | str = "none",
        limit: int | None = LIVE,
        store_refusals: bool = True,
        username: str = NAME,
        password: str = NAME,
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
        self._desk = Desk(
            ledger=Ledger(Seeds(seed, orders, self.clock()), self.clock),
            keys=KeyStore(self.clock, store_refusals=store_refusals),
            quota=Quota(limit, self.clock),
            planned=Planned(_plan(faults), seed),
            script=Script(),
            record=Record(),
            clock=self.clock,
            sleep=sleep,
            accepted=frozenset({base64.b64encode(f"{username}:{password}".encode()).decode(), api_key}),
        )
        self._server = Server(self._desk, self._change_faults, host, port)
        self._thread = ServerThread(self._server)

    @property
    def url(self) -> str:
        """The base URL: `environment=` of a client. Known once it serves."""
        return self._desk.origin

    def order(self, *, captured_amount: int = 0, status: str | None = None, **fields: Any) -> Order:
        """Make one order and return it: realistic, but for the `fields` of `types.Order` that you give.

        With an `order_amount` alone it has one line of that amount. `captured_amount` is captured at once,
        and counted as no effect. `status` is for what no call brings about: `CLOSED`; or `CANCELLED`. An
        order expires by `expires_at` or the clock. A name that no field of `types.Order` resembles is kept: a
        field that is new at Klarna.
        """
        if status not in (None, CANCELLED, CLOSED):
            raise ValueError(
                f"status={status!r}: only CANCELLED and CLOSED are set; captures and time bring the others"
            )
        with self._desk.lock:
            bought = made(self._seed, self._count, self.clock(), fields)
            self._count += 1
            account = self._desk.ledger.add(bought)
            account.cancelled, account.closed = status == CANCELLED, status == CLOSED
            if captured_amount:
                capture = booked(bought["order_id"], 1, captured_amount, {}, bought, self.clock())
                account.captures, account.captured, account.acknowledged = (capture,), captured_amount, True
        return self.get(bought["order_id"])

    @property
    def order_ids(self) -> Iterator[str]:
        """The ids of all orders, one by one: first those of the seed, then those that were made."""
        return self._desk.ledger.order_ids()

    def get(self, order_id: str) -> Order:
        """The order as Klarna would show it now; no request, no effect. KeyError for an unknown id."""
        with self._desk.lock:
            return structuring.read(Order, msgspec.json.encode(self._desk.ledger.show(order_id)))

    def is_acknowledged(self, order_id: str) -> bool:
        """Whether pushes for the order have stopped; Klarna's order itself does not tell."""
        with self._desk.lock:
            return self._desk.ledger.account(order_id).acknowledged

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
        """Let the next `times` requests fail: with an error `status` before the effect, or a named `fault`.

        Only those of an `operation` or of one order, where given. `headers` are added to the answer. The
        faults are those of `FaultPlan`; `seconds` is for `slow` and `burst-429`.
        """
        described = scripted(status, fault, seconds, headers)
        with self._desk.lock:
            self._desk.script.add(times, described, _known(operation), order_id)

    def effects(self, order_id: str | None = None, operation: str | None = None) -> int:
        """How many writes were executed: not refused, and not answered from the key store.

        Of one order, of one operation (`captures.create`), of both, or in all.
        """
        with self._desk.lock:
            return self._desk.ledger.effects.of(order_id, _known(operation))

    def repeated(self, operation: str) -> tuple[str, ...]:
        """The orders for which the operation was executed more than once."""
        with self._desk.lock:
            return self._desk.ledger.effects.repeated(str(_known(operation)))

    @property
    def operations_with_effects(self) -> tuple[str, ...]:
        """The operations that were executed at least once."""
        with self._desk.lock:
            return tuple(self._desk.ledger.effects)

    @property
    def acknowledgements(self) -> int:
        """How many acknowledgements were executed, over all orders."""
        return self.effects(operation=ACKNOWLEDGE.name)

    @property
    def acknowledged_orders(self) -> int:
        """How many different orders were acknowledged by a call of that operation."""
        with self._desk.lock:
            return self._desk.ledger.effects.orders(ACKNOWLEDGE.name)

    @property
    def requests(self) -> tuple[Seen, ...]:
        """The latest requests with the right credentials, in the order in which they were answered."""
        with self._desk.lock:
            return tuple(self._desk.record.latest)

    @property
    def request_count(self) -> int:
        """How many requests with the right credentials came, however long ago."""
        with self._desk.lock:
            return self._desk.record.total

    @property
    def replays(self) -> int:
        """How many calls were answered from the key store, without an effect."""
        return self._desk.keys.replays

    @property
    def keys_seen(self) -> list[str]:
        """The idempotency keys of the latest requests; a key as often as it came."""
        return [seen.key for seen in self.requests if seen.key is not None]

    @property
    def limit(self) -> int | None:
        """Requests a second, None for no limit. It may be changed while the sandbox serves."""
        return self._desk.quota.limit

    @limit.setter
    def limit(self, limit: int | None) -> None:
        self._desk.quota.limit = limit

    @property
    def faults(self) -> FaultPlan:
        """The fault plan. It may be changed while the sandbox serves, by a plan or the text of one."""
        return self._desk.planned.plan

    @faults.setter
    def faults(self, faults: FaultPlan | str) -> None:
        self._change_faults(_plan(faults))

    def _change_faults(self, plan: FaultPlan) -> None:
        with self._desk.lock:
            self._desk.planned = Planned(plan, self._seed)

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


def _plan(faults: FaultPlan | str) -> FaultPlan:
    return FaultPlan.parse(faults) if isinstance(faults, str) else faults


def _known(operation: str | None) -> str | None:
    """Refuse a misspelt name: a count of it would be 0, and a test none the wiser."""
    if operation is not None and operation not in _OPERATIONS:
        raise ValueError(f"no operation {operation!r}; the catalogue has {', '.join(sorted(_OPERATIONS))}")
    return operation
