"""What every type can do, and what it keeps to itself."""

import copy
import inspect
import pickle
import subprocess
import sys
import weakref
from collections.abc import Iterable
from typing import Any, get_type_hints

import attrs
import pytest

from klarna_om import types
from klarna_om.structuring import read, to_dict, write
from klarna_om.types import (
    SCHEMAS,
    Addon,
    Address,
    AddressLocation,
    Capture,
    CaptureObject,
    Customer,
    Notification,
    Order,
    OrderLine,
    OrderLineType,
    OrderStatus,
    ShippingInfo,
    UpdateAuthorization,
    UpdateShippingInfo,
    vocabulary,
)

LINE = OrderLine(name="Tea", quantity=2, unit_price=50, total_amount=100, type=OrderLineType.PHYSICAL)
CAPTURE = CaptureObject(captured_amount=100, order_lines=[LINE], description="")
ORDER = read(Order, b'{"order_amount": 1, "order_lines": [{"name": "a"}], "selected_shipping_option": {"class": "x"}}')

every_class = pytest.mark.parametrize(
    "cls", [*sorted(set(SCHEMAS.values()), key=lambda cls: cls.__name__), Notification]
)
every_example = pytest.mark.parametrize("example", [LINE, CAPTURE, ORDER, Order()], ids=lambda one: type(one).__name__)


@every_class
def test_every_type_is_frozen_documented_and_takes_keywords_only(cls: type[attrs.AttrsInstance]) -> None:
    lengthy = {field.name: None for field in attrs.fields(cls)}
    made: Any = cls(**{name: () if name == "shipping_info" else value for name, value in lengthy.items()})

    assert len(cls.__doc__ or "") > 20
    assert all(field.kw_only for field in attrs.fields(cls))
    for name in lengthy:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(made, name, "x")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.a_new_name = "x"


@every_example
def test_copies_are_equal_and_are_written_alike(example: Any) -> None:
    for duplicate in (copy.copy(example), copy.deepcopy(example), pickle.loads(pickle.dumps(example))):
        assert (duplicate, hash(duplicate), repr(duplicate)) == (example, hash(example), repr(example))
        assert write(duplicate) == write(example)
    assert attrs.evolve(example) == example


def test_values_with_another_field_are_different() -> None:
    assert attrs.evolve(LINE, quantity=3) != LINE
    assert Order(captures=(Capture(captured_amount=1),)) != Order()
    assert Order(captures=()) == Order()


def test_none_is_treated_as_absent() -> None:
    nothing: Any = None

    assert Address(city=None) == Address()
    assert Order(captures=nothing) == Order()
    assert Order(captures=nothing).captures == ()
    assert write(UpdateShippingInfo(shipping_info=nothing)) == b"{}"
    assert to_dict(Address(city=None)) == to_dict(attrs.evolve(Address(city="x"), city=None)) == {}


def test_a_request_takes_any_iterable_of_lines_and_keeps_a_tuple() -> None:
    def lines() -> Iterable[OrderLine]:
        yield LINE

    for given in ([LINE], (LINE,), lines()):
        assert CaptureObject(captured_amount=1, order_lines=given).order_lines == (LINE,)
    assert UpdateShippingInfo(shipping_info=[ShippingInfo()]).shipping_info == (ShippingInfo(),)
    assert CaptureObject(captured_amount=1, shipping_info=[]).shipping_info == ()
    assert UpdateAuthorization(order_amount=1, order_lines=None).order_lines is None


def test_the_lines_of_an_order_can_be_captured() -> None:
    order = Order(order_amount=100, order_lines=(LINE,))

    assert CaptureObject(captured_amount=100, order_lines=order.order_lines).order_lines == order.order_lines


def test_repr_keeps_personal_data_to_itself() -> None:
    secret = {field.name: "Klara" for field in attrs.fields(Address)} | {"country": "SE"}
    order = Order(
        customer=Customer(national_identification_number="Klara", type="person"),
        billing_address=Address(**secret),
        merchant_data="Klara",
        captures=(Capture(shipping_address=Address(**secret)),),
    )

    assert "Klara" not in repr(order)
    assert "country='SE'" in repr(order)
    assert "Klara" not in repr(AddressLocation(street_address="Klara", city="Klara", postal_code="Klara"))
    assert "Klara" not in repr(Addon(user_input="Klara"))


