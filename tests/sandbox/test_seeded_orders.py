from typing import Any
from uuid import UUID

import pytest

from klarna_om.sandbox.seeded_orders import SeededOrders
from tests.sandbox.ledger_driver import NOON


def documents(seed: int = 1, count: int = 300) -> list[dict[str, Any]]:
    orders = SeededOrders(seed, count, NOON)
    return [orders.purchase(number) for number in range(count)]


def test_the_same_seed_gives_the_same_orders() -> None:
    first, second, other = documents(), documents(), documents(seed=2)

    assert first == second
    assert first != other


def test_ids_are_uuids_and_all_different() -> None:
    ids = list(SeededOrders(1, 10_000, NOON))

    assert len(set(ids)) == 10_000
    assert all(str(UUID(each)) == each and UUID(each).version == 4 for each in ids[:100])


def test_the_number_of_an_order_is_found_by_its_id_only() -> None:
    orders = SeededOrders(1, 1_000_000, NOON)

    assert orders.number(orders.order_id(999_999)) == 999_999
    assert orders.number(orders.order_id(1_000_000)) is None
    assert orders.number(SeededOrders(2, 1_000_000, NOON).order_id(5)) is None
    assert orders.number(orders.order_id(5).replace("4", "5", 1)) is None


def test_orders_are_derived_only_when_they_are_used() -> None:
    orders = SeededOrders(1, 10**12, NOON)

    assert next(iter(orders)) == orders.order_id(0)


def test_an_order_does_not_depend_on_the_number_of_orders() -> None:
    few, many = documents(count=5), documents(count=300)

    assert few == many[:5]


def test_amounts_add_up_and_tax_follows_its_rate() -> None:
    for order in documents():
        lines = order["order_lines"]
        assert order["order_amount"] == sum(each["total_amount"] for each in lines)
        for each in lines:
            assert each["total_amount"] == each["quantity"] * each["unit_price"]
            tax = each["total_amount"] - each["total_amount"] * 10_000 / (10_000 + each["tax_rate"])
            assert each["total_tax_amount"] == pytest.approx(tax, abs=0.51)


def test_only_american_orders_have_a_sales_tax_line() -> None:
    for order in documents():
        is_american = order["purchase_country"] == "US"
        assert is_american == any(each["type"] == "sales_tax" for each in order["order_lines"])
        assert is_american == all(each["tax_rate"] == 0 for each in order["order_lines"])


def test_orders_cover_every_market_and_payment_method() -> None:
    orders = documents()

    assert len({order["purchase_country"] for order in orders}) == 6
    assert len({order["initial_payment_method"]["type"] for order in orders}) == 6
    assert {len(order["order_lines"]) for order in orders} == {2, 3, 4, 5}


def test_orders_were_purchased_in_the_day_before_the_start() -> None:
    created = {order["created_at"] for order in documents()}

    assert min(created) > "2023-11-14T12:00"
    assert max(created) <= "2023-11-15T12:00:00.000Z"
