"""No message at the command line names an argument of Python."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from klarna_om.cli.group import group
from klarna_om.cli.option_names import with_option_names
from klarna_om.errors import CertificateRejected
from tests.support.calls import ORDER_ID

COMMANDS = [["order", "get", ORDER_ID], ["acknowledge", "orders.csv"]]
PYTHON_ARGUMENT = re.compile(r"\b[a-z_]+=(?!\w*\.csv)")


@pytest.fixture(autouse=True)
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orders.csv").write_text(f"order_id\n{ORDER_ID}\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize(
    ("variables", "advice"),
    [
        ({}, "no environment: set KLARNA_OM_ENVIRONMENT to one of eu,"),
        ({"ENVIRONMENT": "https://me:pw@klarna.example"}, "set KLARNA_OM_USERNAME and KLARNA_OM_PASSWORD"),
        ({"ENVIRONMENT": "eu"}, "no credentials: set KLARNA_OM_USERNAME and KLARNA_OM_PASSWORD, or KLARNA_OM_API_KEY"),
        (
            {"ENVIRONMENT": "eu-playground", "API_KEY": "kustom_test_api_x"},
            "KLARNA_OM_ENVIRONMENT=kustom-playground",
        ),
    ],
    ids=["environment", "password-in-url", "credentials", "kustom"],
)
def test_a_wrong_setting_is_named_as_the_variable_that_sets_it(
    command: list[str], variables: dict[str, str], advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ENVIRONMENT", "USERNAME", "PASSWORD", "API_KEY"):
        monkeypatch.delenv(f"KLARNA_OM_{name}", raising=False)
        if name in variables:
            monkeypatch.setenv(f"KLARNA_OM_{name}", variables[name])

    result = CliRunner().invoke(group, command)

    assert result.exit_code == 4
    assert advice in result.stderr
    assert not PYTHON_ARGUMENT.search(result.stderr)


def test_the_advice_about_certificates_names_the_option() -> None:
    message = with_option_names(CertificateRejected("x").what_to_do())

    assert "pass its certificate authority with --ca FILE; else check the base URL" in message
    assert not PYTHON_ARGUMENT.search(message)
