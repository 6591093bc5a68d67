"""A key stands for one request: another one under the same reference is refused by name."""

from klarna_om.batch.journal import Journal, Line, RowResult, Stamp
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from tests.batch.fake_sender import order_id
from tests.batch.jobs import START, lines, save_stamp
from tests.batch.openers import Open

CAPTURE = "captures.create"


def capture(number: int, amount: int, reference: str, **columns: object) -> dict[str, object]:
    return {"order_id": order_id(number), "captured_amount": amount, "reference": reference, **columns}


async def load(journal: Journal, *rows: object) -> list[Line]:
    await journal.load(read_rows(rows, RowParser(CAPTURE)))
    return await lines(journal)


def outcomes(found: list[Line]) -> list[str]:
    return [line.outcome for line in found]


async def test_two_captures_of_one_order_are_two_rows(open_journal: Open) -> None:
    async with open_journal(CAPTURE) as journal:
        found = await load(journal, capture(1, 300, "s-1"), capture(1, 300, "s-2"), capture(1, 300, "s-1"))

        assert outcomes(found) == ["pending", "pending", "duplicate"]
        assert await journal.counts() == Totals(pending=2, duplicate=1)
        rows = await journal.unsettled_rows(State.PENDING, 1, 10, 10)
        assert [(row.reference, row.body) for row in rows] == [
            ("s-1", '{"captured_amount":300,"reference":"s-1"}'),
            ("s-2", '{"captured_amount":300,"reference":"s-2"}'),
        ]


async def test_two_requests_under_one_reference_are_a_conflict(open_journal: Open) -> None:
    async with open_journal(CAPTURE) as journal:
        found = await load(journal, capture(1, 300, "s-1"), capture(1, 400, "s-1"))

        assert outcomes(found) == ["pending", "conflict"]
        assert found[1].detail == "line 1 has another request under the reference s-1: give each a reference of its own"
        assert await journal.counts() == Totals(pending=1, conflict=1)


async def test_a_request_may_change_as_long_as_it_was_never_sent(open_journal: Open) -> None:
    async with open_journal(CAPTURE) as journal:
        await load(journal, capture(1, 300, "s-1"))

        assert outcomes(await load(journal, capture(1, 400, "s-1"))) == ["pending"]
        (row,) = await journal.unsettled_rows(State.PENDING, 1, 10, 10)
        assert row.body == '{"captured_amount":400,"reference":"s-1"}'


async def test_a_request_that_may_have_been_sent_cannot_change(open_journal: Open) -> None:
    async with open_journal(CAPTURE) as journal:
        await load(journal, capture(1, 300, "s-1"), capture(2, 300, "s-2"))
        await journal.record(RowResult(1, State.DONE))
        await save_stamp(journal, Stamp(0, 0, START))

        found = await load(journal, capture(1, 400, "s-1"), capture(2, 400, "s-2"), capture(2, 300, "s-2"))

        assert outcomes(found) == ["conflict", "conflict", "pending"]
        assert "may have been sent under the reference s-1 (done)" in (found[0].detail or "")
        assert "under the reference s-2 (pending)" in (found[1].detail or "")
        assert found[0].idempotency_key is None


async def test_the_manifests_own_columns_are_in_its_order(open_journal: Open) -> None:
    async with open_journal(CAPTURE) as journal:
        found = await load(
            journal, capture(1, 300, "s-1", shop="A", n=1), capture(2, 300, "s-2", extra=None, clerk="B")
        )

        assert await journal.column_names() == ["shop", "n", "clerk"]
        assert [line.columns for line in found] == [{"shop": "A", "n": 1}, {"clerk": "B"}]
