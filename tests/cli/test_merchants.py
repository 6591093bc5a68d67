"""Credentials by name, from a file and from the environment."""

import re
from pathlib import Path

import pytest

from klarna_om import ConfigurationError, KlarnaClient
from klarna_om.cli.merchants import find_merchant, merchants_file

FILE = """
[shop-se]
environment = "eu"
username = "K1_se"
password = "secret-se"

[shop-no]
environment = "eu-playground"
api_key = "klarna_test_api_no"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "merchants.toml"
    path.write_text(FILE)
    path.chmod(0o600)
    monkeypatch.setenv("KLARNA_OM_MERCHANTS", str(path))
    return path


def test_a_merchant_of_the_file_has_its_own_credentials(file: Path) -> None:
    assert find_merchant("shop-se") == {"environment": "eu", "username": "K1_se", "password": "secret-se"}
    assert find_merchant("shop-no") == {"environment": "eu-playground", "api_key": "klarna_test_api_no"}
    assert KlarnaClient(**find_merchant("shop-se")).environment.name == "eu"


def test_variables_go_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLARNA_OM_SHOP_SE_PASSWORD", "rotated")

    assert find_merchant("shop-se")["password"] == "rotated"


def test_variables_alone_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLARNA_OM_MERCHANTS", str(tmp_path / "none.toml"))
    monkeypatch.setenv("KLARNA_OM_SHOP_DK_ENVIRONMENT", "eu")
    monkeypatch.setenv("KLARNA_OM_SHOP_DK_API_KEY", "klarna_live_api_dk")

    assert find_merchant("shop-dk") == {"environment": "eu", "api_key": "klarna_live_api_dk"}


def test_the_file_is_in_the_users_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KLARNA_OM_MERCHANTS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert merchants_file().parts[-2:] == ("klarna-om", "merchants.toml")


def test_secrets_are_not_shown(file: Path) -> None:
    assert "secret-se" not in repr(find_merchant("shop-se"))


def test_an_unknown_merchant_is_told_what_to_write_where(file: Path) -> None:
    advice = f"to {file}; it has shop-no, shop-se, or set KLARNA_OM_SHOP_DK_USERNAME and KLARNA_OM_SHOP_DK_PASSWORD"
    with pytest.raises(ConfigurationError, match=re.escape(advice)):
        find_merchant("shop-dk")
    with pytest.raises(ConfigurationError, match="a name has letters, digits, - and _ only"):
        find_merchant("shop se")


def test_without_a_file_it_is_named_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLARNA_OM_MERCHANTS", str(tmp_path / "none.toml"))

    with pytest.raises(ConfigurationError, match=r"to .*none.toml, or set"):
        find_merchant("shop-dk")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[shop-se", "cannot be read: "),
        ('username = "K1"', "username is outside a table"),
        ('[shop-se]\nuser = "K1"', "has user; it may have environment, username, password, api_key"),
        ("[shop-se]\npassword = 7", "password must be a string, in quotes"),
        ('[shop-se]\nusername = "K1"\npassword = "p"', "has no environment"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(file: Path, text: str, problem: str) -> None:
    file.write_text(text)

    with pytest.raises(ConfigurationError, match=re.escape(problem)):
        find_merchant("shop-se")


def test_a_file_that_others_can_read_is_refused(file: Path) -> None:
    file.chmod(0o640)

    with pytest.raises(ConfigurationError, match="other users can read it: chmod 600"):
        find_merchant("shop-se")
