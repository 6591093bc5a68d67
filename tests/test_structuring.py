"""JSON <-> types: what is read, what is refused with which error, what is written."""

import json
import pickle
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest

from klarna_om.structuring import Unreadable, converter, from_dict, read, to_dict, write
from klarna_om.structuring.strictness import MAX_ITEMS
from klarna_om.types import (
    Address,
    Capture,
    CaptureObject,
    Customer,
    ErrorMessage,
    ExtendDueDateRequest,
    Notification,
    Order,
    OrderLine,
    OrderLineType,
    Refund,
    RefundObject,
    SelectedShippingOption,
    ShippingInfo,
    Subscription,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)

LINE = OrderLine(name="Löffel", quantity=2, unit_price=50, total_amount=100)
BARE = OrderLine(name=None, quantity=None, unit_price=None, total_amount=None)
TOO_DEEP = 100_000
"""Lists in lists that no Python goes into; Python 3.13 goes into 5,000."""

BARE_SUBSCRIPTION = Subscription(name=None, interval=None, interval_count=None)


def lists_in_lists(depth: int = TOO_DEEP) -> Any:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


def problems_of(cls: Any, data: bytes) -> tuple[str, ...]:
    with pytest.raises(Unreadable) as refusal:
        read(cls, data)
    return refusal.value.problems


# What is read


def test_a_field_that_is_missing_is_none_and_a_missing_list_is_empty() -> None:
    order = read(Order, b"{}")

    assert (order.order_id, order.order_amount, order.customer, order.created_at) == (None, None, None, None)
    assert (order.captures, order.refunds, order.order_lines) == ((), (), ())
    assert order == Order()


def test_a_line_of_an_order_may_lack_what_a_request_must_have() -> None:
    assert read(Order, b'{"order_lines": [{}]}').order_lines == (BARE,)
    assert read(OrderLine, b'{"subscription": {"new": 1}}').subscription == BARE_SUBSCRIPTION


def test_unknown_fields_are_passed_over_wherever_they_are() -> None:
    order = read(Order, b'{"x": [{"y": 1}], "order_lines": [{"name": "a", "x": null, "subscription": {"x": {}}}]}')

    assert order.order_lines[0].name == "a"


def test_an_unknown_value_of_an_open_enumeration_is_returned() -> None:
    order = read(Order, b'{"status": "DREAMT", "order_lines": [{"type": "wish"}]}')

    assert order.status == f"{order.status}" == "DREAMT"
    assert order.order_lines[0].type == "wish"


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Order)])
def test_null_in_any_field_of_an_order_reads_as_absent(name: str) -> None:
    order = read(Order, f'{{"{name}": null, "new": null}}'.encode())

    assert order == from_dict(Order, {name: None}) == Order()
    assert to_dict(order) == {}


@pytest.mark.parametrize(
    ("cls", "document", "value"),
    [
        (
            Order,
            b'{"order_lines": [{"quantity": null, "name": null, "subscription": null}]}',
            Order(order_lines=(BARE,)),
        ),
        (OrderLine, b'{"subscription": {"interval_count": null}}', attrs.evolve(BARE, subscription=BARE_SUBSCRIPTION)),
        (Order, b'{"captures": [{"captured_amount": null, "order_lines": null}]}', Order(captures=(Capture(),))),
        (Refund, b'{"refunded_amount": null, "credit_invoice": null, "refunded_at": null}', Refund()),
        (Customer, b'{"date_of_birth": null}', Customer()),
        (ErrorMessage, b'{"error_code": null, "error_messages": null}', ErrorMessage()),
        (Notification, b'{"order_id": "7", "event_type": null}', Notification(order_id="7")),
        (CaptureObject, b'{"captured_amount": 1, "shipping_delay": null}', CaptureObject(captured_amount=1)),
        (CaptureObject, b'{"captured_amount": 1, "order_lines": null}', CaptureObject(captured_amount=1)),
    ],
)
def test_null_reads_as_absent_in_a_field_of_any_kind(cls: Any, document: bytes, value: Any) -> None:
    assert read(cls, document) == from_dict(cls, json.loads(document)) == value


