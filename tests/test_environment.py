"""Where a client calls: eight known hosts, or a base URL that is safe to send credentials to."""

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.environment import ENVIRONMENTS, Environment, find_environment
from klarna_om.errors import ConfigurationError


def test_the_published_hosts_have_their_published_limits() -> None:
    assert {name: (known.base_url, known.limit) for name, known in ENVIRONMENTS.items()} == {
        "eu": ("https://api.klarna.com", 200),
        "eu-playground": ("https://api.playground.klarna.com", 50),
        "na": ("https://api-na.klarna.com", 200),
        "na-playground": ("https://api-na.playground.klarna.com", 50),
        "oc": ("https://api-oc.klarna.com", 200),
        "oc-playground": ("https://api-oc.playground.klarna.com", 50),
        "kustom": ("https://api.kustom.co", 200),
        "kustom-playground": ("https://api.playground.kustom.co", 50),
    }
    assert [name for name, known in ENVIRONMENTS.items() if known.is_kustom] == ["kustom", "kustom-playground"]


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.example/klarna/",
        "http://localhost:8420",
        "http://127.0.0.1:1",
        "http://127.9.9.9:1",
        "http://[::1]:8420",
    ],
)
def test_a_base_url_is_accepted(url: str) -> None:
    assert find_environment(url).base_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("http://api.klarna.com", "only https is accepted"),
        ("http://10.0.0.1", "only https is accepted"),
        ("http://localhost.evil.example", "only https is accepted"),
        ("ftp://api.klarna.com", "only https is accepted"),
        ("https://user:pass@api.klarna.com", "must not contain credentials"),
        ("https://api.klarna.com?x=1", "not a base URL"),
        ("https://api.klarna.com#x", "not a base URL"),
        ("https://", "not a base URL"),
        ("https://[::1", "cannot be read"),
        ("https://host:port", "cannot be read"),
        ("https://a..b", "cannot be read"),
        ("https://" + "a" * 64 + ".com", "cannot be read"),
        ("europe", "unknown environment 'europe': use one of eu, eu-playground"),
        (Environment("own", "http://api.klarna.com"), "only https is accepted"),
    ],
)
def test_what_could_send_credentials_astray_is_refused(wanted: str | Environment, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        find_environment(wanted)


@pytest.mark.parametrize(
    "url",
    ["https://user:hunter2@api.klarna.com", "https://user:hunter2", "https://us?er:hunter2@api.klarna.com"],
)
def test_credentials_in_a_base_url_are_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_environment(url)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", ["eu-playground", " eu-playground\n"])
def test_the_environment_variable_names_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", value)
    monkeypatch.setenv("KLARNA_OM_API_KEY", "k")

    assert KlarnaClient().environment is ENVIRONMENTS["eu-playground"]


def test_there_is_no_default_since_money_may_be_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KLARNA_OM_ENVIRONMENT", raising=False)
    with pytest.raises(ConfigurationError, match="no environment: pass environment= or set KLARNA_OM_ENVIRONMENT"):
        find_environment()


def test_an_environment_of_ones_own_is_taken_as_it_is() -> None:
    own = Environment("own", "https://gateway.example", limit=20, is_kustom=True)

    assert find_environment(own) is own
