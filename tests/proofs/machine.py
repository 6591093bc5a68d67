"""A client and a sandbox with whatever can happen to them, and a model that knows what must be true after each step.

An intent is one thing that the shop wants once: an operation on an order, under one key for all its calls, across
crashes of the client. The model counts, on the server's side, what each of its calls executed. Time is the sandbox's
and stands still; every sleep of the client moves it.

Left out: refusals (400, 403, 404 ...) that the server makes up against its own promise for a repeated key. Klarna's
documentation says that a repeat gets the first answer; where that does not hold, nobody can know. Nor can a client
recognize a 200 for what was refused (the sandbox's `html-200` on an impossible operation).
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar
from uuid import uuid4

from attrs import define, field

from klarna_om.client import KlarnaClient
from klarna_om.errors import IdempotencyKeyReused, KlarnaError, UnreadableAnswer
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.sandbox import Sandbox
from klarna_om.sandbox.clock import Clock
from tests.proofs.calling import READ_CALLS, WRITE_CALLS, Where
from tests.support.time import Clock as StandingClock
from tests.support.time import longest

T = TypeVar("T")

KEYS_HOLD = 24 * 3600.0
MARGIN = 3600.0
"""No call starts so late that its retries could reach beyond the key's 24 hours."""

HANGS = ("hang", "hang-after")
FAULTS = (
    "error-before", "error-after", "reset-before", "reset-after", "cut", "html-502", "redirect",
    "burst-429", "slow", "408", "429", "401", "409", "500", "502", "504",
)  # fmt: skip


@define(eq=False)
class Intent:
    """One thing that is wanted once."""

    operation: str
    where: Where
    first_used: float
    client: int
    """Which client made the first call for it; those after a crash know less."""
    key: str = field(factory=lambda: str(uuid4()))
    effects: int = 0
    result: str = ""
    """What the last call reported."""

    @property
    def is_money(self) -> bool:
        return self.operation in ("captures.create", "refunds.create")


