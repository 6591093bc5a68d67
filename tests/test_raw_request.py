"""Of a request that is in no row of the catalogue nothing is shown but what the catalogue knows."""

import json

import pytest

from klarna_om import CallEvent, Hooks, KlarnaClient, NotFound
from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler
from klarna_om.raw_request import path_template, raw_request
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire, json_answer

ORDER = "/ordermanagement/v1/orders"


@pytest.mark.parametrize(
    ("path", "template"),
    [
        (f"{ORDER}/{ORDER_ID}/captures", f"{ORDER}/{{}}/captures"),
        (f"{ORDER}/{ORDER_ID}/new-thing", f"{ORDER}/{{}}/{{}}"),
        (f"{ORDER}/{ORDER_ID}/refunds/?phone=070123", f"{ORDER}/{{}}/refunds/"),
        ("/ordermanagement/v1/persons/jane@example.com", "/ordermanagement/v1/{}/{}"),
        ("/Orders/captures%2Fjane", "/{}/{}"),
        ("/", "/"),
    ],
)
def test_a_path_is_named_by_the_segments_that_the_catalogue_knows(path: str, template: str) -> None:
    assert path_template(path) == template
    assert raw_request("GET", path, None, None, None).operation == f"GET {template}"


@pytest.mark.parametrize(
    ("path", "order_id"),
    [
        (f"{ORDER}/{ORDER_ID}", ORDER_ID),
        (f"{ORDER}/{ORDER_ID.upper()}/new-thing?x=1", ORDER_ID),
        (f"{ORDER}/jane", None),
        (f"/payments/v1/orders/{ORDER_ID}", None),
        ("/x", None),
    ],
)
def test_an_order_is_named_where_the_path_has_one(path: str, order_id: str | None) -> None:
    assert raw_request("POST", path, None, None, None).order_id == order_id


async def test_logs_errors_and_events_hold_nothing_else_of_the_path(
    make_client: MakeClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[CallEvent] = []
    shown: list[str] = []

    async def show(request: Request, below: Handler) -> Response:
        shown.append(repr(request))
        return await below(request)

    server.otherwise = json_answer({"error_code": "NOT_FOUND"}, 404)
    klarna = make_client(hooks=[Hooks(on_call=events.append)], middleware=[show])

    with pytest.raises(NotFound) as caught:
        await klarna.request("GET", f"{ORDER}/{ORDER_ID}/persons/jane@example.com?ssn=123")

    assert server.requests[0].path.endswith("/persons/jane@example.com?ssn=123")
    assert f"GET {ORDER}/{{}}/{{}}/{{}} {ORDER_ID}: 404" in caplog.records[0].getMessage()
    everything = [
        caplog.text, str([vars(line) for line in caplog.records]), str(events), *shown,
        caught.value.explain(), json.dumps(caught.value.to_dict()),
    ]  # fmt: skip
    assert not any(word in text for text in everything for word in ("jane", "ssn", "persons"))


async def test_a_path_that_is_refused_is_not_repeated_in_the_error(klarna: KlarnaClient) -> None:
    with pytest.raises(Exception, match="^(?!.*jane).*path: must start with one slash"):
        await klarna.request("GET", "/persons/jane doe")


async def test_everything_that_is_wrong_is_named_at_once(klarna: KlarnaClient, server: Wire) -> None:
    server.otherwise = Answer(204)

    with pytest.raises(Exception, match="content: .*; method: .*; path: .*; idempotency_key: .*; headers: host"):
        await klarna.request("TRACE", "x", content=[object()], headers={"Host": "x"}, idempotency_key=7)  # type: ignore[arg-type]

    assert server.requests == []
