"""`Environment.sandbox`: http to a sandbox in another container, and to no host of Klarna's or of a stranger."""

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError
from klarna_om.settings.environment import Environment, find_environment


@pytest.mark.parametrize(
    "url",
    [
        "http://klarna:8420",
        "http://klarna-sandbox",
        "http://klarna.shop.svc.cluster.local:8420",
        "http://klarna.internal",
        "http://sandbox.test",
        "http://host.docker.internal:8420",
        "http://172.18.0.5:8420",
        "http://[fd00::5]:8420",
        "http://127.0.0.1:8420",
        "https://sandbox.example.com",
    ],
)
def test_a_sandbox_may_be_anywhere_on_a_local_network(url: str) -> None:
    environment = Environment.sandbox(f"{url}/")

    assert (environment.base_url, environment.name, environment.is_sandbox) == (url, url, True)
    assert find_environment(f"sandbox+{url}") == environment == find_environment(environment)


@pytest.mark.parametrize(
    "url",
    [
        "http://sandbox.example.com",
        "http://8.8.8.8",
        "http://[::ffff:8.8.8.8]",
        "http://0x08080808",
        "http://134744072",
        "http://api.klarna.com",
        "http://klarna.local.example.com",
        "ftp://klarna",
    ],
)
def test_over_http_a_host_of_the_internet_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="only at a host of a local network"):
        Environment.sandbox(url)


@pytest.mark.parametrize("host", ["api.klarna.com", "api.klarna.com.", "API-new.Klarna.com", "api.kustom.co"])
def test_klarnas_own_hosts_are_no_sandbox(host: str) -> None:
    with pytest.raises(ConfigurationError, match="is no sandbox: use one of eu, eu-playground"):
        find_environment(f"sandbox+https://{host}")


def test_without_the_word_sandbox_http_stays_refused() -> None:
    with pytest.raises(ConfigurationError, match="only https is accepted"):
        find_environment("http://klarna:8420")
    with pytest.raises(ConfigurationError, match="only https is accepted"):
        find_environment(Environment("own", "http://klarna:8420"))


@pytest.mark.parametrize("key", ["klarna_live_api_abc", "kustom_live_api_abc"])
def test_a_live_key_is_never_sent_to_a_sandbox(key: str) -> None:
    with pytest.raises(ConfigurationError, match="use the sandbox's own credentials") as caught:
        KlarnaClient("sandbox+http://klarna:8420", api_key=key)

    assert key not in str(caught.value)


async def test_a_client_shows_the_url_of_its_sandbox() -> None:
    async with KlarnaClient("sandbox+http://klarna:8420", username="sandbox", password="sandbox") as klarna:
        assert repr(klarna) == "<KlarnaClient http://klarna:8420>"
    async with KlarnaClient(Environment.sandbox("http://klarna:8420"), api_key="klarna_test_api_sandbox") as klarna:
        assert klarna.environment.base_url == "http://klarna:8420"


def test_an_environment_named_by_you_keeps_its_name() -> None:
    environment = find_environment(Environment("ours", "http://klarna:8420/", is_sandbox=True))

    assert (environment.name, environment.base_url) == ("ours", "http://klarna:8420")


def test_the_environment_variable_may_name_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", "sandbox+http://klarna:8420")

    assert find_environment().is_sandbox


def test_credentials_in_the_url_of_a_sandbox_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="must not contain credentials") as caught:
        find_environment("sandbox+http://user:secret@klarna:8420")

    assert "secret" not in str(caught.value)


def test_what_can_be_no_host_is_no_sandbox() -> None:
    with pytest.raises(ConfigurationError, match="no host that can be one"):
        Environment.sandbox("http://klarna!sandbox")
