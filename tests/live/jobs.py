"""Jobs, boards and servers of the live page."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from klarna_om.batch.journal import RowResult
from klarna_om.batch.postgres import Database, PostgresJournal
from klarna_om.batch.states import State
from klarna_om.batch.totals import Totals
from klarna_om.live.state import JobState
from tests.batch.fake_sender import order_id
from tests.batch.jobs import START, load

CAPTURE = "captures.create"
CHUNK = 10
SCRIPT = "<script>document.title = 'attacked'</script><img src=x onerror=\"document.title = 'attacked'\">"
HOST = "https://api.klarna.com"
JOB = UUID(int=7)


def row(number: int, **more: object) -> dict[str, object]:
    """A capture."""
    return {"order_id": order_id(number), "captured_amount": 700, "reference": f"shipment-{number}", **more}


def result(number: int, state: State, **more: Any) -> RowResult:
    """A call that ended `number` seconds after the start."""
    finished = START + timedelta(seconds=number)
    ids = {"correlation_id": f"correlation-{number}", "idempotency_key": f"key-{number}"}
    return RowResult(number, state, **{"started": finished, "finished": finished, "attempts": 2, **ids, **more})


async def fill(journal: PostgresJournal) -> None:
    """Something of everything: six rows with results, four open ones, and two lines that are no row."""
    more = {**row(4), "reference": SCRIPT}
    rows = [*(row(n) for n in (1, 2, 3)), more, *(row(n) for n in range(5, 11))]
    await load(journal, [*rows, SCRIPT, row(1, captured_amount=1)])
    await journal.bind(HOST)
    await journal.record(result(1, State.DONE, status=201))
    await journal.record(result(2, State.DONE, status=201))
    refusal = {"status": 403, "error_code": "CAPTURE_NOT_ALLOWED"}
    await journal.record(result(3, State.REFUSED, **refusal, detail="403: not possible"))
    await journal.record(result(4, State.REFUSED, **refusal, detail=f"403: {SCRIPT}", correlation_id=SCRIPT))
    await journal.record(result(5, State.ESCALATED, status=502, detail="502 three times"))
    await journal.record(result(6, State.UNKNOWN))


async def execute(database: Database, statement: str, *values: object) -> None:
    """Change the tables by hand."""
    await database.run(lambda connection: connection.execute(statement.encode(), values or None))


async def hold(database: Database, journal: PostgresJournal, chunk: int, seconds: float) -> UUID:
    """Let a worker have a chunk, or have had it; returns the worker."""
    worker = uuid4()
    await execute(
        database,
        "insert into klarna_om.chunks (job, chunk, worker, lease_until)"
        " values (%s, %s, %s, clock_timestamp() + make_interval(secs => %s))",
        *(journal.identity.job_id, chunk, worker, seconds),
    )
    return worker


def job_state(settled: int = 0, requests: int = 0, **more: Any) -> JobState:
    """A job of 100 rows."""
    totals = Totals(done=settled, pending=100 - settled)
    return JobState(**{"job": JOB, "operation": CAPTURE, "target": HOST, "created_at": START, "totals": totals,
                       "requests": requests, **more})  # fmt: skip
