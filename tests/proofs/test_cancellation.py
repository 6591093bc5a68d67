"""Cancelled anywhere, a call is out at once, leaves nothing behind, and its key can be used again: one effect."""

import asyncio
import gc
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.pace.pacer import Pacer
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.proofs.conftest import until
from tests.proofs.raw_klarna import Break, RawKlarna
from tests.support.calls import ORDER_ID
from tests.support.raw_http import End, Point
from tests.support.time import Sleeps
from tests.support.wire import Answer

CAPTURE = CaptureObject(captured_amount=100)
BUSY = Break(Point.ANSWER, End.CLOSE, answer=Answer(503))
LAST = Break(Point.ANSWER, End.CLOSE)
"""A success, after which the connection is gone."""


class CancelledAt:
    """Await something, and cancel the task when it is about to wait for the n-th time."""

    def __init__(self, awaited: Coroutine[Any, Any, Any], n: int) -> None:
        self._awaited, self._left = awaited, n

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._awaited.__await__()
        waits_for = next(steps, None)
        while True:
            self._left -= 1
            if self._left == 0:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                sent = yield waits_for
            except BaseException as thrown:  # noqa: BLE001 the awaited decides what becomes of it
                advance: Callable[[], Any] = partial(steps.throw, thrown)
            else:
                advance = partial(steps.send, sent)
            try:
                waits_for = advance()
            except StopIteration as over:
                return over.value


async def cancelled_at_await(call: Coroutine[Any, Any, Any], n: int) -> bool:
    """Run a call that is cancelled at its n-th await; False when it had fewer."""

    async def run() -> None:
        await CancelledAt(call, n)

    return await _ends_cancelled(asyncio.create_task(run()))


async def cancelled_at_iteration(call: Coroutine[Any, Any, Any], n: int) -> bool:
    """Run a call that is cancelled when the loop has turned n times; False when it was over before."""
    task = asyncio.create_task(call)
    for _ in range(n):
        await asyncio.sleep(0)
    task.cancel()
    return await _ends_cancelled(task)


async def _ends_cancelled(task: "asyncio.Task[Any]") -> bool:
    """Out at once: whatever a cancelled call waited for, it does not wait for it any more."""
    async with asyncio.timeout(10):
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return task.cancelled()


Cancel = Callable[[Coroutine[Any, Any, Any], int], Awaitable[bool]]


SITUATIONS: dict[str, list[Break]] = {
    "a connection from the pool": [],
    "a new connection": [LAST],
    "a retry after a lost answer": [Break(Point.REQUEST, End.CLOSE)],
    "two retries after errors": [BUSY, BUSY],
    "a retry after a cut answer": [Break(Point.MID_BODY, End.CLOSE)],
    "a wait for a slot": [LAST],
}


@pytest.mark.parametrize("cancel", [cancelled_at_await, cancelled_at_iteration])
@pytest.mark.parametrize("situation", SITUATIONS)
async def test_a_call_cancelled_at_any_point_leaves_nothing_and_its_key_works_again(
    make_client: MakeClient, raw: RawKlarna, situation: str, cancel: Cancel
) -> None:
    breaks = SITUATIONS[situation]
    pace = Pacer(200.0) if situation == "a wait for a slot" else "off"
    klarna = make_client(raw.url, in_flight=1, pace=pace, attempt_timeout=10.0)
    tasks, n, was_cancelled = len(asyncio.all_tasks()), 0, True
    while was_cancelled:
        n += 1
        key = f"key {n}"
        raw.breaks = list(breaks)

        was_cancelled = await cancel(klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key=key), n)

        assert klarna._shared.concurrency.taken == 0
        assert not any(use.is_running for use in klarna._shared.guard._uses.values())
        assert not klarna._shared.http.deadlines._running
        if isinstance(pace, Pacer):
            assert (pace.snapshot().waiting_live, pace.snapshot().waiting_batch) == (0, 0)
        raw.breaks = [LAST] if breaks else []
        assert await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key=key) == "the-id"
        assert raw.effects[key] == 1
        assert len({request.raw for request in raw.requests if request.key == key}) == 1
        assert n < 2000
    assert n > (3 if breaks else 1)
    await until(lambda: raw.open_connections <= 1)
    assert len(asyncio.all_tasks()) <= tasks + raw.open_connections


