"""A merchant has one name in every process, and nothing of a password is in it."""

import subprocess
import sys

import pytest

from klarna_om import Credentials, Environment
from klarna_om.pace.merchant import merchant_of

EU, NA = Environment("eu", "https://eu"), Environment("na", "https://na")
NAME = """
from klarna_om import Credentials, Environment
from klarna_om.pace.merchant import merchant_of
print(merchant_of(Environment("eu", "https://eu"), Credentials.password("user", "secret")).name)
"""


def name_of(credentials: Credentials, environment: Environment = EU) -> str:
    return merchant_of(environment, credentials).name


def test_the_name_is_the_same_in_every_process() -> None:
    printed = subprocess.run([sys.executable, "-c", NAME], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == name_of(Credentials.password("user", "secret"))


@pytest.mark.parametrize(
    "other",
    [name_of(Credentials.password("other", "secret")), name_of(Credentials.password("user", "secret"), NA)],
)
def test_another_username_or_host_has_another_name(other: str) -> None:
    assert other != name_of(Credentials.password("user", "secret"))


def test_a_new_password_is_the_same_merchant() -> None:
    assert name_of(Credentials.password("user", "new")) == name_of(Credentials.password("user", "secret"))


def test_each_api_key_has_its_name() -> None:
    keys = [Credentials.api_key(key) for key in ("klarna_test_api_one", "klarna_test_api_two", "dGVzdA==")]

    assert len({name_of(key) for key in keys}) == 3


def test_the_limit_is_the_one_that_is_published() -> None:
    assert merchant_of(EU, Credentials.password("user", "secret")).limit == 200
