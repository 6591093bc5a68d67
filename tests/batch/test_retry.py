"""Rows are taken up again: under new keys only where nothing can have happened."""

from collections.abc import AsyncIterator

import pytest

from klarna_om.batch.journal import Journal, RowResult
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from klarna_om.keys import derive_key
from tests.batch.fake_sender import FakeSender, no_answer_error, order_id, order_ids, response_error
from tests.batch.jobs import Time, lines, load, run
from tests.batch.openers import Open


@pytest.fixture
async def journal(open_journal: Open) -> AsyncIterator[Journal]:
    """Each kind of journal."""
    async with open_journal() as opened:
        yield opened


async def test_a_refused_row_is_sent_under_a_new_key_and_is_not_in_doubt(
    journal: Journal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(3))
    sender.failures[order_id(2)].append(response_error(403))
    await run(journal, sender, time)
    sender.failures[order_id(2)].append(response_error(403))

    count = await journal.retry(refused=True, unknown=False)

    assert (count, await journal.counts()) == (1, Totals(done=2, pending=1))
    assert (await run(journal, sender, time)).totals == Totals(done=2, refused=1)
    assert len(set(sender.keys_for(order_id(2)))) == 2
    assert [line.outcome for line in await lines(journal)] == ["done", "refused", "done"]


async def test_a_refused_row_of_the_day_before_is_sent_whatever_its_operations_rule_is(
    open_journal: Open, sender: FakeSender, time: Time
) -> None:
    async with open_journal("captures.trigger_send_out") as journal:
        row = {"order_id": order_id(1), "capture_id": order_id(9), "reference": "r"}
        await journal.load(read_rows([row], RowParser("captures.trigger_send_out")))
        sender.failures[order_id(1)].append(response_error(403))
        await run(journal, sender, time, on_expired="fail")
        time.seconds += 48 * 3600

        await journal.retry(refused=True, unknown=False)

        assert (await run(journal, sender, time, on_expired="fail")).totals == Totals(done=1)


async def test_a_refused_capture_gets_the_key_of_its_next_generation(open_journal: Open) -> None:
    async with open_journal("captures.create") as journal:
        row = {"order_id": order_id(1), "captured_amount": 7, "reference": "r"}
        await journal.load(read_rows([row], RowParser("captures.create")))
        await journal.record(RowResult(1, State.REFUSED, status=403, error_code="CAPTURE_NOT_ALLOWED"))

        await journal.retry(refused=True, unknown=False)

        (again,) = await journal.unsettled_rows(State.PENDING, 1, 10_000, 10)
        key = derive_key("captures.create", order_id(1), "r", generation=1)
        assert (again.generation, journal.identity.key(again, 0)) == (1, key)
        (line,) = await lines(journal)
        assert (line.outcome, line.status, line.error_code) == ("pending", None, None)


async def test_an_escalated_row_goes_on_under_its_key(journal: Journal, sender: FakeSender, time: Time) -> None:
    await load(journal, order_ids(1))
    sender.failures[order_id(1)].extend([no_answer_error(), response_error(403)])
    assert (await run(journal, sender, time)).totals == Totals(escalated=1)

    assert await journal.retry(refused=False, unknown=True) == 1

    assert (await run(journal, sender, time)).totals == Totals(done=1)
    assert len(set(sender.keys_for(order_id(1)))) == 1


async def test_what_may_have_happened_is_no_refused_row(journal: Journal, sender: FakeSender, time: Time) -> None:
    await load(journal, order_ids(2))
    sender.failures[order_id(1)].extend([no_answer_error(), response_error(403)])
    await run(journal, sender, time)

    assert await journal.retry(refused=True, unknown=False) == 0


@pytest.mark.parametrize(("code", "count"), [("SOME_CODE", 2), ("OTHER", 0), (None, 2)])
async def test_only_rows_with_the_code_are_taken_up(
    journal: Journal, sender: FakeSender, time: Time, code: str | None, count: int
) -> None:
    await load(journal, order_ids(3))
    for number in (1, 3):
        sender.failures[order_id(number)].append(response_error(404))
    await run(journal, sender, time)

    assert await journal.retry(refused=True, unknown=True, code=code) == count


async def test_rows_that_the_manifest_no_longer_names_are_left_alone(
    journal: Journal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(3))
    sender.failures[order_id(1)].append(response_error(404))
    await run(journal, sender, time)
    await load(journal, order_ids(3)[1:])

    assert await journal.retry(refused=True, unknown=True) == 0
