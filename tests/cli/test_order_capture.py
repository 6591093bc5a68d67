"""`klarna-om order capture` and `refund`: money moves once for a reference, and the outcome is never guessed."""

import json

import click
import pytest

from klarna_om.cli.exit_codes import ExitCode
from klarna_om.cli.once_plan import Once
from klarna_om.cli.plan import Plan, Target
from klarna_om.cli.write_result import end_failed
from klarna_om.errors import ConnectionFailed
from klarna_om.keys import derive_key
from klarna_om.money import remaining_to_capture
from klarna_om.outcome import Outcome
from klarna_om.sandbox import Sandbox
from klarna_om.types import CaptureObject, Order
from tests.cli.conftest import OrderCommand
from tests.support.calls import ORDER_ID


@pytest.fixture
def order(klarna_sandbox: Sandbox) -> Order:
    return klarna_sandbox.order(order_amount=1250, purchase_currency="EUR")


def captured(sandbox: Sandbox, order: Order) -> int | None:
    return sandbox.get(order.order_id or "").captured_amount


def refunded(sandbox: Sandbox, order: Order) -> int | None:
    return sandbox.get(order.order_id or "").refunded_amount


def test_an_amount_is_captured_and_shown_with_its_id(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    options = ["--description", "Parcel 7", "--shipment", "dhl:0034043", "--shipment", "ups:1Z:9"]

    result = order_command("capture", order, "7.00", "--reference", "shipment-7", "--yes", *options)

    (capture,) = klarna_sandbox.get(order.order_id or "").captures
    assert result.exit_code == 0
    assert result.stdout == f"Captured 7.00 EUR of order {order.order_id}, reference shipment-7; {capture.capture_id}\n"
    assert (capture.captured_amount, capture.reference, capture.description) == (700, "shipment-7", "Parcel 7")
    assert [(each.shipping_company, each.tracking_number) for each in capture.shipping_info] == [
        ("dhl", "0034043"),
        ("ups", "1Z:9"),
    ]


def test_the_key_is_that_of_capture_once(order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order) -> None:
    result = order_command("capture", order, "7.00", "--reference", "shipment-7", "--yes", "--json")

    keys = [each.key for each in klarna_sandbox.requests if each.operation == "captures.create"]
    assert keys == [derive_key("captures.create", order.order_id or "", "shipment-7")]
    assert json.loads(result.stdout)["idempotency_key"] == keys[0]


@pytest.mark.parametrize("name", ["capture", "refund"])
def test_the_same_command_typed_twice_happens_once_and_says_so(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order, name: str
) -> None:
    order_command("capture", order, "9.00", "--reference", "first", "--yes")
    arguments = [name, order, "2.50", "--reference", "A-1", "--yes"]

    first, second = order_command(*arguments), order_command(*arguments)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert second.stdout.startswith(f"Nothing was sent, as Klarna shows: {name[:6]}")
    assert second.stdout.split("; ")[1] == first.stdout.split("; ")[1]
    expected = {"capture": (1150, 0), "refund": (900, 250)}[name]
    assert (captured(klarna_sandbox, order), refunded(klarna_sandbox, order)) == expected


def test_all_captures_what_is_left_with_its_lines_and_once(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    results = [order_command("capture", order, "--all", "--reference", "A-1", "--yes") for _ in range(2)]

    (capture,) = klarna_sandbox.get(order.order_id or "").captures
    assert [result.exit_code for result in results] == [0, 0]
    assert results[1].stdout.startswith("Nothing was sent, as Klarna shows: captured 12.50 EUR")
    assert capture.captured_amount == sum(line.total_amount or 0 for line in capture.order_lines) == 1250


def test_all_of_an_order_captured_in_part_is_the_rest(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    order_command("capture", order, "7.00", "--reference", "A-1", "--yes")

    result = order_command("capture", order, "--all", "--reference", "A-2", "--yes")

    assert result.stdout.startswith("Captured 5.50 EUR of order")
    assert captured(klarna_sandbox, order) == 1250


def test_all_refunds_what_is_captured_and_not_refunded(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    order_command("capture", order, "9.00", "--reference", "A-1", "--yes")
    order_command("refund", order, "1.00", "--reference", "R-1", "--yes")

    result = order_command("refund", order, "--all", "--reference", "R-2", "--yes")

    assert result.stdout.startswith("Refunded 8.00 EUR of order")
    assert refunded(klarna_sandbox, order) == 900


@pytest.mark.parametrize(
    ("name", "reason"), [("capture", "the order is fully captured"), ("refund", "nothing is left to refund")]
)
def test_all_of_nothing_sends_nothing_and_shows_why(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order, name: str, reason: str
) -> None:
    order_command("capture", order, "--all", "--reference", "A-1", "--yes")
    order_command("refund", order, "--all", "--reference", "R-1", "--yes")
    before = klarna_sandbox.effects()

    result = order_command(name, order, "--all", "--reference", "other", "--yes", "--json")

    assert result.exit_code == 1
    assert "nothing was sent" in result.stderr
    assert reason in result.stderr
    assert json.loads(result.stdout)["outcome"] == "not_sent"
    assert klarna_sandbox.effects() == before


def test_an_amount_in_a_currency_without_decimals(order_command: OrderCommand, klarna_sandbox: Sandbox) -> None:
    order = klarna_sandbox.order(order_amount=1200, purchase_currency="JPY")

    result = order_command("capture", order, "1100", "--reference", "A-1", "--yes")

    assert result.stdout.startswith("Captured 1100 JPY of order")
    assert captured(klarna_sandbox, order) == 1100


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["12,50", "--reference", "A-1"], "write 12.50"),
        (["12", "--reference", "A-1"], "write 12.00, or 12 --minor"),
        (["12.500", "--reference", "A-1"], "EUR is written with 2"),
        (["--reference", "A-1"], "give an AMOUNT or --all, and not both"),
        (["12.50", "--all", "--reference", "A-1"], "give an AMOUNT or --all, and not both"),
        (["12.50"], "Missing option '--reference'"),
        (["12.50", "--reference", " A-1"], "has white space around it"),
        (["12.50", "--reference", "A-1", "--shipment", "dhl"], "such as dhl:0034043"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_written(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order, arguments: list[str], advice: str
) -> None:
    result = order_command("capture", order, *arguments, "--yes")

    assert result.exit_code == 2
    assert advice in result.stderr
    assert klarna_sandbox.effects() == 0


def test_without_a_terminal_and_without_yes_nothing_is_sent_at_all(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    results = [
        order_command("capture", order, "7.00", "--reference", "A-1"),
        order_command("refund", order, "7.00", "--reference", "A-1"),
        order_command("cancel", order),
        order_command("release", order),
    ]

    assert [result.exit_code for result in results] == [2] * 4
    assert all("nothing was sent: --yes answers the question" in result.stderr for result in results)
    assert klarna_sandbox.request_count == 0


def test_a_refusal_shows_klarnas_code_its_correlation_id_and_what_to_do(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    result = order_command("capture", order, "13.00", "--reference", "A-1", "--yes", "--json")

    facts = json.loads(result.stdout)
    assert result.exit_code == facts["exit_code"] == 1
    assert (facts["outcome"], facts["error"]["error_code"]) == ("refused", "CAPTURE_NOT_ALLOWED")
    assert "refused, and nothing changed at Klarna: capture 13.00 EUR of order" in result.stderr
    assert f"[{facts['error']['correlation_id']}]" in result.stderr
    assert "now: 12.50 EUR can still be captured, not 13.00 EUR; raise the authorization" in result.stderr
    assert captured(klarna_sandbox, order) == 0


def test_a_lost_answer_is_looked_up_and_the_capture_is_done(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    klarna_sandbox.fail_next(20, fault="error-after", operation="captures.create")

    result = order_command("capture", order, "7.00", "--reference", "A-1", "--yes", "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["outcome"] == "done"
    assert captured(klarna_sandbox, order) == 700


@pytest.mark.parametrize("fault", ["error-before", "error-after"])
def test_an_unknown_outcome_is_called_unknown_and_the_same_command_settles_it(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order, fault: str
) -> None:
    arguments = ["capture", order, "7.00", "--reference", "A-1", "--yes", "--json"]
    klarna_sandbox.fail_next(20, fault=fault, operation="captures.create")
    klarna_sandbox.fail_next(1, status=404, operation="captures.list")  # the first look finds nothing to read
    first = order_command(*arguments)
    klarna_sandbox.clear_failures()

    second = order_command(*arguments)

    assert first.exit_code == 1
    assert json.loads(first.stdout)["outcome"] == "unknown"
    assert "UNKNOWN whether this happened: capture 7.00 EUR of order" in first.stderr
    assert "Run the same command again to find out" in first.stderr
    assert second.exit_code == 0
    assert captured(klarna_sandbox, order) == 700
    assert klarna_sandbox.effects(order.order_id, "captures.create") == 1


def test_a_reference_that_has_another_amount_is_refused_in_the_currency(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    order_command("capture", order, "7.00", "--reference", "A-1", "--yes")

    result = order_command("capture", order, "5.00", "--reference", "A-1", "--yes")

    assert result.exit_code == 1
    assert "has the amount [7.00 EUR] at Klarna, not 5.00 EUR" in result.stderr
    assert captured(klarna_sandbox, order) == 700


def test_after_a_refusal_that_klarna_keeps_the_message_names_the_option(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    arguments = ["capture", order, "7.00", "--reference", "A-1", "--yes"]
    klarna_sandbox.fail_next(1, status=422, operation="captures.create")
    refused = order_command(*arguments)

    again = order_command(*arguments, "--generation", "1")

    assert refused.exit_code == 1
    assert "run it again with --generation 1" in refused.stderr
    assert again.exit_code == 0
    key = derive_key("captures.create", order.order_id or "", "A-1", generation=1)
    assert klarna_sandbox.requests[-2].key == key


def test_an_order_that_cannot_be_read_is_not_written(order_command: OrderCommand, klarna_sandbox: Sandbox) -> None:
    missing = Order(order_id="00000000-0000-4000-8000-000000000000")

    result = order_command("capture", missing, "7.00", "--reference", "A-1", "--yes", "--json")

    assert result.exit_code == 1
    assert "nothing was sent: " in result.stderr
    assert "404 NO_SUCH_ORDER" in result.stderr
    assert json.loads(result.stdout)["error"]["error_code"] == "NO_SUCH_ORDER"
    assert klarna_sandbox.effects() == 0


def test_wrong_credentials_have_exit_code_4(
    order_command: OrderCommand, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "wrong")

    assert order_command("capture", order, "7.00", "--reference", "A-1", "--yes").exit_code == 4


def test_a_missing_setting_has_exit_code_4(
    order_command: OrderCommand, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLARNA_OM_PASSWORD", "")

    result = order_command("capture", order, "7.00", "--reference", "A-1", "--yes")

    assert result.exit_code == 4
    assert "nothing was sent: no password: KLARNA_OM_USERNAME is set, and KLARNA_OM_PASSWORD is not" in result.stderr


def test_in_doubt_the_exit_code_is_1_also_where_the_last_attempt_did_not_connect() -> None:
    error = ConnectionFailed("refused")
    error.outcome = Outcome.UNKNOWN
    plan = Plan(
        target=Target(order=Order(), order_id=ORDER_ID, is_kustom=False),
        operation="captures.create",
        to_do="capture 7.00 EUR",
        done="captured 7.00 EUR",
    )

    with pytest.raises(SystemExit) as ended:
        end_failed(plan, error, as_json=False)

    assert ended.value.code == ExitCode.INCOMPLETE


def test_all_of_an_order_that_does_not_show_its_amounts_needs_an_amount() -> None:
    once = Once(
        operation="captures.create",
        verb="capture",
        done="captured",
        amount=None,
        is_all=True,
        minor=False,
        reference="A-1",
        generation=0,
        entries_of=lambda _: (),
        all_of=remaining_to_capture,
        content_of=lambda _, amount: CaptureObject(captured_amount=amount),
    )

    with pytest.raises(click.UsageError, match="remaining_authorized_amount is missing in the order; give an AMOUNT"):
        once.plan(Target(order=Order(), order_id=ORDER_ID, is_kustom=False))
