"""The two lanes read alike: what the fast lane reads, the strict lane reads as the same value.

The long proof: `pytest tests/test_structuring_lanes.py --hypothesis-profile=long --timeout=0`.
"""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.structuring import Unreadable, fast_lane, from_dict, read, strict_lane, to_dict, write
from klarna_om.types import SCHEMAS as CLASSES
from klarna_om.types import Capture, CaptureObject, Order, UpdateShippingInfo
from tests.support.documents import encoded, needs_the_strict_lane
from tests.support.specification import SCHEMAS

REFERRED_TO = {name for name in SCHEMAS if f"/{name}'" in str(SCHEMAS)}
WHOLE = {CLASSES[name]: name for name in SCHEMAS if name not in REFERRED_TO}
LISTS = {
    tuple[Capture, ...]: "Capture",
    list[Order]: "MerchantOrderDto",
    list[CaptureObject]: "CaptureObject",
    tuple[UpdateShippingInfo, ...]: "UpdateShippingInfo",
}

every_document = pytest.mark.parametrize(("cls", "schema"), (WHOLE | LISTS).items(), ids=str)


def reading(cls: Any, data: bytes) -> Any:
    try:
        return read(cls, data)
    except Unreadable as refusal:
        return str(refusal)


def strict_reading(cls: Any, data: bytes) -> Any:
    try:
        return strict_lane.structure(cls, strict_lane.parse(cls, data))
    except Unreadable as refusal:
        return str(refusal)


def fast_reading(cls: Any, data: bytes) -> Any:
    """What the fast lane reads; None where it refuses."""
    try:
        lane = fast_lane.lane(cls)
        return None if lane is None else lane(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def each(found: Any) -> list[Any]:
    return list(found) if isinstance(found, list | tuple) else [found]


@every_document
@given(data=st.data())
def test_both_lanes_give_equal_values_or_refuse_alike(cls: Any, schema: str, data: st.DataObject) -> None:
    tainted = data.draw(st.booleans())
    document = data.draw(encoded(schema, tainted=tainted, several=cls in LISTS))

    strict, fast = strict_reading(cls, document), fast_reading(cls, document)

    assert reading(cls, document) == strict
    if fast is None:
        assert isinstance(strict, str) or tainted or needs_the_strict_lane(document)
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
        try:
            written = write(one)
        except OverflowError:  # an int beyond 64 bits can be read, but is not sent
            continue
        assert msgspec.json.decode(written) == plain
        assert read(type(one), written) == one
