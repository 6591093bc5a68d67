from typing import Any
from uuid import UUID

import pytest

from klarna_om.sandbox.seeds import Seeds, is_uuid
from tests.sandbox.books import NOON


def documents(seed: int = 1, count: int = 300) -> list[dict[str, Any]]:
    seeds = Seeds(seed, count, NOON)
    return [seeds.document(number) for number in range(count)]


def test_the_same_seed_gives_the_same_orders() -> None:
    assert documents() == documents()
    assert documents() != documents(seed=2)


def test_ids_are_uuids_and_all_different() -> None:
    ids = list(Seeds(1, 10_000, NOON))

    assert len(set(ids)) == 10_000
    assert all(str(UUID(each)) == each and UUID(each).version == 4 for each in ids[:100])


def test_an_id_tells_which_order_it_is_and_others_tell_nothing() -> None:
    seeds = Seeds(1, 1_000_000, NOON)

    assert seeds.number(seeds.order_id(999_999)) == 999_999
    assert seeds.number(seeds.order_id(1_000_000)) is None
    assert seeds.number(Seeds(2, 1_000_000, NOON).order_id(5)) is None
    assert seeds.number(seeds.order_id(5).replace("4", "5", 1)) is None


def test_a_million_orders_are_made_only_when_they_are_touched() -> None:
    seeds = Seeds(1, 10**12, NOON)

    assert next(iter(seeds)) == seeds.order_id(0)


def test_an_order_with_fewer_orders_around_it_is_the_same_order() -> None:
    assert documents(count=5) == documents(count=300)[:5]


def test_amounts_add_up_and_tax_follows_its_rate() -> None:
    for order in documents():
        lines = order["order_lines"]
        assert order["order_amount"] == sum(each["total_amount"] for each in lines)
        for each in lines:
            assert each["total_amount"] == each["quantity"] * each["unit_price"]
            tax = each["total_amount"] - each["total_amount"] * 10_000 / (10_000 + each["tax_rate"])
            assert each["total_tax_amount"] == pytest.approx(tax, abs=0.51)


def test_american_orders_have_a_line_of_sales_tax_and_no_others_do() -> None:
    for order in documents():
        is_american = order["purchase_country"] == "US"
        assert is_american == any(each["type"] == "sales_tax" for each in order["order_lines"])
        assert is_american == all(each["tax_rate"] == 0 for each in order["order_lines"])


def test_there_is_some_of_everything() -> None:
    orders = documents()

    assert len({order["purchase_country"] for order in orders}) == 6
    assert len({order["initial_payment_method"]["type"] for order in orders}) == 6
    assert {len(order["order_lines"]) for order in orders} == {2, 3, 4, 5}


def test_orders_were_bought_in_the_day_before_the_start() -> None:
    created = {order["created_at"] for order in documents()}

    assert min(created) > "2023-11-14T12:00"
    assert max(created) <= "2023-11-15T12:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("1dab0505-d1d5-1041-ac57-5ffda5af139c", True),
        ("1DAB0505-D1D5-1041-AC57-5FFDA5AF139C", True),
        ("1dab0505d1d51041ac575ffda5af139c", False),
        ("{1dab0505-d1d5-1041-ac57-5ffda5af139c}", False),
        ("1dab0505-d1d5-1041-ac57-5ffda5af139c\n", False),
        ("", False),
    ],
)
def test_an_order_id_has_a_uuids_shape(text: str, is_one: bool) -> None:
    assert is_uuid(text) == is_one