@pytest.mark.parametrize(
    ("cls", "document", "value"),
    [
        (Order, b'{"captures": [null, {"captured_amount": 1}, null]}', Order(captures=(Capture(captured_amount=1),))),
        (Order, b'{"captures": [null]}', Order()),
        (ErrorMessage, b'{"error_messages": [null, "no"]}', ErrorMessage(error_messages=("no",))),
        (tuple[Capture, ...], b"[null, {}]", (Capture(),)),
        (list[Capture], b"[{}, null]", [Capture()]),
    ],
)
def test_null_in_a_list_that_klarna_sends_is_no_item_of_it(cls: Any, document: bytes, value: Any) -> None:
    assert read(cls, document) == value


def test_an_item_after_a_null_is_named_by_its_place_in_the_document() -> None:
    assert problems_of(Order, b'{"captures": [null, {"captured_amount": "x"}]}') == (
        "captures[1].captured_amount: expected an int, got a string",
    )


def test_null_in_a_list_of_a_request_is_refused_since_all_of_it_is_meant() -> None:
    document = b'{"captured_amount": 1, "order_lines": [null]}'

    assert problems_of(CaptureObject, document) == ("order_lines[0]: expected an object, got null",)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2022-07-08T09:48:16.680Z", datetime(2022, 7, 8, 9, 48, 16, 680000, UTC)),
        ("2023-07-04T00:00:00.000Z", datetime(2023, 7, 4, tzinfo=UTC)),
        ("2015-11-29T10:25:40Z", datetime(2015, 11, 29, 10, 25, 40, tzinfo=UTC)),
        ("2015-11-19T01:51:17+00:00", datetime(2015, 11, 19, 1, 51, 17, tzinfo=UTC)),
        ("2015-11-19T01:51:17-05:30", datetime(2015, 11, 19, 1, 51, 17, 0, timezone(-timedelta(hours=5.5)))),
    ],
)
def test_every_form_of_time_that_klarna_sends_is_read_with_its_offset(text: str, moment: datetime) -> None:
    order = read(Order, f'{{"created_at": "{text}"}}'.encode())

    assert order.created_at == moment
    assert order.created_at.utcoffset() is not None


@pytest.mark.parametrize("text", ["2015-11-T01:51:17+00:00", "2015-11-19T01:51:17", "2015-02-30T00:00:00Z", "", "soon"])
def test_what_cannot_be_placed_in_time_is_none_and_the_rest_is_read(text: str) -> None:
    order = read(Order, f'{{"created_at": "{text}", "order_amount": 7}}'.encode())

    assert order == Order(order_amount=7)
    assert read(Customer, f'{{"date_of_birth": "{text}"}}'.encode()) == Customer()


def test_a_date_of_birth_is_a_date() -> None:
    assert read(Customer, b'{"date_of_birth": "1981-09-06"}').date_of_birth == date(1981, 9, 6)


@pytest.mark.parametrize("lines", ["[]", '[{"name": "a"}]'])
def test_of_a_field_that_is_there_twice_the_last_one_counts(lines: str) -> None:
    document = f'{{"order_amount": "x", "order_lines": 7, "order_amount": 2, "order_lines": {lines}}}'

    assert read(Order, document.encode()) == from_dict(Order, {"order_amount": 2, "order_lines": json.loads(lines)})


def test_klarnas_own_odd_names_are_read_and_written() -> None:
    document = {"class": "express", "location": {"address": {"street_address__2": "yard"}}}
    order = read(Order, json.dumps({"selected_shipping_option": {**document, "class_": "other"}}).encode())

    assert (option := order.selected_shipping_option) is not None
    assert option.class_ == "express"
    assert option.location is not None
    assert option.location.address is not None
    assert option.location.address.street_address__2 == "yard"
    assert read(SelectedShippingOption, write(option)) == option
    assert json.loads(write(order)) == {"selected_shipping_option": document}


