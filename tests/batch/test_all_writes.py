"""Each of the 13 writes as a job against the sandbox: done once, found again, and read before it is repeated."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from klarna_om import CaptureObject, KlarnaClient, RefundObject, Retry
from klarna_om.batch import Item, Job, JournalMismatchError, Progress, SqliteJournal, Totals, run
from klarna_om.batch.journal import Line
from klarna_om.sandbox import Sandbox
from klarna_om.workflows.writes import WRITES
from tests.batch.jobs import lines

ADDRESS = {"given_name": "Ada", "family_name": "Lund", "email": "ada@example.com", "city": "Umeå"}

MakeRow = Callable[[Sandbox], dict[str, Any]]


def _order(sandbox: Sandbox, **fields: Any) -> str:
    return sandbox.order(**{"order_amount": 1000, **fields}).order_id or ""


def _capture(sandbox: Sandbox) -> dict[str, Any]:
    order_id = _order(sandbox, captured_amount=400)
    return {"order_id": order_id, "capture_id": sandbox.get(order_id).captures[0].capture_id, "reference": "r-1"}


ROWS: Mapping[str, MakeRow] = {
    "orders.acknowledge": lambda sandbox: {"order_id": _order(sandbox)},
    "orders.cancel": lambda sandbox: {"order_id": _order(sandbox)},
    "orders.release_remaining_authorization": lambda sandbox: {"order_id": _order(sandbox, captured_amount=400)},
    "orders.extend_authorization_time": lambda sandbox: {"order_id": _order(sandbox), "reference": "r-1"},
    "orders.update_authorization": lambda sandbox: {
        "order_id": _order(sandbox),
        "reference": "r-1",
        "order_amount": 900,
    },
    "orders.update_customer_details": lambda sandbox: {
        "order_id": _order(sandbox),
        "reference": "r-1",
        "shipping_address": ADDRESS,
    },
    "orders.update_merchant_references": lambda sandbox: {
        "order_id": _order(sandbox),
        "reference": "r-1",
        "merchant_reference1": "A-1001",
    },
    "orders.add_shipping_info": lambda sandbox: {
        "order_id": _order(sandbox),
        "reference": "r-1",
        "shipping_info": [{"tracking_number": "7"}],
    },
    "captures.create": lambda sandbox: {"order_id": _order(sandbox), "reference": "r-1", "captured_amount": 700},
    "captures.add_shipping_info": lambda sandbox: {**_capture(sandbox), "shipping_info": [{"tracking_number": "7"}]},
    "captures.trigger_send_out": _capture,
    "captures.extend_due_date": lambda sandbox: {**_capture(sandbox), "number_of_days": 14},
    "refunds.create": lambda sandbox: {
        "order_id": _order(sandbox, captured_amount=1000),
        "reference": "r-1",
        "refunded_amount": 300,
    },
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(limit=None) as running:
        yield running


@pytest.fixture
async def klarna(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    async with sandbox.client(retry=Retry.off()) as client:
        yield client


async def report(path: Path, operation: str) -> list[Line]:
    async with SqliteJournal.open(path, operation) as journal:
        return await lines(journal)


def test_there_is_a_row_for_each_write() -> None:
    assert set(ROWS) == set(WRITES)


@pytest.mark.parametrize("operation", ROWS)
async def test_a_write_whose_answer_was_lost_happens_once(
    klarna: KlarnaClient, sandbox: Sandbox, operation: str, path: Path
) -> None:
    row = {**ROWS[operation](sandbox), "shop": "A-1"}
    sandbox.fail_next(1, fault="reset-after", operation=operation)

    summary = await run(klarna, Job(operation, [row], journal=path))

    assert summary.totals == Totals(done=1)
    assert sandbox.effects(row["order_id"], operation) == 1
    (line,) = await report(path, operation)
    assert (line.outcome, line.reference, line.columns) == ("done", row.get("reference"), {"shop": "A-1"})
    assert bool(line.result_id) is (operation in ("captures.create", "refunds.create"))


@pytest.mark.parametrize("operation", ROWS)
async def test_a_job_that_is_done_sends_nothing_when_it_is_run_again(
    klarna: KlarnaClient, sandbox: Sandbox, operation: str, path: Path
) -> None:
    row = ROWS[operation](sandbox)
    await run(klarna, Job(operation, [row], journal=path))
    sent = sandbox.request_count

    summary = await run(klarna, Job(operation, [row], journal=path))

    assert (summary.totals, summary.settled_now, sandbox.request_count) == (Totals(done=1), 0, sent)


@pytest.mark.parametrize(
    ("operation", "item"),
    [
        ("captures.create", CaptureObject(captured_amount=700, reference="r-1")),
        ("refunds.create", RefundObject(refunded_amount=300, reference="r-1")),
    ],
)
async def test_two_equal_writes_under_two_references_are_two(
    klarna: KlarnaClient, sandbox: Sandbox, operation: str, item: Any
) -> None:
    order_id = _order(sandbox, order_amount=2000, captured_amount=600)
    other = type(item)(**{**{name: getattr(item, name) for name in item.__struct_fields__}, "reference": "r-2"})

    summary = await run(klarna, Job(operation, [Item(order_id=order_id, content=each) for each in (item, other)]))

    assert summary.totals == Totals(done=2)
    assert sandbox.effects(order_id, operation) == 2


@pytest.mark.parametrize("operation", ["captures.create", "refunds.create"])
async def test_a_write_of_the_day_before_is_found_by_its_reference_and_not_made_again(
    klarna: KlarnaClient, sandbox: Sandbox, operation: str, path: Path
) -> None:
    row = ROWS[operation](sandbox)
    async with SqliteJournal.open(path, operation) as journal:
        await run(klarna, Job(operation, [row], journal=journal))
        await journal._writer.run(lambda connection: connection.execute("UPDATE rows SET state = 'unknown'"))
        await journal._writer.run(
            lambda connection: connection.execute("UPDATE windows SET first_used_at = '2026-01-01T00:00:00+00:00'")
        )
    sandbox.clock.advance(hours=25)

    summary = await run(klarna, Job(operation, [row], journal=path))

    assert summary.totals == Totals(done=1)
    assert sandbox.effects(row["order_id"], operation) == 1


async def test_a_capture_that_klarna_refuses_after_a_look_at_the_order_is_refused(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    row = {"order_id": _order(sandbox), "reference": "r-1", "captured_amount": 1001}

    summary = await run(klarna, Job("captures.create", [row], journal=path))

    assert summary.totals == Totals(refused=1)
    (line,) = await report(path, "captures.create")
    assert (line.status, line.error_code) == (403, "CAPTURE_NOT_ALLOWED")


async def test_a_capture_of_an_order_that_klarna_does_not_know_is_refused(klarna: KlarnaClient) -> None:
    row = {"order_id": "00000000-0000-4000-8000-000000000000", "reference": "r-1", "captured_amount": 1}

    assert (await run(klarna, Job("captures.create", [row]))).totals == Totals(refused=1)


async def test_a_reference_with_another_amount_at_klarna_is_refused_and_stops_nothing(
    klarna: KlarnaClient, sandbox: Sandbox
) -> None:
    order_id = _order(sandbox)
    await klarna.captures.create(order_id, CaptureObject(captured_amount=100, reference="r-1"))
    rows = [
        {"order_id": order_id, "reference": "r-1", "captured_amount": 200},
        {"order_id": order_id, "reference": "r-2", "captured_amount": 200},
    ]

    assert (await run(klarna, Job("captures.create", rows))).totals == Totals(done=1, refused=1)


async def test_many_rows_that_are_never_sent_are_no_outage(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    rows = []
    for _ in range(30):
        order_id = _order(sandbox)
        await klarna.captures.create(order_id, CaptureObject(captured_amount=100, reference="r-1"))
        rows.append({"order_id": order_id, "reference": "r-1", "captured_amount": 200})
    seen: list[Progress] = []

    summary = await run(klarna, Job("captures.create", rows, keep_going=True, on_progress=seen.append))

    assert summary.totals == Totals(refused=30)
    assert not any(progress.is_paused for progress in seen)


async def test_a_journal_of_another_operation_is_refused(klarna: KlarnaClient, path: Path) -> None:
    async with SqliteJournal.open(path, "orders.cancel") as journal:
        with pytest.raises(JournalMismatchError, match="belongs to a job of orders.cancel"):
            await run(klarna, Job("orders.acknowledge", [], journal=journal))


@pytest.mark.parametrize(
    ("operation", "options", "problem"),
    [
        ("captures.list", {}, "there is no operation 'captures.list'"),
        ("captures.create", {"on_expired": "resend"}, "use 'verify' or 'fail'"),
        ("captures.trigger_send_out", {"on_expired": "verify"}, "it is always 'fail'"),
        ("orders.cancel", {"in_flight": 0}, "in_flight"),
    ],
)
def test_a_job_that_cannot_be_meant_is_refused(operation: str, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Job(operation, [], **options)


def test_one_string_is_not_many_rows() -> None:
    with pytest.raises(TypeError, match="rows is one string"):
        Job("orders.acknowledge", "7849fd84-47dc-4919-a7ce-47b9f461562f")
