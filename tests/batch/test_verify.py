"""A verification reads orders back, compares them with the journal, and writes nothing."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from klarna_om import CaptureObject, Handler, KlarnaClient, Pacer, Request, Response, Retry, UpdateMerchantReferences
from klarna_om.batch import Check, Finding, Job, JournalMismatchError, SqliteJournal, State, Stop, Verification, run
from klarna_om.batch import verify as verify_journal
from klarna_om.batch.journal import RowResult
from klarna_om.batch.verification import MAX_LISTED
from klarna_om.errors import Unauthorized
from klarna_om.pace.lanes import Lane
from klarna_om.sandbox import Sandbox
from klarna_om.workflows.effects import EFFECTS
from klarna_om.workflows.writes import WRITES
from tests.batch.fake_sender import order_id
from tests.batch.jobs import lines, load
from tests.batch.test_all_writes import ROWS
from tests.batch.verifying import record_all

CAPTURE = "captures.create"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(limit=None) as running:
        yield running


@pytest.fixture
async def klarna(sandbox: Sandbox) -> AsyncIterator[KlarnaClient]:
    async with sandbox.client(retry=Retry.off(), pace="off") as client:
        yield client


def capture_rows(sandbox: Sandbox, count: int) -> list[dict[str, Any]]:
    ids = [sandbox.order(order_amount=1000).order_id for _ in range(count)]
    return [{"order_id": each, "captured_amount": 700, "reference": f"s-{n}"} for n, each in enumerate(ids, 1)]


async def verify(klarna: KlarnaClient, path: Path, **options: Any) -> Verification:
    async with SqliteJournal.open_to_read(path) as journal:
        return await verify_journal(klarna, journal, **options)


def only(verification: Verification) -> Check:
    (check,) = verification.listed
    return check


SEEN = set(EFFECTS) - {"captures.trigger_send_out", "captures.extend_due_date"}
NOT_WITHOUT_MORE = {"orders.acknowledge", "orders.extend_authorization_time"}


def test_each_write_has_an_effect_that_is_looked_for() -> None:
    assert set(EFFECTS) == set(WRITES)


def test_the_page_says_for_each_write_what_an_order_shows() -> None:
    page = (Path(__file__).parents[2] / "docs" / "batch.md").read_text("utf-8")
    table = page.partition("| operation | what the order must show |")[2].partition("\n\n")[0]
    shown = {name: text for names, text in re.findall(r"^\| (.+?) \| (.+) \|$", table, re.M) for name in _names(names)}

    assert set(shown) == set(WRITES)
    assert {name for name, text in shown.items() if text.startswith("nothing shows")} == set(WRITES) - SEEN
    assert {name for name, text in shown.items() if "it cannot be seen" in text} == NOT_WITHOUT_MORE


def _names(cell: str) -> list[str]:
    return re.findall(r"`([\w.]+)`", cell)


@pytest.mark.parametrize("operation", ROWS)
async def test_what_a_job_has_done_agrees_where_an_order_shows_it(
    klarna: KlarnaClient, sandbox: Sandbox, operation: str, path: Path
) -> None:
    await run(klarna, Job(operation, [ROWS[operation](sandbox)], journal=path))
    sent = sandbox.request_count

    verification = await verify(klarna, path)

    is_seen = operation in SEEN - NOT_WITHOUT_MORE
    assert verification.counts == {Finding.AGREES if is_seen else Finding.CANNOT_BE_SEEN: 1}
    assert verification.is_confirmed
    assert sandbox.request_count - sent == (1 if operation in SEEN else 0)


@pytest.mark.parametrize("operation", ROWS)
async def test_what_the_journal_has_as_done_and_the_order_does_not_show_differs(
    klarna: KlarnaClient, sandbox: Sandbox, operation: str, path: Path
) -> None:
    await record_all(path, sandbox.url, operation, [ROWS[operation](sandbox)])

    verification = await verify(klarna, path)

    is_seen = operation in SEEN - NOT_WITHOUT_MORE
    assert verification.counts == {Finding.DIFFERS if is_seen else Finding.CANNOT_BE_SEEN: 1}
    assert verification.is_confirmed is not is_seen


@pytest.mark.parametrize("operation", ROWS)
async def test_what_was_refused_and_the_order_does_not_show_agrees(
    klarna: KlarnaClient, sandbox: Sandbox, operation: str, path: Path
) -> None:
    await record_all(path, sandbox.url, operation, [ROWS[operation](sandbox)], State.REFUSED)

    verification = await verify(klarna, path)

    is_seen = operation in SEEN - NOT_WITHOUT_MORE
    assert verification.counts == {Finding.AGREES if is_seen else Finding.CANNOT_BE_SEEN: 1}


@pytest.mark.parametrize("operation", ROWS)
async def test_what_was_refused_and_the_order_shows_differs_where_only_that_write_does_it(
    klarna: KlarnaClient, sandbox: Sandbox, operation: str, path: Path, tmp_path: Path
) -> None:
    row = ROWS[operation](sandbox)
    await run(klarna, Job(operation, [row], journal=tmp_path / "another.journal"))
    await record_all(path, sandbox.url, operation, [row], State.REFUSED)

    verification = await verify(klarna, path)

    is_own = operation in (CAPTURE, "refunds.create", "orders.cancel")
    assert verification.counts == {Finding.DIFFERS if is_own else Finding.CANNOT_BE_SEEN: 1}


@pytest.mark.parametrize("state", [State.UNKNOWN, State.ESCALATED])
async def test_of_a_row_that_nobody_knows_it_says_what_the_order_shows(
    klarna: KlarnaClient, sandbox: Sandbox, state: State, path: Path
) -> None:
    rows = capture_rows(sandbox, 2)
    await klarna.captures.create(rows[0]["order_id"], CaptureObject(captured_amount=700, reference="s-1"))
    await record_all(path, sandbox.url, CAPTURE, rows, state)
    before = path.read_bytes()

    verification = await verify(klarna, path, in_flight=1)

    assert verification.counts == {Finding.SHOWN: 1, Finding.NOT_SHOWN: 1}
    assert not verification.is_confirmed
    shown, other = verification.listed
    capture_id = sandbox.get(rows[0]["order_id"]).captures[0].capture_id
    assert (shown.outcome, shown.seen) == (state, f"capture {capture_id} of 700 with the reference 's-1'")
    assert other.seen == "no capture"
    assert path.read_bytes() == before


async def test_a_difference_names_the_row_what_was_expected_and_what_is_seen(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    order = sandbox.order().order_id or ""
    row = {"order_id": order, "reference": "r-1", "merchant_reference1": "A-1001"}
    await run(klarna, Job("orders.update_merchant_references", [row], journal=path))
    await klarna.orders.update_merchant_references(order, UpdateMerchantReferences(merchant_reference1="B-7"))

    verification = await verify(klarna, path)

    assert only(verification) == Check(
        line=1,
        order_id=order,
        reference="r-1",
        outcome="done",
        finding=Finding.DIFFERS,
        expected="merchant_reference1 'A-1001'",
        seen="merchant_reference1 'B-7'",
    )
    assert str(verification) == "0 agree, 1 differ"


async def test_a_capture_under_another_id_than_klarna_answered_differs(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    (row,) = capture_rows(sandbox, 1)
    await klarna.captures.create(row["order_id"], CaptureObject(captured_amount=700, reference="s-1"))
    await record_all(path, sandbox.url, CAPTURE, [row], result_id=order_id(7))

    check = only(await verify(klarna, path))

    assert check.expected == f"capture {order_id(7)} of 700 with the reference 's-1'"


async def test_a_capture_that_was_made_twice_differs(klarna: KlarnaClient, sandbox: Sandbox, path: Path) -> None:
    order = sandbox.order(order_amount=2000).order_id or ""
    await run(klarna, Job(CAPTURE, [{"order_id": order, "captured_amount": 700, "reference": "s-1"}], journal=path))
    await klarna.captures.create(order, CaptureObject(captured_amount=700, reference="s-1"))

    check = only(await verify(klarna, path))

    assert (check.finding, check.seen.count("of 700 with the reference 's-1'")) == (Finding.DIFFERS, 2)


async def test_an_acknowledgement_is_seen_by_a_capture(klarna: KlarnaClient, sandbox: Sandbox, path: Path) -> None:
    order = sandbox.order(order_amount=1000, captured_amount=400).order_id
    await run(klarna, Job("orders.acknowledge", [order], journal=path))

    assert (await verify(klarna, path)).counts == {Finding.AGREES: 1}


async def test_an_order_that_klarna_does_not_know_is_not_read(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    await record_all(path, sandbox.url, "orders.cancel", [{"order_id": order_id(1)}])

    verification = await verify(klarna, path)

    assert verification.counts == {Finding.NOT_READ: 1}
    assert "NO_SUCH_ORDER" in only(verification).seen
    assert not verification.is_confirmed


async def test_a_read_that_fails_says_nothing_about_its_row(klarna: KlarnaClient, sandbox: Sandbox, path: Path) -> None:
    rows = capture_rows(sandbox, 3)
    await run(klarna, Job(CAPTURE, rows, journal=path))
    sandbox.fail_next(1, status=503, operation="orders.get", order_id=rows[1]["order_id"])

    verification = await verify(klarna, path)

    assert verification.counts == {Finding.AGREES: 2, Finding.NOT_READ: 1}
    assert (only(verification).line, only(verification).seen[:3]) == (2, "503")


async def test_ten_failed_reads_in_a_row_end_it(klarna: KlarnaClient, sandbox: Sandbox, path: Path) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 30), journal=path))
    sandbox.fail_next(100, status=503)

    verification = await verify(klarna, path, in_flight=1)

    assert verification.counts == {Finding.NOT_READ: 10}
    assert verification.stopped_by.startswith("10 reads in a row failed; the last: the last answer was 503")


async def test_orders_that_klarna_does_not_know_do_not_end_it(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    await record_all(path, sandbox.url, "orders.cancel", [{"order_id": order_id(n)} for n in range(1, 16)])

    verification = await verify(klarna, path, in_flight=1)

    assert (verification.counts, verification.stopped_by) == ({Finding.NOT_READ: 15}, "")


async def test_failed_reads_with_a_success_between_them_do_not_end_it(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    rows = capture_rows(sandbox, 19)
    await run(klarna, Job(CAPTURE, rows, journal=path))
    for row in rows[:9] + rows[10:]:
        sandbox.fail_next(1, status=503, order_id=row["order_id"])

    verification = await verify(klarna, path, in_flight=1)

    assert (verification.counts, verification.stopped_by) == ({Finding.NOT_READ: 18, Finding.AGREES: 1}, "")


async def test_wrong_credentials_end_it(sandbox: Sandbox, klarna: KlarnaClient, path: Path) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 3), journal=path))

    async with sandbox.client(password="wrong") as other:
        with pytest.raises(Unauthorized):
            await verify(other, path)


async def test_a_journal_of_another_host_is_refused_and_nothing_is_read(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 1), journal=path))
    async with Sandbox() as other:
        with pytest.raises(JournalMismatchError, match="has the results of calls to"):
            await verify(other.client(), path)

        assert other.request_count == 0


async def test_a_stop_ends_the_reads_and_what_was_not_read_is_not_counted(
    sandbox: Sandbox, klarna: KlarnaClient, path: Path
) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 20), journal=path))
    stop = Stop()
    seen: list[Check] = []

    def stop_at_the_third(check: Check) -> None:
        seen.append(check)
        if len(seen) == 3:
            stop.request("it is enough")

    verification = await verify(klarna, path, in_flight=1, stop=stop, on_check=stop_at_the_third)

    assert (verification.rows, verification.verified, verification.stopped_by) == (20, 3, "it is enough")
    assert not verification.is_confirmed


async def test_a_stop_does_not_wait_for_a_read_in_progress(sandbox: Sandbox, klarna: KlarnaClient, path: Path) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 3), journal=path))
    sandbox.fail_next(1, fault="hang", operation="orders.get")
    stop, sent = Stop(), asyncio.Event()

    async def note(request: Request, below: Handler) -> Response:
        sent.set()
        return await below(request)

    async with sandbox.client(attempt_middleware=[note]) as client, asyncio.timeout(20):
        reading = asyncio.create_task(verify(client, path, in_flight=1, stop=stop))
        await sent.wait()
        stop.request()
        verification = await reading

    assert (verification.verified, verification.stopped_by) == (0, "a stop was requested")


async def test_after_a_stop_nothing_is_read(sandbox: Sandbox, klarna: KlarnaClient, path: Path) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 3), journal=path))
    stop, sent = Stop(), sandbox.request_count
    stop.request()

    assert (await verify(klarna, path, stop=stop)).verified == 0
    assert sandbox.request_count == sent


class CountingPacer(Pacer):
    """A pacer that notes the lane of each slot."""

    def __init__(self) -> None:
        super().__init__(1_000.0)
        self.acquired: list[Lane] = []

    def try_acquire(self, lane: Lane, share: float = 1.0) -> bool:
        """Note it, and do as ever."""
        is_taken = super().try_acquire(lane, share)
        if is_taken:
            self.acquired.append(lane)
        return is_taken

    async def acquire(self, lane: Lane) -> None:
        """Note it, and do as ever."""
        await super().acquire(lane)
        self.acquired.append(lane)


async def test_every_read_takes_its_slot_in_the_batch_lane(sandbox: Sandbox, klarna: KlarnaClient, path: Path) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 12), journal=path))
    pacer = CountingPacer()

    async with sandbox.client(pace=pacer) as client:
        verification = await verify(client, path)

    assert verification.counts == {Finding.AGREES: 12}
    assert pacer.acquired == ["batch"] * 12


async def test_no_more_orders_are_read_at_once_than_asked_for(
    sandbox: Sandbox, klarna: KlarnaClient, path: Path
) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 12), journal=path))
    in_progress: list[int] = [0]

    async def count(request: Request, below: Handler) -> Response:
        in_progress.append(in_progress[-1] + 1)
        response = await below(request)
        in_progress.append(in_progress[-1] - 1)
        return response

    async with sandbox.client(pace="off", middleware=[count]) as client:
        await verify(client, path, in_flight=3)

    assert max(in_progress) == 3


@pytest.mark.parametrize(("seed", "chosen"), [(1, [6, 7, 8]), (2, [2, 6, 8])])
async def test_a_seed_chooses_the_same_rows_again(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path, seed: int, chosen: list[int]
) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 10), journal=path))
    seen: list[Check] = []

    verification = await verify(klarna, path, sample=3, seed=seed, in_flight=1, on_check=seen.append)

    assert [check.line for check in seen] == chosen
    assert (verification.rows, verification.seed, verification.sample) == (3, seed, 3)


async def test_a_sample_without_a_seed_says_the_one_that_it_took(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    await run(klarna, Job(CAPTURE, capture_rows(sandbox, 10), journal=path))
    first: list[Check] = []
    again: list[Check] = []

    verification = await verify(klarna, path, sample=3, in_flight=1, on_check=first.append)
    await verify(klarna, path, sample=3, seed=verification.seed, in_flight=1, on_check=again.append)

    assert first == again
    assert (await verify(klarna, path)).seed is None


async def test_unknown_rows_are_read_beside_the_sample_and_pending_ones_are_not(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    rows = capture_rows(sandbox, 9)
    async with SqliteJournal.open(path, CAPTURE) as journal:
        await journal.bind(sandbox.url)
        await load(journal, [*rows, rows[0], "x"])
        states = (State.DONE, State.UNKNOWN, State.REFUSED, State.ESCALATED, State.DONE, State.REFUSED)
        for row, state in enumerate(states, 1):
            await journal.record(RowResult(row, state))
    seen: list[Check] = []

    verification = await verify(klarna, path, sample=1, seed=1, in_flight=1, on_check=seen.append)
    everything = await verify(klarna, path)

    assert (verification.rows, everything.rows, everything.verified) == (3, 6, 6)
    assert [check.line for check in seen[:2]] == [2, 4]
    assert seen[2].outcome in ("done", "refused")


async def test_the_first_rows_of_each_kind_are_listed_and_the_rest_is_counted(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path
) -> None:
    rows = capture_rows(sandbox, MAX_LISTED + 5)
    await record_all(path, sandbox.url, CAPTURE, rows)

    verification = await verify(klarna, path)

    assert verification.counts == {Finding.DIFFERS: MAX_LISTED + 5}
    assert len(verification.listed) == MAX_LISTED


async def test_a_verification_leaves_the_journal_as_it_is(klarna: KlarnaClient, sandbox: Sandbox, path: Path) -> None:
    await record_all(path, sandbox.url, CAPTURE, capture_rows(sandbox, 3))

    async with SqliteJournal.open(path, CAPTURE) as journal:
        before = await lines(journal)
        verification = await verify_journal(klarna, journal)

        assert verification.counts == {Finding.DIFFERS: 3}
        assert await lines(journal) == before
    assert all(request.operation == "orders.get" for request in sandbox.requests)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"sample": 0}, "sample is a number of rows, 1 or more, or 'all', not 0"),
        ({"sample": True}, "not True"),
        ({"sample": "some"}, "not 'some'"),
        ({"in_flight": 0}, "in_flight is a number of reads"),
    ],
)
async def test_a_verification_that_cannot_be_meant_is_refused(
    klarna: KlarnaClient, sandbox: Sandbox, path: Path, options: dict[str, Any], problem: str
) -> None:
    await record_all(path, sandbox.url, CAPTURE, [])

    with pytest.raises(ValueError, match=problem):
        await verify(klarna, path, **options)


async def test_a_job_without_rows_has_nothing_to_verify(klarna: KlarnaClient, sandbox: Sandbox, path: Path) -> None:
    await record_all(path, "", CAPTURE, [])

    verification = await verify(klarna, path)

    assert (verification.rows, verification.verified, verification.is_confirmed) == (0, 0, True)