class World:
    """The sandbox, the current client, and the state of the model."""

    def __init__(self, *, store_refusals: bool) -> None:
        self.clock = Clock(StandingClock())
        self.sandbox = Sandbox(limit=None, clock=self.clock, sleep=self.sleep, store_refusals=store_refusals)
        self.orders: list[Where] = []
        self.intents: list[Intent] = []
        self.clients = 0
        self.attempts = 4
        self.klarna: KlarnaClient
        self._runner = asyncio.Runner()
        self._read = 0
        self._sent_under: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        self._before: dict[str, tuple[int, int]] = {}
        self.run(self.open())

    async def open(self) -> None:
        await self.sandbox.__aenter__()
        self.klarna = self.new_client()
        for captured in (0, 4_000):
            self.new_order(captured)

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)
        await asyncio.sleep(0)

    def run(self, steps: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(steps)

    def close(self) -> None:
        async def end() -> None:
            await self.klarna.aclose()
            await self.sandbox.__aexit__(None, None, None)

        self.run(end())
        self._runner.close()

    def new_client(self) -> KlarnaClient:
        self.clients += 1
        return KlarnaClient(
            self.sandbox.url,
            username=self.sandbox.username,
            password=self.sandbox.password,
            pace="off",
            sleep=self.sleep,
            uniform=longest,
            wall_clock=self.clock,
        )

    def new_order(self, captured: int) -> Where:
        order = self.sandbox.order(order_amount=10_000, captured_amount=captured)
        assert order.order_id is not None
        captures = order.captures or ()
        where = Where(order.order_id, (captures[0].capture_id if captures else None) or order.order_id, order.order_id)
        self.orders.append(where)
        self._before[order.order_id] = (captured, 0)
        return where

    def new_intent(self, operation: str, order: int, amount: int) -> Intent:
        known = self.orders[order % len(self.orders)]
        where = Where(known.order_id, known.capture_id, known.refund_id, amount)
        self.intents.append(Intent(operation, where, self.clock(), self.clients))
        return self.intents[-1]

    def usable(self, number: int) -> Intent | None:
        """One of the intents whose key still holds."""
        usable = [each for each in self.intents if self.clock() < each.first_used + KEYS_HOLD - MARGIN]
        return usable[number % len(usable)] if usable else None

    def effects(self, intent: Intent) -> int:
        return self.sandbox.effects(intent.where.order_id, intent.operation)

    def calls(self, intent: Intent) -> Awaitable[Any]:
        return WRITE_CALLS[intent.operation](self._client_for_step(), intent.where, intent.key)

    def _client_for_step(self) -> KlarnaClient:
        """The client with a short timeout where no answer will come, and with the attempts of this step."""
        waits = any(entry.fault.kind in HANGS for entry in self.sandbox._handler.fault_queue._entries)
        return self.klarna.with_options(
            attempt_timeout=0.05 if waits else 30.0, retry=Retry(max_attempts=self.attempts, total_timeout=None)
        )

    # What can happen.

    async def call(self, intent: Intent, faults: list[str], concurrency: int = 1) -> None:
        """Call for it, `concurrency` calls at the same time, with these faults planned."""
        before = self.effects(intent)
        self._plan_faults(faults)
        results = await asyncio.gather(*(self.calls(intent) for _ in range(concurrency)), return_exceptions=True)
        await self._wait_until_idle()
        intent.effects += self.effects(intent) - before
        for result in results:
            self._check_result(intent, result, executed=self.effects(intent) - before)

    async def settle(self, intent: Intent) -> None:
        """After any unknown outcome the same key, without faults, gets a definite answer."""
        self.attempts = 4
        self.pass_time(5.0)  # until a burst of 429 is over
        await self.call(intent, [])
        assert intent.result in ("success", Outcome.DONE, Outcome.REFUSED), intent

    async def crash(self, intent: Intent, faults: list[str], turns: int) -> None:
        """The process dies in the middle of a call; a new one knows nothing but the key."""
        before = self.effects(intent)
        self._plan_faults(faults)
        call = asyncio.ensure_future(self.calls(intent))
        for _ in range(turns):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        await self.klarna.aclose()
        await self._wait_until_idle()
        intent.effects += self.effects(intent) - before
        intent.result = "crash"
        assert intent.effects <= 1
        self.klarna = self.new_client()

    async def misuse(self, intent: Intent, operation: str) -> None:
        """Another request under a key that this client has used: refused before a byte is sent."""
        if intent.client != self.clients:
            return
        other = Where(intent.where.order_id, intent.where.capture_id, amount=intent.where.amount + 1)
        before = self.sandbox.request_count
        result = await _result_of(WRITE_CALLS[operation](self.klarna, other, intent.key))
        assert isinstance(result, IdempotencyKeyReused)
        assert (result.outcome, self.sandbox.request_count) == (Outcome.NOT_SENT, before)

    async def read(self, operation: str, order: int, faults: list[str]) -> None:
        before = self.sandbox.effects()
        self._plan_faults(faults)
        result = await _result_of(READ_CALLS[operation](self._client_for_step(), self.orders[order % len(self.orders)]))
        await self._wait_until_idle()
        assert not isinstance(result, BaseException) or isinstance(result, KlarnaError), result
        assert self.sandbox.effects() == before

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    # What must be true.

    def _check_result(self, intent: Intent, result: object, *, executed: int) -> None:
        assert intent.effects <= 1, f"{intent} happened {intent.effects} times"
        if not isinstance(result, BaseException):
            intent.result = "success"
            assert intent.effects == 1, f"{intent} did not happen"
            return
        assert isinstance(result, KlarnaError), result
        assert result.idempotency_key == intent.key
        intent.result = (
            f"{result.outcome} {getattr(result, 'status', '')}" if result.outcome is Outcome.UNKNOWN else result.outcome
        )
        if result.outcome is Outcome.DONE:
            assert intent.effects == 1, f"{result.explain()} but {intent} did not happen"
        elif result.outcome in (Outcome.REFUSED, Outcome.NOT_SENT):
            assert executed == 0, f"{result.explain()} but {intent} happened"
            if intent.client == self.clients:
                assert intent.effects == 0, f"{result.explain()} but {intent} had happened"
        assert isinstance(result, UnreadableAnswer) or result.attempts

    def check(self) -> None:
        """After every step."""
        self._no_key_has_two_requests()
        self._the_money_is_what_was_intended()
        self._nothing_is_in_flight()

    def _no_key_has_two_requests(self) -> None:
        requests = self.sandbox.requests
        for request in requests[self._read :]:
            if request.key is not None:
                self._sent_under[request.key].add((request.operation, request.order_id, request.body_digest))
                assert len(self._sent_under[request.key]) == 1
        self._read = len(requests)

    def _the_money_is_what_was_intended(self) -> None:
        for where in self.orders:
            order = self.sandbox.get(where.order_id)
            captured, refunded = self._before[where.order_id]
            for intent in self.intents:
                if intent.where.order_id == where.order_id and intent.is_money:
                    amount = intent.effects * intent.where.amount
                    captured += amount if intent.operation == "captures.create" else 0
                    refunded += amount if intent.operation == "refunds.create" else 0
            assert (order.captured_amount, order.refunded_amount) == (captured, refunded)
            assert refunded <= captured <= (order.order_amount or 0)
            assert captured + (order.remaining_authorized_amount or 0) <= (order.order_amount or 0)

    def _nothing_is_in_flight(self) -> None:
        assert self.klarna._shared.concurrency.taken == 0
        assert not self.klarna._shared.http.deadlines._running
        assert not any(use.is_running for use in self.klarna._shared.guard._uses.values())

    def _plan_faults(self, faults: list[str]) -> None:
        for fault in faults:
            if fault.isdigit():
                self.sandbox.fail_next(status=int(fault))
            else:
                self.sandbox.fail_next(fault=fault, seconds=2.0 if fault == "burst-429" else None)

    async def _wait_until_idle(self) -> None:
        """The server may still work on requests that were given up; planned faults that are left are dropped."""
        self.sandbox.clear_failures()
        for _ in range(5):
            await asyncio.sleep(0.0005)


async def _result_of(call: Awaitable[Any]) -> object:
    return (await asyncio.gather(call, return_exceptions=True))[0]
