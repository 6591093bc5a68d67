"""Where a client calls: eight known hosts, or a base URL that is safe to send credentials to."""

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError
from klarna_om.settings.environment import ENVIRONMENTS, Environment, find_environment


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
    ("environment", "message"),
    [
        ("http://api.klarna.com", "only https is accepted"),
        ("http://10.0.0.1", "only https is accepted"),
        ("http://localhost.evil.example", "only https is accepted"),
        ("ftp://api.klarna.com", "only https is accepted"),
        ("https://user:pass@api.klarna.com", "must not contain credentials"),
        ("https://api.klarna.com?x=1", "not a base URL"),
        ("https://api.klarna.com#x", "not a base URL"),
        ("https://", "not a base URL"),
        ("https://https://api.klarna.com", "has no host that can be one"),
        ("https://ho(st", "has no host that can be one"),
        ("https://host//evil.example", "has no host that can be one"),
        ("https://[::1", "cannot be read"),
        ("https://host:port", "cannot be read"),
        ("https://a..b", "cannot be read"),
        ("https://" + "a" * 64 + ".com", "cannot be read"),
        ("https://host/ ", "the base URL contains a blank"),
        (" https://host", "the base URL contains a blank"),
        ("https://ho st", "the base URL contains a blank"),
        ("https://host/a b", "the base URL contains a blank"),
        ("https://host\n", "the base URL contains a control character"),
        ("https://host/\t", "the base URL contains a control character"),
        ("https://host\x00", "the base URL contains a control character"),
        ("https://host\u00a0", "the base URL contains a NO-BREAK SPACE"),
        ("https://api.klarna.com\\.evil.example", "the base URL contains a backslash"),
        ('"https://host"', "the base URL begins with a quote"),
        ("https:/host", "not a base URL, which begins with https://"),
        ("HTTPS:host", "not a base URL, which begins with https://"),
        ("\u201ceu\u201d", "the environment begins with a quote"),
        ("klarna_live_api_x", "^unknown environment: use one of"),
        (Environment("own", "https://user:pass@host"), "must not contain credentials"),
        (Environment("own", 5), "the base_url of an Environment is a string"),  # type: ignore[arg-type]
        (Environment("own", "https://host", limit=0), "the limit of an Environment is a positive number"),
        (Environment("own", "https://host", limit=True), "the limit of an Environment is a positive number"),
        (Environment("own", "https://host", limit="5"), "the limit of an Environment is a positive"),  # type: ignore[arg-type]
        (5, "environment is a name, a base URL or an Environment, not a int"),
        ("europe", "unknown environment 'europe': use one of eu, eu-playground"),
        (Environment("own", "http://api.klarna.com"), "only https is accepted"),
    ],
)
def test_an_environment_that_could_leak_credentials_is_refused(environment: str | Environment, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        find_environment(environment)


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://host.example/ordermanagement/v1", "https://host.example"),
        ("https://host.example/ordermanagement/v1/", "https://host.example"),
        ("https://host.example/ordermanagement", "https://host.example"),
        ("https://host.example/OrderManagement/V1/orders/", "https://host.example"),
        ("https://host.example/ordermanagement/v1/orders/1/acknowledge", "https://host.example"),
        ("https://host.example:8443/shop/klarna//ordermanagement//v1//", "https://host.example:8443/shop/klarna"),
        ("https://host.example/%6frdermanagement/v1", "https://host.example"),
        ("https://API.klarna.com:443/ordermanagement/v1", "https://api.klarna.com"),
        ("http://[::1]:8420/ordermanagement/v1", "http://[::1]:8420"),
    ],
)
@pytest.mark.parametrize("own", [False, True], ids=["URL", "Environment"])
def test_a_path_that_would_be_doubled_is_refused_with_the_right_value(url: str, right: str, own: bool) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_environment(Environment("own", url) if own else url)

    assert str(caught.value).endswith(f"must end before /ordermanagement, which is added to it: use {right}")


@pytest.mark.parametrize(
    "url", ["https://host/klarna", "https://host/ordermanagement/klarna", "https://host/my-ordermanagement"]
)
def test_the_path_of_a_reverse_proxy_is_kept(url: str) -> None:
    assert find_environment(f"{url}/").base_url == url


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.playground.kustom.co", "kustom-playground"),
        ("https://api.playground.kustom.co/", "kustom-playground"),
        ("HTTPS://API.Playground.KUSTOM.co:443//", "kustom-playground"),
        ("https://api.kustom.co.", "kustom"),
        ("https://api.klarna.com", "eu"),
        ("https://api-oc.playground.klarna.com:443", "oc-playground"),
    ],
)
def test_a_known_host_given_as_a_url_is_its_environment(url: str, name: str) -> None:
    assert find_environment(url) is ENVIRONMENTS[name]


@pytest.mark.parametrize("path", ["/v1/orders", "/prefix"])
def test_klarnas_own_hosts_have_no_path(path: str) -> None:
    with pytest.raises(ConfigurationError, match=r"has no path: use https://api.playground.kustom.co, or its name"):
        find_environment(f"https://api.playground.kustom.co{path}")


def test_a_custom_environment_is_written_as_its_url_is_read() -> None:
    own = Environment("own", "HTTPS://Gateway.Example:443/x/", limit=20, is_kustom=True)

    assert find_environment(own) == Environment("own", "https://gateway.example/x", limit=20, is_kustom=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@api.klarna.com",
        "https://user:hunter2",
        "https://us?er:hunter2@api.klarna.com",
        "https:/user:hunter2@host",
        "https//user:hunter2@host",
        "https:user:hunter2@host",
        "user:hunter2@host",
        " user:hunter2@host",
        "https:/user:hunter2%40host",
        "user:hunter2%40host",
        "hunter2",
        "https://user:hunter2@host/ordermanagement/v1 ",
        "https://user:hunter2\\host",
    ],
)
def test_credentials_in_a_base_url_are_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_environment(url)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value", ["eu-playground", " eu-playground\n", "\ufeffeu-playground", " https://api.playground.klarna.com/\n"]
)
def test_the_environment_variable_names_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", value)
    monkeypatch.setenv("KLARNA_OM_API_KEY", "k")

    assert KlarnaClient().environment is ENVIRONMENTS["eu-playground"]


def test_there_is_no_default_since_money_may_be_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KLARNA_OM_ENVIRONMENT", raising=False)
    with pytest.raises(ConfigurationError, match="no environment: pass environment= or set KLARNA_OM_ENVIRONMENT"):
        find_environment()


def test_a_custom_environment_is_used_as_it_is() -> None:
    own = Environment("own", "https://gateway.example", limit=20, is_kustom=True)

    assert find_environment(own) is own
