"""Every error shows what is known of its call, to people, logs and error trackers, and never a secret or a body."""

import base64
import json
import pickle
import traceback
from typing import Any

import aiohttp
import pytest
from aiohttp import TraceConfig

from klarna_om.client import KlarnaClient
from klarna_om.errors import (
    ConnectionFailed,
    ConnectionLost,
    InvalidRequest,
    KlarnaError,
    NotAllowed,
    NotFound,
    RateLimited,
    ServerError,
    SessionFailed,
    UnrecognizedAnswer,
)
from klarna_om.keys import Key
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Broken, Cut, Wire, json_answer

CAPTURE = CaptureObject(captured_amount=100)
REFUSAL = json_answer({"error_code": "CAPTURE_NOT_ALLOWED", "error_messages": ["Too much."]}, 403)


async def error_of(klarna: KlarnaClient) -> KlarnaError:
    with pytest.raises(KlarnaError) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE, idempotency_key="shipment-7")
    return caught.value


def test_each_attribute_is_on_every_error() -> None:
    error = KlarnaError("x")

    assert (error.status, error.error_code, error.retry_after, error.correlation_id) == (None, None, None, None)
    assert (error.problems, error.error_messages, error.body, dict(error.headers)) == ((), (), b"", {})


async def test_an_error_keeps_the_body_and_never_shows_it(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = json_answer({"error_code": "NOT_ALLOWED", "buyer": "Astrid Prov"}, 403)

    error = await error_of(klarna)

    assert json.loads(error.body)["buyer"] == "Astrid Prov"
    assert "Astrid" not in f"{error} {error!r} {error.explain()} {error.to_dict()} {traceback.format_exception(error)}"


async def test_the_body_is_bounded(make_client: MakeClient, server: Wire) -> None:
    server.otherwise = Answer(500, {}, b"x" * 1_000_000)

    error = await error_of(make_client(retry=Retry.off()))

    assert len(error.body) == 65_536
    assert len(pickle.dumps(error)) < 70_000


async def test_a_long_message_is_bounded(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = json_answer({"error_code": "X", "error_messages": ["y" * 1000] * 90}, 403)

    error = await error_of(klarna)

    assert len(str(error)) < 3_000


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"message": "Forbidden"}, "Forbidden"),
        ({"type": "about:blank", "title": "Bad gateway", "detail": "upstream is down"}, "upstream is down Bad gateway"),
        ({"error": {"code": 502, "message": "no healthy upstream"}}, "no healthy upstream"),
    ],
)
async def test_the_text_of_a_gateway_is_in_the_message(
    make_client: MakeClient, server: Wire, document: object, words: str
) -> None:
    server.otherwise = json_answer(document, 502, is_signed=False)

    error = await error_of(make_client(retry=Retry.off()))

    assert f"502: {words}" in str(error)


