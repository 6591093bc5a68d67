"""The text for Klarna's support names the calls, and nothing of their contents."""

from klarna_om.batch.journal import Line
from klarna_om.batch.support_text import support_text
from tests.batch.fake_sender import order_id

LINE = Line(
    line=4,
    order_id=order_id(1),
    capture_id=None,
    reference="shipment-7",
    outcome="escalated",
    status=502,
    error_code=None,
    correlation_id="correlation-1",
    idempotency_key="key-1",
    attempts=5,
    started_at="2026-11-23T12:00:00.000+00:00",
    finished_at="2026-11-23T17:05:10.250+00:00",
    detail="502: Jane Doe, Main Street 1",
    columns={"customer": "Jane Doe"},
)


def test_a_call_is_named_by_everything_that_klarna_can_find_it_by() -> None:
    text = support_text("captures.create", "https://api.klarna.com", [LINE], 1)

    assert (
        text
        == f"""\
Subject: captures.create: was it executed? (1 call)

We have no answer that shows whether the following calls to https://api.klarna.com were executed, and repeats
under the same idempotency keys will not show it either. Please tell us for each of them.

Operation: POST /ordermanagement/v1/orders/{{order_id}}/captures
All times are UTC.

1. Order id: {order_id(1)}
   Reference: shipment-7
   Klarna-Idempotency-Key: key-1
   Klarna-Correlation-Id: correlation-1
   Last answer: 502
   First call: 2026-11-23 12:00:00
   Last call ended: 2026-11-23 17:05:10
   Requests: 5
"""
    )


def test_a_call_without_an_answer_says_so() -> None:
    silent = Line(1, order_id(2), "capture-1", "parcel-1", "escalated", idempotency_key="key-2", attempts=4)

    text = support_text("captures.trigger_send_out", "https://api.klarna.com", [silent], 1)

    assert "   Capture id: capture-1\n" in text
    assert "   Klarna-Correlation-Id: none was received\n   Last answer: none\n   Requests: 4\n" in text


def test_a_long_list_says_how_many_are_not_in_it() -> None:
    text = support_text("captures.create", "https://api.klarna.com", [LINE, LINE], 302)

    assert "(302 calls)" in text
    assert "\n2. Order id:" in text
    assert text.endswith("There are 300 more, which we will send when you need them.\n")
