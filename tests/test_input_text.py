"""Settings as people paste them: an accident is cut, and what cannot be meant is named, never sent, never shown."""

import base64

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConfigurationError
from klarna_om.settings.credentials import Credentials

AROUND = [" {}", "{} ", "{}\n", "{}\r\n", "\t{}\v\f", "\ufeff{}", "\u00ef\u00bb\u00bf{}", " \ufeff {}\ufeff\n"]

FLAWS = [
    ('"{}"', "begins with a quote"),
    ("'{}", "begins with a quote"),
    ("\u201c{}\u201d", "begins with a quote"),
    ("{}`", "ends with a quote"),
    ("{}\u00bb", "ends with a quote"),
    ("{}\\n", r"ends with a line end that is written out \(\\n\)"),
    ("{}\\r", r"ends with a line end that is written out \(\\r\)"),
    ("KLARNA_OM_PASSWORD={}", "begins with the name of a variable"),
    ("{}\u00a0", r"contains a NO-BREAK SPACE \(U\+00A0\)"),
    ("\u3000{}", r"contains a IDEOGRAPHIC SPACE \(U\+3000\)"),
    ("a\u200b{}", r"contains a ZERO WIDTH SPACE \(U\+200B\)"),
    ("a\ufeff{}", r"contains a ZERO WIDTH NO-BREAK SPACE \(U\+FEFF\)"),
    ("a\n{}", r"contains a control character \(U\+000A\)"),
    ("{}\0", r"contains a control character \(U\+0000\)"),
    ("a\x7f{}", r"contains a control character \(U\+007F\)"),
    ("a\ufffd{}", r"contains a REPLACEMENT CHARACTER \(U\+FFFD\)"),
    ("a\u2028{}", r"contains a LINE SEPARATOR \(U\+2028\)"),
    ("a\u2029{}", r"contains a PARAGRAPH SEPARATOR \(U\+2029\)"),
    ("a\udcff{}", "is not valid UTF-8"),
]

NAMES = {"username": "the username", "password": "the password", "api_key": "the API key"}
VARIABLES = {
    "username": "KLARNA_OM_USERNAME",
    "password": "KLARNA_OM_PASSWORD",
    "api_key": "KLARNA_OM_API_KEY",
}


def arguments(name: str, value: str) -> dict[str, str]:
    return {"api_key": value} if name == "api_key" else {"username": "user", "password": "secret", name: value}


def set_variables(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, variable in VARIABLES.items():
        if name in values:
            monkeypatch.setenv(variable, values[name])
        else:
            monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("around", AROUND)
def test_what_surrounds_a_credential_is_cut(around: str) -> None:
    pair = Credentials.password(around.format("us er"), around.format("s3 cret"))
    key = Credentials.api_key(around.format("klarna_test_api_x"))

    assert base64.b64decode(pair.authorization.removeprefix("Basic ")) == b"us er:s3 cret"
    assert str.__str__(key.authorization) == "Basic klarna_test_api_x"


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("name", NAMES)
def test_what_surrounds_a_variable_is_cut(monkeypatch: pytest.MonkeyPatch, name: str, around: str) -> None:
    values = arguments(name, "canary")
    set_variables(monkeypatch, {**values, name: around.format("canary")})

    found = Credentials.from_environment()

    assert found == (Credentials.api_key(key="canary") if name == "api_key" else Credentials.password(**values))


@pytest.mark.parametrize(("flawed", "message"), FLAWS)
@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_meant_is_named_and_not_shown(name: str, flawed: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{NAMES[name]} {message}") as caught:
        KlarnaClient("eu", **arguments(name, flawed.format("canary")))  # type: ignore[arg-type]

    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(("flawed", "message"), [row for row in FLAWS if "\0" not in row[0]])
@pytest.mark.parametrize("name", NAMES)
def test_in_a_variable_it_is_named_by_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, flawed: str, message: str
) -> None:
    set_variables(monkeypatch, arguments(name, flawed.format("canary")))

    with pytest.raises(ConfigurationError, match=f"^{VARIABLES[name]} {message}") as caught:
        KlarnaClient("eu")

    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_of_blanks_alone_is_empty(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    set_variables(monkeypatch, arguments(name, " \n"))

    with pytest.raises(ConfigurationError, match=f"{VARIABLES[name]} is empty"):
        KlarnaClient("eu")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("value", "kind"), [(b"canary", "bytes"), (7, "int"), (["canary"], "list")])
def test_a_credential_that_is_no_string_is_refused(name: str, value: object, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{NAMES[name]} must be a string, not {kind}"):
        KlarnaClient("eu", **{**arguments(name, ""), name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("password", ["s3cret", "p:ü", "in 'side", "emoji \U0001f600", "back\\nslash"])
def test_unusual_passwords_are_sent_as_they_are(password: str) -> None:
    sent = Credentials.password("K1_å", password).authorization.removeprefix("Basic ")

    assert base64.b64decode(sent).decode() == f"K1_å:{password}"
