"""Every shape in which an error's details were seen is read; nothing breaks the reader."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.envelope import Envelope, read_envelope
from klarna_om.types import ErrorMessage
from tests.support.samples import SAMPLES, Sample


@pytest.mark.parametrize(
    ("document", "envelope"),
    [
        (
            {"error_code": "A", "error_messages": ["x", "y"], "correlation_id": "c"},
            Envelope("A", ("x", "y"), "c"),
        ),
        ({"error_code": "A", "error_message": "x"}, Envelope("A", ("x",))),
        ({"error_code": "A", "error_message": "x", "error_messages": ["x", "y"]}, Envelope("A", ("x", "y"))),
        ({"error_code": "A", "error_messages": [], "service_version": 123}, Envelope("A")),
        ({"error_messages": ["x", None, 5, ""]}, Envelope(None, ("x",))),
        ({"error_code": 7, "correlation_id": None}, Envelope()),
        (
            {
                "error_type": "INPUT",
                "error_message": "m",
                "validation_errors": [{"field": "amount", "message": "too big"}],
            },
            Envelope("INPUT", ("m", "too big", "amount")),
        ),
        ({"http_status_code": 400, "internal_message": "Bad merchant id"}, Envelope(None, ("Bad merchant id",))),
        ({"fraud_status": "REJECTED", "reason": "x"}, Envelope()),
        ([1, 2], Envelope()),
        ("text", Envelope()),
        (None, Envelope()),
    ],
)  # fmt: skip
def test_a_json_body_is_read(document: Any, envelope: Envelope) -> None:
    assert read_envelope(json.dumps(document).encode()) == envelope


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (b"", ()),
        (b"<html><head><title> 401 Authorization\nRequired </title>", ("401 Authorization\nRequired",)),
        (b"<html>no title", ()),
        (b'{"error_code": "CAPTURE_NOT_AL', ()),
        (b"\xff\xfe\x00", ()),
        (b'{"error_messages": ["\xff"]}', ()),
        (b"[" * 100_000, ()),
    ],
)
def test_any_other_body_is_no_obstacle(body: bytes, messages: tuple[str, ...]) -> None:
    assert read_envelope(body) == Envelope(error_messages=messages)


names = st.sampled_from(["error_code", "error_messages", "error_message", "errors", "message", "x"])
documents = st.recursive(
    st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(names, inner) | st.lists(inner)
)


@given(st.binary() | documents.map(lambda document: json.dumps(document).encode()))
def test_no_body_at_all_makes_the_reader_fail(body: bytes) -> None:
    envelope = read_envelope(body)

    assert all(envelope.error_messages)


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if sample.cls is ErrorMessage], ids=str)
def test_every_shape_of_an_error_is_read(sample: Sample) -> None:
    document = sample.document
    single = [document["error_message"]] if "error_message" in document else []

    envelope = read_envelope(sample.data)

    assert envelope.error_code == document.get("error_code")
    assert envelope.error_messages == tuple(dict.fromkeys([*document.get("error_messages", []), *single]))
    assert envelope.correlation_id == document.get("correlation_id")
