"""What a manifest's columns mean for each operation, and what is wrong with a row, by its line."""

import json
from uuid import UUID

import pytest

from klarna_om import CaptureObject
from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.entry import Entry, Problem
from klarna_om.batch.manifest import parse_manifest
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import Item, read_rows
from klarna_om.workflows.writes import WRITES
from tests.batch.fake_sender import order_id

A = order_id(1)
CAPTURE_ID = order_id(99)

CAPTURE, REFUND = "captures.create", "refunds.create"
SHIPPING, DUE_DATE = "captures.add_shipping_info", "captures.extend_due_date"
CUSTOMER, UPDATE = "orders.update_customer_details", "orders.update_authorization"


def csv(operation: str, header: str, *records: str, kustom: bool = False) -> list[Entry]:
    parser = RowParser(operation, kustom=kustom)
    return list(parse_manifest(iter([f"{line}\n" for line in (header, *records)]), parser, ".csv"))


def jsonl(operation: str, *objects: object) -> list[Entry]:
    return list(parse_manifest((f"{json.dumps(each)}\n" for each in objects), RowParser(operation), ".jsonl"))


def body(entry: Entry) -> object:
    assert entry.body is not None, entry.detail
    return json.loads(entry.body)


def test_the_columns_of_a_capture_are_its_amount_its_reference_and_its_other_fields() -> None:
    (entry,) = csv(CAPTURE, "order_id,captured_amount,reference,description", f"{A},700,shipment-7,One parcel")

    assert (entry.order_id, entry.reference) == (A, "shipment-7")
    assert body(entry) == {"captured_amount": 700, "reference": "shipment-7", "description": "One parcel"}


def test_the_shops_own_columns_come_with_the_row() -> None:
    (entry,) = csv(REFUND, "shop_order,order_id,refunded_amount,reference,clerk", f"A-1,{A},50,return-1,")

    assert entry.columns == {"shop_order": "A-1", "clerk": ""}
    assert body(entry) == {"refunded_amount": 50, "reference": "return-1"}


def test_columns_of_the_same_name_or_of_none_all_come_back() -> None:
    (entry,) = csv("orders.acknowledge", "order_id,note,note,", f"{A},one,two,three")

    assert entry.columns == {"note": "one", "note (3)": "two", "column (4)": "three"}


def test_an_empty_cell_is_an_absent_field() -> None:
    (entry,) = csv(CAPTURE, "order_id,captured_amount,reference,description", f"{A},700,s-7, ")

    assert body(entry) == {"captured_amount": 700, "reference": "s-7"}


def test_nested_fields_have_columns_with_dots() -> None:
    header = "order_id,reference,shipping_address.given_name,shipping_address.city"

    (entry,) = csv(CUSTOMER, header, f"{A},change-1,Åsa,Umeå")

    assert body(entry) == {"shipping_address": {"given_name": "Åsa", "city": "Umeå"}}


def test_a_column_with_dots_in_a_list_is_a_field_of_its_one_item() -> None:
    header = "order_id,capture_id,reference,shipping_info.shipping_company,shipping_info.tracking_number"

    (entry,) = csv(SHIPPING, header, f"{A},{CAPTURE_ID},parcel-1,DHL,0123")

    assert (entry.capture_id, entry.reference) == (CAPTURE_ID, "parcel-1")
    assert body(entry) == {"shipping_info": [{"shipping_company": "DHL", "tracking_number": "0123"}]}


def test_a_cell_of_a_list_is_json() -> None:
    lines = '[{"name": "Socks", "quantity": 1, "unit_price": 700, "total_amount": 700}]'
    cell = '"' + lines.replace('"', '""') + '"'

    (entry,) = csv(UPDATE, "order_id,reference,order_amount,order_lines", f"{A},u-1,700,{cell}")

    assert body(entry) == {"order_amount": 700, "order_lines": json.loads(lines)}


def test_an_object_has_its_fields_nested_as_klarna_has_them() -> None:
    line = {"name": "Socks", "quantity": 1, "unit_price": 700, "total_amount": 700}
    given = {"order_id": A, "captured_amount": 700, "reference": "s-7", "order_lines": [line], "shop": {"order": "A-1"}}

    (entry,) = jsonl(CAPTURE, given)

    assert body(entry) == {"captured_amount": 700, "reference": "s-7", "order_lines": [line]}
    assert entry.columns == {"shop": {"order": "A-1"}}


@pytest.mark.parametrize(
    ("operation", "header", "record", "problem"),
    [
        (CAPTURE, "order_id,captured_amount,reference", f"{A},12.50,s-1", "minor units: 1250 for 12.50), got '12.50'"),
        (CAPTURE, "order_id,captured_amount,reference", f"{A},-5,s-1", "captured_amount: must be"),
        (CAPTURE, "order_id,captured_amount,reference", f"{A},700,", "reference: must be your own id of this intent"),
        (CAPTURE, "order_id,captured_amount,reference", f"{A},,s-1", "captured_amount"),
        (CAPTURE, "order_id,captured_amount,reference", f"{A},700", "2 cells, where the header has 3"),
        (CAPTURE, "order_id,captured_amount,reference", "x,700,s-1", "not an order id"),
        (CAPTURE, "order_id,captured_amount,reference,order_lines", f"{A},700,s-1,Socks", "order_lines: must be JSON"),
        (SHIPPING, "order_id,capture_id,reference,shipping_info", f"{A},7,p-1,[]", "capture_id: must be shaped like"),
    ],
)
def test_a_row_that_cannot_be_sent_says_why(operation: str, header: str, record: str, problem: str) -> None:
    (entry,) = csv(operation, header, record)

    assert (entry.line, entry.problem) == (2, Problem.MALFORMED)
    assert problem in entry.detail


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"captured_amount": 700, "reference": "s", "order_lines": [{"nmae": "Socks"}]}, "order_lines[0].nmae"),
        ({"captured_amount": "700", "reference": "s"}, "captured_amount"),
        ({"captured_amount": 700}, "has no 'reference', which captures.create needs"),
        ({"captured_amount": 700, "reference": "s", "order_line": []}, "if 'order_lines' is meant, rename it"),
        ({"captured_amount": 700, "reference": "s", "order_id": 7}, "the order id is not a string"),
    ],
)
def test_an_object_that_cannot_be_sent_says_why(given: dict[str, object], problem: str) -> None:
    (entry,) = jsonl(CAPTURE, {"order_id": A, **given})

    assert entry.problem is Problem.MALFORMED
    assert problem in entry.detail


