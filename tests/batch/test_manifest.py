"""Manifests as people and systems write them."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.batch.csv_lines import MAX_RECORD_LINES, ManifestError
from klarna_om.batch.entry import MAX_TEXT, Entry, Problem
from klarna_om.batch.manifest import decode_file, open_manifest, parse_manifest, read_chunks
from klarna_om.batch.row_parser import RowParser
from klarna_om.batch.rows import CHUNK_SIZE, read_rows
from tests.batch.fake_sender import order_id, order_ids

A, B, C = order_ids(3)


def read(text: str | bytes, column: str = "order_id", suffix: str = ".csv") -> list[Entry]:
    content = text.encode() if isinstance(text, str) else text
    with decode_file(io.BytesIO(content)) as lines:
        return list(parse_manifest(lines, RowParser("orders.acknowledge", column), suffix))


def summarize(found: list[Entry]) -> list[tuple[int, str]]:
    """Line, and order id or problem."""
    return [(entry.line, entry.order_id or str(entry.problem)) for entry in found]


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (f"order_id\n{A}\n{B}\n", ".csv"),
        (f"order_id\r\n{A}\r\n{B}\r\n", ".csv"),
        (f"order_id\r{A}\r{B}", ".csv"),
        (f"\ufefforder_id\n{A}\n{B}", ".csv"),
        (f"name;order_id;sum\nÅsa;{A};1\nBo;{B};2\n", ".csv"),
        (f"name\torder_id\nx\t{A}\ny\t{B}\n", ".tsv"),
        (f"name|order_id\nx|{A}\ny|{B}\n", ".txt"),
        (f'"name","order_id"\n"Doe, Jo","{A}"\n"x","{B}"\n', ".csv"),
        (f" order_id ,n\n {A} ,1\n{B},2\n", ".csv"),
    ],
)
def test_csv_is_read_however_it_is_delimited_and_ended(text: str, suffix: str) -> None:
    assert summarize(read(text, suffix=suffix)) == [(2, A), (3, B)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_is_read_in_the_encodings_that_spreadsheets_save(encoding: str) -> None:
    assert summarize(read(f"order_id\n{A}\n".encode(encoding))) == [(2, A)]


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (f"{A}\n{B}\n", ".txt"),
        (f"{A}\n{B}", ""),
        (f"{A}\n{B}\n", ".csv"),
        (f"\ufeff{A}\r\n  {B}  \r\n", ".txt"),
        (f'"{A}"\n"{B}"\n', ""),
        (f'{{"order_id": "{A}"}}\n{{"order_id": "{B}", "sum": 1}}\n', ".jsonl"),
        (f'{{"order_id": "{A}"}}\n{{"order_id": "{B}"}}\n', ""),
        (f'"{A}"\n{{"order_id": "{B}"}}\n', ".ndjson"),
    ],
)
def test_plain_lines_and_json_lines_are_recognised(text: str, suffix: str) -> None:
    assert summarize(read(text, suffix=suffix)) == [(1, A), (2, B)]


def test_a_first_line_of_no_known_kind_makes_plain_lines() -> None:
    assert summarize(read(f"my orders\n{A}\n", suffix=".txt")) == [(1, "malformed"), (2, A)]


def test_another_column_can_be_named() -> None:
    assert summarize(read(f"id,klarna id\n1,{A}\n", "klarna id")) == [(2, A)]
    assert summarize(read(f'{{"klarna id": "{A}"}}\n', "klarna id", ".jsonl")) == [(1, A)]


def test_a_missing_column_is_refused_with_the_columns_there_are() -> None:
    with pytest.raises(ManifestError, match=r"no column 'order_id'; it has: 'id', 'sum'\. Choose one with --column"):
        read(f"id;sum\n{A};1\n")


def test_a_column_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ManifestError, match="more than one column 'order_id'"):
        read(f"order_id,order_id\n{A},{B}\n")


@pytest.mark.parametrize("text", ["", "\n", " \n\n"])
def test_an_empty_manifest_has_no_orders(text: str) -> None:
    assert {str(entry.problem) for entry in read(text)} <= {"blank"}


def test_blank_lines_and_lines_of_empty_cells_are_not_malformed() -> None:
    found = read(f"\norder_id,sum\n{A},1\n\n,\n ,\u200b\nnonsense,3\n")

    assert summarize(found) == [(1, "blank"), (3, A), (4, "blank"), (5, "blank"), (6, "blank"), (7, "malformed")]
    assert (found[-1].text, found[-1].detail[:15]) == ("nonsense", "not an order id")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"order_id;reference\n{A};r1\n;r2\n", "r2"),
        (f"order_id,reference\n{A},r1\n \u200b,r2\n", "r2"),
        (f'{{"order_id": "{A}"}}\n{{"order_id": null, "reference": "r2"}}\n', '{"order_id": null, "reference": "r2"}'),
        (f'{{"order_id": "{A}"}}\n{{"order_id": " ", "sum": 2}}\n', '{"order_id": " ", "sum": 2}'),
    ],
    ids=["csv", "invisible", "json-null", "json-empty"],
)
def test_a_line_with_data_and_no_order_id_is_malformed(text: str, shown: str) -> None:
    entry = read(text, suffix=".jsonl" if text[0] == "{" else ".csv")[-1]

    assert (entry.problem, entry.text.endswith(shown)) == (Problem.MALFORMED, True)
    assert entry.detail == "no order id, and the line has other data: was the id lost in an export?"


@pytest.mark.parametrize(
    "text",
    [
        A.replace("-", ""),
        "{" + A + "}",
        f"urn:uuid:{A}",
        A[:-1],
        A + "0",
        A[:-1] + "x",
        "7849fd84-47dc-4919-a7ce-xxxxxxxxxx",
        A.replace("0", "\N{ARABIC-INDIC DIGIT ZERO}"),
        "=HYPERLINK()",
    ],
)
def test_an_id_without_the_shape_of_a_uuid_is_malformed(text: str) -> None:
    assert summarize(read(f"{B}\n{text}\n", suffix=".txt")) == [(1, B), (2, "malformed")]


@pytest.mark.parametrize("text", ["1dab0505-d1d5-1041-a7ce-0123456789ab", "F3392F8B-6116-4073-AB96-E330819E2C07"])
def test_an_order_id_may_be_of_any_version_and_is_taken_in_lower_case(text: str) -> None:
    assert summarize(read(f"order_id\n{text}\n")) == [(2, text.lower())]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"order_id": ', "not JSON"),
        ("[]", "the order id is not a string"),
        ('{"id": "x"}', "no key 'order_id'"),
        ('{"order_id": 7}', "the order id is not a string"),
        ('{"order_id": "x"}', "not an order id"),
    ],
)
def test_a_json_line_that_names_no_order_is_malformed(line: str, reason: str) -> None:
    (_, entry) = read(f'"{A}"\n{line}\n', suffix=".jsonl")

    assert entry.detail.startswith(reason)


def test_json_null_and_empty_strings_are_blank() -> None:
    found = read(f'"{A}"\n\n""\nnull\n{{"order_id": null, "sum": ""}}\n', suffix=".jsonl")

    assert summarize(found) == [(1, A), (2, "blank"), (3, "blank"), (4, "blank"), (5, "blank")]


def test_a_csv_line_with_too_few_cells_is_malformed() -> None:
    (entry,) = read(f"sum,order_id\n{A}\n")

    assert (entry.text, entry.detail) == (A, "1 cells, where the header has 2")


def test_a_quoted_cell_may_go_over_several_lines() -> None:
    found = read(f'order_id,note\n{A},"two\nlines"\n{B},x\n')

    assert summarize(found) == [(2, A), (4, B)]


def test_a_stray_quote_makes_only_its_own_line_malformed() -> None:
    found = read(f'order_id,note\n{A},"open\n{B},x\n{C},y\n')

    assert summarize(found) == [(2, "malformed"), (3, B), (4, C)]
    assert found[0].detail == "a quote is opened and not closed as CSV requires"


def test_two_stray_quotes_do_not_hide_the_lines_between_them() -> None:
    found = read(f'order_id,note\n{A},"open\n{B},x\n{C},"open too\n')

    assert summarize(found) == [(2, "malformed"), (3, B), (4, "malformed")]


def test_a_record_does_not_grow_without_end() -> None:
    rows = "".join(f"{each},x\n" for each in order_ids(2 * MAX_RECORD_LINES))

    found = read(f'order_id,note\n{A},"open\n{rows}')

    assert summarize(found)[:2] == [(2, "malformed"), (3, A)]
    assert len(found) == 1 + 2 * MAX_RECORD_LINES


def test_bytes_that_are_not_text_affect_only_their_own_cell() -> None:
    content = f"name,order_id\nJ\xf6rg,{A}\nx,{B}\xf6\n".encode("latin-1")

    assert summarize(read(content)) == [(2, A), (3, "malformed")]


def test_a_long_malformed_line_is_cut_for_the_report() -> None:
    (_, entry) = read(f"{A}\n{'x' * 500}\n", suffix=".txt")

    assert entry.text == "x" * MAX_TEXT + "..."


@given(
    st.lists(
        st.sampled_from([A, B.upper(), "", " ", "junk", '"', "a,b", ",", f"{A},x", f'"{B}"', "{", "\ufeff"]),
        max_size=30,
    )
)
def test_every_line_after_a_header_becomes_exactly_one_entry_or_part_of_one(rows: list[str]) -> None:
    found = read("order_id,x\n" + "".join(row + "\n" for row in rows))

    numbers = [entry.line for entry in found]

    assert numbers == sorted(set(numbers))

    whole = {number for number, row in enumerate(rows, 2) if row in (A, f"{A},x")}

    assert whole <= set(numbers)


async def test_a_file_is_read_in_chunks_in_a_thread(tmp_path: Path) -> None:
    manifest = tmp_path / "orders.csv"
    manifest.write_text("order_id\n" + "\n".join(order_ids(25_000)))

    with open_manifest(manifest, RowParser("orders.acknowledge")) as lines:
        sizes = [len(chunk) async for chunk in read_chunks(lines)]

    assert sizes == [10_000, 10_000, 5_000]


async def test_order_ids_come_from_a_list_or_an_asynchronous_generator() -> None:
    ids = order_ids(2 * CHUNK_SIZE + 1)

    async def generated() -> AsyncIterator[str]:
        for each in ids:
            yield each

    parser = RowParser("orders.acknowledge")

    from_list = [entry async for chunk in read_rows(ids, parser) for entry in chunk]
    from_generator = [entry async for chunk in read_rows(generated(), parser) for entry in chunk]

    assert from_list == from_generator
    assert [(entry.line, entry.order_id) for entry in from_list] == list(enumerate(ids, 1))


async def test_uuid_objects_are_order_ids() -> None:
    (chunk,) = [chunk async for chunk in read_rows([UUID(A), B.upper()], RowParser("orders.acknowledge"))]

    assert summarize(chunk) == [(1, A), (2, B)]


@pytest.mark.parametrize("value", [None, 7, b"7849fd84-47dc-4919-a7ce-47b9f461562f", ("x",)])
async def test_an_order_id_that_is_no_string_or_uuid_is_an_error_with_its_position(value: object) -> None:
    with pytest.raises(TypeError, match=rf"row number 2 is .*, of type {type(value).__name__}: an order id"):
        [chunk async for chunk in read_rows([order_id(1), value], RowParser("orders.acknowledge"))]


async def test_half_of_a_surrogate_pair_is_malformed() -> None:
    (chunk,) = [chunk async for chunk in read_rows(["\ud800"], RowParser("orders.acknowledge"))]

    assert (summarize(chunk), chunk[0].text) == ([(1, "malformed")], "?")
