"""A secret goes on the wire and nowhere else."""

import base64
import logging
import pickle
import traceback

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError, KlarnaError
from klarna_om.settings.credentials import Credentials, Secret
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Broken, Cut, Step, Wire

CANARY = "canary-9f1c-secret"
CANARIES = (CANARY, base64.b64encode(f"user:{CANARY}".encode()).decode(), "Y2FuYXJ5LTlmMWMtc2VjcmV0")


def assert_clean(text: str) -> None:
    for canary in CANARIES:
        assert canary not in text


def locals_below_this_file(error: BaseException) -> str:
    """What a traceback with local variables shows, from the client down into aiohttp, causes included."""
    trace: traceback.TracebackException | None = traceback.TracebackException.from_exception(error, capture_locals=True)
    shown = []
    while trace is not None:
        shown += [frame.locals for frame in trace.stack if frame.filename != __file__]
        trace = trace.__cause__
    assert shown
    return repr(shown)


async def test_username_and_password_are_sent_as_basic_in_utf_8(make_client: MakeClient, server: Wire) -> None:
    await make_client(username="K1_å", password="p:ü").orders.acknowledge(ORDER_ID)

    sent = server.requests[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == "K1_å:p:ü"


async def test_an_api_key_is_sent_as_it_is(make_client: MakeClient, server: Wire) -> None:
    await make_client(username=None, password=None, api_key=" klarna_test_api_x1\n").orders.acknowledge(ORDER_ID)

    assert server.requests[0].headers["authorization"] == "Basic klarna_test_api_x1"


@pytest.mark.parametrize(
    "step",
    [
        Answer(403),
        Answer(200, {}, b"x"),
        Broken(Cut.RESET),
        Broken(Cut.HANG),
        Broken(Cut.MID_BODY, Answer(200, {}, b"xxxx")),
    ],
    ids=str,
)
@pytest.mark.parametrize("options", [{"password": CANARY}, {"username": None, "password": None, "api_key": CANARY}])
async def test_no_error_log_traceback_or_pickle_shows_the_secret(
    make_client: MakeClient, server: Wire, step: Step, options: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    klarna = make_client(attempt_timeout=0.1, **options)
    server.otherwise = step
    caplog.set_level(logging.DEBUG)

    with pytest.raises(KlarnaError) as caught:
        await klarna.orders.get(ORDER_ID)
    with pytest.raises(KlarnaError) as caught_write:
        await klarna.request("POST", "/x", idempotency_key="k\n")

    for error in (caught.value, caught_write.value):
        for text in (str(error), repr(error), error.explain(), locals_below_this_file(error), repr(vars(error))):
            assert_clean(text)
        assert_clean(pickle.dumps(error).decode("latin-1"))
    assert_clean(caplog.text)
    assert_clean(repr([vars(record) for record in caplog.records]))


@pytest.mark.parametrize(
    "options",
    [
        {"environment": "nowhere"},
        {"environment": f"https://user:{CANARY}@host"},
        {"environment": f"https:/user:{CANARY}@host"},
        {"in_flight": 0},
        {"attempt_timeout": -1},
        {"username": "a:b"},
        {"password": f'"{CANARY}"'},
        {"password": CANARY.encode()},
        {"username": CANARY, "password": None},
        {"pasword": CANARY},
        {"proxy": f"http://u:{CANARY}@host:port"},
        {"proxy": f"socks5://u:{CANARY}@host"},
    ],
)
def test_no_traceback_of_a_failed_construction_shows_the_secret(options: dict[str, object]) -> None:
    with pytest.raises((ConfigurationError, TypeError)) as caught:
        KlarnaClient(**{"environment": "eu", "username": "user", "password": CANARY, **options})  # type: ignore[arg-type]

    assert_clean(str(caught.value) + locals_below_this_file(caught.value))


def test_client_and_credentials_show_and_pickle_nothing() -> None:
    client = KlarnaClient("eu", username="user", password=CANARY)
    credentials = Credentials.password("user", CANARY)

    assert_clean(repr(client) + repr(credentials) + repr(vars(client)) + f"{credentials.authorization}")
    for value in (client, credentials, Secret(CANARY)):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(value)


@pytest.mark.parametrize(
    ("variables", "authorization"),
    [
        ({"KLARNA_OM_API_KEY": "k"}, "Basic k"),
        ({"KLARNA_OM_USERNAME": "u", "KLARNA_OM_PASSWORD": "p"}, "Basic dTpw"),
    ],
)
def test_credentials_are_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], authorization: str
) -> None:
    set_environment(monkeypatch, variables)

    assert str(Credentials.from_environment().authorization) == authorization


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "no credentials: pass username= and password= or api_key=, or set KLARNA_OM_USERNAME"),
        ({"KLARNA_OM_USERNAME": "u"}, "no password: KLARNA_OM_USERNAME is set, and KLARNA_OM_PASSWORD is not"),
        ({"KLARNA_OM_PASSWORD": "p"}, "no username: KLARNA_OM_PASSWORD is set, and KLARNA_OM_USERNAME is not"),
        ({"KLARNA_OM_API_KEY": "k", "KLARNA_OM_USERNAME": "u"}, "but not both"),
    ],
)
def test_missing_or_contradictory_variables_are_an_error(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], message: str
) -> None:
    set_environment(monkeypatch, variables)

    with pytest.raises(ConfigurationError, match=message):
        Credentials.from_environment()


@pytest.mark.parametrize(
    "variables",
    [
        {"KLARNA_OM_API_KEY": f"two words {CANARY}"},
        {"KLARNA_OM_PASSWORD": CANARY},
        {"KLARNA_OM_PASSWORD": f"{CANARY}\udcff", "KLARNA_OM_USERNAME": "u"},
    ],
)
def test_no_traceback_shows_what_the_environment_holds(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    set_environment(monkeypatch, variables)

    with pytest.raises(ConfigurationError) as caught:
        KlarnaClient("eu")

    assert_clean(str(caught.value) + locals_below_this_file(caught.value))


def set_environment(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name in ("KLARNA_OM_API_KEY", "KLARNA_OM_USERNAME", "KLARNA_OM_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("key", ["two words", "kä"])
def test_an_api_key_that_cannot_go_into_a_header_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="one word of printable ASCII"):
        Credentials.api_key(key)


def test_a_pair_that_basic_cannot_carry_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="the username must not contain a colon"):
        Credentials.password("a:b", "p")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"username": "u"}, "no password: username= is given, and password= is not"),
        ({"password": "p"}, "no username: password= is given, and username= is not"),
        ({"username": "u", "password": ""}, "the password is empty"),
        ({"username": "", "password": "p"}, "the username is empty"),
        ({"api_key": ""}, "the API key is empty"),
    ],
)
def test_half_of_a_pair_is_another_message_than_none(given: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        KlarnaClient("eu", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("extra", [{"username": "u"}, {"password": "p"}])
def test_a_key_and_a_pair_together_are_refused(extra: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="but not both"):
        KlarnaClient("eu", api_key="k", username=extra.get("username"), password=extra.get("password"))
