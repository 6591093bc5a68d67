"""`KlarnaClient(pace=...)` and `KLARNA_OM_PACE`."""

import sys

import pytest

from klarna_om import ConfigurationError, Pacer
from klarna_om.pace.find_pace import VARIABLE, find_pace
from klarna_om.pace.machine import MachinePace
from klarna_om.pace.postgres import PostgresPace
from klarna_om.pace.redis import RedisPace
from klarna_om.pace.shared import ProcessPace

WORDS = [
    ("shared", ProcessPace),
    (" machine\n", MachinePace),
    ("postgresql://user:secret@db/shop", PostgresPace),
    ("postgres://db", PostgresPace),
    ("redis://:secret@cache", RedisPace),
    ("rediss://cache", RedisPace),
    ("off", type(None)),
]


@pytest.mark.parametrize(("text", "kind"), WORDS)
async def test_a_text_names_a_pace_as_argument_or_variable(
    monkeypatch: pytest.MonkeyPatch, text: str, kind: type
) -> None:
    monkeypatch.setenv(VARIABLE, text)

    for found in (find_pace(text), find_pace(None)):
        assert type(found.chosen) is kind
        if found.opened is not None:
            assert found.opened is found.chosen
            await found.opened.aclose()


def test_without_argument_and_variable_a_process_shares_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")

    assert find_pace(None).chosen == ProcessPace()


def test_a_pace_is_taken_as_it_is_and_left_open() -> None:
    pacer = Pacer(200)

    assert find_pace(pacer).chosen is pacer
    assert find_pace(pacer).opened is None


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "machines")

    with pytest.raises(ConfigurationError, match=r"KLARNA_OM_PACE is 'shared', .*, not 'machines'"):
        find_pace(None)


@pytest.mark.parametrize("text", ["mysql://u:secret@db", "machine://u:secret@x", "off://secret"])
def test_a_wrong_url_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_pace(text)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("package", "extra"), [("psycopg", "postgres"), ("redis", "redis")])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, package: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ConfigurationError, match=rf"pip install 'klarna-om\[{extra}\]'"):
        find_pace({"postgres": "postgresql://db", "redis": "redis://db"}[extra])