def test_a_shipping_option_without_a_class_has_none() -> None:
    order = read(Order, b'{"selected_shipping_option": {"class_": "not klarna\'s name"}}')

    assert order.selected_shipping_option == SelectedShippingOption()


def test_half_of_a_surrogate_pair_reads_as_a_replacement() -> None:
    line = read(OrderLine, rb'{"name": "Tea \ud83d", "reference": "L\u00f6ffel \ud83c\udf75"}')

    assert (line.name, line.reference) == ("Tea \ufffd", "Löffel 🍵")


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_every_int_of_64_bits_is_read_exactly(number: int) -> None:
    assert read(Order, b'{"order_amount": %d}' % number).order_amount == number
    assert read(Order, b'{"order_amount": %d, "customer": null, "captures": null}' % number).order_amount == number


@pytest.mark.parametrize("value", ["1" * 5000, "1e999", "-1e-999", '"\\ud800"', "[" * 50 + "]" * 50])
def test_no_unknown_value_keeps_an_order_from_being_read(value: str) -> None:
    assert read(Order, f'{{"new": {value}, "order_amount": 1}}'.encode()).order_amount == 1
    assert read(Order, f'{{"new": {value}, "order_amount": 1, "captures": null}}'.encode()).order_amount == 1


@pytest.mark.parametrize(("cls", "kind"), [(list[Capture], list), (tuple[Capture, ...], tuple), (list[Order], list)])
def test_a_bare_list_is_read(cls: Any, kind: type) -> None:
    assert read(cls, b'[{"captured_amount": 1}, {}]')[0].captured_amount == 1
    assert isinstance(read(cls, b"[]"), kind)


# What is refused

NUMBERS_THAT_ARE_NOT = ["7.5", "7.0", "1e2", "1e400", '"7"', "true", "[]", "{}", "1" * 5000]


@pytest.mark.parametrize("value", NUMBERS_THAT_ARE_NOT)
@pytest.mark.parametrize(
    ("cls", "document", "path"),
    [
        (Order, '{"order_amount": %s}', "order_amount"),
        (Order, '{"order_lines": [{}, {"quantity": %s}]}', "order_lines[1].quantity"),
        (Order, '{"captures": [{"order_lines": [{"tax_rate": %s}]}]}', "captures[0].order_lines[0].tax_rate"),
        (Order, '{"selected_shipping_option": {"price": %s}}', "selected_shipping_option.price"),
        (Refund, '{"refunded_amount": %s}', "refunded_amount"),
        (CaptureObject, '{"captured_amount": %s}', "captured_amount"),
        (tuple[Capture, ...], '[{"captured_amount": %s}]', "[0].captured_amount"),
    ],
)
def test_an_int_is_exactly_an_int(cls: Any, document: str, path: str, value: str) -> None:
    (problem,) = problems_of(cls, (document % value).encode())

    assert problem.startswith(f"{path}: expected an int, got ")


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, 10**40, -(10**40)])
def test_an_int_of_more_than_64_bits_is_none_of_klarnas(number: int) -> None:
    problem = "captured_amount: expected an int of 64 bits, got a number"

    for cls in (Order, Capture, CaptureObject):
        assert problems_of(cls, b'{"captured_amount": %d}' % number) == (problem,)
        with pytest.raises(Unreadable, match=problem):
            from_dict(cls, {"captured_amount": number})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300])
def test_a_float_in_plain_values_is_no_int(number: float) -> None:
    with pytest.raises(Unreadable, match=f"order_amount: expected an int, got {re.escape(repr(number))}$"):
        from_dict(Order, {"order_amount": number})


@pytest.mark.parametrize("value", ["1", '"true"', "0.0"])
def test_a_flag_is_exactly_true_or_false(value: str) -> None:
    (problem,) = problems_of(Refund, f'{{"credit_invoice": {value}}}'.encode())

    assert problem.startswith("credit_invoice: expected true or false, got ")
    assert read(Refund, b'{"credit_invoice": true}').credit_invoice is True


