"""What travels is a value: changed by copying, and shown without what is personal or secret."""

import pytest

from klarna_om import Request, Response
from klarna_om.exchange import KEY_HEADER
from klarna_om.settings.credentials import Secret

REQUEST = Request("captures.create", "POST", "/orders/1/captures", "1", {KEY_HEADER: "key-1"}, b'{"email":"a@b.se"}')


def test_a_changed_request_is_another_one() -> None:
    other = REQUEST.with_header("X-Mine", "1").with_changes(attempt=2, body=None)

    assert (other.attempt, other.body, other.headers) == (2, None, {KEY_HEADER: "key-1", "X-Mine": "1"})
    assert (REQUEST.attempt, REQUEST.headers) == (1, {KEY_HEADER: "key-1"})
    assert other != REQUEST


def test_a_value_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        REQUEST.attempt = 2  # type: ignore[misc]


def test_a_header_is_found_by_its_name_in_any_case() -> None:
    assert REQUEST.headers["Klarna-Idempotency-Key"] == REQUEST.idempotency_key == "key-1"


def test_neither_shows_a_body_or_a_secret() -> None:
    request = REQUEST.with_header("Authorization", Secret("Basic a2V5"))
    response = Response(request, 200, {}, b'{"email":"a@b.se"}')

    for shown in (repr(request), repr(response), str(request), f"{response}"):
        assert "<Request captures.create 1 attempt 1>" in shown
        assert "a@b.se" not in shown
        assert "a2V5" not in shown
