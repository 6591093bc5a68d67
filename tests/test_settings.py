"""Settings are checked where they are given: in the constructor and in `with_options`, with what would be right."""

import math
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError
from klarna_om.hooks import Hooks
from klarna_om.pace.pacer import Pacer
from klarna_om.retry.budget import Budget
from klarna_om.retry.policy import Retry
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Wire

NO_NUMBERS = [True, False, math.nan, math.inf, -math.inf, "5", 0, -1, 10**400, Decimal(5), timedelta(seconds=5)]

WRONG_OPTIONS = [
    *(({"attempt_timeout": value}, "attempt_timeout: a time limit is a positive") for value in [*NO_NUMBERS, None]),
    *(({"total_timeout": value}, "total_timeout: a time limit is a positive number") for value in NO_NUMBERS),
    *(({"queue_timeout": value}, "queue_timeout: a time limit is a positive number") for value in NO_NUMBERS),
    *(({"share": value}, "share is a part of the rate limit") for value in [*NO_NUMBERS, None, 1.5]),
    ({"retry": Retry(total_timeout=math.nan)}, "retry.total_timeout: a time limit is a positive number"),
    ({"lane": "fast"}, "lane is 'live' or 'batch', not 'fast'"),
    ({"lane": None}, "lane is 'live' or 'batch', not None"),
    ({"validate": "lax"}, "validate is True, False or 'strict', not 'lax'"),
    ({"validate": 1}, "validate is True, False or 'strict', not 1"),
    ({"retry": None}, "retry is a Retry, such as Retry.off"),
    ({"retry": 3}, "retry is a Retry, such as Retry.off"),
]


async def awaited(_: object) -> None:
    pass


WRONG_SETTINGS = [
    *(
        ({"in_flight": value}, "in_flight is a number of requests, 1 or more")
        for value in [0, -1, 1.0, True, "8", None]
    ),
    *(({"rate": value}, "rate is a positive number of requests a second") for value in NO_NUMBERS),
    ({"pace": "of"}, "pace is 'shared', 'machine', 'off', the URL of a PostgreSQL or Redis, or a pace such as .* 'of'"),
    ({"pace": 5}, "or a pace such as Pacer\\(200\\), not 5"),
    ({"pace": "mysql://u:secret@db"}, "or a pace such as Pacer\\(200\\)$"),
    ({"pace": "off", "rate": 5}, "pass rate= or pace=, not both"),
    ({"pace": Pacer(5), "rate": 5}, "pass rate= or pace=, not both"),
    ({"budget": 100}, "budget is a Budget, not 100"),
    ({"budget": 0}, "budget is a Budget, not 0"),
    ({"middleware": print}, "middleware is a list of functions: put a single one in brackets"),
    ({"middleware": "log"}, "middleware is a list of functions"),
    ({"middleware": [print, None]}, "one in it cannot be called"),
    ({"attempt_middleware": print}, "attempt_middleware is a list of functions: put a single one in brackets"),
    ({"hooks": Hooks()}, "hooks is a list of klarna_om.Hooks"),
    ({"hooks": [print]}, "hooks is a list of klarna_om.Hooks"),
    ({"hooks": [Hooks(on_call=5)]}, "a hook is a plain function that is not awaited, not 5"),  # type: ignore[arg-type]
    ({"hooks": [Hooks(on_wait=awaited)]}, "a hook is a plain function that is not awaited"),
    ({"telemetry": object()}, "telemetry is an instrumentation, such as klarna_om.otel.OpenTelemetry"),
    ({"session": object()}, "session is an aiohttp.ClientSession, not object"),
    ({"session": aiohttp.ClientSession}, "session is an aiohttp.ClientSession, not type"),
    ({"trust_env": "yes"}, "trust_env is True or False, not 'yes'"),
    ({"trust_env": True, "proxy": "http://proxy"}, "pass proxy= or trust_env=, not both"),
    ({"user_agent_extra": 5}, "user_agent_extra is a string"),
    ({"sleep": 5}, "sleep is a function, not 5"),
    ({"wall_clock": 5.0}, "wall_clock is a function, not 5.0"),
]


def make(**settings: object) -> KlarnaClient:
    return KlarnaClient("eu", api_key="k", **settings)  # type: ignore[arg-type]


def by_name(value: dict[str, object] | str) -> str:
    """The id of a test: the settings' names, since an object's own text differs from run to run."""
    return value if isinstance(value, str) else ",".join(value)