@pytest.mark.parametrize("value", ["1", "1.5", "true", "[]", "{}"])
@pytest.mark.parametrize("name", ["order_id", "status", "created_at"])
def test_a_string_is_exactly_a_string(name: str, value: str) -> None:
    (problem,) = problems_of(Order, f'{{"{name}": {value}}}'.encode())

    assert problem.startswith(f"{name}: expected a string, got ")


@pytest.mark.parametrize("value", ['"abc"', "{}", "1", "true"])
def test_a_list_is_exactly_a_list(value: str) -> None:
    assert problems_of(Order, f'{{"captures": {value}}}'.encode())[0].startswith("captures: expected a list, got ")


@pytest.mark.parametrize("value", ['"abc"', "[]", "1", "true"])
def test_an_object_is_exactly_an_object(value: str) -> None:
    assert problems_of(Order, f'{{"customer": {value}}}'.encode())[0].startswith("customer: expected an object, got ")


@pytest.mark.parametrize(
    ("cls", "path"),
    [
        (CaptureObject, "captured_amount"),
        (RefundObject, "refunded_amount"),
        (UpdateAuthorization, "order_amount"),
        (UpdateShippingInfo, "shipping_info"),
        (ExtendDueDateRequest, "number_of_days"),
        (Notification, "order_id"),
    ],
)
def test_a_request_must_have_what_the_specification_requires(cls: Any, path: str) -> None:
    assert problems_of(cls, b"{}") == problems_of(cls, f'{{"{path}": null}}'.encode()) == (f"{path}: missing",)


def test_every_wrong_field_is_named() -> None:
    document = b'{"order_amount": 7.5, "order_lines": [{"quantity": "x"}, 3], "selected_shipping_option": {"class": 1}}'

    assert problems_of(Order, document) == (
        "order_amount: expected an int, got 7.5",
        "order_lines[0].quantity: expected an int, got a string",
        "order_lines[1]: expected an object, got a number",
        "selected_shipping_option.class: expected a string, got a number",
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the document is empty"),
        (b" \n", "the document is empty"),
        (b'{"order_id": "7849', "not JSON: Unterminated string"),
        (b"<html>", "not JSON: Expecting value"),
        (b"{} {}", "not JSON: Extra data"),
        (b'{"order_amount": NaN}', "not JSON: NaN is no number"),
        (b'{"new": Infinity}', "not JSON: Infinity is no number"),
        (b'\xef\xbb\xbf{"order_id": "7"}', "not JSON: Unexpected UTF-8 BOM"),
        (b'{"new": "\xff"}', "not UTF-8 at byte 9"),
        ('{"order_id": "ö"}'.encode("latin-1"), "not UTF-8 at byte 14"),
        (b"[" * TOO_DEEP, "nested too deeply"),
        (b'{"new": ' + b"[" * TOO_DEEP, "nested too deeply"),
        (b'{"new": ' + b"[" * TOO_DEEP + b"]" * TOO_DEEP + b"}", "nested too deeply"),
        (b'{"new": ' + b'{"a": ' * TOO_DEEP + b"1" + b"}" * (TOO_DEEP + 1), "nested too deeply"),
        (b'{"captures": ' + b"[" * TOO_DEEP + b"]" * TOO_DEEP + b"}", "nested too deeply"),
        (b"[]", "document: expected an object, got a list"),
        (b"null", "document: expected an object, got null"),
        (b'"text"', "document: expected an object, got a string"),
    ],
)
def test_what_is_no_document_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    (problem,) = problems_of(Order, data)

    assert problem.startswith(reason)


def test_a_list_with_mistakes_is_checked_up_to_a_limit() -> None:
    wrong = [{"captured_amount": 1}] * MAX_ITEMS + [{"captured_amount": "1"}]

    (problem,) = problems_of(Order, json.dumps({"captures": wrong}).encode())

    assert problem == f"captures: expected a list of up to {MAX_ITEMS} items, all of them valid, got a list"


