"""`--verify` after a run, and `klarna-om journal verify` on the next day."""

import asyncio
import io
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from klarna_om import UpdateMerchantReferences
from klarna_om.batch import Check, Finding, Job, JournalError, SqliteJournal, Stop, Verification, run
from klarna_om.cli.group import group
from klarna_om.cli.run import RunResult
from klarna_om.cli.verify_run import VerifyProgress, run_verification, verify_run
from klarna_om.cli.verify_text import verification_text
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import FakeSender, order_id
from tests.batch.jobs import make_job

Klarna = Callable[..., Result]

REFERENCES = "orders.update_merchant_references"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(limit=None) as running:
        yield running


@pytest.fixture
def klarna(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Klarna:
    """Run `klarna-om` in its own directory, against the sandbox."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", sandbox.url)
    monkeypatch.setenv("KLARNA_OM_USERNAME", "sandbox")
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "sandbox")
    monkeypatch.delenv("KLARNA_OM_API_KEY", raising=False)
    return lambda *arguments: CliRunner().invoke(group, arguments)


def references(sandbox: Sandbox, count: int) -> list[str]:
    """A manifest that sets a reference of each order."""
    ids = [sandbox.order(order_amount=1000).order_id or "" for _ in range(count)]
    rows = [f"{each},r-{n},A-{n}" for n, each in enumerate(ids, 1)]
    Path("refs.csv").write_text("\n".join(["order_id,reference,merchant_reference1", *rows]))
    return ids


def change(sandbox: Sandbox, order: str) -> None:
    """Set another reference, as somebody else does."""

    async def update() -> None:
        async with sandbox.client() as client:
            await client.orders.update_merchant_references(order, UpdateMerchantReferences(merchant_reference1="B-7"))

    asyncio.run(update())


def test_after_a_run_orders_are_read_back_and_agree(klarna: Klarna, sandbox: Sandbox) -> None:
    references(sandbox, 5)

    result = klarna("batch", REFERENCES, "refs.csv", "--verify", "all")

    assert result.exit_code == 0
    assert "5 lines: 5 done" in result.stdout
    assert "verified 5: 5 agree, 0 differ" in result.stdout
    assert "The same rows again" not in result.stdout


def test_a_difference_is_listed_and_the_exit_code_is_1(klarna: Klarna, sandbox: Sandbox) -> None:
    order = references(sandbox, 2)[1]
    klarna("batch", REFERENCES, "refs.csv")
    change(sandbox, order)

    result = klarna("batch", REFERENCES, "refs.csv", "--verify", "all")

    assert result.exit_code == 1
    assert "nothing to do" in result.stdout
    assert "verified 2: 1 agree, 1 differ" in result.stdout
    assert (
        f"line 3, order {order}, reference r-2: done; expected merchant_reference1 'A-2';"
        " seen merchant_reference1 'B-7'" in result.stdout
    )


def test_the_summary_for_a_program_has_the_verification(klarna: Klarna, sandbox: Sandbox) -> None:
    order = references(sandbox, 3)[0]
    klarna("batch", REFERENCES, "refs.csv")
    change(sandbox, order)

    with_it = json.loads(klarna("batch", REFERENCES, "refs.csv", "--verify", "all", "--json").stdout)
    without = json.loads(klarna("batch", REFERENCES, "refs.csv", "--json").stdout)

    verification = with_it["verification"]
    assert (with_it["exit_code"], without["exit_code"], without["verification"]) == (1, 0, None)
    assert (verification["rows"], verification["agrees"], verification["differs"]) == (3, 2, 1)
    assert (verification["not_read"], verification["cannot_be_seen"], verification["stopped_by"]) == (0, 0, None)
    (listed,) = verification["listed"]
    assert (listed["line"], listed["order_id"], listed["finding"]) == (2, order, "differs")


def test_a_sample_names_the_command_that_reads_it_again(klarna: Klarna, sandbox: Sandbox) -> None:
    references(sandbox, 10)

    result = klarna("batch", REFERENCES, "refs.csv", "--verify", "3")
    command = result.stdout.partition("The same rows again: klarna-om ")[2].splitlines()[0]
    again = klarna(*command.split())

    assert (result.exit_code, again.exit_code) == (0, 0)
    assert "verified 3: 3 agree, 0 differ" in result.stdout
    assert command.startswith("journal verify refs.csv.journal --sample 3 --seed ")
    assert command in again.stdout


def test_what_was_refused_is_verified_too(klarna: Klarna, sandbox: Sandbox) -> None:
    order = sandbox.order(order_amount=1000).order_id
    Path("captures.csv").write_text(f"order_id,captured_amount,reference\n{order},1001,s-1\n")

    result = klarna("capture", "captures.csv", "--verify", "200")

    assert result.exit_code == 1
    assert "verified 1: 1 agree, 0 differ" in result.stdout


def test_a_run_that_was_stopped_is_not_verified(klarna: Klarna, sandbox: Sandbox) -> None:
    references(sandbox, 12)
    sandbox.fail_next(3, status=403)

    result = klarna("batch", REFERENCES, "refs.csv", "--verify", "all", "--max-failures", "2", "--in-flight", "1")

    assert result.exit_code == 3
    assert "Not verified, as the run was stopped; later: klarna-om journal verify refs.csv.journal" in result.stdout
    assert "orders.get" not in {request.operation for request in sandbox.requests}


def test_credentials_that_are_revoked_before_the_verification_end_it(klarna: Klarna, sandbox: Sandbox) -> None:
    references(sandbox, 2)
    sandbox.fail_next(2, status=401, operation="orders.get")

    result = klarna("batch", REFERENCES, "refs.csv", "--verify", "all")

    assert result.exit_code == 4
    assert "the credentials were rejected (401)" in result.stderr
    assert "2 lines: 2 done" in result.stdout


async def test_a_journal_that_is_removed_before_the_verification_is_reported(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    order = sandbox.order(order_amount=1000).order_id
    async with sandbox.client(pace="off") as client, SqliteJournal.open(path, "orders.cancel") as journal:
        summary = await run(client, Job("orders.cancel", [order], journal=journal))
        path.unlink()

        result = await verify_run(client, make_job(journal, FakeSender()), "all", RunResult(summary))

    assert isinstance(result.error, JournalError)
    assert "was removed while the job was running" in str(result.error)


def test_the_time_limit_of_the_run_ends_its_verification(klarna: Klarna, sandbox: Sandbox) -> None:
    references(sandbox, 3)
    klarna("batch", REFERENCES, "refs.csv")

    result = klarna("batch", REFERENCES, "refs.csv", "--verify", "all", "--rate", "0.01", "--max-duration", "1s")

    assert result.exit_code == 3
    assert "verified 1 of 3: 1 agree, 0 differ" in result.stdout
    assert "The verification stopped: its time is over: the run has taken 1 s" in result.stdout
    assert "The same rows again: klarna-om journal verify refs.csv.journal --sample all" in result.stdout


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "some", ""])
def test_what_is_no_sample_is_a_usage_error(klarna: Klarna, sandbox: Sandbox, value: str) -> None:
    references(sandbox, 1)

    result = klarna("batch", REFERENCES, "refs.csv", "--verify", value)

    assert result.exit_code == 2
    assert f"{value!r} is neither a number of rows, 1 or more, nor 'all'" in result.stderr


def test_the_next_day_a_journal_is_verified_without_running_anything(klarna: Klarna, sandbox: Sandbox) -> None:
    ids = references(sandbox, 3)
    klarna("batch", REFERENCES, "refs.csv")
    change(sandbox, ids[2])
    sent, before = sandbox.request_count, Path("refs.csv.journal").read_bytes()

    result = klarna("journal", "verify", "refs.csv.journal", "--json")

    found = json.loads(result.stdout)
    assert (result.exit_code, found["verified"], found["differs"]) == (1, 3, 1)
    assert sandbox.request_count - sent == 3
    assert Path("refs.csv.journal").read_bytes() == before


def test_a_journal_is_verified_with_wrong_credentials(
    klarna: Klarna, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    references(sandbox, 3)
    klarna("batch", REFERENCES, "refs.csv")
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "wrong")

    result = klarna("journal", "verify", "refs.csv.journal")

    assert result.exit_code == 4
    assert "401" in result.stderr


def test_a_journal_of_another_host_is_not_verified(
    klarna: Klarna, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    references(sandbox, 1)
    klarna("batch", REFERENCES, "refs.csv")
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", "http://127.0.0.1:9")

    result = klarna("journal", "verify", "refs.csv.journal")

    assert result.exit_code == 2
    assert "this journal has the results of calls to" in result.stderr


def test_without_settings_a_journal_is_not_verified(
    klarna: Klarna, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    references(sandbox, 1)
    klarna("batch", REFERENCES, "refs.csv")
    monkeypatch.delenv("KLARNA_OM_ENVIRONMENT")

    assert klarna("journal", "verify", "refs.csv.journal").exit_code == 4


def test_orders_that_are_not_read_are_named_and_the_exit_code_is_1(klarna: Klarna, sandbox: Sandbox) -> None:
    references(sandbox, 2)
    klarna("batch", REFERENCES, "refs.csv")
    sandbox.fail_next(1, status=404, operation="orders.get")

    result = klarna("journal", "verify", "refs.csv.journal", "--sample", "all")

    assert result.exit_code == 1
    assert "verified 2: 1 agree, 0 differ, 1 not read" in result.stdout
    assert ", reference r-" in result.stdout
    assert ": done; not read: 404" in result.stdout


def test_reads_that_all_fail_stop_it_with_3(klarna: Klarna, sandbox: Sandbox) -> None:
    references(sandbox, 12)
    klarna("batch", REFERENCES, "refs.csv")
    sandbox.fail_next(1_000, status=403, operation="orders.get")

    result = klarna("journal", "verify", "refs.csv.journal", "--sample", "all", "--in-flight", "1")

    assert result.exit_code == 3
    assert "verified 10 of 12: 0 agree, 0 differ, 10 not read" in result.stdout
    assert "The verification stopped: 10 reads in a row failed" in result.stdout


async def test_a_signal_ends_a_verification(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [sandbox.order(order_amount=1000).order_id for _ in range(5)]
    path, stop, looks = tmp_path / "a.journal", Stop(), Counter[str]()

    def interrupt_after_the_first_row() -> float:
        looks["clock"] += 1
        if looks["clock"] == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return 0.0

    async with sandbox.client(pace="off") as client, SqliteJournal.open(path, "orders.cancel") as journal:
        await run(client, Job("orders.cancel", ids, journal=journal))
        verification = await run_verification(
            client, journal, "all", in_flight=1, stop=stop, clock=interrupt_after_the_first_row
        )

    assert 1 <= verification.verified < 5
    assert verification.stopped_by == "SIGINT was received"
    assert "Stopping the verification" in capsys.readouterr().err


def test_a_long_verification_shows_how_far_it_is_every_ten_seconds() -> None:
    stream, times = io.StringIO(), iter([0.0, 9.0, 10.0, 10.0, 19.0, 21.0, 21.0])
    progress = VerifyProgress(200, stream, lambda: next(times))
    check = Check(1, order_id(1), None, "done", Finding.AGREES, "", "")

    for _ in range(4):
        progress.add(check)

    assert stream.getvalue() == "verified 2 of 200\nverified 4 of 200\n"


def test_what_is_not_listed_is_counted() -> None:
    counts = {Finding.AGREES: 1, Finding.DIFFERS: 3, Finding.SHOWN: 2, Finding.NOT_SHOWN: 1, Finding.NOT_READ: 1}
    check = Check(7, order_id(1), None, "escalated", Finding.SHOWN, "status CANCELLED", "status CANCELLED")

    text = verification_text(Verification(8, counts=counts, listed=(check,)), Path("a b.journal"))

    assert text.splitlines() == [
        "verified 8: 1 agree, 3 differ, 1 not read, 2 unknown and shown, 1 unknown and not shown",
        "... and 3 more differ",
        f"line 7, order {order_id(1)}: escalated; expected status CANCELLED; seen status CANCELLED",
        "... and 1 more are unknown and shown",
        "... and 1 more are unknown and not shown",
        "... and 1 more were not read",
    ]
