"""A derived key is the same for the same facts and another for any other."""

from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from klarna_om.keys import derive_key, random_key

some_text = st.text(min_size=1)


def test_a_key_never_changes_between_versions() -> None:
    assert derive_key("captures.create", "order-1", "shipment-1") == "a38e30c6-2843-5444-ad45-65937df64bf8"
    assert (
        derive_key("captures.create", "order-1", "shipment-1", generation=1) == "32e3df4f-7e29-58bb-8b71-ddf0814b75db"
    )


@given(st.tuples(some_text, some_text, some_text), st.tuples(some_text, some_text, some_text))
def test_other_facts_make_another_key(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assume((one[0], one[1].lower(), one[2]) != (other[0], other[1].lower(), other[2]))
    assert derive_key(*one) == derive_key(*one)
    assert derive_key(*one) != derive_key(*other)
    assert derive_key(*one) != derive_key(*one, generation=1)


def test_derived_keys_are_version_5_and_random_ones_version_4() -> None:
    assert UUID(derive_key("a", "b", "c")).version == 5
    assert UUID(random_key()).version == 4
    assert random_key() != random_key()


@pytest.mark.parametrize("facts", [("", "b", "c"), ("a", "", "c"), ("a", "b", "")])
def test_an_empty_fact_is_refused(facts: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        derive_key(*facts)


def test_a_number_is_no_reference_since_it_would_be_another_key_than_its_text() -> None:
    with pytest.raises(TypeError, match="reference must be a text"):
        derive_key("a", "b", 7)  # type: ignore[arg-type]


def test_the_case_of_an_order_id_makes_no_other_key() -> None:
    assert derive_key("a", "AB-1", "c") == derive_key("a", "ab-1", "c")


def test_generations_count_from_zero() -> None:
    with pytest.raises(ValueError, match="generation counts from 0"):
        derive_key("a", "b", "c", generation=-1)