def test_a_refusal_names_what_could_not_be_read() -> None:
    with pytest.raises(Unreadable, match=r"^cannot read Order: order_amount: expected an int, got true$"):
        read(Order, b'{"order_amount": true}')
    with pytest.raises(Unreadable, match=r"^cannot read a list of Capture: document: expected a list, got an object$"):
        read(tuple[Capture, ...], b"{}")


def test_a_refusal_never_shows_personal_data() -> None:
    document = b'{"order_amount": "Klara Joyce", "billing_address": {"phone": 46701234567, "given_name": ["Klara"]}}'

    with pytest.raises(Unreadable) as refusal:
        read(Order, document)

    shown = f"{refusal.value} {refusal.value!r} {refusal.value.__context__} {refusal.value.__cause__}"
    assert "Klara" not in shown
    assert "467012" not in shown


def test_a_refusal_can_be_sent_to_another_process() -> None:
    refusal = Unreadable("Order", ("order_id: missing",))

    assert str(pickle.loads(pickle.dumps(refusal))) == str(refusal)
    assert pickle.loads(pickle.dumps(refusal)).problems == refusal.problems


@pytest.mark.parametrize("depth", [600, 5000, TOO_DEEP])
def test_messages_of_a_refusal_that_are_lists_in_lists_are_unreadable(depth: int) -> None:
    document = b'{"error_messages": ' + b"[" * depth + b"]" * depth + b"}"

    assert problems_of(ErrorMessage, document)[0] in (
        "error_messages[0]: expected a string, got a list",
        "nested too deeply",
    )


@pytest.mark.parametrize("name", ["order_id", "order_amount", "customer", "created_at"])
def test_plain_values_that_are_lists_in_lists_are_unreadable_by_their_field(name: str) -> None:
    with pytest.raises(Unreadable, match=f"^cannot read Order: {name}: expected "):
        from_dict(Order, {name: lists_in_lists(), "new": lists_in_lists()})


@pytest.mark.parametrize("spell", [write, to_dict])
def test_lists_in_lists_are_not_written(spell: Any) -> None:
    content = CaptureObject(captured_amount=1, description=lists_in_lists())

    with pytest.raises(Unreadable, match="CaptureObject: nested too deeply$") as refusal:
        spell(content)

    assert refusal.value.__context__ is None


# What is written


def test_what_is_none_is_left_out_and_what_is_empty_is_sent() -> None:
    assert write(UpdateAuthorization(order_amount=0, description="", order_lines=[])) == (
        b'{"order_amount":0,"description":"","order_lines":[]}'
    )
    assert write(UpdateMerchantReferences(merchant_reference2="")) == b'{"merchant_reference2":""}'
    assert write(UpdateConsumer(shipping_address=Address())) == b'{"shipping_address":{}}'


def test_what_was_read_can_be_sent_without_a_null() -> None:
    for document in (b'{"order_lines": [{"name": "a"}]}', b'{"order_lines": [{"name": "a", "type": null}]}'):
        lines = read(Order, document).order_lines

        assert json.loads(write(CaptureObject(captured_amount=1, order_lines=lines))) == {
            "captured_amount": 1,
            "order_lines": [{"name": "a"}],
        }


def test_text_is_written_as_utf_8() -> None:
    assert write(UpdateMerchantReferences(merchant_reference1="Löffel 🍵")) == (
        '{"merchant_reference1":"Löffel 🍵"}'.encode()
    )


def test_a_known_value_is_written_as_its_string() -> None:
    line = OrderLine(name="a", quantity=1, unit_price=1, total_amount=1, type=OrderLineType.PHYSICAL)

    assert json.loads(write(line))["type"] == "physical"
    assert type(to_dict(line)["type"]) is str
    assert read(OrderLine, write(line)) == line == from_dict(OrderLine, to_dict(line))


def test_other_kinds_of_string_are_written_as_strings() -> None:
    class Safe(str):
        __slots__ = ()

    assert write(UpdateMerchantReferences(merchant_reference1=Safe("a"))) == b'{"merchant_reference1":"a"}'


