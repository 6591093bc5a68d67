"""`Sandbox`, the public class: `async with` serves from the current event loop, `with` from a thread.

What can be asked of it and done to it is in its parts, `sandbox_*.py`.
"""

import asyncio
import base64
from types import TracebackType
from typing import Self

from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.control import Control
from klarna_om.sandbox.control_access import ControlAccess
from klarna_om.sandbox.control_endpoint import Endpoint
from klarna_om.sandbox.control_faults import ControlFaults
from klarna_om.sandbox.control_orders import ControlOrders
from klarna_om.sandbox.control_records import ControlRecords
from klarna_om.sandbox.control_scenarios import ControlScenarios
from klarna_om.sandbox.fault_queue import FaultQueue
from klarna_om.sandbox.faults import FaultInjector, FaultPlan
from klarna_om.sandbox.idempotency import KeyStore
from klarna_om.sandbox.ledger import Ledger
from klarna_om.sandbox.listening import check_host
from klarna_om.sandbox.merchant_urls import check_notification_url, check_push_url
from klarna_om.sandbox.push_sender import PUSH_TIMEOUT, PushSender
from klarna_om.sandbox.rate_limit import LIVE_LIMIT, Quota
from klarna_om.sandbox.request_handler import RequestHandler, Sleep
from klarna_om.sandbox.request_log import RequestLog
from klarna_om.sandbox.sandbox_clients import SandboxClients
from klarna_om.sandbox.sandbox_faults import SandboxFaults, to_plan
from klarna_om.sandbox.sandbox_orders import SandboxOrders
from klarna_om.sandbox.sandbox_pushes import SandboxPushes
from klarna_om.sandbox.sandbox_records import SandboxRecords
from klarna_om.sandbox.sandbox_reset import SandboxReset
from klarna_om.sandbox.scenarios.runs import ScenarioRuns
from klarna_om.sandbox.seeded_orders import SeededOrders
from klarna_om.sandbox.server import Server
from klarna_om.sandbox.server_thread import ServerThread

DEFAULT_LOGIN = "sandbox"
"""The username that is accepted by default, and its password."""


class Sandbox(SandboxOrders, SandboxFaults, SandboxRecords, SandboxPushes, SandboxReset, SandboxClients):
    """A local stand-in for Klarna's API: it serves on loopback and counts what was executed.

    `orders` is the number of orders that exist from the start, derived from `seed`; `order(...)` adds more.
    `faults` is a `FaultPlan` or its text. `limit` is the quota in requests a second, None for no limit.
    With `store_refusals=False` the ledger's 4xx are not kept under an idempotency key (Klarna has not
    published what it does). `push_url` and `notification_url` are where it sends what Klarna sends, for the orders
    that are added. `clock`, `sleep` (of slow responses) and `push_timeout` (seconds) may be replaced by a test.

    `allow_remote=True` lets it listen on another `host` than loopback, and send to one: for containers, and never
    where others can reach it. A sandbox serves once; every method may be called from any thread.
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
        push_url: str | None = None,
        notification_url: str | None = None,
        push_timeout: float = PUSH_TIMEOUT,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        host: str = "127.0.0.1",
        port: int = 0,
        allow_remote: bool = False,
    ) -> None:
        check_host(host, is_remote_allowed=allow_remote)
        self.push_url = check_push_url(push_url, is_remote_allowed=allow_remote)
        self.notification_url = check_notification_url(notification_url, is_remote_allowed=allow_remote)
        self.clock = clock or Clock()
        self.username, self.password, self.api_key = username, password, api_key
        self._is_remote_allowed = allow_remote
        self._seed, self._order_count, self._clients = seed, 0, []
        self._first_faults, self._first_limit = to_plan(faults), limit
        self._handler = RequestHandler(
            ledger=Ledger(SeededOrders(seed, orders, self.clock()), self.clock),
            keys=KeyStore(self.clock, store_refusals=store_refusals),
            quota=Quota(limit, self.clock),
            fault_injector=FaultInjector(self._first_faults, seed),
            fault_queue=FaultQueue(),
            log=RequestLog(),
            clock=self.clock,
            sleep=sleep,
            credentials=frozenset({base64.b64encode(f"{username}:{password}".encode()).decode(), api_key}),
        )
        self._push_sender = PushSender(self.clock, self._handler.lock, self.is_acknowledged, push_timeout)
        self._scenario_runs = ScenarioRuns(orders=self, faults=self, handler=self._handler)
        access = ControlAccess(host, allow_remote, self._handler.is_authorized)
        self._control = Control(access, self._control_endpoints())
        self._server = Server(self._handler, self._control.routes(), self._push_sender, host, port)
        self._thread = ServerThread(self._server)

    def _control_endpoints(self) -> tuple[Endpoint, ...]:
        return (
            *ControlOrders(self, self._handler).endpoints(),
            *ControlRecords(self._handler, self).endpoints(),
            *ControlFaults(self._handler, self, self).endpoints(),
            *ControlScenarios(self._scenario_runs).endpoints(),
        )

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._aclose_clients()
        await self._server.stop()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_clients()
        self._thread.stop()
