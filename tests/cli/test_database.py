"""`klarna-om db`, `submit`, `jobs` and `journal` with a database."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from klarna_om.batch import Job
from klarna_om.batch import run as run_job
from klarna_om.batch.journal import RowResult
from klarna_om.batch.postgres import Database, PostgresJournal
from klarna_om.batch.states import State
from klarna_om.cli import jobs as jobs_module
from klarna_om.cli.group import group
from klarna_om.engines.message import Message
from klarna_om.engines.open_chunks import read_open_chunks
from klarna_om.engines.procrastinate import queue_of
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import order_id, order_ids
from tests.support.postgres import database_with_journals, new_database

Run = Callable[..., Result]

URL = "http://127.0.0.1:18999"


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    """A database without tables."""
    with new_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def dsn(postgres_server: str) -> Iterator[str]:
    """A database with the tables, and no job."""
    with database_with_journals(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def run(dsn: str) -> Run:
    """Runs a command with that database."""
    environment = {"KLARNA_OM_DSN": dsn, "KLARNA_OM_ENVIRONMENT": URL}
    return lambda *words: CliRunner().invoke(group, list(map(str, words)), env=environment)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Three orders, one of them twice."""
    path = tmp_path / "orders.csv"
    lines = [f"{each},A-{number}" for number, each in enumerate([*order_ids(3), order_id(1)], 1)]
    path.write_text("\n".join(["order_id,shop_order", *lines]))
    return path


def test_the_tables_are_made_once_and_stay(empty_database: str) -> None:
    runner = CliRunner()

    first = runner.invoke(group, ["db", "init", "--dsn", empty_database])
    again = runner.invoke(group, ["db", "upgrade", "--dsn", empty_database])

    assert first.output.splitlines() == [
        "journals: version 2 is made",
        "outbox: up to date",
        "pace: up to date",
        "queue: made",
    ]
    assert again.output.splitlines() == [
        "journals: up to date",
        "outbox: up to date",
        "pace: up to date",
        "queue: left as it is",
    ]
    with psycopg.connect(empty_database) as connection:
        for table in ("klarna_om.jobs", "klarna_om.intents", "procrastinate_jobs"):
            assert connection.execute(f"select count(*) from {table}".encode()).fetchone() == (0,)


def test_the_statements_of_all_tables_can_be_had_as_text(empty_database: str) -> None:
    result = CliRunner().invoke(group, ["db", "init", "--sql"])

    assert result.exit_code == 0
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(result.output.encode())
    again = CliRunner().invoke(group, ["db", "init", "--dsn", empty_database])
    assert again.output.splitlines() == [
        "journals: up to date",
        "outbox: up to date",
        "pace: up to date",
        "queue: left as it is",
    ]


def test_without_the_queue_the_other_tables_are_made(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("klarna_om.engines.procrastinate")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "procrastinate", None)

    made = CliRunner().invoke(group, ["db", "init", "--dsn", empty_database])
    text = CliRunner().invoke(group, ["db", "init", "--sql"])

    assert "journals: version 2 is made" in made.output
    assert "pip install 'klarna-om[procrastinate]'" in made.output
    assert "-- The queue: pip install 'klarna-om[procrastinate]'" in text.output


@pytest.mark.parametrize("words", [["db", "init"], ["jobs"]])
def test_a_database_must_be_named(words: list[str]) -> None:
    result = CliRunner().invoke(group, words, env={"KLARNA_OM_DSN": None})

    assert result.exit_code == 2
    assert "name the database: --dsn, or KLARNA_OM_DSN" in result.output


def test_a_job_is_submitted_and_listed(run: Run, manifest: Path, dsn: str) -> None:
    submitted = run("submit", "acknowledge", manifest)
    job = UUID(submitted.stdout.strip())
    listed = run("jobs")
    told = json.loads(run("jobs", "--json").stdout)

    assert "submitted: 4 lines: 0 done, 0 refused, 0 unknown, 3 pending, 1 duplicate" in submitted.stderr
    assert f"{job}  orders.acknowledge  0 of 3   0 with 0 chunks" in listed.output
    assert (told["job"], told["pending"], told["target"], told["workers"]) == (str(job), 3, URL, [])
    with psycopg.connect(dsn) as connection:
        queued = connection.execute("select queue_name, args from procrastinate_jobs").fetchall()
    assert queued == [(queue_of(URL), {"v": 1, "job": str(job), "low": 1, "high": 200})]


def test_a_manifest_comes_from_standard_input_too(dsn: str) -> None:
    environment = {"KLARNA_OM_DSN": dsn, "KLARNA_OM_ENVIRONMENT": URL}

    result = CliRunner().invoke(group, ["submit", "acknowledge", "-"], input=f"{order_id(1)}\n", env=environment)

    assert "submitted: 1 lines" in result.stderr


