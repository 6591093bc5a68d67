"""Every shape in which an error's details were seen is read; nothing breaks the reader."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.answers.error_body import read_error_body
from klarna_om.exchange import ErrorBody
from klarna_om.types import ErrorMessage
from tests.support.samples import SAMPLES, Sample


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"error_code": "A", "error_messages": ["x", "y"], "correlation_id": "c"},
            ErrorBody("A", ("x", "y"), "c"),
        ),
        ({"error_code": "A", "error_message": "x"}, ErrorBody("A", ("x",))),
        ({"error_code": "A", "error_message": "x", "error_messages": ["x", "y"]}, ErrorBody("A", ("x", "y"))),
        ({"error_code": "A", "error_messages": [], "service_version": 123}, ErrorBody("A")),
        ({"error_messages": ["x", None, 5, ""]}, ErrorBody(None, ("x",))),
        ({"error_code": 7, "correlation_id": None}, ErrorBody()),
        (
            {
                "error_type": "INPUT",
                "error_message": "m",
                "validation_errors": [{"field": "amount", "message": "too big"}],
            },
            ErrorBody(None, ("m", "too big", "amount")),
        ),
        ({"http_status_code": 400, "internal_message": "Bad merchant id"}, ErrorBody(None, ("Bad merchant id",))),
        ({"fraud_status": "REJECTED", "reason": "x"}, ErrorBody()),
        ({"message": "Forbidden"}, ErrorBody(None, ("Forbidden",))),
        ({"title": "Not found", "detail": "No route", "status": 404}, ErrorBody(None, ("No route", "Not found"))),
        ({"error": {"code": 404, "message": "nowhere"}}, ErrorBody(None, ("nowhere",))),
        ({"error": "invalid_client", "error_description": "who?"}, ErrorBody(None, ("who?", "invalid_client"))),
        ({"error_code": 1010, "error_messages": ["a" * 5000]}, ErrorBody(None, ("a" * 1000,))),
        ([1, 2], ErrorBody()),
        ("text", ErrorBody()),
        (None, ErrorBody()),
    ],
)  # fmt: skip
def test_a_json_body_is_read(document: Any, expected: ErrorBody) -> None:
    assert read_error_body(json.dumps(document).encode()) == expected


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
    assert read_error_body(body) == ErrorBody(error_messages=messages)


names = st.sampled_from(["error_code", "error_messages", "error_message", "errors", "message", "x"])
documents = st.recursive(
    st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(names, inner) | st.lists(inner)
)


@given(st.binary() | documents.map(lambda document: json.dumps(document).encode()))
def test_no_body_at_all_makes_the_reader_fail(body: bytes) -> None:
    expected = read_error_body(body)

    assert all(expected.error_messages)


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if sample.cls is ErrorMessage], ids=str)
def test_every_shape_of_an_error_is_read(sample: Sample) -> None:
    document = sample.document
    single = [document["error_message"]] if "error_message" in document else []

    found = read_error_body(sample.data)

    assert found.error_code == document.get("error_code")
    assert found.error_messages == tuple(dict.fromkeys([*document.get("error_messages", []), *single]))
    assert found.correlation_id == document.get("correlation_id")


def test_many_messages_are_bounded() -> None:
    body = json.dumps({"error_messages": [str(number) for number in range(500)]}).encode()

    assert len(read_error_body(body).error_messages) == 20


@pytest.mark.parametrize("levels", [7, 8, 600, 100_000])
def test_messages_are_looked_for_in_a_few_levels_only(levels: int) -> None:
    body = b'{"error_messages": ' + b"[" * levels + b'"deep"' + b"]" * levels + b"}"

    assert read_error_body(body) == ErrorBody(error_messages=("deep",) if levels <= 8 else ())
