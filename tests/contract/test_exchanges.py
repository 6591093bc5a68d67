"""Exchanges in every shape that was recorded, played again on the wire."""

import json
from typing import Any

import pytest

from klarna_om.answers.error_from_response import class_of
from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError, UnrecognizedAnswer
from klarna_om.types import CaptureObject
from tests.support.calls import ORDER_ID
from tests.support.samples import exchanges
from tests.support.wire import Answer, Wire

OF_THE_CONNECTION = {"connection", "content-encoding", "content-length", "date", "transfer-encoding"}
"""Headers that state how bytes were sent: here they are sent in another way."""

EXCHANGES = exchanges()
SUCCESSES = [name for name, each in EXCHANGES.items() if each["response"]["status"] < 300]
REFUSALS = [name for name in EXCHANGES if name not in SUCCESSES]


def replay(server: Wire, name: str) -> dict[str, str]:
    """Have the server answer as recorded; the headers, by names in lower case."""
    answer = EXCHANGES[name]["response"]
    headers = {key: value for key, value in answer["headers"].items() if key.lower() not in OF_THE_CONNECTION}
    body = answer["body"] or ""
    data = body if isinstance(body, str) else json.dumps(body)
    server.otherwise = Answer(answer["status"], headers, data.encode(), is_signed=False)
    return {key.lower(): value for key, value in headers.items()}


def order_id_of(name: str) -> str:
    """The order that the recorded request was about."""
    path: str = EXCHANGES[name]["request"]["url"].partition("/orders/")[2]
    return path.partition("/")[0] or ORDER_ID


async def call(klarna: KlarnaClient, name: str) -> Any:
    if EXCHANGES[name]["request"]["method"] == "GET":
        return await klarna.orders.get(order_id_of(name))
    return await klarna.captures.create(order_id_of(name), CaptureObject(captured_amount=1))


@pytest.mark.parametrize("name", [name for name in SUCCESSES if EXCHANGES[name]["response"]["status"] == 201])
async def test_a_capture_is_known_by_its_id(name: str, klarna: KlarnaClient, server: Wire) -> None:
    headers = replay(server, name)

    reply = await klarna.reply(call(klarna, name))

    assert reply.value == headers["location"].rpartition("/")[2]
    assert reply.correlation_id == headers["klarna-correlation-id"]


@pytest.mark.parametrize("name", [name for name in SUCCESSES if EXCHANGES[name]["response"]["body"]])
async def test_a_document_is_read_with_the_quota(name: str, klarna: KlarnaClient, server: Wire) -> None:
    replay(server, name)

    reply = await klarna.reply(call(klarna, name))

    assert reply.value.order_id == EXCHANGES[name]["response"]["body"]["order_id"]
    assert reply.rate_limit is not None
    assert (reply.rate_limit.limit, reply.rate_limit.remaining) == (200, 199)


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_has_its_class_its_code_and_its_id(name: str, klarna: KlarnaClient, server: Wire) -> None:
    headers = replay(server, name)
    answer = EXCHANGES[name]["response"]
    envelope = answer["body"] if isinstance(answer["body"], dict) else {}

    with pytest.raises(KlarnaError) as refusal:
        await call(klarna, name)

    is_foreign = answer["status"] == 403 and not envelope
    assert type(refusal.value) is (UnrecognizedAnswer if is_foreign else class_of(answer["status"]))
    assert refusal.value.error_code == envelope.get("error_code")
    assert refusal.value.correlation_id == headers.get("klarna-correlation-id")