def test_a_job_is_submitted_again_by_its_id(run: Run, manifest: Path) -> None:
    job = run("submit", "acknowledge", manifest).stdout.strip()

    again = run("submit", "orders.acknowledge", manifest, "--job", job)

    assert again.stdout.strip() == job


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"KLARNA_OM_ENVIRONMENT": None}, 4, "KLARNA_OM_ENVIRONMENT"),
        ({"KLARNA_OM_DSN": "host=127.0.0.1 port=9"}, 2, "the journal's database cannot be used"),
    ],
)
def test_what_keeps_a_job_from_being_submitted_is_named(
    dsn: str, manifest: Path, settings: dict[str, str | None], code: int, message: str
) -> None:
    environment = {"KLARNA_OM_DSN": dsn, "KLARNA_OM_ENVIRONMENT": URL, **settings}

    result = CliRunner().invoke(group, ["submit", "acknowledge", str(manifest)], env=environment)

    assert result.exit_code == code
    assert message in result.stderr


def test_jobs_are_watched_until_no_row_is_open(
    run: Run, manifest: Path, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = UUID(run("submit", "acknowledge", manifest).stdout.strip())

    async def settle(seconds: float) -> None:
        assert seconds == 1.0
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("update klarna_om.rows set state = 'done' where job = %s", [job])

    monkeypatch.setattr(jobs_module, "sleep", settle)

    assert "3 of 3" in run("jobs", "--watch").output


def test_a_refused_row_is_opened_again_for_the_workers(run: Run, manifest: Path, dsn: str) -> None:
    job = run("submit", "acknowledge", manifest).stdout.strip()

    async def refuse() -> None:
        async with PostgresJournal.open(dsn, UUID(job)) as journal:
            await journal.record(RowResult(2, State.REFUSED, 403, "NOT_ALLOWED"))

    async def read_open() -> list[Message]:
        async with Database.connect(dsn) as database:
            return await database.run(lambda connection: read_open_chunks(connection, URL, UUID(job)))

    asyncio.run(refuse())

    assert run("jobs", "retry", job, "--refused", "--code", "ANOTHER").output == "No row is like that.\n"
    assert run("jobs", "retry", job, "--refused", "--code", "NOT_ALLOWED").output == "1 rows are taken up again.\n"
    assert asyncio.run(read_open()) == [Message(UUID(job), 1, 200), Message(UUID(job), 201, 400)]


def test_a_retry_names_its_rows_and_its_job(dsn: str) -> None:
    words = ["jobs", "retry", "3f6d5c1e-4b8e-5a57-9a63-7c0f2e9b1d84", "--dsn", dsn]

    assert "say which rows: --refused, --unknown, or both" in CliRunner().invoke(group, words).output
    unknown = CliRunner().invoke(group, [*words, "--unknown"])
    assert (unknown.exit_code, "has no job 3f6d5c1e" in unknown.output) == (2, True)


def test_questions_are_answered_from_the_database(run: Run, manifest: Path, dsn: str) -> None:
    job = run("submit", "acknowledge", manifest).stdout.strip()

    async def refuse() -> None:
        async with PostgresJournal.open(dsn, UUID(job)) as journal:
            await journal.record(RowResult(2, State.REFUSED, 403, "NOT_ALLOWED"))

    asyncio.run(refuse())

    assert order_id(2) in run("journal", "show", job, "A-2").output
    assert "NOT_ALLOWED" in run("journal", "list", job, "--state", "refused").output
    exported = run("journal", "export", job, "--format", "jsonl").output.splitlines()
    assert [json.loads(line)["outcome"] for line in exported] == ["pending", "refused", "pending", "duplicate"]


def test_a_job_has_a_page_too(run: Run, manifest: Path) -> None:
    job = run("submit", "acknowledge", manifest).stdout.strip()

    page = run("journal", "export", job, "--format", "html")

    assert page.exit_code == 0
    assert "0 of 3 rows are done, 3 are for the next run." in page.stdout_bytes.decode()


def test_a_job_is_verified_as_a_file_is(run: Run, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLARNA_OM_USERNAME", "sandbox")
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "sandbox")
    job = uuid4()
    verify = ["journal", "verify", str(job), "--sample", "2"]

    async def cancel(sandbox: Sandbox) -> None:
        async with (
            sandbox.client() as client,
            PostgresJournal.open(dsn, job, "orders.cancel") as journal,
        ):
            orders = [sandbox.order(order_amount=1000).order_id for _ in range(3)]
            await run_job(client, Job("orders.cancel", orders, journal=journal))

    with Sandbox() as sandbox:
        asyncio.run(cancel(sandbox))
        verified = CliRunner().invoke(group, verify, env={"KLARNA_OM_DSN": dsn, "KLARNA_OM_ENVIRONMENT": sandbox.url})
        elsewhere = run("journal", "verify", job)

    assert (verified.exit_code, elsewhere.exit_code) == (0, 2)
    assert "verified 2: 2 agree, 0 differ" in verified.stdout
    assert f"klarna-om journal verify {job} --sample 2 --seed " in verified.stdout
    assert f"has the results of calls to {sandbox.url}" in elsewhere.stderr


def test_a_file_that_is_not_there_is_named() -> None:
    result = CliRunner().invoke(group, ["journal", "list", "orders.csv.journal"])

    assert result.exit_code == 2
    assert "'orders.csv.journal' does not exist" in result.output


def test_a_job_without_its_database_is_named() -> None:
    result = CliRunner().invoke(group, ["journal", "list", str(uuid4())], env={"KLARNA_OM_DSN": None})

    assert result.exit_code == 2
    assert "is the id of a job: name its database with --dsn or KLARNA_OM_DSN" in result.output
