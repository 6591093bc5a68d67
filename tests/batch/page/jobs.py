"""A job with rows in every state, as a page shows it."""

from datetime import timedelta
from typing import Any

from klarna_om.batch.job_facts import Limit
from klarna_om.batch.journal import Journal, RowResult
from klarna_om.batch.states import State
from tests.batch.fake_sender import order_id
from tests.batch.jobs import START, load

CAPTURE = "captures.create"
NOW = START + timedelta(hours=1)
CONTENT = "a pair of shoes for Jane Doe"
SCRIPT = "<script>document.title = 'attacked'</script>"


def row(number: int, **columns: object) -> dict[str, object]:
    """A capture, with the shop's own number for the order."""
    named = {
        "order_id": order_id(number),
        "captured_amount": 700,
        "reference": f"shipment-{number}",
        "description": CONTENT,
    }
    return {**named, "shop_order": f"A-{number}", **columns}


def result(number: int, state: State, **more: Any) -> RowResult:
    """A call that ended a second after the one before."""
    finished = START + timedelta(seconds=number)
    facts = {
        "started": finished - timedelta(milliseconds=100 + 7 * number),
        "finished": finished,
        "attempts": 3,
        "correlation_id": f"correlation-{number}",
        "idempotency_key": f"key-{number}",
        "detail": "" if state is State.DONE else f"{more.get('status')}: in Klarna's words",
    }
    return RowResult(number, state, **{**facts, **more})


async def fill(journal: Journal, done: int = 20) -> None:
    """Some rows done, and at least one of everything else, with a script where a shop or a server may write."""
    more = [row(done + n) for n in range(1, 8)]
    more[0] |= {"note": SCRIPT, SCRIPT: "x"}
    changed = row(1, captured_amount=1)
    await load(journal, [*(row(n) for n in range(1, done + 1)), *more, SCRIPT, row(2), changed])
    await journal.bind("https://api.klarna.com")
    await journal.record_limit(Limit(START, 190.0, 190.0))
    await journal.record_limit(Limit(START + timedelta(seconds=5), 190.0, 161.5))
    for number in range(1, done + 1):
        await journal.record(result(number, State.DONE, status=201, result_id=f"capture-{number}"))
    refusal = {"status": 403, "error_code": "CAPTURE_NOT_ALLOWED"}
    await journal.record(result(done + 1, State.REFUSED, **refusal, detail=f"403: {SCRIPT}"))
    await journal.record(result(done + 2, State.REFUSED, **refusal))
    await journal.record(result(done + 3, State.REFUSED, status=404, error_code="NO_SUCH_ORDER"))
    await journal.record(result(done + 4, State.ESCALATED, status=502))
    await journal.record(result(done + 5, State.UNKNOWN, correlation_id=None))
    await journal.record(result(done + 6, State.REFUSED, attempts=0, correlation_id=None, detail="not sent: no amount"))
