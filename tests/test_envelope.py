"""Every shape in which an error's details were seen is read; nothing breaks the reader."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.envelope import Envelope, read_envelope
from tests.support.shared import shared_file


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


def test_the_published_errors_are_read() -> None:
    samples = sorted(Path(shared_file("klarna/samples")).glob("*error_*.json"))

    assert samples
    for sample in samples:
        document = json.loads(sample.read_bytes())
        envelope = read_envelope(sample.read_bytes())
        assert envelope.error_code == document["error_code"]
        assert list(envelope.error_messages) == document["error_messages"]
        assert envelope.correlation_id == document["correlation_id"]
