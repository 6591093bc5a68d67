"""A job in a service's own event loop, whose progress is an asynchronous iterator."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from klarna_om import Handler, KlarnaClient, Request, Response, Unauthorized
from klarna_om.batch import Job, Progress, Totals
from klarna_om.sandbox import Sandbox

MakeJob = Callable[..., Job]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(orders=200, limit=None) as running:
        yield running


@pytest.fixture
def new_job(sandbox: Sandbox, tmp_path: Path) -> MakeJob:
    """Make the job, again and again, with one journal."""

    def make(**options: Any) -> Job:
        return Job("orders.acknowledge", sandbox.order_ids, journal=tmp_path / "orders.journal", **options)

    return make


@pytest.fixture
async def klarna(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    async with sandbox.client(pace="off") as client:
        yield client


async def test_the_last_progress_has_the_summary(klarna: KlarnaClient, new_job: MakeJob, sandbox: Sandbox) -> None:
    told: list[Progress] = []

    seen = [progress async for progress in new_job(on_progress=told.append).run(klarna)]

    assert seen[-1].summary is not None
    assert seen[-1].summary.totals == seen[-1].totals == Totals(done=200)
    assert [progress.summary for progress in seen[:-1]] == [None] * (len(seen) - 1)
    assert seen[0].totals == Totals(pending=200)
    assert set(seen[:-1]) <= set(told)
    assert sandbox.acknowledgements == 200


async def test_leaving_the_loop_stops_the_job_and_a_new_one_goes_on(
    klarna: KlarnaClient, new_job: MakeJob, sandbox: Sandbox
) -> None:
    async with aclosing(new_job(in_flight=4).run(klarna)) as progresses:
        async for _ in progresses:
            break
    stopped = sandbox.acknowledgements

    last = [progress async for progress in new_job().run(klarna)][-1]

    assert stopped < 200
    assert last.summary is not None
    assert (last.totals, last.summary.settled_now) == (Totals(done=200), 200 - stopped)
    assert sandbox.acknowledgements == 200


async def test_a_service_stops_it_from_elsewhere(klarna: KlarnaClient, new_job: MakeJob, sandbox: Sandbox) -> None:
    job = new_job()
    job.stop.request("the service ends")

    last = [progress async for progress in job.run(klarna)][-1]

    assert last.summary is not None
    assert (last.summary.stopped_by, last.totals) == ("the service ends", Totals(pending=200))
    assert sandbox.acknowledgements == 0


async def test_it_raises_what_the_job_raises(sandbox: Sandbox, new_job: MakeJob) -> None:
    async with sandbox.client(password="wrong") as klarna:
        with pytest.raises(Unauthorized):
            async for _ in new_job().run(klarna):
                pass


async def test_cancelling_the_loop_interrupts_the_calls_and_records_them(sandbox: Sandbox, new_job: MakeJob) -> None:
    is_called = asyncio.Event()

    async def hang(_: Request, __: Handler) -> Response:
        is_called.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def follow() -> None:
        async with sandbox.client(middleware=[hang]) as client:
            async for _ in new_job().run(client):
                pass

    task = asyncio.create_task(follow())
    await is_called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with sandbox.client(pace="off") as klarna:
        seen = [progress async for progress in new_job().run(klarna)]
    assert seen[0].totals.unknown >= 1
    assert seen[-1].totals == Totals(done=200)
