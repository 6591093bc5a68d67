"""A derived key is the same for the same facts and another for any other."""

import unicodedata
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from klarna_om.keys import Key, derive_key, random_key

some_text = st.text(min_size=1).filter(lambda text: text == text.strip().strip("\ufeff"))


def same_fact(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def test_a_key_never_changes_between_versions() -> None:
    assert derive_key("captures.create", "order-1", "shipment-1") == "a38e30c6-2843-5444-ad45-65937df64bf8"
    assert (
        derive_key("captures.create", "order-1", "shipment-1", generation=1) == "32e3df4f-7e29-58bb-8b71-ddf0814b75db"
    )


@given(st.tuples(some_text, some_text, some_text), st.tuples(some_text, some_text, some_text))
def test_other_facts_make_another_key(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    one, other = (tuple(map(same_fact, facts)) for facts in (one, other))  # type: ignore[assignment]
    assume((one[0], one[1].lower(), one[2]) != (other[0], other[1].lower(), other[2]))

    assert derive_key(*one) == derive_key(*one)
    assert derive_key(*one) != derive_key(*other)
    assert derive_key(*one) != derive_key(*one, generation=1)


@pytest.mark.parametrize("first_used", ["1700000000", True, float("nan"), float("inf"), datetime(2026, 1, 1)])
def test_the_first_use_of_a_key_is_a_time_in_seconds(first_used: Any) -> None:
    with pytest.raises(TypeError, match="seconds since the epoch"):
        Key("k", first_used=first_used)


def test_the_first_use_of_a_key_may_be_a_datetime() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)

    assert Key("k", first_used=moment).first_used == moment.timestamp()


def test_derived_keys_are_version_5_and_random_ones_version_4() -> None:
    assert UUID(derive_key("a", "b", "c")).version == 5
    assert UUID(random_key()).version == 4
    assert random_key() != random_key()


@pytest.mark.parametrize("facts", [("", "b", "c"), ("a", "", "c"), ("a", "b", "")])
def test_an_empty_fact_is_refused(facts: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        derive_key(*facts)


@pytest.mark.parametrize("value", [7, 7.0, b"7", None, ["7"]])
@pytest.mark.parametrize("name", ["operation", "order_id", "reference"])
def test_a_fact_that_is_no_string_is_refused(name: str, value: object) -> None:
    facts = {"operation": "a", "order_id": "b", "reference": "c", name: value}

    with pytest.raises(TypeError, match=f"{name} must be a string or a uuid.UUID"):
        derive_key(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [" ship-1", "ship-1\n", "\u00a0ship-1", "ship-1\ufeff", " "])
@pytest.mark.parametrize("name", ["operation", "order_id", "reference"])
def test_white_space_around_a_fact_is_refused(name: str, value: str) -> None:
    facts = {"operation": "a", "order_id": "b", "reference": "c", name: value}

    with pytest.raises(ValueError, match=f"{name} must have no white space around it"):
        derive_key(facts["operation"], facts["order_id"], facts["reference"])


@pytest.mark.parametrize("position", [0, 1, 2])
def test_how_unicode_composes_a_letter_makes_no_other_key(position: int) -> None:
    composed, decomposed = ["a", "b", "c"], ["a", "b", "c"]
    composed[position], decomposed[position] = "caf\u00e9", "cafe\u0301"

    assert derive_key(*composed) == derive_key(*decomposed)


def test_a_uuid_counts_as_its_string() -> None:
    order_id, reference = UUID("7849FD84-47DC-4919-A7CE-47B9F461562F"), UUID(int=5)

    assert derive_key("a", order_id, reference) == derive_key("a", str(order_id).upper(), str(reference))


@pytest.mark.parametrize("generation", [1.0, True, "1", None])
def test_a_generation_is_a_whole_number(generation: object) -> None:
    with pytest.raises(TypeError, match="generation must be an int"):
        derive_key("a", "b", "c", generation=generation)  # type: ignore[arg-type]


def test_the_case_of_an_order_id_makes_no_other_key() -> None:
    assert derive_key("a", "AB-1", "c") == derive_key("a", "ab-1", "c")


def test_generations_count_from_zero() -> None:
    with pytest.raises(ValueError, match="generation counts from 0"):
        derive_key("a", "b", "c", generation=-1)
