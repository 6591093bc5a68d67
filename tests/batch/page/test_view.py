"""What the page says of a job, in words."""

from datetime import timedelta

import pytest
from attrs import evolve

from klarna_om.batch.journal import Journal, RowResult
from klarna_om.batch.page import view as page_view
from klarna_om.batch.page.view import MOST_IN_A_CELL, read_view, show_columns
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from tests.batch.fake_sender import order_ids
from tests.batch.jobs import START, load
from tests.batch.openers import Open
from tests.batch.page.jobs import CAPTURE, NOW, fill, result


async def verdict(journal: Journal) -> str:
    return (await read_view(journal, NOW)).verdict


async def test_the_verdict_says_how_many_are_done_and_who_goes_on(captures: SqliteJournal) -> None:
    await fill(captures)

    # 4 refused, 1 escalated, a malformed line and a conflict; 1 unknown and 1 pending.
    assert await verdict(captures) == "20 of 27 rows are done, 7 need a person, 2 are for the next run."


async def test_the_verdict_of_a_job_that_is_done(journal: SqliteJournal) -> None:
    await load(journal, order_ids(2))
    for number in (1, 2):
        await journal.record(RowResult(number, State.DONE))

    assert await verdict(journal) == "Everything is done."


async def test_the_verdict_of_one_row(journal: SqliteJournal) -> None:
    await load(journal, order_ids(1))
    assert await verdict(journal) == "0 of 1 rows are done, 1 is for the next run."

    await journal.record(RowResult(1, State.DONE))
    assert await verdict(journal) == "The one row is done."


async def test_the_verdict_of_a_job_that_is_through_with_a_refusal(journal: SqliteJournal) -> None:
    await load(journal, order_ids(2))
    await journal.record(RowResult(1, State.DONE))
    await journal.record(RowResult(2, State.REFUSED, status=403))

    assert await verdict(journal) == "1 of 2 rows are done, 1 needs a person."


async def test_the_verdict_of_a_job_that_only_has_malformed_lines(journal: SqliteJournal) -> None:
    await load(journal, ["x"])

    assert await verdict(journal) == "No row could be called."


async def test_what_is_the_most_urgent_comes_first(captures: SqliteJournal) -> None:
    await fill(captures)

    view = await read_view(captures, NOW)

    assert [(each.group.outcome, each.group.status, each.group.count) for each in view.groups] == [
        ("escalated", 502, 1),
        ("refused", 403, 2),
        ("refused", None, 1),
        ("refused", 404, 1),
        ("malformed", None, 1),
        ("conflict", None, 1),
        ("unknown", None, 1),
    ]
    assert view.hidden == 0


async def test_a_group_has_its_lines_what_klarna_says_and_the_command_that_lists_all(captures: SqliteJournal) -> None:
    await fill(captures)

    refused = (await read_view(captures, NOW)).groups[1]

    assert [line.correlation_id for line in refused.lines] == ["correlation-21", "correlation-22"]
    assert "fraud review is pending" in refused.meaning
    assert "send it again by hand" in refused.advice
    assert "batch retry JOURNAL --refused" in refused.what_to_do
    assert refused.command == "klarna-om journal list JOURNAL --state refused --code CAPTURE_NOT_ALLOWED"


async def test_a_code_that_a_shell_would_execute_is_quoted(captures: SqliteJournal) -> None:
    await fill(captures)
    await captures.record(result(27, State.REFUSED, status=400, error_code="$(rm -rf ~)"))

    commands = [each.command for each in (await read_view(captures, NOW)).groups]

    assert "klarna-om journal list JOURNAL --state refused --code '$(rm -rf ~)'" in commands


async def test_long_lists_are_cut_and_say_by_how_much(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_view, "GROUPS", 2)
    monkeypatch.setattr(page_view, "LINES", 3)
    await load(journal, order_ids(9))
    for number, status in enumerate([403] * 5 + [404] * 3 + [422], 1):
        await journal.record(RowResult(number, State.REFUSED, status=status, error_code="SOME_CODE"))

    view = await read_view(journal, NOW)

    assert [(len(each.lines), each.hidden) for each in view.groups] == [(3, 2), (3, 0)]
    assert view.hidden == 1


async def test_the_support_gets_a_text_when_something_is_escalated(captures: SqliteJournal) -> None:
    await fill(captures)
    assert "Klarna-Correlation-Id: correlation-24" in (await read_view(captures, NOW)).support

    await captures.retry(refused=False, unknown=True)
    assert (await read_view(captures, NOW)).support == ""


async def test_the_page_says_until_when_klarna_asks_to_wait(captures: SqliteJournal) -> None:
    await fill(captures)
    await captures.postpone([25], START)

    assert (await read_view(captures, START)).due == START + timedelta(minutes=5)


def test_the_shops_columns_are_shown_as_text_of_a_moderate_length() -> None:
    columns = {"shop": "A-1", "empty": "", "none": None, "n": 0, "list": [1, "x"], "long": "y" * 500}

    shown = dict(show_columns(columns))

    assert shown == {"shop": "A-1", "n": "0", "list": '[1,"x"]', "long": "y" * (MOST_IN_A_CELL - 1) + "…"}


async def test_it_is_the_same_from_each_kind_of_journal(open_journal: Open, captures: SqliteJournal) -> None:
    await fill(captures)
    known = await read_view(captures, NOW)

    async with open_journal(CAPTURE) as journal:
        await fill(journal)
        await journal.postpone([25], NOW)
        view = await read_view(journal, NOW)

    assert view.due == NOW + timedelta(minutes=5)
    assert (view.totals, view.groups, view.verdict) == (known.totals, known.groups, known.verdict)
    assert evolve(view.facts, created_at=NOW) == evolve(known.facts, created_at=NOW)