def test_what_is_no_json_is_not_written() -> None:
    with pytest.raises(TypeError, match="object has no place in a request"):
        write(UpdateMerchantReferences(merchant_reference1=object()))  # type: ignore[arg-type]


def test_times_are_written_as_klarna_writes_them() -> None:
    order = Order(
        created_at=datetime(2022, 7, 8, 9, 48, 16, tzinfo=UTC), customer=Customer(date_of_birth=date(1981, 9, 6))
    )
    plain = {"created_at": "2022-07-08T09:48:16Z", "customer": {"date_of_birth": "1981-09-06"}}

    assert to_dict(order) == plain
    assert json.loads(write(order)) == plain
    assert write(Capture(captured_at=order.created_at)) == b'{"captured_at":"2022-07-08T09:48:16Z"}'


def test_lists_are_written_bare() -> None:
    assert write([Capture(captured_amount=1), Capture()]) == write((Capture(captured_amount=1), Capture()))
    assert write([Capture(captured_amount=1), Capture()]) == b'[{"captured_amount":1},{}]'


def test_plain_values_are_read_as_strictly_as_json() -> None:
    plain = {"captured_amount": 100, "order_lines": [to_dict(LINE)], "shipping_info": []}
    capture = CaptureObject(captured_amount=100, order_lines=[LINE], shipping_info=())

    assert from_dict(CaptureObject, plain) == capture
    assert to_dict(capture) == plain
    with pytest.raises(Unreadable, match=r"captured_amount: expected an int, got 7\.0"):
        from_dict(CaptureObject, {"captured_amount": 7.0})
    with pytest.raises(Unreadable, match="captured_amount: expected an int, got Decimal"):
        from_dict(CaptureObject, {"captured_amount": Decimal(7)})


def test_the_converter_can_be_used_for_ones_own() -> None:
    assert converter().structure([{"tracking_number": "1"}], list[ShippingInfo]) == [ShippingInfo(tracking_number="1")]
    assert converter() is converter()


class Own(CaptureObject):
    """A request type that adds nothing."""


class Label:
    """A mixin."""

    def label(self) -> str:
        """Say something."""
        return "fragile"


class Labelled(Label, CaptureObject):
    """One with another base."""


@pytest.mark.parametrize("cls", [Own, Labelled])
def test_a_derived_class_is_read_as_strictly_as_its_base(cls: Any) -> None:
    assert read(cls, b'{"captured_amount": 1}') == cls(captured_amount=1)
    assert write(cls(captured_amount=1, description=None)) == b'{"captured_amount":1}'
    assert problems_of(cls, b'{"captured_amount": 1, "shipping_delay": 1.5}') == (
        "shipping_delay: expected an int, got 1.5",
    )
    assert problems_of(cls, b"{}") == ("captured_amount: missing",)


@pytest.mark.parametrize("cls", [list[CaptureObject], tuple[CaptureObject, ...]])
def test_each_request_of_a_list_must_have_what_the_specification_requires(cls: Any) -> None:
    assert problems_of(cls, b'[{"captured_amount": 1}, {}]') == ("[1].captured_amount: missing",)


def test_the_converter_can_be_used_for_other_classes() -> None:
    @attrs.frozen
    class Shipment:
        id: str
        parcels: list[ShippingInfo]
        copies: int = 1
        note: str | None = "none"

    plain = {"id": "s1", "parcels": [{"tracking_number": "1"}], "copies": 1, "note": None}
    shipment = Shipment("s1", [ShippingInfo(tracking_number="1")], note=None)

    assert from_dict(Shipment, {**plain, "note": "none"}) == attrs.evolve(shipment, note="none")
    assert read(Shipment, b'{"id": "s1", "parcels": []}') == Shipment("s1", [])
    assert to_dict(shipment) == plain
    with pytest.raises(Unreadable, match="id: missing"):
        from_dict(Shipment, {"parcels": []})
