"""`klarna-om order cancel`, `release`, `extend` and `shipping`."""

import json

import pytest

from klarna_om import Retry
from klarna_om.cli import order_extend
from klarna_om.cli.plan import Target
from klarna_om.keys import Key
from klarna_om.sandbox import Sandbox
from klarna_om.types import Order
from klarna_om.workflows.send_write import Write
from tests.cli.conftest import OrderCommand


@pytest.fixture
def order(klarna_sandbox: Sandbox) -> Order:
    return klarna_sandbox.order(order_amount=1250, purchase_currency="EUR")


@pytest.fixture
def captured_order(klarna_sandbox: Sandbox, order_command: OrderCommand) -> Order:
    order = klarna_sandbox.order(order_amount=1250, purchase_currency="EUR")
    order_command("capture", order, "7.00", "--reference", "first", "--yes")
    return klarna_sandbox.get(order.order_id or "")


def test_an_order_is_cancelled_once_and_a_repeat_says_so(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    first, second = (order_command("cancel", order, "--yes") for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == f"Cancelled all 12.50 EUR of order {order.order_id}\n"
    assert second.stdout == f"Nothing was sent, as Klarna shows: cancelled all of order {order.order_id}\n"
    assert klarna_sandbox.effects(order.order_id, "orders.cancel") == 1


def test_a_cancel_that_klarna_refuses_shows_what_to_do_instead(
    order_command: OrderCommand, captured_order: Order
) -> None:
    result = order_command("cancel", captured_order, "--yes", "--json")

    facts = json.loads(result.stdout)
    assert result.exit_code == facts["exit_code"] == 1
    assert (facts["outcome"], facts["error"]["error_code"]) == ("refused", "CANCEL_NOT_ALLOWED")
    assert "the order shows: a part of the order is captured; release the rest instead (klarna-om order release)" in (
        result.stderr
    )


def test_the_rest_of_an_order_is_released_once_and_a_repeat_says_so(
    order_command: OrderCommand, klarna_sandbox: Sandbox, captured_order: Order
) -> None:
    first, second = (order_command("release", captured_order, "--yes") for _ in range(2))

    assert first.stdout == f"Released 5.50 EUR of order {captured_order.order_id}\n"
    assert second.stdout.startswith("Nothing was sent, as Klarna shows: nothing is left to release of order")
    assert klarna_sandbox.effects(captured_order.order_id, "orders.release_remaining_authorization") == 1


def test_a_release_without_captures_names_the_command_to_use(order_command: OrderCommand, order: Order) -> None:
    result = order_command("release", order, "--yes")

    assert result.exit_code == 1
    assert "nothing of the order is captured; cancel it (klarna-om order cancel)" in result.stderr


@pytest.mark.parametrize("name", ["cancel", "release"])
def test_an_end_whose_answer_is_lost_is_found_by_reading(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order, captured_order: Order, name: str
) -> None:
    operation = {"cancel": "orders.cancel", "release": "orders.release_remaining_authorization"}[name]
    klarna_sandbox.fail_next(20, fault="error-after", operation=operation)

    result = order_command(name, order if name == "cancel" else captured_order, "--yes")

    assert result.exit_code == 0, result.stderr


def expires(sandbox: Sandbox, order: Order) -> str:
    return f"{sandbox.get(order.order_id or '').expires_at:%Y-%m-%d %H:%M} UTC"


def test_an_authorization_is_extended_and_its_new_end_is_shown(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    klarna_sandbox.clock.advance(days=5)

    result = order_command("extend", order)

    extended = expires(klarna_sandbox, order)
    assert result.exit_code == 0
    assert result.stdout == f"Extended the authorization of order {order.order_id}; it expires {extended}\n"


def test_an_extension_whose_answer_is_lost_is_found_by_its_date(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    klarna_sandbox.clock.advance(days=5)
    klarna_sandbox.fail_next(20, fault="error-after", operation="orders.extend_authorization_time")

    result = order_command("extend", order)

    assert result.exit_code == 0
    assert f"it expires {expires(klarna_sandbox, order)}" in result.stdout


def test_an_extension_that_nobody_sees_is_unknown(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    klarna_sandbox.clock.advance(days=5)
    klarna_sandbox.fail_next(20, fault="error-before", operation="orders.extend_authorization_time")

    result = order_command("extend", order, "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["outcome"] == "unknown"
    assert "UNKNOWN whether this happened: extend the authorization of order" in result.stderr


async def test_an_extension_stays_done_where_its_date_cannot_be_read(klarna_sandbox: Sandbox, order: Order) -> None:
    klarna_sandbox.fail_next(1, status=503, operation="orders.get")
    write = Write(operation=order_extend.OPERATION, order_id=order.order_id or "", key=Key("a-key"))
    plan = order_extend.make_plan(Target(order=order, order_id=write.order_id, is_kustom=False))

    effect = await plan.send(klarna_sandbox.client(retry=Retry.off()), write)

    assert effect.note.startswith("until when could not be read: ")
    assert klarna_sandbox.effects(order.order_id, order_extend.OPERATION) == 1


def test_a_refused_extension_shows_klarnas_answer(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    order_command("cancel", order, "--yes")

    result = order_command("extend", order)

    assert result.exit_code == 1
    assert "403 NOT_ALLOWED" in result.stderr
    assert "the order shows: the order is cancelled" in result.stderr


PARCEL = ["--company", "dhl", "--tracking-number", "0034043"]


def test_a_parcel_is_added_once_and_a_repeat_says_so(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    options = ["--method", "Home", "--tracking-uri", "https://dhl.example/0034043", "--return-company", "ups"]

    first, second = (order_command("shipping", order, *PARCEL, *options) for _ in range(2))

    (parcel,) = klarna_sandbox.get(order.order_id or "").shipping_info
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.startswith('Added "shipped with dhl method Home tracking number 0034043 at https://dhl.example')
    assert second.stdout.startswith('Nothing was sent, as Klarna shows: added "shipped with dhl')
    assert (parcel.tracking_number, parcel.return_shipping_company) == ("0034043", "ups")


def test_a_parcel_is_added_to_a_capture(
    order_command: OrderCommand, klarna_sandbox: Sandbox, captured_order: Order
) -> None:
    capture_id = captured_order.captures[0].capture_id or ""

    results = [order_command("shipping", captured_order, *PARCEL, "--capture", capture_id) for _ in range(2)]

    (capture,) = klarna_sandbox.get(captured_order.order_id or "").captures
    assert [result.exit_code for result in results] == [0, 0]
    assert f"to the capture {capture_id} of order" in results[0].stdout
    assert [each.tracking_number for each in capture.shipping_info] == ["0034043"]


def test_a_parcel_whose_answer_is_lost_is_sent_again_under_the_same_key(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    klarna_sandbox.fail_next(4, fault="error-before", operation="orders.add_shipping_info")
    lost = order_command("shipping", order, *PARCEL)

    again = order_command("shipping", order, *PARCEL)

    keys = {each.key for each in klarna_sandbox.requests if each.operation == "orders.add_shipping_info"}
    assert (lost.exit_code, again.exit_code) == (1, 0)
    assert "UNKNOWN whether this happened" in lost.stderr
    assert len(keys) == 1
    assert len(klarna_sandbox.get(order.order_id or "").shipping_info) == 1


def test_a_parcel_of_nothing_is_refused(order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order) -> None:
    result = order_command("shipping", order)

    assert result.exit_code == 2
    assert "say what was shipped: --company and --tracking-number" in result.stderr
    assert klarna_sandbox.request_count == 0


def test_a_parcel_that_klarna_would_refuse_is_not_sent(
    order_command: OrderCommand, klarna_sandbox: Sandbox, order: Order
) -> None:
    result = order_command("shipping", order, "--company", "x" * 101)

    assert result.exit_code == 1
    assert "nothing was sent" in result.stderr
    assert "shipping_company" in result.stderr
    assert klarna_sandbox.effects() == 0
