"""The two lanes read alike: what the fast path reads, the strict path reads as the same value.

The long proof: `pytest tests/test_structuring_paths.py --hypothesis-profile=long --timeout=0`.
"""

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.structuring import Unreadable, fast_path, from_dict, read, strict_path, to_dict, write
from klarna_om.types import SCHEMAS as CLASSES
from klarna_om.types import Capture, CaptureObject, Order, UpdateShippingInfo
from klarna_om.types.model import RequestModel
from tests.support.documents import encoded, needs_the_strict_path
from tests.support.specification import SCHEMAS

REFERRED_TO = {name for name in SCHEMAS if f"/{name}'" in str(SCHEMAS)}
WHOLE = {CLASSES[name]: name for name in SCHEMAS if name not in REFERRED_TO}
LISTS = {
    tuple[Capture, ...]: "Capture",
    list[Order]: "MerchantOrderDto",
    list[CaptureObject]: "CaptureObject",
    tuple[UpdateShippingInfo, ...]: "UpdateShippingInfo",
}


def is_request(cls: Any) -> bool:
    return issubclass((get_args(cls) or (cls,))[0], RequestModel)


every_document = pytest.mark.parametrize(("cls", "schema"), (WHOLE | LISTS).items(), ids=str)

every_answer = pytest.mark.parametrize(
    ("cls", "schema"),
    [(cls, schema) for cls, schema in (WHOLE | LISTS).items() if not is_request(cls)],
    ids=str,
)


@st.composite
def with_nulls(draw: st.DrawFn, value: Any) -> Any:
    """The same document, with null in the place of some fields and among the items of some lists."""
    if isinstance(value, list):
        items = [draw(with_nulls(item)) for item in value]
        place = draw(st.integers(0, len(items)))
        return [*items[:place], *[None] * draw(st.integers(0, 1)), *items[place:]]
    if isinstance(value, dict):
        return {name: draw(st.just(None) | with_nulls(held)) for name, held in value.items()}
    return value


def without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    if isinstance(value, dict):
        return {name: without_nulls(held) for name, held in value.items() if held is not None}
    return value


def reading(cls: Any, data: bytes) -> Any:
    try:
        return read(cls, data)
    except Unreadable as refusal:
        return str(refusal)


def strict_reading(cls: Any, data: bytes) -> Any:
    try:
        return strict_path.structure(cls, strict_path.parse(cls, data))
    except Unreadable as refusal:
        return str(refusal)


def fast_reading(cls: Any, data: bytes) -> Any:
    """What the fast path reads; None where it refuses."""
    try:
        data.decode()
        return fast_path.decoder_of(cls)(data)
    except fast_path.REFUSALS:
        return None


def each(found: Any) -> list[Any]:
    return list(found) if isinstance(found, list | tuple) else [found]


def same(one: Any, other: Any) -> bool:
    """Whether two documents read alike; the reasons for a refusal have another place where a null is gone."""
    return one == other or (isinstance(one, str) and isinstance(other, str))


@every_document
@given(data=st.data())
def test_both_paths_give_equal_values_or_refuse_alike(cls: Any, schema: str, data: st.DataObject) -> None:
    tainted = data.draw(st.booleans())
    document = data.draw(encoded(schema, tainted=tainted, several=cls in LISTS))

    strict, fast = strict_reading(cls, document), fast_reading(cls, document)

    assert reading(cls, document) == strict
    if fast is None:
        assert isinstance(strict, str) or tainted or needs_the_strict_path(document)
    else:
        assert fast == strict
        assert [to_dict(one) for one in each(fast)] == [to_dict(one) for one in each(strict)]


@every_document
@given(data=st.data())
def test_what_was_read_is_written_and_read_again_as_it_was(cls: Any, schema: str, data: st.DataObject) -> None:
    found = reading(cls, data.draw(encoded(schema, tainted=True, several=cls in LISTS)))

    for one in [] if isinstance(found, str) else each(found):
        plain = to_dict(one)
        assert from_dict(type(one), plain) == one
        assert msgspec.json.decode(write(one)) == plain
        assert read(type(one), write(one)) == one


@every_answer
@given(data=st.data())
def test_both_paths_read_a_document_with_nulls_as_they_do_without(cls: Any, schema: str, data: st.DataObject) -> None:
    whole = json.loads(data.draw(encoded(schema, tainted=False, several=cls in LISTS)))
    document = data.draw(with_nulls(whole))
    written = json.dumps(document).encode()

    found, fast = reading(cls, written), fast_reading(cls, written)

    assert found == strict_reading(cls, written)
    assert fast in (None, found)
    assert same(found, reading(cls, json.dumps(without_nulls(document)).encode()))


def test_null_in_a_number_a_string_or_an_object_stays_on_the_fast_path() -> None:
    document = b'{"order_amount": null, "order_id": null, "customer": null, "created_at": null, "order_lines": []}'

    assert fast_reading(Order, document) == Order()
