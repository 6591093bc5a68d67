"""`klarna-om journal`: the questions that people ask about a job."""

import asyncio
import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klarna_om.batch.journal import RowResult
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import read_rows
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from klarna_om.cli.group import group
from tests.batch.fake_sender import order_id
from tests.batch.jobs import START

CAPTURE = "captures.create"
Ask = Callable[..., Result]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A journal with one row in each state."""
    path = tmp_path / "captures.journal"
    rows = [
        {"order_id": order_id(n), "captured_amount": 100, "reference": f"s-{n}", "shop": f"A-{n}"} for n in range(1, 6)
    ]
    async with SqliteJournal.open(path, CAPTURE) as journal:
        await journal.load(read_rows([*rows, "x"], RowParser(CAPTURE)))
        states = (State.DONE, State.REFUSED, State.UNKNOWN, State.ESCALATED)
        for row, state in enumerate(states, 1):
            await journal.record(
                RowResult(
                    row=row,
                    state=state,
                    status=201 if state is State.DONE else 403,
                    error_code=None if state is State.DONE else "CAPTURE_NOT_ALLOWED",
                    correlation_id=f"correlation-{row}",
                    idempotency_key=f"key-{row}",
                    attempts=row,
                    started=START,
                    finished=START,
                    result_id="capture-1" if state is State.DONE else None,
                    detail="" if state is State.DONE else "403: Captured amount too high",
                )
            )
    return path


@pytest.fixture
def ask(path: Path) -> Ask:
    return lambda name, *more: CliRunner().invoke(group, ["journal", name, str(path), *more])


@pytest.mark.parametrize("asked", [order_id(2), order_id(2).upper(), "s-2", "A-2"])
def test_an_order_is_found_by_its_id_its_reference_or_the_shops_number(ask: Ask, asked: str) -> None:
    result = ask("show", asked)

    text = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert f"line 2 order {order_id(2)} reference s-2 outcome refused status 403" in text
    assert "error code CAPTURE_NOT_ALLOWED detail 403: Captured amount too high correlation id correlation-2" in text
    assert "shop A-2 what to do correct what Klarna names, then `klarna-om batch retry JOURNAL --refused`" in text


def test_what_is_done_asks_for_nothing(ask: Ask) -> None:
    result = ask("show", "A-1")

    assert "capture-1" in result.stdout
    assert "what to do" not in result.stdout


def test_an_order_that_no_line_has_is_not_found(ask: Ask, path: Path) -> None:
    result = ask("show", "A-99")

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"no line of {path} has A-99" in result.stderr


def test_lines_are_listed_by_state_and_code(ask: Ask) -> None:
    everything = ask("list").stdout.splitlines()
    some = ask("list", "--state", "unknown", "--state", "escalated").stdout.splitlines()
    coded = ask("list", "--code", "CAPTURE_NOT_ALLOWED", "--limit", "2")

    assert len(everything) == 1 + 6
    assert [row.split()[3] for row in some[1:]] == ["unknown", "escalated"]
    assert [row.split()[2] for row in coded.stdout.splitlines()[1:]] == ["s-2", "s-3"]
    assert "... and more: --limit shows them" in coded.stderr


def test_all_lines_are_exported_as_csv_or_json(ask: Ask) -> None:
    records = list(csv.DictReader(io.StringIO(ask("export").stdout)))
    objects = [json.loads(line) for line in ask("export", "--format", "jsonl").stdout.splitlines()]

    outcomes = ["done", "refused", "unknown", "escalated", "pending", "malformed"]
    assert [record["outcome"] for record in records] == [each["outcome"] for each in objects] == outcomes
    assert (records[0]["shop"], objects[0]["columns"]) == ("A-1", {"shop": "A-1"})


async def test_a_journal_can_be_asked_while_its_job_runs(ask: Ask, path: Path) -> None:
    async with SqliteJournal.open(path, CAPTURE) as running:
        await running.record(RowResult(5, State.DONE))

        shown = await asyncio.to_thread(ask, "show", "A-5")

    assert "outcome    done" in shown.stdout


@pytest.mark.parametrize("command", ["show", "list", "export"])
def test_what_is_no_journal_is_named(command: str, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id\n" * 100)

    result = CliRunner().invoke(group, ["journal", command, str(tmp_path / "orders.csv"), *["x"][: command == "show"]])

    assert result.exit_code == 2
    assert "is not a journal of klarna_om" in result.stderr


async def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    from klarna_om.batch.journal import JournalError

    with pytest.raises(JournalError, match="there is no journal"):
        async with SqliteJournal.open_to_read(tmp_path / "missing"):
            raise AssertionError


def test_a_journal_of_another_version_is_named(ask: Ask, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")

    result = ask("list")

    assert result.exit_code == 2
    assert "is a journal of version 99" in result.stderr