@pytest.mark.parametrize(("settings", "message"), WRONG_OPTIONS + WRONG_SETTINGS, ids=by_name)
def test_a_value_that_makes_no_sense_is_refused_with_what_would(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make(**settings)


@pytest.mark.parametrize(("options", "message"), WRONG_OPTIONS, ids=by_name)
def test_with_options_refuses_the_same(options: dict[str, object], message: str) -> None:
    client = make()

    with pytest.raises(ConfigurationError, match=message):
        client.with_options(**options)  # type: ignore[arg-type]


def test_unusual_values_that_make_sense_are_taken() -> None:
    make(
        attempt_timeout=1,
        total_timeout=None,
        queue_timeout=0.5,
        share=1,
        validate=False,
        lane="batch",
        in_flight=1,
        rate=0.5,
        middleware=iter([print]),
        budget=Budget(1),
        retry=Retry(total_timeout=None),
    )
    make(pace=Pacer(5))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("attempt_timout", "did you mean 'attempt_timeout'"),
        ("timeout", "did you mean 'total_timeout'"),
        ("retries", "did you mean 'retry'"),
        ("proxies", "did you mean 'proxy'"),
        ("apikey", "did you mean 'api_key'"),
        ("xyz", "the options are retry, attempt_timeout, total_timeout"),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest_right_one(name: str, hint: str) -> None:
    with pytest.raises(TypeError, match=rf"^KlarnaClient\(\) got an unexpected keyword argument '{name}'; {hint}"):
        make(**{name: 1})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lanes", "got an unexpected keyword argument 'lanes'; did you mean 'lane'"),
        ("rate", "cannot change 'rate': it belongs to the whole client"),
        ("xyz", "got an unexpected keyword argument 'xyz'; the options are retry"),
    ],
)
def test_with_options_names_what_it_cannot_change(name: str, message: str) -> None:
    with pytest.raises(TypeError, match=rf"^with_options\(\) {message}"):
        make().with_options(**{name: 1})  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # newer aiohttp would rather not see `auth`
async def test_a_session_with_credentials_of_its_own_is_refused() -> None:
    async with aiohttp.ClientSession(auth=aiohttp.BasicAuth("other", "merchant")) as session:
        with pytest.raises(ConfigurationError, match="the session has its own auth=") as caught:
            make(session=session)

    assert "merchant" not in str(caught.value)


@pytest.fixture
def netrc_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "netrc"
    path.write_text("default login somebody password hunter2\n")
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    return path


async def test_with_trust_env_our_credentials_win_over_a_netrc(
    make_client: MakeClient, server: Wire, netrc_file: Path
) -> None:
    await make_client(trust_env=True).orders.acknowledge(ORDER_ID)

    assert server.requests[0].headers["authorization"] == "Basic dXNlcjpzZWNyZXQ="


async def test_a_session_that_would_take_a_password_from_a_netrc_is_refused(
    make_client: MakeClient, server: Wire, netrc_file: Path
) -> None:
    async with aiohttp.ClientSession(trust_env=True) as session:
        with pytest.raises(ConfigurationError, match="the netrc file has a password for 127.0.0.1") as caught:
            make_client(session=session)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["machine other.example login a password b\n", "this is no netrc\n", None], ids=repr
)
async def test_a_session_with_trust_env_is_used_where_no_netrc_answers(
    make_client: MakeClient, server: Wire, netrc_file: Path, content: str | None
) -> None:
    netrc_file.unlink()
    if content is not None:
        netrc_file.write_text(content)
        netrc_file.chmod(0o600)

    async with aiohttp.ClientSession(trust_env=True) as session:
        await make_client(session=session).orders.acknowledge(ORDER_ID)

    assert server.requests[0].headers["authorization"] == "Basic dXNlcjpzZWNyZXQ="


async def test_a_binary_netrc_is_ignored(make_client: MakeClient, netrc_file: Path) -> None:
    netrc_file.write_bytes(b"\xff\xfe")

    async with aiohttp.ClientSession(trust_env=True) as session:
        make_client(session=session)


async def test_the_netrc_of_the_home_directory_counts_too(
    make_client: MakeClient, server: Wire, netrc_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NETRC")
    monkeypatch.setenv("HOME", str(netrc_file.parent))
    netrc_file.rename(netrc_file.with_name(".netrc"))

    async with aiohttp.ClientSession(trust_env=True) as session:
        with pytest.raises(ConfigurationError, match="the netrc file has a password"):
            make_client(session=session)
