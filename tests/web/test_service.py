"""One client for the life of a service; what runs beside it is kept running and stopped in order."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from klarna_om import ClientClosed, ConfigurationError, KlarnaClient
from klarna_om.sandbox import Sandbox
from klarna_om.web import Service
from klarna_om.web.background import LONG_RUN, BackgroundTasks
from tests.support.time import Clock
from tests.web.conftest import MakeKlarna


async def run_on(klarna: KlarnaClient) -> None:
    await asyncio.sleep(3600)


async def test_the_client_is_open_with_the_service_and_closed_after_it(
    make_klarna: MakeKlarna, sandbox: Sandbox
) -> None:
    order_id = sandbox.order().order_id or ""

    async with Service(make_klarna) as service:
        await service.klarna.orders.get(order_id)
        was_ready = service.is_ready

    with pytest.raises(ClientClosed):
        await service.klarna.orders.get(order_id)
    assert (was_ready, service.is_ready) == (True, False)


async def test_settings_that_cannot_work_stop_the_start() -> None:
    with pytest.raises(ConfigurationError):
        async with Service(lambda: KlarnaClient("nowhere")):
            pytest.fail("it must not start")


async def test_a_service_that_is_not_open_has_no_client(make_klarna: MakeKlarna) -> None:
    service = Service(make_klarna)

    assert not service.is_ready
    with pytest.raises(ConfigurationError, match="not open"):
        service.klarna  # noqa: B018


async def test_a_service_opens_once(make_klarna: MakeKlarna) -> None:
    async with Service(make_klarna) as service:
        with pytest.raises(ConfigurationError, match="make a new one"):
            await service.__aenter__()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"make_client": 7}, "make_client"),
        ({"grace": 0}, "grace"),
        ({"grace": None}, "grace"),
        ({"background": [7]}, "background"),
    ],
    ids=repr,
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        Service(**settings)


async def test_a_background_function_may_finish_its_work_with_an_open_client(
    make_klarna: MakeKlarna, sandbox: Sandbox
) -> None:
    order_id = sandbox.order().order_id or ""
    done: list[str] = []

    async def drain(klarna: KlarnaClient) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await klarna.orders.acknowledge(order_id)
            done.append("drained")
            raise

    async with Service(make_klarna, background=[drain, run_on]):
        await asyncio.sleep(0.01)

    assert (done, sandbox.acknowledgements) == (["drained"], 1)


async def test_one_that_takes_longer_than_the_grace_time_is_cancelled_once_more(make_klarna: MakeKlarna) -> None:
    cancelled: list[int] = []

    async def slow(klarna: KlarnaClient) -> None:
        for number in (1, 2):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(number)

    async with Service(make_klarna, background=[slow], grace=0.05) as service:
        await asyncio.sleep(0.01)

    assert cancelled == [1, 2]
    with pytest.raises(ClientClosed):
        await service.klarna.orders.get("x")


async def test_one_that_never_ends_keeps_no_service_from_ending(
    make_klarna: MakeKlarna, caplog: pytest.LogCaptureFixture
) -> None:
    released = asyncio.Event()

    async def deaf(klarna: KlarnaClient) -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    async with asyncio.timeout(5), Service(make_klarna, background=[deaf], grace=0.05) as service:
        await asyncio.sleep(0.01)
    released.set()

    assert "1 background tasks ignore that they were cancelled" in caplog.text
    with pytest.raises(ClientClosed):
        await service.klarna.orders.get("x")


async def test_a_shutdown_that_is_cancelled_leaves_no_task_and_no_client(make_klarna: MakeKlarna) -> None:
    cancelled: list[int] = []

    async def slow(klarna: KlarnaClient) -> None:
        for number in (1, 2):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(number)

    service = Service(make_klarna, background=[slow])
    await service.__aenter__()
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(service.__aexit__(None, None, None))
    await asyncio.sleep(0.01)

    closing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await closing
    assert cancelled == [1, 2]
    with pytest.raises(ClientClosed):
        await service.klarna.orders.get("x")


class Dying:
    """Ends a few times in a certain way, then runs on."""

    def __init__(self, times: int, error: BaseException | None) -> None:
        self.times, self.error = times, error
        self.starts = 0
        self.runs = asyncio.Event()

    async def __call__(self, klarna: KlarnaClient) -> None:
        self.starts += 1
        if self.starts <= self.times:
            if self.error is not None:
                raise self.error
            return
        self.runs.set()
        await run_on(klarna)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("jane@example.com"), "raised RuntimeError at"),
        (asyncio.CancelledError(), "was cancelled by something in it"),
        (None, "returned by itself"),
    ],
    ids=["raised", "cancelled", "returned"],
)
async def test_one_that_ends_is_started_again(
    make_klarna: MakeKlarna, caplog: pytest.LogCaptureFixture, error: BaseException | None, reason: str
) -> None:
    dying = Dying(2, error)
    tasks = BackgroundTasks([dying], grace=1.0, backoff=lambda failures, uniform: 0.0)
    async with make_klarna() as klarna:
        tasks.start(klarna)
        await dying.runs.wait()
        await tasks.stop()

    assert dying.starts == 3
    assert caplog.text.count(f"Dying {reason}") == 2
    assert "jane" not in caplog.text


async def test_while_one_waits_the_service_is_not_ready(make_klarna: MakeKlarna) -> None:
    dying = Dying(1, RuntimeError())
    service = Service(make_klarna, background=[dying, run_on])
    service._tasks.backoff = lambda failures, uniform: 0.1
    async with service:
        await asyncio.sleep(0.01)
        waiting, was_ready = service.waiting, service.is_ready
        await dying.runs.wait()
        is_ready = service.is_ready

    assert (waiting, was_ready, is_ready) == (("Dying",), False, True)


async def test_a_long_run_makes_the_next_failure_the_first(make_klarna: MakeKlarna) -> None:
    clock, failures = Clock(), list[int]()
    lengths = [0.0, 0.0, LONG_RUN + 1, 0.0]
    over = asyncio.Event()

    async def run(klarna: KlarnaClient) -> None:
        if not lengths:
            over.set()
            await run_on(klarna)
        clock.now += lengths.pop(0)

    def backoff(count: int, uniform: object) -> float:
        failures.append(count)
        return 0.0

    tasks = BackgroundTasks([run], grace=1.0, backoff=backoff, clock=clock)
    async with make_klarna() as klarna:
        tasks.start(klarna)
        await over.wait()
        await tasks.stop()

    assert failures == [1, 2, 1, 2]


async def test_one_that_fails_while_it_stops_is_logged_and_not_started_again(
    make_klarna: MakeKlarna, caplog: pytest.LogCaptureFixture
) -> None:
    starts: list[int] = []

    async def failing(klarna: KlarnaClient) -> None:
        starts.append(1)
        try:
            await run_on(klarna)
        finally:
            raise RuntimeError

    async with Service(make_klarna, background=[failing]):
        await asyncio.sleep(0.01)

    assert len(starts) == 1
    assert "failing raised RuntimeError at" in caplog.text


async def test_an_event_loop_that_ends_ends_it_too(make_klarna: MakeKlarna) -> None:
    before = asyncio.all_tasks()
    tasks = BackgroundTasks([run_on], grace=1.0)
    async with make_klarna() as klarna:
        tasks.start(klarna)
        await asyncio.sleep(0)
        (task,) = asyncio.all_tasks() - before

        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task


async def test_one_that_waits_for_its_restart_stops_at_once(make_klarna: MakeKlarna) -> None:
    dying = Dying(1, RuntimeError())
    tasks = BackgroundTasks([dying], grace=5.0, backoff=lambda failures, uniform: 60.0)
    async with make_klarna() as klarna:
        tasks.start(klarna)
        await asyncio.sleep(0.01)
        async with asyncio.timeout(1):
            await tasks.stop()

    assert dying.starts == 1


async def test_the_reason_of_a_wrong_setting_is_logged_in_full(
    make_klarna: MakeKlarna, caplog: pytest.LogCaptureFixture
) -> None:
    failed = asyncio.Event()

    async def drain(_: KlarnaClient) -> None:
        failed.set()
        raise ConfigurationError("the outbox has no tables here: make them")

    async with Service(make_klarna, background=[drain]):
        await failed.wait()
        await asyncio.sleep(0)

    assert "raised ConfigurationError: the outbox has no tables here: make them; it is started again" in caplog.text
