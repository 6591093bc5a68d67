"""A key that names another kind of host is refused before it is sent."""

import logging

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError
from klarna_om.settings.environment import Environment

UUID = "3e2b1f6c-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("environment", "key", "message"),
    [
        (
            "eu-playground",
            "klarna_live_api_x",
            "begins with klarna_live_, and api.playground.klarna.com is a playground",
        ),
        ("eu", "klarna_test_api_x", "begins with klarna_test_, and api.klarna.com is live: use a live key"),
        ("https://API-NA.klarna.com:443/", "klarna_test_api_x", "api-na.klarna.com is live"),
        ("https://api.klarna.com.", "KLARNA_TEST_API_x", "api.klarna.com is live"),
        (Environment("own", "https://api-oc.playground.klarna.com/x"), "klarna_live_api_x", "is a playground"),
        ("kustom", "kustom_test_api_x", "begins with kustom_test_, and api.kustom.co is live"),
        ("kustom-playground", "klarna_live_api_x", "api.playground.kustom.co is a playground"),
        ("eu-playground", "kustom_test_api_x", "api.playground.klarna.com is Klarna's: use environment='kustom-pl"),
    ],
)
@pytest.mark.parametrize("form", ["key", "uuid:key", "password"])
def test_a_key_for_another_kind_of_host_is_refused(
    environment: str | Environment, key: str, message: str, form: str
) -> None:
    given = {
        "key": {"api_key": key},
        "uuid:key": {"api_key": f"{UUID}:{key}"},
        "password": {"username": UUID, "password": key},
    }[form]

    with pytest.raises(ConfigurationError, match=message) as caught:
        KlarnaClient(environment, **given)  # type: ignore[arg-type]

    assert "api_x" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "key", "whose"),
    [
        ("eu", "kustom_live_api_x", "kustom_, and api.klarna.com is Klarna's"),
        ("kustom", "klarna_live_api_x", "klarna_, and api.kustom.co is Kustom's"),
        ("kustom-playground", "klarna_test_api_x", "klarna_, and api.playground.kustom.co is Kustom's"),
    ],
)
def test_a_key_of_the_other_company_is_warned_about(
    caplog: pytest.LogCaptureFixture, environment: str, key: str, whose: str
) -> None:
    with caplog.at_level(logging.WARNING, "klarna_om"):
        KlarnaClient(environment, api_key=key)

    (record,) = caplog.records
    assert whose in record.getMessage()
    assert "api_x" not in record.getMessage()


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ("eu", "klarna_live_api_x"),
        ("na-playground", "klarna_test_api_x"),
        ("kustom", "kustom_live_api_x"),
        ("eu", "anything"),
        ("eu", "x_klarna_test_api_x"),
        ("http://127.0.0.1:8420", "klarna_live_api_x"),
        ("http://localhost:8420", "klarna_test_api_x"),
        ("https://gateway.example", "klarna_test_api_x"),
        ("https://gateway.example", "kustom_live_api_x"),
    ],
)
def test_a_key_that_may_be_right_is_accepted(caplog: pytest.LogCaptureFixture, environment: str, key: str) -> None:
    KlarnaClient(environment, api_key=key)

    assert not caplog.records
