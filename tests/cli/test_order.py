"""`klarna-om order get`: an order as text and as JSON."""

import asyncio
import json

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from klarna_om import CaptureObject, KlarnaClient, RefundObject
from klarna_om.cli.amount_text import amount_text
from klarna_om.cli.group import group
from klarna_om.cli.order_text import print_order
from klarna_om.sandbox import Sandbox
from klarna_om.structuring import read
from klarna_om.types import Order, OrderLine, ShippingInfo, UpdateShippingInfo


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


LINE = OrderLine(reference="SKU-1", name="Socks", quantity=2, unit_price=250, total_amount=500, type="physical")
SHIPPING = OrderLine(name="[b]Shipping", quantity=1, unit_price=200, total_amount=200)


@pytest.mark.usefixtures("environment")
def test_a_capture_shows_its_reference_its_lines_and_its_shipments(klarna_sandbox: Sandbox) -> None:
    order = klarna_sandbox.order(order_amount=1000, purchase_currency="EUR")
    parcel = ShippingInfo(
        shipping_company="dhl",
        shipping_method="Home",
        tracking_number="0034043",
        tracking_uri="https://dhl.example/" + "9" * 100,
        return_shipping_company="ups",
    )
    capture = CaptureObject(
        captured_amount=700,
        reference="shipment-7",
        description="Parcel 1",
        order_lines=[LINE, SHIPPING],
        shipping_info=[parcel],
    )

    async def change(order_id: str) -> None:
        async with KlarnaClient() as klarna:
            await klarna.captures.create(order_id, capture)
            await klarna.refunds.create(order_id, RefundObject(refunded_amount=500, reference="R", order_lines=[LINE]))
            await klarna.orders.add_shipping_info(order_id, UpdateShippingInfo(shipping_info=[ShippingInfo()]))

    asyncio.run(change(order.order_id or ""))

    lines = run(order.order_id or "").output.splitlines()

    known = klarna_sandbox.get(order.order_id or "")
    start = next(number for number, line in enumerate(lines) if line.startswith("captured"))
    made, given = known.captures[0], known.refunds[0]
    assert lines[start:] == [
        f"captured 7.00 EUR on {made.captured_at:%Y-%m-%d %H:%M} UTC, reference shipment-7: {made.capture_id}",
        "    description: Parcel 1",
        "    2 x SKU-1 Socks: 5.00 EUR",
        "    1 x [b]Shipping: 2.00 EUR",
        "    lines in all: 7.00 EUR",
        "    refunded of it: 5.00 EUR",
        f"    shipped with dhl method Home tracking number 0034043 at https://dhl.example/{'9' * 100}",
        "    returns with ups",
        f"refunded 5.00 EUR on {given.refunded_at:%Y-%m-%d %H:%M} UTC, reference R: {given.refund_id}",
        "    2 x SKU-1 Socks: 5.00 EUR",
        "    lines in all: 5.00 EUR",
        "shipped",
    ]


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("currency", "shown"), [("EUR", "12.34 EUR"), ("JPY", "1234 JPY"), ("KWD", "1.234 KWD")])
def test_money_is_shown_as_its_currency_writes_it(klarna_sandbox: Sandbox, currency: str, shown: str) -> None:
    order = klarna_sandbox.order(order_amount=1234, purchase_currency=currency)

    output = run(order.order_id or "").output

    assert output.count(f" {shown} ") == 4  # ordered, remaining, unit price, total


def test_money_without_a_currency_is_in_minor_units() -> None:
    assert amount_text(1234, None) == "1234 minor units"
    assert amount_text(1234, "\x1b[2J") == "1234 minor units"


def test_an_order_of_which_klarna_leaves_out_almost_everything_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    order = {
        "order_id": "x",
        "original_order_amount": 900,
        "order_amount": 1000,
        "purchase_currency": "EUR",
        "order_lines": [{}],
        "captures": [{"order_lines": [{}]}],
        "refunds": [{"refunded_amount": 100}],
    }

    print_order(read(Order, json.dumps(order).encode()))

    output = capsys.readouterr().out
    assert "ordered at first │ 9.00 EUR" in output
    assert "captured unknown\n    : unknown\nrefunded 1.00 EUR\n" in output


@pytest.mark.usefixtures("environment")
def test_nothing_of_klarnas_reaches_the_terminal_as_a_command(klarna_sandbox: Sandbox) -> None:
    evil = "a\x1b]0;title\x07\x1b[2J\r\u202eb"
    order = klarna_sandbox.order(
        order_amount=1000,
        merchant_reference1=evil,
        order_lines=[evolve(LINE, name=evil, reference=evil, quantity=1, unit_price=1000, total_amount=1000)],
    )

    async def capture(order_id: str) -> None:
        parcel = ShippingInfo(shipping_company=evil, tracking_number=evil, tracking_uri=evil)
        lines = [evolve(LINE, name=evil)]
        async with KlarnaClient() as klarna:
            await klarna.captures.create(
                order_id,
                CaptureObject(
                    captured_amount=500, reference=evil, description=evil, order_lines=lines, shipping_info=[parcel]
                ),
            )
            await klarna.refunds.create(order_id, RefundObject(refunded_amount=500, reference=evil, description=evil))

    asyncio.run(capture(order.order_id or ""))

    output = run(order.order_id or "").output

    assert not set("\x1b\x07\r\u202e") & set(output)
    assert output.count(r"\x1b") >= 6


@pytest.mark.usefixtures("environment")
def test_names_and_addresses_are_shown_with_json_only(klarna_sandbox: Sandbox) -> None:
    order = klarna_sandbox.order(order_amount=5, billing_address={"given_name": "Sigismunda"})

    assert "Sigismunda" not in run(order.order_id or "").output
    assert "Sigismunda" in run(order.order_id or "", "--json").output


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
