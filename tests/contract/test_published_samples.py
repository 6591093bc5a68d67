"""Our documents have every shape of the published ones, so that a checkout without those tests the same."""

import re
from typing import Any
from uuid import UUID

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import NotAllowed
from klarna_om.sandbox import Sandbox
from tests.support.samples import (
    EXCHANGES,
    NOT_OF_THIS_API,
    OWN_SAMPLES,
    PUBLISHED_CLASSES,
    Sample,
    exchanges,
    published,
)
from tests.support.shared import PUBLISHED_SAMPLES

CODES = {"purchase_country", "purchase_currency", "country", "currency", "locale"}
IDS = {"order_id", "capture_id", "refund_id", "correlation_id"}


def shape(value: Any, name: str = "") -> Any:
    """What a reader may stumble over: fields, empty values, signs, kinds of times, ids and letter case."""
    if isinstance(value, dict):
        return {field: shape(value[field], field) for field in sorted(value)}
    if isinstance(value, list):
        return sorted({str(shape(item, name)) for item in value})
    if isinstance(value, str):
        return shape_of_text(value, name)
    return (type(value).__name__, (value > 0) - (value < 0)) if isinstance(value, int) else repr(value)


def shape_of_text(text: str, name: str) -> str:
    if not text or re.match(r"\d{4}-\d\d-", text):
        return re.sub(r"\d", "9", text.replace("00:00:00", "midnight"))
    if name in CODES:
        return "lower" if text.islower() else "not lower"
    return f"id {is_uuid(text)}" if name in IDS else "text"


def is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def is_alike(ours: Any, recorded: Any) -> bool:
    """Status, names of headers and body; a body that was left out of the recording may be any."""
    same_body = recorded["body"] is None or shape(ours["body"]) == shape(recorded["body"])
    return ours["status"] == recorded["status"] and set(ours["headers"]) == set(recorded["headers"]) and same_body


def test_no_published_document_is_forgotten() -> None:
    recorded = {path.name for path in PUBLISHED_SAMPLES.glob(EXCHANGES)}

    assert {path.name for path in PUBLISHED_SAMPLES.glob("*.json")} == {
        *PUBLISHED_CLASSES,
        *NOT_OF_THIS_API,
        *recorded,
    }


@pytest.mark.parametrize("sample", published(*PUBLISHED_CLASSES), ids=str)
def test_a_document_of_ours_has_the_shape_of_each_published_one(sample: Sample) -> None:
    ours = [shape(each.document) for each in OWN_SAMPLES if each.cls is sample.cls]

    assert shape(sample.document) in ours


def test_an_exchange_of_ours_has_the_shape_of_each_recorded_one() -> None:
    answers = {name: each["response"] for name, each in exchanges().items()}
    recorded = [name for name in answers if name.endswith(".json")]
    ours = [name for name in answers if name not in recorded]

    unlike = [one for one in recorded if not any(is_alike(answers[each], answers[one]) for each in ours)]

    assert recorded
    assert unlike == []


async def test_the_sandbox_refuses_with_the_published_messages() -> None:
    (sample,) = published("error_cancel_not_allowed.json")
    async with Sandbox() as sandbox, KlarnaClient(sandbox.url, username="sandbox", password="sandbox") as klarna:
        order_id = sandbox.order(order_amount=2, captured_amount=1).order_id or ""

        with pytest.raises(NotAllowed) as refusal:
            await klarna.orders.cancel(order_id)

    assert list(refusal.value.error_messages) == sample.document["error_messages"]
