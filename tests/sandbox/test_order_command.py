"""`klarna-om sandbox order`: an order for a sandbox that runs."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from klarna_om.cli.sandbox import command
from klarna_om.sandbox import Sandbox


@pytest.fixture
def running() -> Iterator[Sandbox]:
    with Sandbox(password="another") as sandbox:
        yield sandbox


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["order", *arguments])


def test_it_adds_an_order_and_prints_its_id(running: Sandbox) -> None:
    result = run("--at", running.url, "order_amount=12000", "merchant_reference1=17", "status=CLOSED")

    assert (result.exit_code, result.output.strip()) == (0, next(running.order_ids))
    order = running.get(result.output.strip())
    assert (order.order_amount, order.merchant_reference1, order.status) == (12_000, "17", "CLOSED")


def test_a_value_may_be_any_json(running: Sandbox) -> None:
    line = '{"name": "x", "quantity": 1, "unit_price": 7, "total_amount": 7}'

    result = run("--at", f"sandbox+{running.url}", f"order_lines=[{line}]")

    assert running.get(result.output.strip()).order_amount == 7


def test_what_is_no_json_is_a_string(running: Sandbox) -> None:
    result = run("--at", running.url, "push_url=http://127.0.0.1:1/push?id={checkout.order.id}")

    assert result.exit_code == 0


def test_a_proxy_of_the_environment_is_not_used(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert run("--at", running.url).exit_code == 0


def test_a_refusal_is_an_error_with_the_reason(running: Sandbox) -> None:
    result = run("--at", running.url, "amount=12")

    assert result.exit_code == 1
    assert "the sandbox says 400: an order has no field amount; did you mean order_amount?" in result.output


def test_without_a_sandbox_it_is_an_error_with_the_way_out() -> None:
    with Sandbox() as sandbox:
        pass

    result = run("--at", sandbox.url)

    assert result.exit_code == 1
    assert "no sandbox answers at" in result.output
    assert "is `klarna-om sandbox` running?" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["order_amount"], "not of the form FIELD=VALUE"),
        (["--at", "eu"], "--at: eu is no sandbox on this machine"),
        (["--at", "https://sandbox.example"], "is no sandbox on this machine; another one is sandbox+URL"),
        (["--at", "http://klarna:8420"], "--at: http://klarna: only https is accepted"),
        (["--at", "sandbox+https://api.klarna.com"], "is no sandbox"),
    ],
)
def test_a_wrong_argument_is_a_usage_error(arguments: list[str], message: str) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "0.0.0.0 can be reached from other machines"),
        (["--push-url", "http://127.0.0.1/push"], "no place for the order's id"),
        (["--notification-url", "http://shop.example/"], "shop.example is another machine"),
    ],
)
def test_a_sandbox_that_is_not_safe_is_a_usage_error(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(command, arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