@pytest.mark.parametrize("cancel", [cancelled_at_await, cancelled_at_iteration])
async def test_cancelling_one_of_five_equal_calls_leaves_the_others_their_answer(
    make_client: MakeClient, raw: RawKlarna, cancel: Cancel
) -> None:
    klarna = make_client(raw.url)
    n, was_cancelled = 0, True
    while was_cancelled:
        n += 1
        key = f"key {n}"
        raw.breaks = [BUSY]
        raw.otherwise = LAST

        def call(key: str = key) -> Coroutine[Any, Any, str]:
            return klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key=key)

        victim = asyncio.ensure_future(cancel(call(), n))
        await asyncio.sleep(0)  # it goes first, so the others wait for its answer
        others = [asyncio.create_task(call()) for _ in range(4)]

        was_cancelled = await victim
        assert await asyncio.gather(*others) == ["the-id"] * 4
        assert raw.effects[key] == 1
    assert n > 3


@pytest.fixture
def hanging(make_client: MakeClient, raw: RawKlarna) -> KlarnaClient:
    """A client with one place, whose calls are executed and never answered."""
    raw.otherwise = Break(Point.REQUEST, End.HANG)
    return make_client(raw.url, in_flight=1)


async def by_timeout(call: Coroutine[Any, Any, Any], raw: RawKlarna) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await call


async def by_wait_for(call: Coroutine[Any, Any, Any], raw: RawKlarna) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call, 0.1)


async def by_a_siblings_failure(call: Coroutine[Any, Any, Any], raw: RawKlarna) -> None:
    async def sibling() -> None:
        await until(lambda: raw.requests)
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.TaskGroup() as group:
            group.create_task(call)
            group.create_task(sibling())
    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]


@pytest.mark.parametrize("stop", [by_timeout, by_wait_for, by_a_siblings_failure])
async def test_the_callers_own_timeout_ends_the_call_and_the_next_call_works(
    hanging: KlarnaClient,
    raw: RawKlarna,
    caplog: pytest.LogCaptureFixture,
    stop: Callable[[Coroutine[Any, Any, Any], RawKlarna], Awaitable[None]],
) -> None:
    async with asyncio.timeout(10):
        await stop(hanging.captures.create(ORDER_ID, CAPTURE, idempotency_key="k"), raw)

    logged = [
        (getattr(line, "klarna_outcome", None), getattr(line, "klarna_idempotency_key", None))
        for line in caplog.records
    ]
    assert logged == [("unknown", "k")]

    raw.otherwise = None
    capture_id = await hanging.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")

    assert (capture_id, raw.effects["k"]) == ("the-id", 1)


async def test_a_write_cancelled_between_two_attempts_is_reported_as_unknown(
    make_client: MakeClient, raw: RawKlarna, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = asyncio.Event()

    async def wait(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    raw.otherwise = Break(Point.REQUEST, End.CLOSE)
    call = asyncio.create_task(make_client(raw.url, sleep=wait).captures.create(ORDER_ID, CAPTURE, idempotency_key="k"))
    await waiting.wait()
    caplog.clear()

    call.cancel()
    await asyncio.wait([call])

    (line,) = caplog.records
    assert call.cancelled()
    assert (line.levelno, vars(line)["klarna_outcome"], vars(line)["klarna_idempotency_key"]) == (
        logging.WARNING,
        "unknown",
        "k",
    )


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


async def test_a_thousand_cancelled_calls_leave_no_descriptor_and_no_task(
    make_client: MakeClient, raw: RawKlarna
) -> None:
    klarna = make_client(raw.url, retry=Retry.off(), sleep=Sleeps())
    raw.otherwise = Break(Point.REQUEST, End.HANG)

    async def some(count: int) -> None:
        calls = [asyncio.create_task(klarna.orders.acknowledge(ORDER_ID)) for _ in range(count)]
        before = len(raw.requests)
        await until(lambda: len(raw.requests) >= before + min(count, 64))
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        await until(lambda: raw.open_connections == 0)

    await some(100)
    tasks, files = len(asyncio.all_tasks()), descriptors()
    for _ in range(10):
        await some(100)
    gc.collect()

    assert (len(asyncio.all_tasks()), klarna._shared.concurrency.taken) == (tasks, 0)
    assert descriptors() <= files + 2