def test_a_known_value_equals_its_string() -> None:
    assert OrderStatus.CAPTURED == "CAPTURED" == f"{OrderStatus.CAPTURED}"
    assert Order(status="CAPTURED") == Order(status=OrderStatus.CAPTURED)
    assert hash(Order(status="CAPTURED")) == hash(Order(status=OrderStatus.CAPTURED))
    assert Order(status=OrderLineType.PACKAGE).status == "package"


def test_all_known_values_are_exported() -> None:
    words = {name for name, one in vars(vocabulary).items() if isinstance(one, type)} - {"StrEnum"}

    assert words <= set(types.__all__)


def test_every_exported_name_is_there() -> None:
    assert [name for name in types.__all__ if not hasattr(types, name)] == []


def test_importing_the_types_and_their_reader_does_not_import_cattrs() -> None:
    code = "import sys, klarna_om.types, klarna_om.structuring; sys.exit('cattrs' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_constructor_has_the_signature_of_its_fields() -> None:
    signature = inspect.signature(OrderLine)

    assert list(signature.parameters) == [field.name for field in attrs.fields(OrderLine)]
    assert signature.parameters["name"].default is inspect.Parameter.empty
    assert signature.parameters["type"].default is None
    with pytest.raises(TypeError, match=r"OrderLine\(\) is missing .*: total_amount, unit_price$"):
        OrderLine(name="Tea", quantity=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"ShippingInfo\(\) has no carrier, but shipping_company, "):
        ShippingInfo(carrier="dhl")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="takes keyword arguments only"):
        Address("Tea")  # type: ignore[call-arg]


@every_class
def test_the_types_of_the_fields_are_as_declared(cls: type[attrs.AttrsInstance]) -> None:
    declared = {field.name: field.type for field in attrs.fields(cls)}

    assert get_type_hints(cls, include_extras=True) == declared
    assert attrs.resolve_types(cls) is cls
    assert {field.name: field.type for field in attrs.fields(cls)}.keys() == declared.keys()


def test_an_order_takes_lists_and_keeps_tuples_as_a_request_does() -> None:
    given: Any = [Capture(captured_amount=1)]

    assert Order(captures=given) == Order(captures=tuple(given)) == attrs.evolve(Order(), captures=given)


def test_a_terminal_shows_what_repr_shows() -> None:
    secret: Any = Address(given_name="Klara", country="SE")

    assert ("country", "SE") in secret.__rich_repr__()
    assert "Klara" not in str(secret.__rich_repr__())


@every_example
def test_a_value_can_be_the_key_of_a_weak_reference(example: Any) -> None:
    value = copy.copy(example)
    notes = weakref.WeakKeyDictionary({value: "seen"})

    assert notes[value] == "seen"
    del value
    assert not notes


def test_a_subclass_may_have_methods_of_its_own() -> None:
    class Shipment(CaptureObject):
        def is_free(self) -> bool:
            return self.captured_amount == 0

    assert Shipment(captured_amount=0).is_free()
    assert write(Shipment(captured_amount=0)) == b'{"captured_amount":0}'


@pytest.mark.parametrize("decorator", [lambda cls: cls, attrs.frozen(kw_only=True)], ids=["plain", "attrs"])
def test_a_subclass_has_no_fields_and_no_constructor_of_its_own(decorator: Any) -> None:
    with pytest.raises(TypeError, match=r"Parcel cannot add fields to CaptureObject; KlarnaClient"):

        @decorator
        class Parcel(CaptureObject):
            weight: int | None = None

    with pytest.raises(TypeError, match="cannot define __init__"):

        @decorator
        class Empty(CaptureObject):
            def __init__(self) -> None:
                """Leave out what every value needs."""
