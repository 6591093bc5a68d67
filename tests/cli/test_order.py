"""`klarna-om order get`: an order as text and as JSON."""

import asyncio
import json

import pytest
from click.testing import CliRunner, Result

from klarna_om import CaptureObject, KlarnaClient, RefundObject
from klarna_om.cli.group import group
from klarna_om.sandbox import Sandbox


@pytest.fixture
def environment(klarna_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("KLARNA_OM_API_KEY", raising=False)
    monkeypatch.setenv("KLARNA_OM_ENVIRONMENT", klarna_sandbox.url)
    monkeypatch.setenv("KLARNA_OM_USERNAME", "sandbox")
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "sandbox")
    return monkeypatch


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["order", "get", *arguments])


@pytest.mark.usefixtures("environment")
def test_an_order_is_shown_as_text(klarna_sandbox: Sandbox) -> None:
    order = klarna_sandbox.order(order_amount=1000, merchant_reference1="A-17", purchase_currency="SEK")

    result = run(order.order_id or "")

    assert result.exit_code == 0, result.output
    for word in (order.order_id, "AUTHORIZED", "10.00 SEK", "A-17", "physical"):
        assert str(word) in result.output


@pytest.mark.usefixtures("environment")
def test_captures_and_refunds_are_shown(klarna_sandbox: Sandbox) -> None:
    order = klarna_sandbox.order(order_amount=1000, purchase_currency="EUR")
    assert order.order_id

    async def capture_and_refund(order_id: str) -> tuple[str, str]:
        async with KlarnaClient() as klarna:
            return (
                await klarna.captures.create(order_id, CaptureObject(captured_amount=700)),
                await klarna.refunds.create(order_id, RefundObject(refunded_amount=50)),
            )

    capture_id, refund_id = asyncio.run(capture_and_refund(order.order_id))

    result = CliRunner().invoke(group, ["order", "get", order.order_id], terminal_width=200)

    assert "captured 7.00 EUR" in result.output
    assert "refunded 0.50 EUR" in result.output
    assert capture_id in result.output.replace("\n", "")
    assert refund_id in result.output.replace("\n", "")


@pytest.mark.usefixtures("environment")
def test_square_brackets_of_a_shop_are_shown_as_they_are(klarna_sandbox: Sandbox) -> None:
    order = klarna_sandbox.order(order_amount=5, merchant_reference1="[red]A-17[/nonsense]")

    assert "[red]A-17[/nonsense]" in run(order.order_id or "").output


@pytest.mark.usefixtures("environment")
def test_an_order_without_lines_is_shown(klarna_sandbox: Sandbox) -> None:
    order = klarna_sandbox.order(order_amount=5, order_lines=[])

    assert run(order.order_id or "").exit_code == 0


@pytest.mark.usefixtures("environment")
def test_json_is_the_document_as_klarna_sent_it(klarna_sandbox: Sandbox) -> None:
    order = klarna_sandbox.order(order_amount=1000)

    assert json.loads(run(order.order_id or "", "--json").output)["order_id"] == order.order_id


@pytest.mark.usefixtures("environment")
def test_an_order_that_cannot_be_shown_is_not_exit_code_0(
    klarna_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = klarna_sandbox.order(order_amount=1000)
    monkeypatch.setattr("klarna_om.cli.order_get.output_failure", lambda: OSError(28, "No space left on device"))

    result = run(order.order_id or "", "--json")

    assert result.exit_code == 1
    assert "the order was read, and cannot be shown: No space left on device" in result.stderr


@pytest.mark.usefixtures("environment")
def test_an_unknown_order_is_refused_with_exit_code_1() -> None:
    result = run("00000000-0000-4000-8000-000000000000")

    assert result.exit_code == 1
    assert "404 NO_SUCH_ORDER" in result.output


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("KLARNA_OM_PASSWORD", "wrong", "401"),
        ("KLARNA_OM_ENVIRONMENT", "http://127.0.0.1:1", "cannot connect to 127.0.0.1:1"),
        ("KLARNA_OM_ENVIRONMENT", "mars", "unknown environment 'mars'"),
    ],
)
def test_what_cannot_be_sent_has_exit_code_4(
    environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    environment.setenv(name, value)
    monkeypatch.setattr("klarna_om.http.session.HttpSession.sleep", lambda *_: no_time())

    result = run("00000000-0000-4000-8000-000000000000")

    assert result.exit_code == 4
    assert message in result.output
    assert "Traceback" not in result.output


async def no_time() -> None:
    """A wait between attempts that takes none."""
