"""13 writes x every point where an exchange can break: the error, its outcome, the attempts, and the effects.

Each cell is one call on its own socket; the server executes a write once per key, when all of it has arrived.
    NOT_SENT and REFUSED: no effect.  DONE and success: exactly one.  UNKNOWN: none or one.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve, frozen

from klarna_om.client import KlarnaClient
from klarna_om.errors import AnswerCut, AnswerTimeout, ConnectionFailed, ConnectionLost, KlarnaError, RateLimited
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.proofs.calling import WRITE_CALLS, Where
from tests.proofs.raw_klarna import Break, RawKlarna
from tests.support.calls import CAPTURE_ID, ORDER_ID
from tests.support.listening import listen
from tests.support.raw_http import End, Point
from tests.support.time import Clock
from tests.support.wire import Answer

NOT_SENT, REFUSED, UNKNOWN, DONE = Outcome.NOT_SENT, Outcome.REFUSED, Outcome.UNKNOWN, Outcome.DONE
WHERE = Where(ORDER_ID, CAPTURE_ID)

NO = Answer(403, {}, b'{"error_code": "NOT_ALLOWED"}')
LATER = Answer(429, {}, b'{"error_code": "TOO_MANY_REQUESTS"}')
BROKEN = Answer(503, {}, b"<html>out of order</html>")


@frozen
class CallResult:
    """What one call reported, and what it did."""

    kind: str
    outcome: Outcome
    attempts: int
    effects: int


LOST, LATE, CUT = ConnectionLost.__name__, AnswerTimeout.__name__, AnswerCut.__name__
SUCCESS = "success"
RETRY_UNTIL = datetime.fromtimestamp(Clock().now, UTC) + timedelta(hours=24)


def row(point: Point, end: End, kind: str, outcome: Outcome, effects: int, **more: object) -> tuple[Break, CallResult]:
    return Break(point, end, executes=effects > 0, **more), CallResult(kind, outcome, 1, effects)  # type: ignore[arg-type]


TABLE = [
    # The request did not get through.
    row(Point.ARRIVAL, End.CLOSE, LOST, UNKNOWN, 0),
    row(Point.ARRIVAL, End.RESET, LOST, UNKNOWN, 0),
    row(Point.ARRIVAL, End.HANG, LATE, UNKNOWN, 0),
    row(Point.MID_HEAD, End.CLOSE, LOST, UNKNOWN, 0),
    row(Point.MID_HEAD, End.RESET, LOST, UNKNOWN, 0),
    row(Point.HEAD, End.CLOSE, LOST, UNKNOWN, 0),
    row(Point.HEAD, End.RESET, LOST, UNKNOWN, 0),
    row(Point.HEAD, End.HANG, LATE, UNKNOWN, 0),
    # It did, and nothing came back; whether the server has acted cannot be seen from here.
    row(Point.REQUEST, End.CLOSE, LOST, UNKNOWN, 0),
    row(Point.REQUEST, End.RESET, LOST, UNKNOWN, 0),
    row(Point.REQUEST, End.HANG, LATE, UNKNOWN, 0),
    row(Point.REQUEST, End.CLOSE, LOST, UNKNOWN, 1),
    row(Point.REQUEST, End.RESET, LOST, UNKNOWN, 1),
    row(Point.REQUEST, End.HANG, LATE, UNKNOWN, 1),
    # An answer began.
    row(Point.MID_STATUS_LINE, End.CLOSE, LOST, UNKNOWN, 1),
    row(Point.STATUS_LINE, End.CLOSE, LOST, UNKNOWN, 1),
    row(Point.STATUS_LINE, End.RESET, LOST, UNKNOWN, 1),
    row(Point.STATUS_LINE, End.HANG, LATE, UNKNOWN, 1),
    row(Point.MID_ANSWER_HEAD, End.CLOSE, LOST, UNKNOWN, 1),
    row(Point.MID_ANSWER_HEAD, End.RESET, LOST, UNKNOWN, 1),
    # Its status is known, so it is known what happened.
    row(Point.ANSWER_HEAD, End.CLOSE, CUT, DONE, 1),
    row(Point.ANSWER_HEAD, End.RESET, CUT, DONE, 1),
    row(Point.ANSWER_HEAD, End.HANG, CUT, DONE, 1),
    row(Point.MID_BODY, End.CLOSE, CUT, DONE, 1),
    row(Point.MID_BODY, End.RESET, CUT, DONE, 1),
    row(Point.MID_BODY, End.HANG, CUT, DONE, 1),
    row(Point.MID_BODY, End.CLOSE, CUT, REFUSED, 0, answer=NO),
    row(Point.MID_BODY, End.HANG, CUT, REFUSED, 0, answer=NO),
    row(Point.MID_BODY, End.CLOSE, CUT, NOT_SENT, 0, answer=LATER),
    row(Point.MID_BODY, End.CLOSE, CUT, UNKNOWN, 0, answer=BROKEN),
    # The whole answer came; what breaks after it does not matter.
    row(Point.ANSWER, End.CLOSE, SUCCESS, DONE, 1),
    row(Point.ANSWER, End.RESET, SUCCESS, DONE, 1),
]


def _id(value: object) -> str | None:
    if not isinstance(value, Break):
        return "-"
    done = "executed" if value.executes else "not executed"
    return f"{value.point.name} {value.end.name} {value.answer.status} {done}".lower().replace(" ", "-")


cut_points = pytest.mark.parametrize(("broken", "expected"), TABLE, ids=_id)


async def call_all(klarna: KlarnaClient, raw: RawKlarna | None) -> Mapping[str, CallResult | KlarnaError]:
    """Every write once, at the same time, each under its own name as the key."""

    async def call(name: str) -> CallResult:
        kind, outcome, attempts = SUCCESS, DONE, 1
        key: str | None = name
        retry_until: datetime | None = RETRY_UNTIL
        try:
            await WRITE_CALLS[name](klarna, WHERE, name)
        except KlarnaError as error:
            kind, outcome, attempts = type(error).__name__, error.outcome, len(error.attempts)
            key, retry_until = error.idempotency_key, error.retry_until
        assert (key, retry_until) == (name, RETRY_UNTIL)
        return CallResult(kind, outcome, attempts, raw.effects[name] if raw else 0)

    results = await asyncio.gather(*(call(name) for name in WRITE_CALLS))
    return dict(zip(WRITE_CALLS, results, strict=True))


def patience(broken: Break) -> float:
    """How long to wait for an answer: not long where none will come, and long enough for a busy machine elsewhere."""
    return 0.3 if broken.end is End.HANG else 10.0


@cut_points
async def test_each_write_reports_what_is_known_at_each_cut_point(
    make_client: MakeClient, raw: RawKlarna, broken: Break, expected: CallResult
) -> None:
    raw.otherwise = broken
    klarna = make_client(raw.url, retry=Retry.off(), attempt_timeout=patience(broken))

    results = await call_all(klarna, raw)

    assert results == dict.fromkeys(WRITE_CALLS, expected)


@cut_points
async def test_a_write_that_meets_a_cut_point_on_each_attempt_has_at_most_one_effect(
    make_client: MakeClient, raw: RawKlarna, broken: Break, expected: CallResult
) -> None:
    raw.otherwise = broken
    klarna = make_client(raw.url, retry=Retry(max_attempts=2), attempt_timeout=patience(broken))

    results = await call_all(klarna, raw)

    attempts = 1 if expected.kind == SUCCESS or expected.outcome is REFUSED else 2
    assert results == dict.fromkeys(WRITE_CALLS, evolve(expected, attempts=attempts))


@pytest.mark.parametrize(
    "broken",
    [broken for broken, _ in TABLE if (broken.end is not End.HANG or broken.executes) and broken.answer is not NO],
    ids=_id,
)
async def test_a_retry_after_any_cut_point_has_one_effect_one_key_and_the_same_bytes(
    make_client: MakeClient, raw: RawKlarna, broken: Break
) -> None:
    raw.breaks = [broken] * len(WRITE_CALLS)
    klarna = make_client(raw.url, attempt_timeout=patience(broken), retry=Retry(max_attempts=6))

    results = await call_all(klarna, raw)

    assert results == dict.fromkeys(WRITE_CALLS, CallResult(SUCCESS, DONE, 1, 1))
    assert raw.effects == dict.fromkeys(WRITE_CALLS, 1)
    for name in WRITE_CALLS:
        assert len({request.raw for request in raw.requests if request.key == name}) == 1


async def test_a_refused_connection_sent_nothing_of_any_write(make_client: MakeClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        klarna = make_client(f"http://127.0.0.1:{unused.getsockname()[1]}")

        results = await call_all(klarna, None)

    assert results == dict.fromkeys(WRITE_CALLS, CallResult(ConnectionFailed.__name__, NOT_SENT, 4, 0))


async def test_an_unknown_host_got_nothing_of_any_write(make_client: MakeClient) -> None:
    klarna = make_client("https://klarna.invalid", retry=Retry(max_attempts=2))

    results = await call_all(klarna, None)

    assert results == dict.fromkeys(WRITE_CALLS, CallResult(ConnectionFailed.__name__, NOT_SENT, 2, 0))


@pytest.fixture
async def no_tls() -> AsyncIterator[str]:
    """A server that answers a TLS handshake with plain text."""

    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with listen(shout) as port:
        yield f"https://127.0.0.1:{port}"


async def test_a_failed_tls_handshake_sent_nothing_of_any_write(make_client: MakeClient, no_tls: str) -> None:
    results = await call_all(make_client(no_tls, retry=Retry(max_attempts=2)), None)

    assert results == dict.fromkeys(WRITE_CALLS, CallResult(ConnectionFailed.__name__, NOT_SENT, 2, 0))


CAPTURE = CaptureObject(captured_amount=100)


@pytest.mark.parametrize(
    "later",
    [
        Break(Point.ANSWER, End.CLOSE, answer=LATER),
        Break(Point.ANSWER, End.CLOSE, answer=NO),
        Break(Point.MID_BODY, End.CLOSE, answer=LATER),
        Break(Point.MID_BODY, End.CLOSE, answer=NO),
        Break(Point.ARRIVAL, End.RESET),
    ],
    ids=_id,
)
async def test_a_later_attempt_never_turns_unknown_into_a_definite_failure(
    make_client: MakeClient, raw: RawKlarna, later: Break
) -> None:
    """The first attempt was executed and its answer lost. Refused, or not sent? No: unknown."""
    raw.breaks = [Break(Point.REQUEST, End.CLOSE)]
    raw.otherwise = later

    with pytest.raises(KlarnaError) as caught:
        await make_client(raw.url).captures.create(ORDER_ID, CAPTURE, idempotency_key="k")

    assert (caught.value.outcome, raw.effects["k"]) == (UNKNOWN, 1)


@pytest.mark.parametrize(
    ("first", "known"),
    [(Break(Point.REQUEST, End.CLOSE), UNKNOWN), (Break(Point.MID_BODY, End.CLOSE), DONE)],
    ids=_id,
)
@pytest.mark.parametrize(
    "later",
    [
        Break(Point.ANSWER, End.CLOSE, answer=LATER),
        Break(Point.MID_BODY, End.CLOSE, answer=LATER),
        Break(Point.ANSWER, End.CLOSE, answer=Answer(401)),
        Break(Point.ANSWER, End.CLOSE, answer=Answer(409)),
        Break(Point.REQUEST, End.CLOSE),
    ],
    ids=_id,
)
async def test_a_later_call_never_turns_unknown_into_a_definite_failure(
    make_client: MakeClient, raw: RawKlarna, first: Break, later: Break, known: Outcome
) -> None:
    klarna = make_client(raw.url, retry=Retry.off())
    for broken in (first, later, later):
        raw.otherwise = broken
        with pytest.raises(KlarnaError) as caught:
            await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")
        assert (caught.value.outcome, raw.effects["k"]) == (known, 1)

    raw.otherwise = None
    capture_id = await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")

    assert (capture_id, raw.effects["k"]) == ("the-id", 1)


async def test_a_cancelled_write_leaves_its_key_in_doubt(make_client: MakeClient, raw: RawKlarna) -> None:
    klarna = make_client(raw.url, retry=Retry.off())
    raw.otherwise = Break(Point.REQUEST, End.HANG)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="k"), 0.2)

    raw.otherwise = Break(Point.ANSWER, End.CLOSE, answer=LATER)
    with pytest.raises(RateLimited) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")

    assert (caught.value.outcome, raw.effects["k"]) == (UNKNOWN, 1)


async def test_a_key_is_valid_for_24_hours_from_its_first_use_not_from_its_last(
    make_client: MakeClient, raw: RawKlarna, wall_clock: Clock
) -> None:
    klarna = make_client(raw.url, retry=Retry.off())
    raw.otherwise = Break(Point.REQUEST, End.CLOSE)
    for _ in range(3):
        with pytest.raises(ConnectionLost) as caught:
            await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="k")
        assert caught.value.retry_until == RETRY_UNTIL
        wall_clock.now += 3600