async def test_an_error_is_a_dictionary_of_plain_values(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = REFUSAL

    found = (await error_of(klarna)).to_dict()

    assert json.loads(json.dumps(found)) == found
    assert found["error"] == "NotAllowed"
    assert (found["outcome"], found["status"], found["error_code"]) == ("refused", 403, "CAPTURE_NOT_ALLOWED")
    assert (found["idempotency_key"], found["retry_until"]) == ("shipment-7", "2027-01-16T08:00:00+00:00")
    assert found["attempts"][0]["rule"] == "refused by Klarna"


async def test_a_key_of_another_process_is_a_plain_string_in_the_dictionary(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = REFUSAL

    with pytest.raises(KlarnaError) as refused:
        await klarna.orders.acknowledge(ORDER_ID, idempotency_key=Key("shipment-7"))

    assert type(refused.value.to_dict()["idempotency_key"]) is str


async def test_error_trackers_see_the_ids_in_the_notes(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = REFUSAL

    error = await error_of(klarna)

    assert error.__notes__ == ["Klarna-Correlation-Id: signed, Klarna-Idempotency-Key: shipment-7"]
    assert error.__notes__[0] in "".join(traceback.format_exception(error))


def test_a_note_is_added_once() -> None:
    error, without_ids = KlarnaError("x"), KlarnaError("y")
    error.idempotency_key = "shipment-7"

    for _ in range(2):
        error.add_notes()
        without_ids.add_notes()

    assert error.__notes__ == ["Klarna-Idempotency-Key: shipment-7"]
    assert not hasattr(without_ids, "__notes__")


async def test_a_404_names_environment_region_and_freshness(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = json_answer({"error_code": "NO_SUCH_ORDER"}, 404)

    with pytest.raises(NotFound) as caught:
        await klarna.orders.get(ORDER_ID)

    advice = caught.value.explain()
    assert "environment and region (eu, na, oc, kustom, live or playground)" in advice
    assert "just made" in advice


@pytest.mark.parametrize("cut", [Cut.AFTER_HEADERS, Cut.RESET, Cut.HANG, Cut.NOT_HTTP])
async def test_no_traceback_with_locals_shows_the_credential(make_client: MakeClient, server: Wire, cut: Cut) -> None:
    secret = base64.b64encode(b"user:secret").decode()
    server.otherwise = Broken(cut)
    klarna = make_client(retry=Retry.off(), attempt_timeout=0.05)

    error = await error_of(klarna)

    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert secret not in shown
    assert "user:secret" not in shown
    for failure in filter(None, (error, error.__cause__, error.__context__)):
        names = [frame.f_globals["__name__"] for frame, _ in traceback.walk_tb(failure.__traceback__)]
        assert [name for name in names if name.startswith(("aiohttp", "asyncio"))] == []


async def test_what_a_hook_raises_after_sending_is_in_doubt(make_client: MakeClient, server: Wire) -> None:
    async def broken_hook(*_: object) -> None:
        raise ValueError("metrics are down")

    hooks = TraceConfig()
    hooks.on_request_end.append(broken_hook)
    async with aiohttp.ClientSession(trace_configs=[hooks]) as session:
        error = await error_of(make_client(session=session))

    assert isinstance(error, SessionFailed)
    assert (error.outcome, len(server.requests)) == (Outcome.UNKNOWN, 1)
    assert error.__cause__ is not None
    assert [line.name for line in traceback.extract_tb(error.__cause__.__traceback__)] == [
        "__call__",
        "broken_hook",
    ]


@pytest.mark.parametrize(
    "reason",
    [aiohttp.InvalidURL("x"), aiohttp.ConnectionTimeoutError(), RuntimeError("Session is closed"), OSError("x")],
    ids=lambda reason: type(reason).__name__,
)
async def test_a_hook_that_raises_an_error_of_aiohttps_is_in_doubt_too(
    make_client: MakeClient, server: Wire, reason: Exception
) -> None:
    async def broken_hook(*_: object) -> None:
        raise reason

    hooks = TraceConfig()
    hooks.on_request_end.append(broken_hook)
    async with aiohttp.ClientSession(trace_configs=[hooks]) as session:
        error = await error_of(make_client(session=session, retry=Retry.off()))

    assert (type(error), error.outcome, len(server.requests)) == (SessionFailed, Outcome.UNKNOWN, 1)


async def test_code_around_the_request_changes_no_rule_and_leaves_the_outcome_unknown(
    make_client: MakeClient, server: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    request: Any = aiohttp.ClientSession._request

    async def tracing_agent(session: aiohttp.ClientSession, *args: Any, **options: Any) -> Any:
        return await request(session, *args, **options)

    monkeypatch.setattr(aiohttp.ClientSession, "_request", tracing_agent)
    server.will(Broken(Cut.AFTER_REQUEST))
    await make_client().orders.acknowledge(ORDER_ID)
    error = await error_of(make_client("http://127.0.0.1:1", retry=Retry.off()))

    assert len(server.requests) == 2
    assert (type(error), error.outcome) == (ConnectionFailed, Outcome.UNKNOWN)


@pytest.mark.skipif(not hasattr(aiohttp, "ClientHandlerType"), reason="older aiohttp has no client middlewares")
async def test_a_request_that_a_middleware_makes_itself_says_nothing_of_ours(
    make_client: MakeClient, server: Wire
) -> None:
    async def token_service(request: aiohttp.ClientRequest, below: Any) -> Any:
        answer = await below(request)
        async with aiohttp.ClientSession() as other:
            await other.get("http://127.0.0.1:1/token")
        return answer

    async with aiohttp.ClientSession(middlewares=[token_service]) as session:
        error = await error_of(make_client(session=session))

    assert (type(error), error.outcome, len(server.requests)) == (SessionFailed, Outcome.UNKNOWN, 1)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", 7])
async def test_a_header_that_a_middleware_makes_unwritable_is_named(
    make_client: MakeClient, server: Wire, value: str
) -> None:
    async def spoil(request: object, below: object) -> object:
        return await below(request.with_header("X-Shop", value))  # type: ignore[operator,attr-defined]

    with pytest.raises(InvalidRequest, match="headers: 'X-Shop' cannot be written"):
        await make_client(middleware=[spoil]).orders.acknowledge(ORDER_ID)

    assert not server.requests


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(Answer(429, {"Retry-After": "900"}), RateLimited), (Answer(503, {"Retry-After": "900"}), ServerError)],
)
async def test_when_to_come_back_is_on_the_error(
    klarna: KlarnaClient, server: Wire, answer: Answer, kind: type[KlarnaError]
) -> None:
    server.otherwise = answer

    error = await error_of(klarna)

    assert (type(error), error.retry_after) == (kind, 900.0)


@pytest.mark.parametrize("answer", [REFUSAL, Answer(404, is_signed=False), Broken(Cut.AFTER_REQUEST)])
async def test_errors_survive_pickling(make_client: MakeClient, server: Wire, answer: Answer) -> None:
    server.otherwise = answer
    error = await error_of(make_client(retry=Retry.off()))

    again = pickle.loads(pickle.dumps(error))

    assert type(again) in (NotAllowed, UnrecognizedAnswer, ConnectionLost)
    assert again.to_dict() == error.to_dict()
