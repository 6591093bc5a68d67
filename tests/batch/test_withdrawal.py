"""A stop withdraws the calls that wait for their place in the rate limit, and lets those end that were sent."""

import asyncio
from pathlib import Path

from klarna_om import Handler, Pacer, Request, Response
from klarna_om.batch import Job, Stop, Summary, Totals, run
from klarna_om.sandbox import Sandbox


async def run_until_the_first_answer(sandbox: Sandbox, job: Job, rate: float) -> Summary:
    """The client asks for a stop after its first answer."""

    async def stop(request: Request, below: Handler) -> Response:
        response = await below(request)
        job.stop.request()
        return response

    async with sandbox.client(pace=Pacer(rate), middleware=[stop]) as klarna, asyncio.timeout(20):
        return await run(klarna, job)


async def test_a_stop_does_not_wait_for_the_rate_limit(tmp_path: Path) -> None:
    journal = tmp_path / "orders.journal"
    with Sandbox(orders=40, limit=None) as sandbox:
        stopped = await run_until_the_first_answer(
            sandbox, Job("orders.acknowledge", sandbox.order_ids, journal=journal), rate=0.01
        )
        sent = sandbox.acknowledgements
        async with sandbox.client(pace="off") as klarna:
            summary = await run(klarna, Job("orders.acknowledge", sandbox.order_ids, journal=journal))

        assert (stopped.totals, stopped.stopped_by) == (Totals(done=1, pending=39), "a stop was requested")
        assert (sent, sandbox.acknowledgements, summary.totals) == (1, 40, Totals(done=40))


async def test_a_capture_whose_order_was_read_is_made_and_recorded() -> None:
    with Sandbox(orders=40, limit=None) as sandbox:
        rows = [{"order_id": each, "captured_amount": 1, "reference": "shipment-1"} for each in sandbox.order_ids]

        stopped = await run_until_the_first_answer(sandbox, Job("captures.create", rows, stop=Stop()), rate=20)

        captured = sum(sandbox.effects(each, "captures.create") for each in sandbox.order_ids)
        assert 1 <= captured < 40
        assert stopped.totals == Totals(done=captured, pending=40 - captured)