@pytest.mark.parametrize(
    ("operation", "header", "problem"),
    [
        (CAPTURE, "order_id,reference", "has no 'captured_amount', which captures.create needs; it has order_id, ref"),
        (
            CAPTURE,
            "order_id,captured_amout,reference",
            "has 'captured_amout': if 'captured_amount' is meant, rename it",
        ),
        (CAPTURE, "order_id,captured_amount,reference,reference", "more than one column 'reference'"),
        (CUSTOMER, "order_id,reference,shipping_address.cty", "names no field of shipping_address: its fields are"),
        (CAPTURE, "order_id,captured_amount.x,reference", "names no field of captured_amount: it has no fields"),
        ("captures.trigger_send_out", "order_id,reference", "has no 'capture_id'"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused_before_any_row(operation: str, header: str, problem: str) -> None:
    with pytest.raises(ManifestError, match="the manifest") as caught:
        csv(operation, header, f"{A},1,2,3")

    assert problem in str(caught.value)


@pytest.mark.parametrize("operation", ["orders.acknowledge", "orders.cancel"])
def test_what_an_order_has_once_takes_plain_ids_and_leaves_a_reference_to_the_shop(operation: str) -> None:
    (plain,) = parse_manifest(iter([A]), RowParser(operation))
    (entry,) = csv(operation, "order_id,reference", f"{A},A-1001")

    assert (plain.order_id, plain.reference) == (A, "")
    assert (entry.reference, entry.columns) == ("", {"reference": "A-1001"})


def test_a_release_may_have_a_reference() -> None:
    operation = "orders.release_remaining_authorization"

    (plain,) = parse_manifest(iter([A]), RowParser(operation))
    (named,) = csv(operation, "order_id,reference", f"{A},second")

    assert (plain.reference, named.reference) == ("", "second")


def test_an_id_alone_is_not_enough_where_more_is_needed() -> None:
    (entry,) = parse_manifest(iter([A]), RowParser(CAPTURE))

    assert entry.problem is Problem.MALFORMED
    assert entry.detail == "an order id alone: captures.create needs reference, captured_amount too"


def test_a_line_without_an_order_id_is_named() -> None:
    blank, lost = csv(CAPTURE, "order_id,captured_amount,reference", ",,", ",700,s-7")

    assert (blank.problem, lost.problem) == (Problem.BLANK, Problem.MALFORMED)
    assert "no order id" in lost.detail


def test_there_are_13_operations_and_no_others() -> None:
    assert len(WRITES) == 13
    with pytest.raises(ValueError, match="there is no operation 'captures.list'; the writes are orders.acknowledge"):
        RowParser("captures.list")


async def parse_rows(operation: str, *rows: object) -> list[Entry]:
    return [entry async for chunk in read_rows(rows, RowParser(operation)) for entry in chunk]


async def test_rows_of_a_program_are_mappings_items_or_ids() -> None:
    item = Item(order_id=UUID(A), content=CaptureObject(captured_amount=700, reference="s-7"), columns={"shop": 7})
    mapping = {"order_id": UUID(A), "captured_amount": 700, "reference": "s-7", "shop": 7}

    one, two = await parse_rows(CAPTURE, item, mapping)
    (three,) = await parse_rows("orders.acknowledge", UUID(A))

    assert (one.order_id, one.reference, body(one), one.columns) == (A, "s-7", body(two), {"shop": 7})
    assert (two.order_id, two.reference, two.columns) == (A, "s-7", {"shop": 7})
    assert three.order_id == A


async def test_a_mapping_without_an_order_id_is_malformed() -> None:
    (entry,) = await parse_rows(CAPTURE, {"captured_amount": 700, "reference": "s-7"})

    assert (entry.problem, entry.detail) == (Problem.MALFORMED, "the order id is not a string")


async def test_an_item_of_another_write_has_its_reference_and_its_capture() -> None:
    item = Item(order_id=A, reference="mail-1", capture_id=UUID(CAPTURE_ID))

    (entry,) = await parse_rows("captures.trigger_send_out", item)

    assert (entry.reference, entry.capture_id, entry.body) == ("mail-1", CAPTURE_ID, None)


async def test_an_item_without_its_request_is_malformed() -> None:
    (entry,) = await parse_rows(CAPTURE, Item(order_id=A, reference="s-7"))

    assert entry.problem is Problem.MALFORMED


async def test_a_row_of_another_kind_is_named_by_its_number() -> None:
    with pytest.raises(TypeError, match="row number 2 is 7, of type int: an order id"):
        await parse_rows("orders.acknowledge", A, 7)
